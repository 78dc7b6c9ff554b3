"""
Fill in docs/performance.md, and draw its plots, from what was measured.

The page is written by people but for what stands between `<!-- NAME -->` and
`<!-- /NAME -->`; no number there is typed.

usage: python -m benchmarks.report [--check]
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

from benchmarks.machine import ROOT
from benchmarks.plots import bars
from benchmarks.spread import Results, Spread
from benchmarks.targets import TARGETS


PAGE = ROOT / "docs/performance.md"
RESULTS = ROOT / "docs/performance-results.json"
PROFILE = ROOT / "docs/performance-profile.json"
PICTURES = ROOT / "docs/pictures"

Cells = Sequence[str]


def table(head: Cells, rows: Iterable[Cells]) -> str:
    """Return a table in Markdown; all columns but the first are numbers."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _targets(results: Results) -> str:
    head = ("goal", "target", "stretch", "measured, middle (lowest-highest)", "")
    return table(head, (target.row(results) for target in TARGETS))


def _machine(results: Results) -> str:
    told = results.document
    noise = {key: Spread.of(values) for key, values in told["noise"].items()}
    rows = [
        ("measured", f"{told['when']}, in {told['took seconds'] / 60:.0f} minutes"),
        *told["machine"].items(),
        ("stolen by other guests", f"{told['stolen %']:.2g} % of the time"),
        *(
            (f"a sleeping program woke late by, {key}", spread.told())
            for key, spread in noise.items()
        ),
    ]
    return table(("", ""), rows)


def _figures(
    results: Results, suite: str, columns: Mapping[str, str], first: str = ""
) -> str:
    """Return a table of a suite: a row for each case, a column for each figure."""
    rows = [
        (case, *(_told(results.get(suite, case, figure)) for figure in columns))
        for case in results.cases(suite)
    ]
    return table((first, *columns.values()), rows)


def _told(spread: Spread | None) -> str:
    return "" if spread is None else spread.told()


def _probes(results: Results) -> str:
    rows = [
        (
            case,
            _told(results.get("probes", case, "tm-exporter ms")),
            _told(results.get("probes", case, "blackbox ms")),
            _told(results.ratio("probes", case, "tm-exporter ms", "blackbox ms")),
            _told(results.get("probes", case, "tm-exporter per second")),
            _told(results.get("probes", case, "blackbox per second")),
            _told(
                results.ratio(
                    *("probes", case),
                    *("tm-exporter per second", "blackbox per second"),
                )
            ),
        )
        for case in results.cases("probes")
    ]
    head = (
        "",
        *("CPU ms a probe, ours", "blackbox_exporter", "ratio"),
        *("probes a second at most, ours", "blackbox_exporter", "ratio"),
    )
    return table(head, rows)


def _streams(results: Results) -> str:
    columns = {
        "first token p50 us": "first token p50",
        "first token p99 us": "first token p99",
        "gap p99 us": "gap p99",
        "cpu us/event": "CPU an event",
        "stamped by the kernel %": "stamped by the kernel, %",
        "user-space, first token p99 us": "without the kernel: first token p99",
        "user-space, gap p99 us": "without the kernel: gap p99",
        "httpx, first token p99 us": "httpx: first token p99",
        "httpx, gap p99 us": "httpx: gap p99",
        "httpx, cpu us/event": "httpx: CPU an event",
    }
    return _figures(results, "streams", columns, "microseconds")


def _scrapes(results: Results) -> str:
    columns = {
        f"{form}, {what} ms": f"{form}, {what}"
        for form in ("text", "OpenMetrics", "protobuf")
        for what in ("changed", "unchanged", "longest stall")
    }
    peers = {
        f"prometheus_client, {form} ms": f"prometheus_client, {form}"
        for form in ("text", "OpenMetrics")
    }
    more = {"longest collection ms": "longest collection of garbage"}
    cases = results.cases("scrapes")
    rows = [
        (name, *(_told(results.get("scrapes", case, figure)) for case in cases))
        for figure, name in (columns | peers | more).items()
    ]
    return table(("milliseconds", *cases), [row for row in rows if any(row[1:])])


def _starts(results: Results) -> str:
    figures = ("p50 ms", "p99 ms", "max ms", "earliest ms", "lost", "cpu us/start")
    [case] = results.cases("starts")[:1] or [""]
    rows = [
        (
            scheduler,
            *(_told(results.get("starts", case, f"{scheduler}, {f}")) for f in figures),
        )
        for scheduler in ("tm-exporter", "timers", "APScheduler")
    ]
    return table(("", *figures), rows)


