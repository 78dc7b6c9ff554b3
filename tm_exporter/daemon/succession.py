"""Who pays: how this instance competes for it, and what changes when it wins."""

import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping

from tm_exporter import catalog
from tm_exporter.assembly.assembly import KnownSecret
from tm_exporter.assembly.treasury import Treasury
from tm_exporter.budget.worker import ThreadWorker
from tm_exporter.clients.leases import LeaseApi
from tm_exporter.clients.resolver import Resolver
from tm_exporter.clients.transport import Transport
from tm_exporter.clients.trust import TrustSet, TrustStore
from tm_exporter.config.lease import LeasePlace, NoLease, lease_place, lock_file
from tm_exporter.config.secrets import FileSecret
from tm_exporter.config.settings import Settings
from tm_exporter.derivations.diagnosis import Diagnoses
from tm_exporter.lease.election import RENEWALS, Election
from tm_exporter.lease.flock import FileLease
from tm_exporter.lease.leadership import Alone, Leadership, Unable
from tm_exporter.schedule.schedule import Schedule
from tm_exporter.sinks.metrics import MetricsSink


def leadership_of(
    settings: Settings,
    tell_secret: Callable[[str], None],
    environ: Mapping[str, str] = os.environ,
) -> Leadership:
    """
    Return what decides whether this instance pays.

    Args:
        settings: The configuration in force.
        tell_secret: Has the token masked in the log.
        environ: All environment variables.
    """
    lease = settings.lease
    if not lease.enabled:
        return Alone()
    try:
        if lease.kind == "file":
            path = lock_file(settings, environ)
            return FileLease(path, lease.duration / RENEWALS, ThreadWorker("lease"))
        place = lease_place(settings, environ)
    except NoLease as error:
        return Unable(str(error))
    return Election(
        _api(place, lease.duration / RENEWALS, tell_secret),
        _identity(environ),
        lease.duration,
        clock=_clock,
        now=time.time,
    )


def _api(
    place: LeasePlace, timeout: float, tell_secret: Callable[[str], None]
) -> LeaseApi:
    """Return what reads and writes a lease; proxies are for what is outside."""
    token = None if place.token_file is None else FileSecret(place.token_file)
    transport = Transport(
        resolver=Resolver(),
        trust_store=TrustStore(),
        trust=TrustSet(place.ca_bundle),
        environ={},
    )
    return LeaseApi(
        transport,
        base_url=place.api_url,
        namespace=place.namespace,
        name=place.name,
        token=None if token is None else KnownSecret(token, tell_secret),
        timeout=timeout,
    )


def _identity(environ: Mapping[str, str]) -> str:
    """Return a name that nobody has had: a pod that is made anew keeps its own."""
    name = environ.get("POD_NAME") or socket.gethostname()
    return f"{name}_{secrets.token_hex(4)}"


def _clock() -> float:
    """Return seconds that go on while the machine sleeps, where it can tell them."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Succession:
    """
    Has everybody know when this instance begins or ceases to pay.

    Args:
        leadership: Decides that.
        treasury: Plans with the money only while it is ours.
        schedule: Runs paid probes.
        metrics: Shows what they found last.
        diagnoses: Judges by what they found.
        begin_anew: Called when the own record of what was used has a gap.
    """

    def __init__(
        self,
        leadership: Leadership,
        treasury: Treasury,
        schedule: Schedule,
        *,
        metrics: MetricsSink,
        diagnoses: Diagnoses,
        begin_anew: Callable[[], None],
    ) -> None:
        self._leadership = leadership
        self._treasury = treasury
        self._schedule = schedule
        self._metrics = metrics
        self._diagnoses = diagnoses
        self._begin_anew = begin_anew
        self._hand_overs = 0

    def start(self) -> None:
        """Begin to compete, and have the page of metrics tell who leads."""
        self._metrics.table(catalog.EXPORTER_LEADER, self._rows)
        self._leadership.start(self._changed)

    def _rows(self) -> Mapping[tuple[str, ...], float]:
        return {(): float(self._leadership.permit is not None)}

    def _changed(self) -> None:
        """Begin with what only the paying instance does, or end it."""
        if self._leadership.hand_overs != self._hand_overs:
            self._hand_overs = self._leadership.hand_overs
            self._begin_anew()
        if self._leadership.permit is None:
            self._schedule.stand_by()
            self._forget()
        self._treasury.look_soon()

    def _forget(self) -> None:
        """Tell no more what paid probes found last: another instance knows better."""
        for probe in self._schedule.probes:
            if probe.section.paid:
                self._metrics.stand_by(probe.key)
                self._diagnoses.forget(probe.key)
                self._diagnoses.watch(probe)
