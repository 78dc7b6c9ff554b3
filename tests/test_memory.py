"""What survives a restart, and what a broken disk costs."""

import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tm_exporter.memory import FILE, VERSION, Memory


def wait_for(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something holds, but not for ever."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def remembered(directory: Path, name: str = "versions") -> Any:
    """Return what a new process would recall."""
    return Memory(directory).recall(name)


def test_a_value_survives_a_restart(tmp_path: Path) -> None:
    """What was remembered is recalled by the next process."""
    memory = Memory(tmp_path)
    memory.remember("versions", {"eu": "1.2"})
    memory.close()

    assert remembered(tmp_path) == {"eu": "1.2"}
    assert remembered(tmp_path, "other") == {}


def test_a_value_is_written_within_seconds(tmp_path: Path) -> None:
    """A kill loses what is younger than that, and nothing else."""
    memory = Memory(tmp_path, delay=0.01)
    memory.remember("versions", {"eu": "1.2"})

    wait_for((tmp_path / FILE).exists)

    assert remembered(tmp_path) == {"eu": "1.2"}


def test_changes_are_written_together(tmp_path: Path) -> None:
    """A hundred changes in a second are one write."""
    before = threading.active_count()
    memory = Memory(tmp_path, delay=60.0)
    for number in range(100):
        memory.remember("count", {"n": number})

    assert threading.active_count() <= before + 1
    memory.close()
    assert remembered(tmp_path, "count") == {"n": 99}


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    """The directory that is made for it as well."""
    directory = tmp_path / "made" / "for it"
    memory = Memory(directory)
    memory.remember("versions", {"eu": "1.2"})
    memory.close()

    assert stat.S_IMODE((directory / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert [path.name for path in directory.iterdir()] == [FILE]


def test_what_is_recalled_is_a_copy() -> None:
    """Nobody changes the memory by changing what it returned."""
    memory = Memory(None)
    value = {"eu": ["1.2"]}
    memory.remember("versions", value)
    value["eu"].append("1.3")

    assert memory.recall("versions") == {"eu": ["1.2"]}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\x00\x01", id="garbage"),
        pytest.param(b'{"version": 1, "values": {"a"', id="cut"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'{"version": "1", "values": {}}', id="odd version"),
        pytest.param(b'{"version": 1, "values": []}', id="odd values"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(
            b'{"version": 1, "values": {"a": {"b": ' + b"[" * 300 + b"]" * 300 + b"}}}",
            id="deep value",
        ),
    ],
)
def test_a_broken_file_is_an_empty_memory(tmp_path: Path, content: bytes) -> None:
    """It costs one line in the log, and is replaced."""
    (tmp_path / FILE).write_bytes(content)
    with capture_logs() as lines:
        memory = Memory(tmp_path)
    assert memory.recall("versions") == {}
    assert [line["event"] for line in lines] == ["memory_unusable"]

    memory.remember("versions", {"eu": "1.2"})
    memory.close()

    assert remembered(tmp_path) == {"eu": "1.2"}


@given(content=st.binary(max_size=40))
def test_any_content_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """No file keeps the exporter from starting."""
    directory = tmp_path_factory.mktemp("memory")
    (directory / FILE).write_bytes(content)

    assert Memory(directory).recall("versions") == {}


@pytest.mark.parametrize("when", ["before the start", "later"])
def test_the_file_of_a_newer_exporter_is_left_alone(tmp_path: Path, when: str) -> None:
    """Whether it was there at the start or came since; the log says so once."""
    newer = orjson.dumps({"version": VERSION + 1, "things": ["unknown"]})
    file = tmp_path / FILE
    if when == "before the start":
        file.write_bytes(newer)
    with capture_logs() as lines:
        memory = Memory(tmp_path)
        file.write_bytes(newer)
        for number in range(2):
            memory.remember("versions", {"eu": number})
            memory.close()

    assert file.read_bytes() == newer
    assert memory.recall("versions") == {"eu": 1}
    assert [line["event"] for line in lines] == ["memory_unusable"]
    assert "version 2" in lines[0]["detail"]


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    """The process still remembers; the log says once that the next one will not."""
    (tmp_path / "state").write_text("a file where a directory should be")
    with capture_logs() as lines:
        memory = Memory(tmp_path / "state")
        for number in range(3):
            memory.remember("versions", {"eu": number})
            memory.close()

    assert memory.recall("versions") == {"eu": 2}
    assert [line["event"] for line in lines] == ["memory_unusable"]


def test_writing_begins_once_it_can(tmp_path: Path) -> None:
    """Nothing has to be restarted when the disk is there again."""
    obstacle = tmp_path / "state"
    obstacle.write_text("in the way")
    memory = Memory(obstacle)
    memory.remember("versions", {"eu": 1})
    memory.close()
    obstacle.unlink()

    memory.remember("prices", {"eu": 2})
    memory.close()

    assert remembered(obstacle) == {"eu": 1}
    assert remembered(obstacle, "prices") == {"eu": 2}


def test_without_a_directory_nothing_is_written() -> None:
    """Then only this process remembers."""
    memory = Memory(None)
    memory.remember("versions", {"eu": "1.2"})
    memory.close()

    assert memory.recall("versions") == {"eu": "1.2"}
