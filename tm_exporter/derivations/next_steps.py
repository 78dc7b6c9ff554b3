"""
What to do first about a failure, given whose fault it is.

The sentences of `reasons` know only one run; these know what else was seen, and name
the vendor's own commands where one helps.
"""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import lru_cache

from tm_exporter.derivations.blame import Blame, Diagnosis, Layer, Seen
from tm_exporter.derivations.diagnosis import Diagnoses
from tm_exporter.exchange import Exchange
from tm_exporter.observation import ProbeKey, Reason
from tm_exporter.reasons import next_step


_LONGEST = 100  # characters of a name which the service chose
_MOST_NAMES = 500
_SHOWN = 3  # missing models that are told of

_LOCAL = (
    "It is our own network: nothing else that is asked answers either. Check egress,"
    " routes, DNS and proxy of this machine; Tensormesh cannot repair it."
)
_UNTOLD = (
    "Whether it is our network or theirs cannot be told from here"
    " (reference_url would tell)."
)
_WAY = "Other addresses answer: it is the way to this host."
_FRONT = "It is the service's front, whatever is asked there."
_DUMB = "Report it with the time and the peer's address: no answer comes to have an id."
_AT_THE_FRONT: Mapping[Reason, str] = {
    Reason.TIMEOUT: _DUMB,
    Reason.CONNECTION_LOST: _DUMB,
    Reason.REDIRECT: (
        "See in the transcript where it leads (`location`): if that is a new address of"
        " Tensormesh, correct base_url; if not, report it with the request id."
    ),
}
"""For reasons of which it is known already that other routes have the same."""
_BARRED = (
    "This route needs no credentials and refuses us: a gateway or firewall bars this"
    " address. Report it with the request id and the address that we come from."
)
_TOP_UP = (
    "Top up first: the credit is used up, and without it the service refuses requests,"
    " whatever it calls that. Then look again."
)
_DOCTOR = "`tm infer doctor --exit-status` checks key and user."
_WHOAMI = "`tm auth whoami` says whether a login is valid, and whose."
_NAMES = "`tm billing pricing serverless list` has the names that it takes."


