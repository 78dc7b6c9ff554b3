"""
Who pays, decided by a Lease of Kubernetes.

As in client-go, whoever holds the lease renews it, and others take it once it did not
change for its duration, *by their own monotonic clock since they saw it change*: the
times in it are never compared with anything, so that clocks may differ. A holder
counts from the moment before it sent its last renewal that succeeded, and pays for
`PAYS_FOR` of the duration only, so that it has ended before anybody can take over.

The totals of the account are in the lease as well. Whoever pays sees to it that they
cover the money before a request leaves (`cover`): a lease that is taken over tells all
that may have been spent under it.

One task makes all calls, one after the other. What came of a call that failed is not
known, and need not be: the next write succeeds only on what was read.
"""

import asyncio
import contextlib
import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import structlog

from tm_exporter.budget.totals import Totals
from tm_exporter.clients.leases import LeaseConflict, LeaseUnreachable
from tm_exporter.lease.grants import Grants
from tm_exporter.lease.leadership import LeaseStanding
from tm_exporter.lease.record import RecordUnreadable, made
from tm_exporter.lease.sight import Sight
from tm_exporter.lease.term import Pause, Term, pause


log = structlog.get_logger()

PAYS_FOR = 2 / 3
"""Of the duration since the last renewal; the rest is for clocks that run unevenly."""

RENEWALS = 5
"""In a duration; as many looks at it while another one holds it."""

_SOONER = 2  # times as often as usual, when a call failed
_STOP_WITHIN = 0.8  # seconds, of the two that the whole exporter has


