"""
What each fault of a network, a proxy or a service comes to, for each sort of probe.

The tests inject every one of these over real sockets, and `docs/failure-reasons.md`
shows them: a promise that is not kept is a test that fails.
"""

from collections.abc import Mapping

from tm_exporter.fault_matrix.answering import BODY, EVENTS, SAID, STATUS
from tm_exporter.fault_matrix.reaching import BEFORE, HEAD
from tm_exporter.fault_matrix.row import SORTS, InjectedFault, Sort


__all__ = ("FAULTS", "SORTS", "InjectedFault", "Sort")

FAULTS: Mapping[str, tuple[InjectedFault, ...]] = {
    "Before the request": BEFORE,
    "The header of the answer": HEAD,
    "The status": STATUS,
    "The body": BODY,
    "The events of a stream": EVENTS,
    "What was said": SAID,
}
"""All of them, by how far the run came."""
