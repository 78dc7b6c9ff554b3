"""Put together what compares the tellings of targets with their accounts'."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping

from tm_exporter.config.running import running_of
from tm_exporter.config.settings import Settings
from tm_exporter.config.target import Target
from tm_exporter.derivations.auto_models import AutoTarget
from tm_exporter.derivations.catalogue import Asked, Catalogue
from tm_exporter.derivations.contexts import Contexts
from tm_exporter.derivations.derive import Derivation
from tm_exporter.derivations.latest import IntervalOf
from tm_exporter.derivations.price_changes import PriceChanges
from tm_exporter.derivations.reconciliation import Reconciliation
from tm_exporter.derivations.runway import Runway
from tm_exporter.derivations.versions import VersionChanges
from tm_exporter.memory import Memory
from tm_exporter.section import Surface


_OFFERED_BY: Mapping[Surface, str] = {
    "serverless": "pricing",
    "on_demand": "deployments",
}


class Accounts:
    """
    Who pays for whom, by the configuration that is in force.

    Args:
        settings: Returns it.
        probed: Returns the models of a target that probes ask.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        probed: Callable[[str], Collection[str]],
    ) -> None:
        self._settings = settings
        self._probed = probed
        self._read: Settings | None = None
        self._targets: dict[str, Target] = {}
        self._payers: dict[str, str] = {}

    def payer(self, target: str) -> str | None:
        """Return the account that pays for an inference target, None if unknown."""
        self._follow()
        return self._payers.get(target)

    @property
    def are_shared(self) -> bool:
        """Whether other shards, which we know nothing of, may use them too."""
        return self._settings().shard.total > 1

    def asked(self, target: str) -> Asked:
        """Return what is meant to be asked of an inference target."""
        self._follow()
        known = self._targets.get(target)
        named = () if known is None else [model.name for model in known.named_models]
        return Asked(
            account=self._payers.get(target),
            named=named,
            probed={*named, *self._probed(target)},
        )

    def address(self, target: str) -> str | None:
        """Return where a target is, None if it is not configured."""
        self._follow()
        known = self._targets.get(target)
        return None if known is None else known.base_url

    def price_list(self, target: str) -> str | None:
        """Return what tells one list of prices from another: where, and the unit."""
        self._follow()
        known = self._targets.get(target)
        if known is None:
            return None
        unit = self._settings().price_unit
        own = (getattr(s, "price_unit", None) for s in known.probes.values())
        units = sorted({each or unit for each in own} or {unit})
        return f"{known.base_url} {' '.join(units)}"

    def _follow(self) -> None:
        """Read the configuration again if it is another one."""
        settings = self._settings()
        if settings is self._read:
            return
        self._read = settings
        self._targets = {target.name: target for target in settings.targets}
        payers = settings.payers().items()
        self._payers = {name: payer.name for name, payer in payers if payer is not None}


def auto_targets(settings: Settings) -> Iterator[AutoTarget]:
    """Yield the targets whose models are to be chosen, and who makes their offer."""
    payers = settings.payers()
    for target in settings.targets:
        account = payers[target.name]
        here = account if account is not None and account.name in payers else None
        if target.models == "auto":
            yield AutoTarget(
                name=target.name,
                surface=target.surface,
                limit=target.auto_models_limit,
                account=None if account is None else account.name,
                probe=_reader(settings, here, _OFFERED_BY[target.surface]),
                lister=_lister(settings, target),
            )


def _lister(settings: Settings, target: Target) -> str | None:
    """Return the probe that tells how a gateway names what is deployed, if any."""
    if target.surface != "on_demand":
        return None
    return _reader(settings, target, "models")


def _reader(settings: Settings, of: Target | None, kind: str) -> str | None:
    """Return the name of a target's probe of a kind, None if none runs."""
    rows = () if of is None else running_of(settings, of)
    return next((row.probe for row in rows if row.section.kind == kind), None)


def comparisons(
    accounts: Accounts,
    memory: Memory,
    interval_of: IntervalOf,
    *,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> tuple[Derivation, ...]:
    """
    Return the derivations that compare what targets and accounts tell.

    Args:
        accounts: Who pays for whom.
        memory: Keeps over a restart what they compare with.
        interval_of: How often a probe runs, None for one that does not.
        clock: Monotonic seconds.
        now: Seconds since the epoch.
    """
    return (
        VersionChanges(memory, accounts.address),
        Contexts(memory, accounts.address),
        Catalogue(accounts.asked, interval_of, clock),
        Runway(interval_of, clock),
        PriceChanges(memory, accounts.price_list, interval_of, clock, now),
        *(
            ()
            if accounts.are_shared  # a bill has what other shards used, too
            else (
                Reconciliation(
                    accounts.payer,
                    memory,
                    accounts.address,
                    interval_of,
                    clock=clock,
                    now=now,
                ),
            )
        ),
    )
