"""What holds for every declared family."""

import re
from pathlib import Path

import pytest

from tm_exporter import catalog
from tm_exporter.catalog import Family


RULES = Path(__file__).parents[1] / "deploy/prometheus"

every_family = pytest.mark.parametrize(
    "family", catalog.FAMILIES, ids=lambda family: family.name
)


@every_family
def test_names_follow_the_conventions(family: Family) -> None:
    """Prefix, base unit and `_total` are as Prometheus asks."""
    assert re.fullmatch(r"tensormesh(_[a-z0-9]+)+", family.name)
    assert family.name.endswith("_total") == (family.kind == "counter")
    assert bool(family.buckets) == (family.kind == "histogram")
    assert not re.search(r"_(ms|milliseconds|minutes|percent|mb)(_|$)", family.name)


@every_family
def test_help_is_a_sentence(family: Family) -> None:
    """And where the number was read from an account, it says that it is cached."""
    assert re.fullmatch(r"[A-Z][^|\n]*\.", family.help)
    assert family.help.endswith("(cached).") == (family.lifetime == "pulled")


@every_family
def test_a_constant_is_named_like_its_family(family: Family) -> None:
    """So who knows one knows the other."""
    stem = family.name.removeprefix("tensormesh_").removesuffix("_total")

    assert getattr(catalog, stem.upper()) is family


@every_family
def test_labels_are_distinct(family: Family) -> None:
    """A label of the scope cannot be declared again."""
    assert len(set(family.label_names)) == len(family.label_names)
    assert {"le", "quantile"}.isdisjoint(family.label_names)


@every_family
def test_only_gauges_have_a_short_life(family: Family) -> None:
    """A counter that vanished and came back would look like a restart."""
    is_lasting = family.lifetime in {"process", "listed"}

    assert (family.kind == "gauge") or is_lasting
    assert (family.kind == "counter") or family.lifetime != "listed"


@every_family
def test_who_a_family_is_about_is_in_its_name(family: Family) -> None:
    """Rules match by name, and need the labels that come with it."""
    name = family.name.removeprefix("tensormesh_")
    is_of_probe = name.startswith(
        ("probe_", "canary_", "cache_canary_", "slo_", "tokenizer_")
    )
    is_of_installation = name.startswith("canary_budget_")
    is_of_exporter = (
        name.startswith("exporter_") or name == "failure_reason_info"
    ) or is_of_installation

    assert (family.scope == "probe") == (is_of_probe and not is_of_installation)
    assert (family.scope == "exporter") == is_of_exporter


@every_family
def test_what_a_run_alone_tells_is_not_about_the_exporter(family: Family) -> None:
    """A page asks the runs of each target, and nobody asks all of them at once."""
    assert family.scope != "exporter" or family.lifetime == "process"


@every_family
def test_buckets_ascend(family: Family) -> None:
    """Each bound is a new one."""
    assert list(family.buckets) == sorted(set(family.buckets))


@pytest.mark.parametrize(
    "family",
    [family for family in catalog.FAMILIES if family.native],
    ids=lambda family: family.name,
)
def test_no_rule_goes_by_classic_buckets_of_what_has_native_ones(
    family: Family,
) -> None:
    """A Prometheus that reads native histograms may have no others."""
    rules = "".join(path.read_text() for path in RULES.glob("*.yml"))

    assert family.kind == "histogram"
    assert not re.search(rf"\b{family.name}_(bucket|count|sum)\b", rules)


def test_names_are_distinct() -> None:
    """A family that is declared twice would be on the page twice."""
    names = [family.name for family in catalog.FAMILIES]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "name", [name for name, value in vars(catalog).items() if isinstance(value, Family)]
)
def test_every_family_is_written_by_somebody(name: str) -> None:
    """A metric that is documented and never comes is looked for in vain."""
    package = Path(catalog.__file__).parent
    sources = (path for path in package.rglob("*.py") if path.name != "catalog.py")

    assert any(re.search(rf"\b{name}\b", path.read_text()) for path in sources)
