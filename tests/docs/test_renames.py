"""A family that was renamed is found under its old name for one release more."""

import re

import pytest

from tests.sinks.observations import CHAT, observation
from tm_exporter import __version__, catalog
from tm_exporter.catalog import Family, Former, former
from tm_exporter.catalog.page import metrics_page
from tm_exporter.exposition.page import Exposition
from tm_exporter.observation import Sample
from tm_exporter.sinks import metrics
from tm_exporter.sinks.metrics import MetricsSink


RENAMED = Family(
    name="tensormesh_probe_luck_ratio",
    help="Share of runs that were lucky.",
    kind="gauge",
    source="thin air",
    lifetime="last_run",
    formerly=(Former("tensormesh_probe_fortune", "99.0"),),
)


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> MetricsSink:
    """Return a sink whose catalogue has the renamed family, and one run of a probe."""
    monkeypatch.setattr(metrics, "FAMILIES", (*catalog.FAMILIES, RENAMED))
    sink = MetricsSink()
    sink.watch(CHAT, interval=60.0, reasons=(), skips=())
    sink(observation(CHAT, Sample(RENAMED, 0.5)))
    return sink


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text"])
async def test_both_names_have_the_same_series(sink: MetricsSink, accept: str) -> None:
    """In every form, each name with its own head."""
    page = (await Exposition(sink.owners).render(accept)).body.decode()
    found = re.findall(
        r"^tensormesh_probe_(?:luck|fortune)\w*(\{.*)", page, re.MULTILINE
    )

    assert len(found) == 2
    assert found[0] == found[1]
    assert "# TYPE tensormesh_probe_fortune gauge" in page
    assert "Old name of tensormesh_probe_luck_ratio, gone in 99.0." in page


def test_the_reference_marks_the_old_name() -> None:
    """And says when it will be gone."""
    rows = [
        r for r in metrics_page([RENAMED]).splitlines() if r.startswith("| `tensor")
    ]

    assert len(rows) == 2
    assert "`tensormesh_probe_fortune`" in rows[1]
    assert rows[1].endswith("| deprecated |")
    assert "gone in 99.0" in rows[1]


def test_no_old_name_is_a_name() -> None:
    """Nor is one left that should be gone by now."""
    names = {family.name for family in catalog.FAMILIES}
    old = [each for family in catalog.FAMILIES for each in family.formerly]
    here = tuple(map(int, __version__.split(".")[:2]))

    assert not names & {each.name for each in old}
    assert [o for o in old if tuple(map(int, o.gone_in.split("."))) <= here] == []
    assert former(RENAMED)[0].label_names == RENAMED.label_names
