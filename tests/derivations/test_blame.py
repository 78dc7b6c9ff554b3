"""Whose fault one failure is, by what else was seen: the table of the docstring."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.derivations import blame as module
from tm_exporter.derivations.blame import (
    NO_WAY,
    WIDTH,
    Blame,
    Evidence,
    Layer,
    Seen,
    blame_of,
    diagnose,
)
from tm_exporter.observation import Reason


R, L, S = Reason, Layer, Seen
DOWN = {"reference": S.UNREACHED}
UP = {"reference": S.GOOD}
BROKE = {"answered": True, "authenticated": True, "credit": False}
SOLVENT = {**BROKE, "credit": True}
SHUT = {"answered": True, "opened": S.BAD}
WORKS = {"answered": True, "opened": S.GOOD}

CASES: list[tuple[Reason, Layer, dict[str, Any], Blame]] = [
    # Nothing came back: our network, or the way to this host.
    (R.DNS, L.OPEN, {}, Blame.NETWORK_REMOTE),
    (R.DNS, L.OPEN, DOWN, Blame.NETWORK_LOCAL),
    (R.DNS, L.OPEN, UP, Blame.NETWORK_REMOTE),
    (R.DNS, L.OPEN, {"elsewhere": S.UNREACHED}, Blame.NETWORK_LOCAL),
    (R.DNS, L.OPEN, {"elsewhere": S.SILENT}, Blame.NETWORK_REMOTE),
    (R.DNS, L.OPEN, {**UP, "elsewhere": S.UNREACHED}, Blame.NETWORK_REMOTE),
    (R.DNS, L.OPEN, {**DOWN, "elsewhere": S.GOOD}, Blame.NETWORK_REMOTE),
    (R.CONNECT_TIMEOUT, L.STREAM, DOWN, Blame.NETWORK_LOCAL),
    (R.CONNECT_TIMEOUT, L.STREAM, {}, Blame.NETWORK_REMOTE),
    (R.CONNECT_REFUSED, L.OPEN, {}, Blame.NETWORK_REMOTE),
    (R.CONNECT_REFUSED, L.ACCOUNT, DOWN, Blame.NETWORK_LOCAL),
    (R.CONNECT_FAILED, L.CHEAP, {**DOWN, "opened": S.BAD}, Blame.NETWORK_LOCAL),
    (R.CONNECT_FAILED, L.CHEAP, {"reference": S.SILENT}, Blame.NETWORK_LOCAL),
    (R.PROXY, L.OPEN, {}, Blame.NETWORK_LOCAL),
    (R.PROXY, L.OPEN, DOWN, Blame.NETWORK_LOCAL),
    (R.PROXY, L.OPEN, UP, Blame.NETWORK_REMOTE),
    (R.PROXY, L.OPEN, {"elsewhere": S.GOOD}, Blame.NETWORK_REMOTE),
    (R.TIMEOUT, L.OPEN, DOWN, Blame.NETWORK_LOCAL),
    (R.TIMEOUT, L.OPEN, {**DOWN, "elsewhere": S.GOOD}, Blame.EDGE),
    (R.TIMEOUT, L.OPEN, {"elsewhere": S.UNREACHED}, Blame.EDGE),
    (R.TIMEOUT, L.STREAM, {**DOWN, "answered": True}, Blame.MODEL),
    # What all routes go through.
    (R.TLS, L.OPEN, {}, Blame.EDGE),
    (R.TLS, L.STREAM, UP, Blame.EDGE),
    (R.TLS, L.OPEN, DOWN, Blame.NETWORK_LOCAL),
    (R.REDIRECT, L.STREAM, WORKS, Blame.EDGE),
    (R.TIMEOUT, L.OPEN, {}, Blame.EDGE),
    (R.SERVER_ERROR, L.OPEN, {"answered": True, **DOWN}, Blame.EDGE),
    (R.OVERLOADED, L.OPEN, {"answered": True}, Blame.EDGE),
    (R.BAD_PAYLOAD, L.OPEN, {"answered": True}, Blame.EDGE),
    (R.AUTH, L.OPEN, {"answered": True}, Blame.EDGE),
    (R.OVERLOADED, L.STREAM, SHUT, Blame.EDGE),
    (R.STREAM_TRUNCATED, L.STREAM, SHUT, Blame.EDGE),
    (R.TIMEOUT, L.CHEAP, {"opened": S.BAD}, Blame.EDGE),
    (R.AUTH, L.CHEAP, {**SHUT, "authenticated": True}, Blame.EDGE),
    # Credentials and credit.
    (R.AUTH, L.OPEN, {"answered": True, "authenticated": True}, Blame.AUTH),
    (R.AUTH, L.CHEAP, SOLVENT, Blame.AUTH),
    (R.AUTH, L.CHEAP, {**SOLVENT, "credit": None}, Blame.AUTH),
    (R.AUTH, L.CHEAP, BROKE, Blame.QUOTA),
    (R.AUTH, L.ACCOUNT, BROKE, Blame.AUTH),
    (R.CONFIGURATION, L.STREAM, {}, Blame.AUTH),
    (R.CONFIGURATION, L.STREAM, {"credit": False}, Blame.AUTH),
    (R.CONFIGURATION, L.OPEN, DOWN, Blame.AUTH),
    (R.QUOTA, L.STREAM, SOLVENT, Blame.QUOTA),
    (R.THROTTLED, L.STREAM, SOLVENT, Blame.THROTTLED),
    (R.THROTTLED, L.WHOLE, BROKE, Blame.QUOTA),
    (R.THROTTLED, L.OPEN, {"answered": True}, Blame.THROTTLED),
    (R.THROTTLED, L.ACCOUNT, BROKE, Blame.THROTTLED),
    # Who is asked for.
    (R.ROUTING, L.STREAM, WORKS, Blame.ROUTING),
    (R.ROUTING, L.OPEN, {"answered": True}, Blame.ROUTING),
    (R.ASSERTION, L.OPEN, {"answered": True}, Blame.ROUTING),
    (R.WRONG_MODEL, L.WHOLE, WORKS, Blame.ROUTING),
    # The account's own service.
    (R.SERVER_ERROR, L.ACCOUNT, {"answered": True}, Blame.EDGE),
    (R.TIMEOUT, L.ACCOUNT, {}, Blame.EDGE),
    # One model, or its streams.
    (R.OVERLOADED, L.STREAM, WORKS, Blame.MODEL),
    (R.SERVER_ERROR, L.CHEAP, {"answered": True}, Blame.MODEL),
    (R.BAD_REQUEST, L.WHOLE, WORKS, Blame.MODEL),
    (R.EMPTY_OUTPUT, L.WHOLE, WORKS, Blame.MODEL),
    (R.ASSERTION, L.CHEAP, WORKS, Blame.MODEL),
    (R.CONNECTION_LOST, L.WHOLE, {"opened": S.GOOD}, Blame.MODEL),
    (R.STREAM_TRUNCATED, L.STREAM, WORKS, Blame.STREAM),
    (R.STREAM_STALLED, L.STREAM, {"answered": True}, Blame.STREAM),
    (R.STREAM_INVALID, L.STREAM, {**WORKS, "whole": S.GOOD}, Blame.STREAM),
    (R.STREAM_ERROR, L.STREAM, {**WORKS, "whole": S.BAD}, Blame.MODEL),
    (R.TIMEOUT, L.STREAM, {**WORKS, "whole": S.GOOD}, Blame.STREAM),
    (R.TIMEOUT, L.STREAM, {**WORKS, "whole": S.BAD}, Blame.MODEL),
]


def name_of(value: object) -> str | None:
    """Return what a case is called by."""
    if isinstance(value, dict):
        return ",".join(f"{key}:{value[key]}" for key in value) or "alone"
    return str(value)


@pytest.mark.parametrize(("reason", "layer", "around", "blame"), CASES, ids=name_of)
def test_the_table(
    reason: Reason, layer: Layer, around: dict[str, Any], blame: Blame
) -> None:
    """Each row of it, and the borders between them."""
    assert blame_of(Evidence(reason=reason, layer=layer, **around)) is blame


any_evidence = st.builds(
    Evidence,
    reason=st.sampled_from(Reason),
    layer=st.sampled_from(Layer),
    answered=st.booleans(),
    authenticated=st.booleans(),
    opened=st.sampled_from(Seen),
    whole=st.sampled_from(Seen),
    reference=st.sampled_from(Seen),
    elsewhere=st.sampled_from(Seen),
    credit=st.none() | st.booleans(),
)


@given(evidence=any_evidence)
def test_a_failure_has_one_verdict(evidence: Evidence) -> None:
    """Unless the exporter failed itself, which says nothing of anybody else."""
    found = diagnose([evidence])

    assert (found is None) == (evidence.reason is Reason.INTERNAL)


@given(evidence=any_evidence)
def test_it_is_not_our_network_while_anything_answers(evidence: Evidence) -> None:
    """The reference URL, another target, or the target itself."""
    answers = evidence.answered or Seen.GOOD in (evidence.reference, evidence.elsewhere)

    assert not (answers and blame_of(evidence) is Blame.NETWORK_LOCAL)


@given(evidence=any_evidence)
def test_without_a_connection_it_is_a_network(evidence: Evidence) -> None:
    """Nobody at the other end can be blamed for what did not arrive there."""
    is_network = blame_of(evidence) in (Blame.NETWORK_LOCAL, Blame.NETWORK_REMOTE)

    assert is_network or evidence.answered or evidence.reason not in NO_WAY


@given(evidence=st.lists(any_evidence, max_size=5))
def test_of_several_the_widest_counts(evidence: list[Evidence]) -> None:
    """What explains the most, whichever came first."""
    found = diagnose(evidence)
    blames = [blame for each in evidence if (blame := blame_of(each)) is not None]

    assert (None if found is None else found.blame) == min(
        blames, key=WIDTH.__getitem__, default=None
    )


def test_nothing_wrong_is_no_verdict() -> None:
    """A run that passed accuses nobody."""
    assert diagnose([]) is None
    assert diagnose([Evidence(reason=None, layer=Layer.OPEN)]) is None


def test_people_read_the_same_table() -> None:
    """The page has every verdict, and each row of the docstring in its order."""
    page = (Path(__file__).parents[2] / "docs/diagnosis.md").read_text()
    rows = [row for row in (module.__doc__ or "").splitlines() if row.startswith("| ")]

    assert "\n".join(rows) in page
    assert all(f"| `{blame}` |" in page for blame in Blame)