class NextSteps:
    """
    Says what to do first: it is called as `reasons.next_step` is.

    Args:
        diagnoses: Knows whose fault it is.
    """

    def __init__(self, diagnoses: Diagnoses) -> None:
        self._diagnoses = diagnoses

    def __call__(self, key: ProbeKey, reason: Reason, exchange: Exchange | None) -> str:
        """Return what to do first about a failed run, in a few sentences."""
        step = next_step(key, reason, exchange)
        found = self._diagnoses.of(key.target, key.model)
        if found is None or reason is Reason.INTERNAL:
            return step
        if found.blame is Blame.EDGE and self._diagnoses.is_common(key):
            step = f"{_FRONT} {_AT_THE_FRONT.get(reason, step)}"
        advise = _ADVICE.get(found.blame)
        return step if advise is None else advise(self, key, found, step)

    def of_network(self, _: ProbeKey, found: Diagnosis, step: str) -> str:
        """Advise on what is between the service and us."""
        if found.blame is Blame.NETWORK_LOCAL:
            ours = found.evidence.reason is Reason.PROXY
            return f"{_LOCAL} {step}" if ours else _LOCAL
        around = (found.evidence.reference, found.evidence.elsewhere)
        return f"{_WAY if Seen.GOOD in around else _UNTOLD} {step}"

    def of_edge(self, _: ProbeKey, found: Diagnosis, step: str) -> str:
        """Advise on what all routes go through."""
        return _BARRED if found.evidence.reason is Reason.AUTH else step

    def of_key(self, key: ProbeKey, found: Diagnosis, step: str) -> str:
        """Advise on a credential."""
        if found.evidence.reason is Reason.CONFIGURATION:
            return step
        if key.surface == "control_plane":
            return f"{step} {_WHOAMI}"
        is_taken = self._diagnoses.takes_our_key(key.target)
        if is_taken and key.surface == "on_demand":
            return (
                "Another surface takes a key of this account: suspect X-User-Id"
                f" (user_id) before the key. {_DOCTOR}"
            )
        if is_taken is False:
            return (
                "No surface takes a key of this account: it is revoked, expired or not"
                f" whose it should be. Make a new one. {_WHOAMI}"
            )
        return f"{step} {_DOCTOR if key.surface == 'on_demand' else _WHOAMI}"

    def of_credit(self, _: ProbeKey, __: Diagnosis, ___: str) -> str:
        """Advise on money."""
        return _TOP_UP

    def of_route(self, key: ProbeKey, found: Diagnosis, step: str) -> str:
        """Advise on a model or a user that nobody knows."""
        if found.evidence.reason is Reason.WRONG_MODEL:
            return step
        served = self._diagnoses.served(key.target)
        if not key.model:
            asked = self._diagnoses.models(key.target) if served else set()
            missing = sorted(asked.difference(served or ()))
            return " ".join((step, *(_instead(m, served) for m in missing[:_SHOWN])))
        if self._is_nobody_known(key, served):
            if key.surface == "on_demand":
                return (
                    "Every model of this target is unknown: suspect X-User-Id (user_id)"
                    f" before the names. {_DOCTOR}"
                )
            return f"Every model of this target is unknown: suspect base_url. {step}"
        where = _DOCTOR if key.surface == "on_demand" else _NAMES
        sentences = ("Suspect the model's name.", _instead(key.model, served), where)
        return " ".join(filter(None, sentences))

    def of_model(self, key: ProbeKey, found: Diagnosis, step: str) -> str:
        """Advise on what works without this model."""
        if found.evidence.opened is not Seen.GOOD:
            return step
        are_all = self._diagnoses.is_of_all_models(key.target, found.evidence.reason)
        which = "every model asked" if are_all else "this model"
        return f"The surface itself answers: it is {which}. {step}"

    def of_stream(self, _: ProbeKey, found: Diagnosis, step: str) -> str:
        """Advise on what works in one piece."""
        if found.evidence.whole is not Seen.GOOD:
            return step
        return f"Whole answers of this model come through: only streams fail. {step}"

    def _is_nobody_known(self, key: ProbeKey, served: tuple[str, ...] | None) -> bool:
        """Whether all models of a target are unknown, and not for their names."""
        models = self._diagnoses.models(key.target)
        for model in models:
            found = self._diagnoses.of(key.target, model)
            if found is None or found.evidence.reason is not Reason.ROUTING:
                return False
            if found.evidence.layer is Layer.OPEN:
                return False
        is_listed = served is None or key.model in served
        return len(models) > 1 or (key.surface == "on_demand" and is_listed)


_ADVICE: dict[Blame, Callable[[NextSteps, ProbeKey, Diagnosis, str], str]] = {
    Blame.NETWORK_LOCAL: NextSteps.of_network,
    Blame.NETWORK_REMOTE: NextSteps.of_network,
    Blame.EDGE: NextSteps.of_edge,
    Blame.AUTH: NextSteps.of_key,
    Blame.QUOTA: NextSteps.of_credit,
    Blame.ROUTING: NextSteps.of_route,
    Blame.MODEL: NextSteps.of_model,
    Blame.STREAM: NextSteps.of_stream,
}


def _instead(model: str, served: tuple[str, ...] | None) -> str:
    """Return what could be meant by a model's name, as a sentence."""
    near = _nearest(model, served or ())
    if near:
        return f"Nearest to {_name(model)} on the list: {', '.join(near)}."
    return f"Nothing on the list is like {_name(model)}." if served else ""


@lru_cache(maxsize=256)
def _nearest(model: str, served: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names on a list that are most like a model's."""
    names = [name[:_LONGEST] for name in served[:_MOST_NAMES] if name != model]
    return tuple(map(_name, get_close_matches(model[:_LONGEST], names, n=3)))


def _name(text: str) -> str:
    """Return a name as it can stand in a sentence, whatever it is made of."""
    return repr(text[:_LONGEST])
