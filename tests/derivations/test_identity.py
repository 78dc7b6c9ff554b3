"""When a model counts as another one under the same name."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.doubles import FakeClock, PaidSection, ScriptedProbe
from tests.sinks.observations import CHAT, observation
from tests.sinks.pages import values
from tm_exporter import catalog
from tm_exporter.derivations.identity import Identity
from tm_exporter.facts import ModelIdentity
from tm_exporter.observation import Observation, ProbeKey, Reason
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.wire.payloads import Completion


WHOLE = replace(CHAT, probe="chat")
OTHER_MODEL = replace(CHAT, model="tiny")
OTHER_TARGET = replace(CHAT, target="us")


def answered(
    key: ProbeKey, fingerprint: str | None, reason: Reason | None = None
) -> Observation:
    """Return a run that met a fingerprint, or none."""
    seen = observation(key, reason=reason)
    facts = ModelIdentity.of(key.model, Completion(fingerprint=fingerprint))
    return replace(seen, outcome=replace(seen.outcome, facts=facts))


def counted(runs: Iterable[tuple[ProbeKey, str | None]]) -> float:
    """Return how many changes these runs show, all in all."""
    identity = Identity()
    seen = [identity(answered(key, fingerprint)) for key, fingerprint in runs]
    return sum(each.value_of(catalog.MODEL_IDENTITY_CHANGES) or 0 for each in seen)


@pytest.mark.parametrize(
    ("runs", "changes"),
    [
        pytest.param([(CHAT, "a")], 0, id="the-first-is-no-change"),
        pytest.param([(CHAT, "a"), (CHAT, "a")], 0, id="the-same"),
        pytest.param([(CHAT, "a"), (CHAT, "b")], 1, id="another"),
        pytest.param([(CHAT, "a"), (CHAT, "b"), (CHAT, "a")], 2, id="and-back"),
        pytest.param([(CHAT, "a"), (CHAT, None), (CHAT, "a")], 0, id="unknown-between"),
        pytest.param([(CHAT, "a"), (CHAT, None), (CHAT, "b")], 1, id="resets-nothing"),
        pytest.param([(CHAT, "a"), (WHOLE, "b")], 0, id="first-of-each-probe"),
        pytest.param(
            [(CHAT, "a"), (WHOLE, "a"), (CHAT, "b"), (WHOLE, "b")],
            1,
            id="an-update-that-two-probes-see-counts-once",
        ),
        pytest.param(
            [(CHAT, "a"), (WHOLE, "b")] * 10,
            0,
            id="two-probes-that-meet-different-replicas",
        ),
        pytest.param([(CHAT, "a"), (OTHER_MODEL, "b")], 0, id="another-model"),
        pytest.param([(CHAT, "a"), (OTHER_TARGET, "b")], 0, id="another-target"),
    ],
)
def test_changes(runs: list[tuple[ProbeKey, str | None]], changes: int) -> None:
    """Runs in order, and how many changes they show."""
    assert counted(runs) == changes


def test_another_model_tells_nothing_of_this_one() -> None:
    """The run fails for it, and the fingerprint is somebody else's."""
    named = Completion(fingerprint="a", model="tiny")

    assert ModelIdentity.of("huge", named) == ()
    assert ModelIdentity.of("tiny", named) == (ModelIdentity("tiny", "a"),)
    assert ModelIdentity.of("tiny", None) == ()


def test_a_failed_run_can_show_a_change() -> None:
    """A new build that breaks an expectation is just what one wants to know."""
    identity = Identity()
    identity(answered(CHAT, "a"))

    seen = identity(answered(CHAT, "b", Reason.ASSERTION))

    assert seen.value_of(catalog.MODEL_IDENTITY_CHANGES) == 1


def test_the_counter_is_there_at_zero_for_who_has_a_model_answer() -> None:
    """By target and model, whichever probe sees it; free probes have none."""
    identity, sink = Identity(), MetricsSink(FakeClock())
    for probe in (
        ScriptedProbe(CHAT, PaidSection()),
        ScriptedProbe(WHOLE, PaidSection()),
        ScriptedProbe(OTHER_MODEL),
    ):
        starts = identity.watch(probe)
        sink.watch(probe.key, interval=60, reasons=(), skips=(), starts=starts)
    for fingerprint in ("a", "b"):
        sink(identity(answered(CHAT, fingerprint)))

    found = values(sink, catalog.MODEL_IDENTITY_CHANGES)

    assert found == {f"{CHAT.model},system_fingerprint": 1}


def test_a_probe_that_is_gone_is_forgotten() -> None:
    """One of the same name may come, and begins anew."""
    identity = Identity()
    identity(answered(CHAT, "a"))

    identity.forget(CHAT)

    seen = identity(answered(CHAT, "b"))
    assert seen.value_of(catalog.MODEL_IDENTITY_CHANGES) is None
