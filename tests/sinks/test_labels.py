"""Label values that come from outside, and how many of them."""

import pytest

from tests.doubles import FakeClock
from tests.sinks.observations import CHAT, HEALTH, observation, watching
from tests.sinks.pages import OPENMETRICS, duplicates, samples, text, values
from tm_exporter import catalog
from tm_exporter.observation import ProbeKey, Sample
from tm_exporter.sinks.labels import fit
from tm_exporter.sinks.target_info import is_usable


HOSTILE = 'a"b\\c\nd} 1\n# EOF\n\x00\x1b[2J\u2028\ud800é模'


@pytest.mark.parametrize("accept", ["", OPENMETRICS], ids=["text", "openmetrics"])
def test_a_hostile_label_value_stays_within_its_quotes(accept: str) -> None:
    """Models and versions are named by the service; no name can end a line."""
    key = ProbeKey("eu", "serverless", "chat", HOSTILE)
    sink = watching(FakeClock(), key)
    sink(observation(key, Sample(catalog.SERVICE_VERSION_INFO, 1.0, (HOSTILE,))))

    page = text(sink, accept)

    found = {each.labels.get("version") for each in samples(page)} - {None}
    assert fit(HOSTILE) in found
    assert duplicates(page) == []


def test_a_long_label_value_is_cut() -> None:
    """A page must not grow without bound."""
    sink = watching(FakeClock(), HEALTH)

    sink(observation(HEALTH, Sample(catalog.SERVICE_VERSION_INFO, 1.0, ("v" * 999,))))

    assert values(sink, catalog.SERVICE_VERSION_INFO) == {"v" * 200: 1}


def test_names_that_become_the_same_are_one_series() -> None:
    """A page with the same series twice would be refused as a whole."""
    models = [ProbeKey("eu", "serverless", "chat", "m" * 200 + end) for end in "ab"]
    sink = watching(FakeClock(), *models)
    for key in models:
        sink(observation(key))

    assert duplicates(text(sink)) == []


def test_too_many_label_values_are_left_out_and_counted() -> None:
    """A service that invents names cannot fill our memory."""
    sink = watching(FakeClock(), CHAT, limit=3)
    listed = [
        Sample(catalog.MODEL_LISTED, 1.0, (f"model-{number}",)) for number in range(5)
    ]
    kinds = [Sample(catalog.CANARY_TOKENS, 1.0, (f"{number}",)) for number in range(4)]

    sink(observation(CHAT, *listed, *kinds))

    assert len(values(sink, catalog.MODEL_LISTED)) == 3
    assert len(values(sink, catalog.CANARY_TOKENS)) == 3
    assert values(sink, catalog.EXPORTER_LABEL_OVERFLOW) == {
        "tensormesh_model_listed": 2,
        "tensormesh_canary_tokens_total": 1,
    }


def test_the_exporters_own_families_are_bounded_as_well() -> None:
    """Whoever records about the exporter cannot fill its memory either."""
    sink = watching(FakeClock(), limit=2)

    for number in range(5):
        sink.record(catalog.EXPORTER_CONFIG_RELOADS, labels=(f"{number}",))

    assert len(values(sink, catalog.EXPORTER_CONFIG_RELOADS)) == 2
    assert sum(values(sink, catalog.EXPORTER_LABEL_OVERFLOW).values()) == 3


def test_targets_have_the_labels_of_all_targets() -> None:
    """Prometheus wants one set of names, so what a target lacks is empty."""
    sink = watching(FakeClock())

    sink.target_info.describe("eu", "serverless", {"environment": "production"})
    sink.target_info.describe("us", "on_demand", {"team": "a", "target": "clash"})

    info = [
        each.labels
        for each in samples(text(sink))
        if each.name == catalog.TARGET_INFO.name
    ]
    assert info == [
        {
            "target": "eu",
            "surface": "serverless",
            "environment": "production",
            "team": "",
        },
        {"target": "us", "surface": "on_demand", "environment": "", "team": "a"},
    ]


@pytest.mark.parametrize("name", ["environment", "_a", "A1"])
def test_label_names_that_can_be_used(name: str) -> None:
    """What Prometheus allows."""
    assert is_usable(name)


@pytest.mark.parametrize(
    "name", ["target", "surface", "__name__", "le", "1a", "a-b", ""]
)
def test_label_names_that_cannot_be_used(name: str) -> None:
    """Reserved, taken by the family, or no name at all."""
    assert not is_usable(name)
