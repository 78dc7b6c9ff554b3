"""What `tm-exporter check` comes to, for who reads only its last lines."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tm_exporter.config.running import running, supposed
from tm_exporter.config.settings import Settings
from tm_exporter.config.state import NoStateDirectory, state_directory


_EACH = 10  # targets that are named


def summary_lines(
    settings: Settings, environ: Mapping[str, str], warnings: Sequence[str]
) -> Iterator[str]:
    """
    Yield what would be done with a configuration.

    Args:
        settings: The configuration, which can be used.
        environ: All environment variables.
        warnings: What was found unwise in it.
    """
    yield _verdict(len(warnings))
    yield from _runs(settings)
    try:
        yield f"state is kept in {state_directory(settings, environ)}"
    except NoStateDirectory as error:
        yield str(error)


def _verdict(warnings: int) -> str:
    if not warnings:
        return "it can be used, and nothing in it is unwise"
    return f"it can be used, with {_counted(warnings, 'warning')}, above"


def _runs(settings: Settings) -> Iterator[str]:
    """Yield how many probes run, for each model that is asked, of each target."""
    runs = Counter(each.target.name for each in running(settings, supposed(settings)))
    for target in settings.targets[:_EACH]:
        yield f"{target.name}: {_counted(runs[target.name], 'probe')} would run"
    if more := settings.targets[_EACH:]:
        rest = sum(runs[target.name] for target in more)
        targets = _counted(len(more), "target")
        yield f"{targets} more: {_counted(rest, 'probe')} would run"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