def _memory(results: Results) -> str:
    columns = {
        "MB": "RSS in MB",
        "private MB": "of it private",
        "series": "series",
        "body bytes": "bytes of the page",
        "scrape s": "seconds of a scrape",
        "missed": "slots missed",
    }
    return _figures(results, "memory", columns)


def _start(results: Results) -> str:
    case = "until the first scrape"
    figures = {
        "tm-exporter s": "tm-exporter with 100 probes",
        "tm-exporter cpu s": "its processor time",
        "blackbox s": "blackbox_exporter",
        "Python with asyncio and ssl s": "Python, with asyncio and ssl imported",
    }
    rows = [
        (name, _told(results.get("start", case, figure)))
        for figure, name in figures.items()
    ]
    return table(("until the first scrape is answered", "seconds"), rows)


def _profile(_: Results) -> str:
    if not PROFILE.exists():
        return "Not measured: `make profile`."
    told = json.loads(PROFILE.read_text())
    rows = [
        (part, f"{count / 1e6:.2f}", f"{100 * count / told['instructions']:.1f} %")
        for part, count in told["parts"].items()
    ]
    whole = ("**all**", f"{told['instructions'] / 1e6:.2f}", "100 %")
    head = ("instructions of one https probe", "million", "share")
    return table(head, [*rows, whole])


def _daemon(_: Results) -> str:
    if not PROFILE.exists():
        return "Not measured: `make profile`."
    told = json.loads(PROFILE.read_text())
    rows = [(part, f"{100 * share:.1f} %") for part, share in told["daemon"].items()]
    return table(("time of the daemon", "share"), rows)


BLOCKS: Mapping[str, Callable[[Results], str]] = {
    "targets": _targets,
    "machine": _machine,
    "probes": _probes,
    "streams": _streams,
    "scrapes": _scrapes,
    "starts": _starts,
    "memory": _memory,
    "start": _start,
    "profile": _profile,
    "daemon": _daemon,
}


def plots(results: Results) -> dict[str, str]:
    """Return the plots by the names of their files."""
    return {
        "performance-probes.svg": bars(
            "Processor time of a probe",
            "ms",
            _grouped(
                results,
                "probes",
                {"tm-exporter ms": "tm-exporter", "blackbox ms": "blackbox_exporter"},
            ),
            log=False,
        ),
        "performance-streams.svg": bars(
            "Error of the time to first token, 99th percentile",
            "us",
            _grouped(
                results,
                "streams",
                {
                    "first token p99 us": "tm-exporter",
                    "user-space, first token p99 us": "without the kernel's stamps",
                    "httpx, first token p99 us": "httpx, line by line",
                },
            ),
            log=True,
        ),
        "performance-scrapes.svg": bars(
            "Processor time of a scrape",
            "ms",
            _grouped(
                results,
                "scrapes",
                {
                    "text, changed ms": "all changed",
                    "text, unchanged ms": "unchanged",
                    "prometheus_client, text ms": "prometheus_client",
                },
            ),
            log=True,
        ),
        "performance-memory.svg": bars(
            "Memory in use (RSS)",
            "MB",
            _grouped(results, "memory", {"MB": "tm-exporter"}),
            log=False,
        ),
    }


def _grouped(
    results: Results, suite: str, names: Mapping[str, str]
) -> dict[str, dict[str, Spread]]:
    """Return the bars of a suite's cases."""
    found = {
        case: {
            name: spread
            for figure, name in names.items()
            if (spread := results.get(suite, case, figure)) is not None
        }
        for case in results.cases(suite)
    }
    return {case: its for case, its in found.items() if its}


def filled(page: str, results: Results) -> str:
    """Return a page with all its blocks filled in anew."""
    for name, block in BLOCKS.items():
        between = re.compile(rf"<!-- {name} -->\n.*?<!-- /{name} -->", re.DOTALL)
        text = block(results)
        head, foot = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        page = between.sub((f"{head}\n{text}\n\n{foot}").replace("\\", r"\\"), page)
    return page


def main(words: list[str] | None = None) -> int:
    """Write the page and its plots, or say which of them is old."""
    results = Results(json.loads(RESULTS.read_text()))
    wanted = {PAGE: filled(PAGE.read_text(), results)}
    wanted |= {PICTURES / name: text for name, text in plots(results).items()}
    old = {
        path: text
        for path, text in wanted.items()
        if not path.exists() or path.read_text() != text
    }
    if "--check" in (sys.argv[1:] if words is None else words):
        for path in old:
            sys.stderr.write(f"{path} is not current: python -m benchmarks.report\n")
        return 1 if old else 0
    for path, text in old.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
