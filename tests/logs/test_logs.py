"""What a log line looks like, what it never says, and what becomes of too many."""

import asyncio
import json
import logging
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from tm_exporter.logs import setup as logs
from tm_exporter.logs.log_writer import LineWriter
from tm_exporter.logs.setup import Logging


Configure = Callable[..., Logging]

KEY = "ak-0123456789abcdef"

log = structlog.get_logger()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where lines go."""
    return tmp_path / "log"


@pytest.fixture
def configure(file: Path) -> Iterator[Configure]:
    """Return a function that sets logging up, into a file, until the test ends."""
    running: list[Logging] = []
    with file.open("w") as stream:

        def starter(**options: Any) -> Logging:
            running.append(logs.configure(**{"stream": stream} | options))
            return running[-1]

        yield starter
        for each in running:
            each.close()


def lines_of(file: Path, logging_: Logging) -> list[dict[str, Any]]:
    """Return what was written until logging ended."""
    logging_.close(timeout=5)
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def fail(error: Exception) -> None:
    """Raise the error from one call further down."""
    raise error


def test_a_line_is_one_json_object(configure: Configure, file: Path) -> None:
    """Moment, level and event come first, for people who read it raw."""
    running = configure()

    log.info("probe_recovered", target="eu", detail='two\nlines "quoted" é')

    [line] = lines_of(file, running)
    assert list(line)[:3] == ["timestamp", "level", "event"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["timestamp"])
    assert (line["level"], line["event"]) == ("info", "probe_recovered")
    assert running.dropped == 0
    assert line["detail"] == 'two\nlines "quoted" é'


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_less_than_the_level_is_not_written(
    configure: Configure, file: Path, level: str, expected: list[str]
) -> None:
    """Whoever wants every run asks for `debug`."""
    running = configure(level=level)

    log.debug("probe_passed")
    log.info("probe_recovered")
    log.warning("probe_failing")
    log.error("probe_crashed")

    assert [line["level"] for line in lines_of(file, running)] == expected


def test_an_exception_is_told_with_its_traceback(
    configure: Configure, file: Path
) -> None:
    """In one line, like everything else."""
    running = configure()

    try:
        fail(RuntimeError("a fault of ours"))
    except RuntimeError:
        log.exception("probe_crashed")

    [line] = lines_of(file, running)
    assert line["level"] == "error"
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("RuntimeError: a fault of ours")


@pytest.mark.parametrize(
    "name",
    ["api_key", "Authorization", "x-api-key", "access_token", "password", "Set-Cookie"],
)
def test_a_key_whose_name_says_secret_is_masked(
    configure: Configure, file: Path, name: str
) -> None:
    """However deep it is."""
    running = configure()

    log.info("probe_recovered", **{name: "x"}, headers=[{name: "x"}])

    [line] = lines_of(file, running)
    assert line[name] == "<secret>"
    assert line["headers"] == [{name: "<secret>"}]


@pytest.mark.parametrize("name", ["max_tokens", "output_tokens", "tokenizer", "keys"])
def test_a_number_of_tokens_is_no_secret(
    configure: Configure, file: Path, name: str
) -> None:
    """Nor is a name that only resembles one."""
    running = configure()

    log.info("probe_recovered", **{name: 16})

    assert lines_of(file, running)[0][name] == 16


def test_a_known_secret_is_masked_wherever_it_is(
    configure: Configure, file: Path
) -> None:
    """In a text, in a traceback, in a key, and in what a library says."""
    running = configure()
    running.register_secret(KEY)
    running.register_secret(KEY + "-and-more")

    log.info("probe_recovered", detail=f"sent {KEY}-and-more", more={"a": (KEY, 1)})
    logging.getLogger("somelib").warning("bad key %s", KEY)
    try:
        fail(RuntimeError(KEY))
    except RuntimeError:
        log.exception("probe_crashed", error=RuntimeError(KEY))

    lines = lines_of(file, running)
    assert len(lines) == 3
    assert KEY not in file.read_text()
    assert lines[0]["detail"] == "sent <secret>"
    assert lines[0]["more"] == {"a": ["<secret>", 1]}


def test_a_bearer_token_is_masked_though_nobody_registered_it(
    configure: Configure, file: Path
) -> None:
    """It is recognised by the word before it."""
    running = configure()

    log.info("probe_recovered", detail="header 'Authorization: Bearer abc.def.ghi'")

    assert lines_of(file, running)[0]["detail"] == (
        "header 'Authorization: Bearer <secret>'"
    )


def test_a_text_too_short_for_a_secret_is_not_masked(
    configure: Configure, file: Path
) -> None:
    """An empty one would be found between any two letters."""
    running = configure()
    running.register_secret("")
    running.register_secret("eu")

    log.info("probe_recovered", target="eu")

    assert lines_of(file, running)[0]["target"] == "eu"


def test_what_libraries_say_becomes_an_event(configure: Configure, file: Path) -> None:
    """From a warning on; their chatter is not ours to pass on."""
    running = configure(level="debug", strict=True)
    library = logging.getLogger("somelib.part")

    library.info("connected")
    library.warning("%d retries left", 3)
    library.log(35, "an unusual level")
    library.critical("the end")

    assert [
        (line["level"], line["event"], line["logger"], line["message"])
        for line in lines_of(file, running)
    ] == [
        ("warning", "library_message", "somelib.part", "3 retries left"),
        ("warning", "library_message", "somelib.part", "an unusual level"),
        ("error", "library_message", "somelib.part", "the end"),
    ]


def test_a_librarys_mistake_in_a_message_does_not_hide_it(
    configure: Configure, file: Path
) -> None:
    """Arguments that do not fit are left out."""
    running = configure()
    record = logging.LogRecord(
        "somelib", logging.WARNING, "", 1, "%d retries left", ("no number",), None
    )

    logs.LibraryHandler().handle(record)

    assert lines_of(file, running)[0]["message"] == "%d retries left"


def test_a_librarys_exception_is_told(configure: Configure, file: Path) -> None:
    """Such as asyncio's, when nobody asked how a task ended."""
    running = configure()

    try:
        fail(KeyError("x"))
    except KeyError:
        logging.getLogger("asyncio").exception("a task failed")

    assert lines_of(file, running)[0]["exception"].endswith("KeyError: 'x'")


