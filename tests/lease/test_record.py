"""A Lease of Kubernetes, read and written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.budget.totals import Totals
from tm_exporter.lease.record import ANNOTATION, Record, RecordUnreadable, made


_NOW = 1_795_000_000.25
_TOTALS = Totals(1_700_000_000, {20_775: 5}, {24_322: 7})


def lease(**spec: Any) -> dict[str, Any]:
    """Return a lease as the API server has it, with things of others in it."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": "tm-exporter",
            "namespace": "default",
            "uid": "8a1b",
            "resourceVersion": "7",
            "labels": {"team": "search"},
            "annotations": {"theirs": "stays"},
            "managedFields": [{"manager": "kubectl"}],
        },
        "spec": spec,
    }


def test_whoever_takes_it_counts_as_one_more_transition() -> None:
    """As in client-go; what others wrote into it stays."""
    before = Record.of(lease(holderIdentity="a", leaseTransitions=3))
    body = before.held("b", 15.0, _NOW, _TOTALS)
    again = Record.of(body).held("b", 15.0, _NOW + 1, _TOTALS)

    assert body["spec"] == {
        "holderIdentity": "b",
        "leaseDurationSeconds": 15,
        "leaseTransitions": 4,
        "acquireTime": "2026-11-18T11:06:40.250000Z",
        "renewTime": "2026-11-18T11:06:40.250000Z",
    }
    assert again["spec"]["leaseTransitions"] == 4
    assert again["spec"]["acquireTime"] == body["spec"]["acquireTime"]
    assert again["spec"]["renewTime"] == "2026-11-18T11:06:41.250000Z"
    assert body["metadata"]["labels"] == {"team": "search"}
    assert body["metadata"]["annotations"]["theirs"] == "stays"
    assert body["metadata"]["resourceVersion"] == "7"
    assert "managedFields" not in body["metadata"]


def test_the_totals_are_written_and_read() -> None:
    """By the same write as the holder."""
    body = Record.of(lease()).held("a", 2.5, _NOW, _TOTALS)

    assert Record.of(body).totals == _TOTALS
    assert Record.of(body).duration == 3  # whole seconds, no fewer than were meant
    assert Record.of(lease()).totals is None


def test_it_is_freed_as_client_go_does_it() -> None:
    """Nobody holds it, for one second."""
    freed = Record.of(lease(holderIdentity="a")).freed(_NOW, _TOTALS)

    assert freed["spec"]["holderIdentity"] == ""
    assert freed["spec"]["leaseDurationSeconds"] == 1
    assert Record.of(freed).holder == ""


def test_a_new_one_is_held_from_the_beginning() -> None:
    """And tells nothing of money where nothing is known."""
    body = made("a", 15.0, _NOW, None)

    assert body["spec"]["holderIdentity"] == "a"
    assert body["metadata"] == {"annotations": {}}


def test_an_account_that_cannot_be_read_keeps_everybody_from_paying() -> None:
    """The sentence says what to do about it."""
    broken = lease()
    broken["metadata"]["annotations"][ANNOTATION] = '{"version":9}'

    with pytest.raises(RecordUnreadable, match="delete the lease if it is damaged"):
        Record.of(broken)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.dictionaries(
        st.sampled_from(["metadata", "spec", "kind"]),
        json_values
        | st.dictionaries(
            st.sampled_from(
                [
                    "resourceVersion",
                    "annotations",
                    "holderIdentity",
                    "leaseDurationSeconds",
                    "leaseTransitions",
                ]
            ),
            json_values,
        ),
    )
)
def test_anything_is_read_or_refused(body: dict[str, Any]) -> None:
    """With one kind of error, and what is read can be written."""
    try:
        record = Record.of(body)
    except RecordUnreadable:
        return
    record.held("a", 15.0, _NOW, None)
    record.freed(_NOW, None)
