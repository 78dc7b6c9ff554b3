"""Write the page of failure reasons from what decides and explains them."""

from collections.abc import Iterable, Iterator

from tm_exporter.fault_matrix import FAULTS, SORTS, InjectedFault, Sort
from tm_exporter.observation import Reason
from tm_exporter.reasons import EXPLANATIONS
from tm_exporter.verdict import QUOTA_CODES, QUOTA_TEXTS, UNKNOWN_CODES, UNKNOWN_TEXT


_PARTIES = {
    "us": "whoever runs the exporter, or its configuration",
    "service": "Tensormesh",
    "network": "what is between the two",
    "exporter": "the developers of tm-exporter",
}


def failure_reasons_page() -> str:
    """Return the reference of failure reasons as Markdown, in order of the stages."""
    lines = [
        "# Failure reasons",
        "",
        "Written by `make docs` from `tm_exporter/reasons.py`, `verdict.py` and",
        "`fault_matrix`; edit those instead.",
        "",
        "A run that fails has one reason: that of the first stage that failed.",
        "The party is who has to act, as far as the reason alone can tell:",
        "",
        *(f"* `{party}`: {who}" for party, who in _PARTIES.items()),
        "",
        "| Reason | Party | When | What to do first |",
        "| --- | --- | --- | --- |",
        *map(_row, Reason),
        "",
        *_published_lists(),
        "",
        *_matrix(),
    ]
    return "\n".join(lines) + "\n"


def _row(reason: Reason) -> str:
    explanation = EXPLANATIONS[reason]
    return (
        f"| `{reason}` | {explanation.party} | {explanation.meaning} "
        f"| {explanation.next_step} |"
    )


def _published_lists() -> Iterator[str]:
    """Yield the texts by which quota and routing are told from a body."""
    yield "## What a body is searched for"
    yield ""
    yield "Case does not matter, and at most 4096 characters of a message are read."
    yield "A 429 with `Retry-After` is `throttled` whatever its body says."
    yield ""
    yield "`quota`: a 4xx whose error has one of these as its `code` or `type`:"
    yield ""
    yield from _items(sorted(QUOTA_CODES))
    yield ""
    yield "or a 400 or 403 whose message has one of these in it:"
    yield ""
    yield from _items(QUOTA_TEXTS)
    yield ""
    yield (
        "`routing`: a 4xx other than 401, 402, 403 and 429 whose error has one of these"
        " as its `code` or `type`:"
    )
    yield ""
    yield from _items(sorted(UNKNOWN_CODES))
    yield ""
    yield "or whose message matches this regular expression:"
    yield ""
    yield "```text"
    yield UNKNOWN_TEXT.pattern
    yield "```"


def _matrix() -> Iterator[str]:
    """Yield the table of faults, each of which the tests bring about."""
    yield "## The fault matrix"
    yield ""
    yield "The tests bring about each of these over real sockets: one fault of each"
    yield "reason for every probe that can meet it, the others for the first probe of"
    yield "each column. Besides, a whole answer is closed and reset at every byte."
    yield "A dash is a fault that such a probe cannot meet."
    yield ""
    for sort, kinds in SORTS.items():
        yield f"* {sort}: {', '.join(f'`{kind}`' for kind in kinds)}"
    for stage, faults in FAULTS.items():
        yield from ("", f"### {stage}", "")
        yield f"| What happens | {' | '.join(SORTS)} |"
        yield f"| --- |{' --- |' * len(SORTS)}"
        yield from map(_fault_row, faults)


def _fault_row(fault: InjectedFault) -> str:
    only = f" ({', '.join(f'`{kind}`' for kind in fault.only)})" if fault.only else ""
    cells = (_met(fault, sort) for sort in SORTS)
    return f"| {fault.happens}{only} | {' | '.join(cells)} |"


def _met(fault: InjectedFault, sort: Sort) -> str:
    """Return what a fault comes to for a sort of probe."""
    if sort not in fault.verdicts:
        return "-"
    reason = fault.verdicts[sort]
    return "passes" if reason is None else f"`{reason}`"


def _items(texts: Iterable[str]) -> Iterator[str]:
    return (f"* `{text}`" for text in texts)
