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


class _Heard(NamedTuple):
    """The two last words of a kind: one of them is not of the target that asks."""

    good: tuple[_Word, ...]
    silent: tuple[_Word, ...]
    hosts: tuple[_Word, ...]


class Elsewhere:
    """
    The last word of each target, for all others.

    What is asked for at every failure is put together once for all of them.

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
        self._heard: _Heard | None = None

    def changed(self) -> None:
        """Look again: a target said something, or is gone."""
        self._heard = None

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
        words = [
            (_Word(sights.newest.at, target), sights.newest.seen)
            for target, sights in self._targets.items()
            if sights.newest is not None
        ]
        hosts: dict[str, float] = {}
        for word, seen in words:
            if seen is not Seen.GOOD:
                host = self._host(word.of)
                hosts[host] = max(word.at, hosts.get(host, word.at))
        return _Heard(
            good=_last_two(word for word, seen in words if seen is Seen.GOOD),
            silent=_last_two(word for word, seen in words if seen is Seen.SILENT),
            hosts=_last_two(_Word(at, host) for host, at in hosts.items()),
        )

    def _host(self, target: str) -> str:
        """Return host and port of a target, empty if it is not configured."""
        return urlsplit(self._address_of(target) or "").netloc


def _last_two(words: Iterable[_Word]) -> tuple[_Word, ...]:
    return tuple(heapq.nlargest(2, words))


def _is_any(words: Iterable[_Word], but: str, since: float) -> bool:
    """Whether somebody else said something since."""
    return any(word.of != but and word.at >= since for word in words)
