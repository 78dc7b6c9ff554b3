"""The reference of metrics in the documentation, from the declarations."""

from collections.abc import Iterable, Sequence

from tm_exporter.catalog import BASE_LABELS, FAMILIES, Family, former


_LIFETIMES = {
    "process": "Kept while what it is about is configured.",
    "last_run": "Absent once no run finished for three intervals.",
    "pulled": "Absent after three intervals, at least 15 minutes, without a success.",
    "listed": "Kept until a run that passed finds what it is about no longer listed.",
}


def metrics_page(families: Sequence[Family] = FAMILIES) -> str:
    """Return the reference of metrics as Markdown, in the catalogue's order."""
    lines = [
        "# Metrics",
        "",
        "Written by `make docs` from `tm_exporter/catalog/`; edit that instead.",
        "",
        "A value that is unknown is absent, never 0.",
        "How long a series stays:",
        "",
        *(f"* `{name}`: {meaning}" for name, meaning in _LIFETIMES.items()),
        "",
        "Two words in the column of labels stand for several:",
        "",
        f"* *probe*: {_quoted(BASE_LABELS['probe'])}",
        f"* *target*: {_quoted(BASE_LABELS['target'])}",
        "",
        "`tensormesh_target_info` also has the configured labels of all targets.",
        "",
        "A histogram that is *native* also has exponential buckets, under the same",
        "name, for [whoever reads protobuf](native-histograms.md).",
        "",
        "A family that is renamed is shown under its old name too, for one minor",
        "release; here the old name is `deprecated` and says when it will be gone.",
        "",
        "| Name | Type | Labels | Meaning | Source | Stays | Stability |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(
            _metric_row(each)
            for family in families
            for each in (family, *former(family))
        ),
        "",
        "## Buckets",
        "",
        *(_buckets(family) for family in families if family.buckets),
    ]
    return "\n".join(lines) + "\n"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "-"


def _metric_row(family: Family) -> str:
    scope = "" if family.scope == "exporter" else f"*{family.scope}*"
    own = _quoted(family.labels) if family.labels else ""
    cells = (
        f"`{family.name}`",
        f"{family.kind}, *native*" if family.native else family.kind,
        ", ".join(filter(None, (scope, own))) or "-",
        family.help,
        family.source,
        family.lifetime,
        family.stability,
    )
    return f"| {' | '.join(cells)} |"


def _buckets(family: Family) -> str:
    bounds = " ".join(f"{bound:g}" for bound in family.buckets)
    return f"* `{family.name}`: {bounds}"
