"""Whether anything else than one target answers."""

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from tm_exporter.derivations.blame import Seen
from tm_exporter.derivations.sights import MINUTE, TargetSights


class _Word(NamedTuple):
    """
    When a target, or any target of a host, said something last.

    Attributes:
        at: Monotonic seconds.
        of: The target, or the host.
    """

    at: float
    of: str


class _Row(NamedTuple):
    """
    What a target said last.

    Attributes:
        at: Monotonic seconds.
        seen: Whether its host answers.
        host: Host and port, empty if it is not configured.
    """

    at: float
    seen: Seen
    host: str


class _Heard(NamedTuple):
    """The two last words of a kind: one of them is not of the target that asks."""

    good: tuple[_Word, ...]
    silent: tuple[_Word, ...]
    hosts: tuple[_Word, ...]


class Elsewhere:
    """
    The last word of each target, for all others.

    What is asked for at every failure is put together once for all of them, from one
    row of each target: a thousand may fail at a time.

    Args:
        targets: How the probes of each target are doing.
        address_of: Returns where a target is, None if it is not configured.
    """

    def __init__(
        self,
        targets: Mapping[str, TargetSights],
        address_of: Callable[[str], str | None],
    ) -> None:
        self._targets = targets
        self._address_of = address_of
        self._rows: dict[str, _Row] = {}
        self._heard: _Heard | None = None

    def changed(self, target: str) -> None:
        """Look again: a target said something, or is gone."""
        self._heard = None
        sights = self._targets.get(target)
        if sights is None:
            self._rows.pop(target, None)
        elif (newest := sights.newest) is not None:
            self._rows[target] = _Row(newest.at, newest.seen, self._host(target))

    def around(self, target: str, at: float) -> Seen:
        """
        Return what became of all other targets, up to a minute before a moment.

        Returns:
            `GOOD` if one of them answers; else unknown unless one is on another host.
        """
        heard = self._heard = self._heard or self._listen()
        since = at - MINUTE
        if _is_any(heard.good, target, since):
            return Seen.GOOD
        if not _is_any(heard.hosts, self._host(target), since):
            return Seen.UNKNOWN
        is_silent = _is_any(heard.silent, target, since)
        return Seen.SILENT if is_silent else Seen.UNREACHED

    def _listen(self) -> _Heard:
        """Put together what all targets said last."""
        hosts: dict[str, float] = {}
        for at, seen, host in self._rows.values():
            if seen is not Seen.GOOD and at > hosts.get(host, float("-inf")):
                hosts[host] = at
        return _Heard(
            good=self._last(Seen.GOOD),
            silent=self._last(Seen.SILENT),
            hosts=_last_two(_Word(at, host) for host, at in hosts.items()),
        )

    def _last(self, kind: Seen) -> tuple[_Word, ...]:
        """Return the two last words of a kind."""
        rows = self._rows.items()
        return _last_two(_Word(at, of) for of, (at, seen, _) in rows if seen is kind)

    def _host(self, target: str) -> str:
        """Return host and port of a target, empty if it is not configured."""
        return urlsplit(self._address_of(target) or "").netloc


def _last_two(words: Iterable[_Word]) -> tuple[_Word, ...]:
    return tuple(heapq.nlargest(2, words))


def _is_any(words: Iterable[_Word], but: str, since: float) -> bool:
    """Whether somebody else said something since."""
    return any(word.of != but and word.at >= since for word in words)
