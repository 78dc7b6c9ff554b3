"""Know which deployments are stopped on purpose, so that nobody asks them."""

import time
from collections.abc import Callable

from tm_exporter.derivations.latest import IntervalOf, Latest
from tm_exporter.facts import DeploymentsListed
from tm_exporter.observation import Observation, ProbeKey


class StoppedDeployments:
    """
    Remembers what each account said last; it adds nothing to an observation.

    What is too old counts no more: rather an error that is expected than a canary
    that is silent because a token died.

    Args:
        account_of: Returns the account that pays for a target, None if unknown.
        interval_of: How often a probe runs, None for one that does not.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        account_of: Callable[[str], str | None],
        interval_of: IntervalOf,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._account_of = account_of
        self._lists = Latest(DeploymentsListed, interval_of, clock)

    def __call__(self, observation: Observation, /) -> Observation:
        """Take note of a list of deployments."""
        self._lists.note(observation)
        return observation

    def forget_target(self, target: str) -> None:
        """Drop what an account said that is no longer configured."""
        self._lists.forget_target(target)

    def can_stop(self, key: ProbeKey) -> bool:
        """Whether a probe asks something that an account can stop."""
        is_asked = key.surface == "on_demand" and bool(key.model)
        return is_asked and self._account_of(key.target) is not None

    def is_stopped(self, key: ProbeKey) -> bool:
        """Whether the deployment which a probe asks is stopped on purpose."""
        if not self.can_stop(key):
            return False
        listed = self._lists.of(self._account_of(key.target))
        return listed is not None and key.model in listed.stopped
