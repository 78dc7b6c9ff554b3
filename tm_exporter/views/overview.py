"""Whether Tensormesh works for us, and if not, whose fault it is: in a glance."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from tm_exporter.reasons import EXPLANATIONS, Party
from tm_exporter.views.status import (
    ModelStatus,
    Overview,
    Problem,
    State,
    TargetStatus,
)


_PARTIES: Mapping[str, Party] = {
    "network_local": "us",
    "network_remote": "network",
    "edge": "service",
    "auth": "us",
    "quota": "us",
    "throttled": "service",
    "routing": "us",
    "model": "service",
    "stream": "service",
}
"""Whose fault it is by diagnosis, the one that explains the most first."""

_KNOW_BETTER = frozenset(
    (("routing", "wrong_model"), ("model", "bad_request"), ("stream", "bad_request"))
)
"""Diagnosis and reason, where only the reason says who has to act."""

_USUAL_PARTIES = {reason.value: told.party for reason, told in EXPLANATIONS.items()}

_GENERATES_NOTHING = "tokenize"
"""A probe that asks a model, and passes where every answer to a user fails."""

_WIDTH = {verdict: place for place, verdict in enumerate(_PARTIES)}


def overview(targets: Sequence[TargetStatus]) -> Overview:
    """Return the answer for these targets."""
    problems = tuple(sorted(_problems(targets), key=_weight))
    state = _state(targets)
    return Overview(
        state=state,
        summary=_summary(state, targets),
        party=problems[0].party if problems else None,
        problems=problems,
    )


def _state(targets: Sequence[TargetStatus]) -> State:
    states = {target.state for target in targets}
    if "failing" in states:
        return "failing"
    return "ok" if states == {"ok"} else "unknown"


def _summary(state: State, targets: Sequence[TargetStatus]) -> str:
    """Return one sentence about everything."""
    if not targets:
        return "Nothing is watched: no target is configured."
    if state == "ok":
        return "Tensormesh works for us."
    if state == "unknown":
        names = [each.target for each in targets if each.state == "unknown"]
        return f"Not known yet whether Tensormesh works for us: {_some(names)}."
    names = [each.target for each in targets if each.state == "failing"]
    inference = [each for each in targets if each.surface != "control_plane"]
    if inference and all(each.state == "ok" for each in inference):
        return f"Inference works for us, the Control Plane does not: {_some(names)}."
    if inference and not any(_serves(each) for each in inference):
        return f"Tensormesh does not work for us: {_some(names)}."
    return f"Tensormesh works only in part for us: {_some(names)}."


def _serves(target: TargetStatus) -> bool:
    """Whether anything that a user would ask for passes."""
    told = [(probe.probe, m) for probe in target.probes for m in probe.models]
    asked = [m for probe, m in told if m.model and probe != _GENERATES_NOTHING]
    return any(each.state == "ok" for each in asked or (m for _, m in told))


def _some(names: Sequence[str], most: int = 3) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - most
    shown = ", ".join(names[:most])
    return f"{shown} and {more} more" if more > 0 else shown


def _problems(targets: Iterable[TargetStatus]) -> Iterator[Problem]:
    for target in targets:
        failing = sorted(_failing(target), key=_kind)
        for _, group in groupby(failing, key=_kind):
            yield _problem(target, tuple(group))


def _failing(target: TargetStatus) -> Iterator[tuple[str, ModelStatus]]:
    for probe in target.probes:
        for model in probe.models:
            if model.state == "failing":
                yield probe.probe, model


def _kind(failing: tuple[str, ModelStatus]) -> tuple[str, str]:
    """Return what failures are told together by."""
    _, model = failing
    return model.diagnosis or "", model.reason or ""


def _problem(
    target: TargetStatus, failing: tuple[tuple[str, ModelStatus], ...]
) -> Problem:
    """Return what is told of failures that are told together."""
    shown = failing[0][1]
    began = [model.since for _, model in failing if model.since is not None]
    return Problem(
        target=target.target,
        surface=target.surface,
        probes=tuple(_name(probe, model) for probe, model in failing),
        reason=shown.reason or "",
        detail=shown.detail,
        party=_party(shown),
        diagnosis=shown.diagnosis,
        since=min(began, default=None),
        next_step=shown.next_step,
        probe_id=shown.probe_id,
    )


def _name(probe: str, model: ModelStatus) -> str:
    return f"{probe} ({model.model})" if model.model else probe


def _party(model: ModelStatus) -> Party:
    usual = _USUAL_PARTIES.get(model.reason or "", "exporter")
    if (model.diagnosis, model.reason) in _KNOW_BETTER:
        return usual
    return _PARTIES.get(model.diagnosis or "", usual)


def _weight(problem: Problem) -> tuple[bool, int, int]:
    """Return what sorts inference first, then what explains the most."""
    width = _WIDTH.get(problem.diagnosis or "", len(_WIDTH))
    return (problem.surface == "control_plane", width, -len(problem.probes))
