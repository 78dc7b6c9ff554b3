"""The status page for people: one self-contained HTML document."""

from datetime import datetime
from html import escape

from tm_exporter.status import ModelStatus, NotWatched, Status


STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem;
       padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
caption { font-weight: 600; padding: .5rem 0; text-align: left; }
th, td { border-bottom: 1px solid #8886; padding: .35rem .6rem; text-align: left;
         vertical-align: top; overflow-wrap: break-word; }
td.number { font-variant-numeric: tabular-nums; text-align: right;
            white-space: nowrap; }
tr.failing td.state { color: #b00020; font-weight: 700; }
tr.ok td.state { color: #12691f; }
@media (prefers-color-scheme: dark) {
  tr.failing td.state { color: #ff8a80; }
  tr.ok td.state { color: #81c995; }
}
.scroll { overflow-x: auto; }
nav a { margin-right: 1rem; }
"""

_COLUMNS = (
    *("Target", "Surface", "Probe", "Model", "State", "Reason", "Next step"),
    *("Since", "Last duration", "Time to first token"),
)
_LINKS = ("/metrics", "/config", "/api/v1/status")


def render(status: Status) -> str:
    """Return the document; nothing in it was not escaped."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_title(status)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>tm-exporter</h1>\n<p>{_summary(status)}</p>\n<nav>{_navigation()}</nav>\n"
        f"{_table('Probes', _COLUMNS, _probe_rows(status))}"
        f"{_not_watched(status.not_watched)}</body>\n</html>\n"
    )


def _title(status: Status) -> str:
    failing = sum(model.state == "failing" for *_, model in _models(status))
    return f"{failing} failing - tm-exporter" if failing else "tm-exporter"


def _summary(status: Status) -> str:
    ready = "ready" if status.ready else "not ready yet"
    started = _moment(status.started)
    return f"Version {escape(status.version)}, started {started}, {ready}."


def _navigation() -> str:
    return "".join(f'<a href="{link}">{link}</a>' for link in _LINKS)


def _table(caption: str, columns: tuple[str, ...], rows: str) -> str:
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    return (
        f'<div class="scroll"><table>\n<caption>{caption}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n"
    )


def _models(status: Status) -> list[tuple[str, str, str, ModelStatus]]:
    """Return target, surface, probe and the rest, a row for each model."""
    return [
        (target.target, target.surface, probe.probe, model)
        for target in status.targets
        for probe in target.probes
        for model in probe.models
    ]


def _probe_rows(status: Status) -> str:
    return "".join(_probe_row(*row) for row in _models(status))


def _probe_row(target: str, surface: str, probe: str, model: ModelStatus) -> str:
    names = "".join(map(_cell, (target, surface, probe, model.model)))
    reason = f"{model.reason}: {model.detail}" if model.detail else model.reason or ""
    return (
        f'<tr class="{model.state}">{names}<td class="state">{model.state}</td>'
        f"{_cell(reason)}{_cell(model.next_step)}{_cell(_moment(model.since))}"
        f"{_number(model.last_duration_seconds)}{_number(model.ttft_seconds)}</tr>\n"
    )


def _not_watched(entries: tuple[NotWatched, ...]) -> str:
    if not entries:
        return ""
    rows = "".join(
        f"<tr>{_cell(entry.target)}{_cell(entry.what)}{_cell(entry.why)}</tr>\n"
        for entry in entries
    )
    return _table("Not watched", ("Target", "What", "Why"), rows)


def _cell(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _number(seconds: float | None) -> str:
    text = "" if seconds is None else f"{seconds:.3f} s"
    return f'<td class="number">{text}</td>'


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