class Store(Protocol):
    """Where the lease is; see `clients.leases`."""

    async def read(self) -> Mapping[str, Any] | None:
        """Return it, None if there is none."""
        ...

    async def create(self, lease: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make it, and return it as it is then."""
        ...

    async def replace(self, lease: Mapping[str, Any]) -> Mapping[str, Any]:
        """Write it over the one that was read, and return it as it is then."""
        ...


class Election:
    """
    Competes for the lease, and keeps it.

    Args:
        store: Where the lease is.
        identity: Of this instance; no other one, before or after, has the same.
        duration: Seconds after which a silent holder loses it.
        clock: Monotonic seconds, which should go on while the machine sleeps.
        now: Seconds since the epoch, for people and for the days of the account.
        pause: Waits.

    Attributes:
        hand_overs: How often this instance took the lease, from another one or from
            nobody.
    """

    def __init__(
        self,
        store: Store,
        identity: str,
        duration: float,
        *,
        clock: Callable[[], float],
        now: Callable[[], float],
        pause: Pause = pause,
    ) -> None:
        self.hand_overs = 0
        self._store = store
        self._identity = identity
        self._duration = duration
        self._beat = duration / RENEWALS
        self._clock = clock
        self._now = now
        self._pause = pause
        self._sight = Sight(identity, duration, clock)
        self._grants = Grants(self._sight, now)
        self._term: Term | None = None
        self._goes_on = False  # with the account that was ours when we led last
        self._led_since = 0.0
        self._wanted = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._was_decided = asyncio.Event()
        self._changed: Callable[[], None] = lambda: None
        self._tasks: list[asyncio.Task[None]] = []
        self._detail = "the lease was not read yet"
        self._is_answered: bool | None = None

    @property
    def permit(self) -> Term | None:
        """The permission in force, None if there is none now."""
        return self._term if self._term is not None and self._term.holds else None

    @property
    def standing(self) -> LeaseStanding:
        """How this instance stands to the lease."""
        if self.permit is not None:
            return LeaseStanding(leads=True, holder=self._identity)
        return LeaseStanding(False, self._sight.holder, self._detail)

    @property
    def led_for(self) -> float:
        """Seconds for which our own ledger has seen all that was paid for."""
        return 0.0 if self.permit is None else self._clock() - self._led_since

    @property
    def account(self) -> Totals | None:
        """The totals in the lease, as it was seen last."""
        return self._sight.account

    def start(self, changed: Callable[[], None]) -> None:
        """Begin to compete; `changed` is called whenever `permit` came or went."""
        self._changed = changed
        self._tasks = [
            asyncio.create_task(self._keep(), name="lease"),
            asyncio.create_task(self._watch(), name="end of the lease"),
        ]

    async def decided(self, within: float) -> None:
        """Wait until it is known who leads, so many seconds at most."""
        await self._pause(self._was_decided, within)

    async def cover(self, spent: Totals, granted: Totals) -> bool:
        """
        Have the lease say that this much is spent, before it is.

        Args:
            spent: What has to be covered.
            granted: What to write if it is not: more, so that not each run writes.

        Returns:
            Whether the lease says so, and this instance leads.
        """
        term = self.permit
        if term is None:
            return False
        if not self._grants.cover(spent):
            self._grants.need(granted)
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            self._wanted.set()
            await turn
        return term.holds and self._grants.cover(spent)

    def note(self, spent: Totals) -> None:
        """Have the lease say that this much was spent, with the next renewal."""
        if self.permit is not None:
            self._grants.need(spent)

    async def stop(self, spent: Totals | None = None) -> None:
        """
        Pay no more and let go of the lease, if it is ours.

        Args:
            spent: What exactly was spent, without what was granted besides; None
                where that is not known.
        """
        self._end("this instance is being stopped")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        _let_go_on(self._waiting)
        if self._sight.is_ours or not self._sight.is_sure:
            with contextlib.suppress(LeaseUnreachable, RecordUnreadable, TimeoutError):
                async with asyncio.timeout(_STOP_WITHIN):
                    await self._release(spent)

    async def _keep(self) -> None:
        """Renew, take or watch the lease, again and again."""
        while True:
            turns, self._waiting = self._waiting, []
            self._wanted.clear()
            try:
                await self._turn()
            finally:
                _let_go_on(turns)
            await self._pause(self._wanted, self._until_next())

    async def _watch(self) -> None:
        """End a term in time, whatever the calls are waiting for."""
        never = asyncio.Event()
        while True:
            term = self._term
            left = self._beat if term is None else term.until - self._clock()
            await self._pause(never, min(left, self._beat))
            self._end_what_is_over()

    async def _turn(self) -> None:
        """Do what is to be done now; whatever goes wrong, the next turn comes."""
        try:
            try:
                await self._act()
            except LeaseConflict:  # what we knew was old: look, and decide anew
                await self._act()
        except LeaseConflict:  # somebody is faster: the next turn tells who
            self._note_answer()
        except (LeaseUnreachable, RecordUnreadable) as error:
            self._note_silence(str(error))
        except Exception as error:  # a bug must not leave the lease to itself
            log.exception("lease_failed")
            self._note_silence(f"the exporter failed: {type(error).__name__}")
        else:
            self._note_answer()

    async def _act(self) -> None:
        """Renew the lease if it is ours, take it if it is free, else look."""
        sight = self._sight
        self._end_what_is_over()
        if self.permit is None or not sight.is_sure:
            sight.is_sure = False
            sight.read(await self._store.read())
        if not sight.is_ours and (sight.holder or self.permit is None):
            self._goes_on = False
            self._end(f"{sight.holder} took the lease")
        if self.permit is None and sight.free_in > 0:
            self._stand_by()
        else:
            await self._hold()

    def _stand_by(self) -> None:
        """Know that the lease is another one's, or may be."""
        if not (holder := self._sight.holder):
            self._detail = "there is no lease yet"
            return
        self._was_decided.set()
        if (detail := f"{holder} has the lease") != self._detail:
            self._detail = detail
            log.info("standing_by", identity=self._identity, detail=detail)

    async def _hold(self) -> None:
        """Write that the lease is ours, and count on it from now on."""
        sight, record, sent = self._sight, self._sight.record, self._clock()
        totals, now = self._grants.to_write(), self._now()
        sight.is_sure = False
        if record is None:
            body = made(self._identity, self._duration, now, totals)
            sight.wrote(await self._store.create(body))
        else:
            body = record.held(self._identity, self._duration, now, totals)
            sight.wrote(await self._store.replace(body))
        self._lead(sent)

    def _lead(self, sent: float) -> None:
        """Count on the lease from when a call was sent that gave it to us."""
        until = sent + self._duration * PAYS_FOR
        self._end_what_is_over()
        if not self._goes_on:
            self._end("the lease was taken away")
            self._goes_on = True
            self.hand_overs += 1
            is_new = self.account is None  # so that nobody can have paid before
            self._led_since = -math.inf if is_new else sent
        if self._term is not None:
            self._term.until = until
            return
        term = Term(until, self._clock)
        if term.holds:  # else the answer took too long
            self._term = term
            self._was_decided.set()
            log.info("leading", identity=self._identity)
            self._changed()

    def _end_what_is_over(self) -> None:
        if self._term is not None and not self._term.holds:
            self._end("the lease could not be renewed in time")

    def _end(self, why: str) -> None:
        """Lead no more, if we did."""
        term, self._term = self._term, None
        if term is not None:
            term.end()
            self._grants.forget()
            self._detail = why
            log.info("standing_by", identity=self._identity, detail=why)
            self._changed()

    async def _release(self, spent: Totals | None) -> None:
        """Write that nobody holds the lease, if we do."""
        sight = self._sight
        for _ in range(2):
            if not sight.is_sure:
                sight.read(await self._store.read())
            if sight.record is None or not sight.is_ours:
                return
            totals = self._grants.to_write() if spent is None else spent
            sight.is_sure = False
            with contextlib.suppress(LeaseConflict):
                await self._store.replace(sight.record.freed(self._now(), totals))
                return

    def _until_next(self) -> float:
        """Return the seconds after which to look again."""
        if not self._sight.is_sure:
            return self._beat / _SOONER
        if self.permit is not None:
            return self._beat
        return min(self._beat, self._sight.free_in)

    def _note_answer(self) -> None:
        if self._is_answered is False:
            log.info("lease_reachable")
        self._is_answered = True

    def _note_silence(self, why: str) -> None:
        self._was_decided.set()
        if self.permit is None:
            self._detail = why
        if self._is_answered is not False:
            log.warning("lease_unreachable", detail=why)
        self._is_answered = False


def _let_go_on(turns: list[asyncio.Future[None]]) -> None:
    """Let those go on who waited for a turn of the election."""
    for turn in turns:
        if not turn.done():
            turn.set_result(None)
    turns.clear()