def test_warnings_become_events(configure: Configure, file: Path) -> None:
    """Else they would stand between the lines as plain text."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        running = configure()
        warnings.warn("soon gone", DeprecationWarning, stacklevel=1)

        [line] = lines_of(file, running)

    assert line["logger"] == "py.warnings"
    assert "soon gone" in line["message"]


def test_a_text_that_is_not_unicode_does_not_stop_a_line(
    configure: Configure, file: Path
) -> None:
    """A lone surrogate comes from a file name or from broken JSON."""
    running = configure()

    log.info("probe_recovered", detail="a\ud800b", more={"\udfff": ["\ud800"]})

    [line] = lines_of(file, running)
    assert (line["detail"], line["more"]) == ("a?b", {"?": ["?"]})


def test_lines_for_people(configure: Configure, file: Path) -> None:
    """No colours in a file, and no control characters from outside."""
    running = configure(format="console")

    log.warning("probe_failing", target="eu", detail="\x1b[2Jgone")

    running.close(timeout=5)
    text = file.read_text()
    assert "probe_failing" in text
    assert "target='eu'" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("event", "fields", "complaint"),
    [
        ("something_new", {}, "'something_new' is not declared"),
        ("probe_recovered", {"mood": 1}, r"not declared: \['mood'\]"),
    ],
    ids=["event", "key"],
)
def test_what_is_not_declared_is_an_error_where_one_asks_for_it(
    configure: Configure, event: str, fields: dict[str, Any], complaint: str
) -> None:
    """The reference of events must not fall behind the code."""
    configure(strict=True)

    with pytest.raises(ValueError, match=complaint):
        log.info(event, **fields)


def test_the_end_undoes_the_set_up(configure: Configure, file: Path) -> None:
    """So that a program can set logging up twice."""
    handlers, level = list(logging.root.handlers), logging.root.level

    running = configure()
    running.close()

    assert (logging.root.handlers, logging.root.level) == (handlers, level)
    assert not structlog.is_configured()
    assert file.read_bytes() == b""


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Return the two ends of a pipe."""
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        try:
            os.close(end)
        except OSError:
            continue  # the test closed it


@pytest.mark.sockets  # goes by time
def test_a_pipe_that_nobody_reads_drops_lines_and_stalls_nobody(
    pipe: tuple[int, int],
) -> None:
    """A hanging log collector must not become an outage of the monitoring."""
    reading, writing = pipe
    writer = LineWriter(writing, capacity=100)

    began = time.monotonic()
    for _ in range(3000):
        writer.write(b"x" * 1000 + b"\n")
    writer.close(timeout=0.1)
    took = time.monotonic() - began

    assert took < 1
    assert writer.dropped > 2000
    os.close(reading)  # lets the thread go
    writer.close(timeout=5)
    assert not writer._thread.is_alive()


def test_lines_that_nobody_can_read_any_more_are_counted(
    pipe: tuple[int, int],
) -> None:
    """The thread goes on: another line may find a reader."""
    reading, writing = pipe
    os.close(reading)
    writer = LineWriter(writing)

    writer.write(b"a\n")
    writer.close(timeout=5)

    assert writer.dropped == 1


def test_a_line_after_the_end_is_counted(pipe: tuple[int, int]) -> None:
    """Nothing is lost without a trace."""
    writer = LineWriter(pipe[1])
    writer.close(timeout=5)

    writer.write(b"late\n")

    assert writer.dropped == 1


async def test_a_slow_reader_of_a_nonblocking_pipe_gets_every_line(
    pipe: tuple[int, int],
) -> None:
    """Some parents set O_NONBLOCK on the error output that they share with us."""
    reading, writing = pipe
    os.set_blocking(writing, False)
    writer = LineWriter(writing)
    expected = b"".join(b"%06d" % number + b"x" * 100 + b"\n" for number in range(3000))
    for line in expected.splitlines(keepends=True):
        writer.write(line)

    got = b""
    while len(got) < len(expected):
        got += await asyncio.to_thread(os.read, reading, 65536)
    writer.close(timeout=5)

    assert got == expected
    assert writer.dropped == 0
