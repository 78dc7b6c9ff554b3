"""
Set logging up: one JSON object a line, or text for a person at a terminal.

Whatever is written has been declared in `log_events`, has no secret in it, and
costs the event loop no more than putting a line into a queue.
"""

import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from tm_exporter.logs.faults import Faults
from tm_exporter.logs.log_events import ALWAYS, EVENTS
from tm_exporter.logs.log_writer import LineWriter
from tm_exporter.logs.redaction import Redactor


Format = Literal["json", "console"]

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_LIBRARY_LEVEL = logging.WARNING


class Logging:
    """
    Logging as it was set up, until `close`.

    Attributes:
        redactor: Knows the secrets that are masked.
        faults: Counts what the log tells of faults of our own.
    """

    def __init__(self, writer: LineWriter, redactor: Redactor, faults: Faults) -> None:
        self.redactor = redactor
        self.faults = faults
        self._writer = writer
        self._handler = LibraryHandler(_LIBRARY_LEVEL)
        self._level = logging.root.level
        logging.root.addHandler(self._handler)
        logging.root.setLevel(_LIBRARY_LEVEL)
        logging.captureWarnings(capture=True)

    @property
    def dropped(self) -> int:
        """Lines that could not be written."""
        return self._writer.dropped

    def register_secret(self, secret: str) -> None:
        """Mask this text wherever it turns up in a line from now on."""
        self.redactor.register(secret)

    def set_level(self, level: str) -> None:
        """Write lines of this level and above from now on."""
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level])
        )

    def close(self, timeout: float = 0.5) -> None:
        """Write what is left, for at most `timeout` seconds, and undo the set-up."""
        logging.captureWarnings(capture=False)
        logging.root.removeHandler(self._handler)
        logging.root.setLevel(self._level)
        self._writer.close(timeout)
        structlog.reset_defaults()


def configure(
    *,
    format: Format = "json",  # noqa: A002 -- the name that the configuration has
    level: str = "info",
    stream: TextIO | None = None,
    strict: bool = False,
) -> Logging:
    """
    Set up structlog, and route what libraries log to it from `warning` on.

    Args:
        format: `json`, or `console` for people.
        level: `debug`, `info`, `warning` or `error`: the least that is written.
        stream: A file with a descriptor, standard error where it is left out.
        strict: Whether an event or a key that is not declared is an error.
    """
    stream = stream or sys.stderr
    writer, redactor, faults = LineWriter(stream.fileno()), Redactor(), Faults()
    colours = stream.isatty()
    structlog.configure(
        processors=[
            faults,
            *_processors(format, redactor, colours=colours, strict=strict),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_: _Lines(writer),
        cache_logger_on_first_use=False,
    )
    return Logging(writer, redactor, faults)


class LibraryHandler(logging.Handler):
    """Turns what a library logs into an event of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one message on."""
        is_error = record.levelno >= logging.ERROR
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # its arguments do not fit its format
            message = str(record.msg)
        structlog.get_logger().log(
            logging.ERROR if is_error else logging.WARNING,
            "library_message",
            logger=record.name,
            message=message,
            exc_info=record.exc_info,
        )


class _Lines:
    """What structlog calls a logger: it takes rendered lines."""

    def __init__(self, writer: LineWriter) -> None:
        self._writer = writer

    def msg(self, line: bytes) -> None:
        """Take one line, whatever its level."""
        self._writer.write(line)

    debug = info = warning = error = exception = critical = log = msg


def _processors(
    format: Format,  # noqa: A002
    redactor: Redactor,
    *,
    colours: bool,
    strict: bool,
) -> Sequence[Processor]:
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        *([_refuse_undeclared] if strict else []),
        _masking(redactor),
        _json if format == "json" else _console(colours=colours),
    ]


def _refuse_undeclared(_: WrappedLogger, __: str, fields: EventDict) -> EventDict:
    """Raise an error for a line that the reference does not know."""
    event = EVENTS.get(fields["event"])
    if event is None:
        raise ValueError(f"the event {fields['event']!r} is not declared")
    if unknown := sorted(fields.keys() - {*event.keys, *ALWAYS}):
        raise ValueError(f"{fields['event']} has keys that are not declared: {unknown}")
    return fields


def _masking(redactor: Redactor) -> Processor:
    def mask(_: WrappedLogger, __: str, fields: EventDict) -> EventDict:
        masked: EventDict = redactor.masked(fields)
        return masked

    return mask


def _json(_: WrappedLogger, __: str, fields: EventDict) -> bytes:
    """Render one object a line, beginning with what every line has."""
    first = {name: fields.pop(name) for name in ALWAYS}
    return orjson.dumps(
        _encodable({**first, **fields}), option=orjson.OPT_APPEND_NEWLINE
    )


def _encodable(value: Any) -> Any:
    """Return the value without lone surrogates, which JSON cannot have."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_encodable(each) for each in value]
    return value


def _console(*, colours: bool) -> Callable[[WrappedLogger, str, EventDict], bytes]:
    render = structlog.dev.ConsoleRenderer(
        colors=colours,
        exception_formatter=structlog.dev.plain_traceback,
        sort_keys=False,  # what matters most was said first
        repr_native_str=True,  # a text from outside cannot steer the terminal
    )

    def line(logger: WrappedLogger, name: str, fields: EventDict) -> bytes:
        text = render(logger, name, fields)
        return f"{text}\n".encode("utf-8", "replace")

    return line
