"""
Checks passwords by bcrypt, which takes long on purpose, without being held up by it.

One check runs at a time, in a thread. What a check found is remembered, so that a
scrape costs one check in the life of the process; right and wrong ones apart, so
that a flood of wrong ones drives no right one out.
"""

import asyncio
import hashlib
import hmac
import secrets
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import bcrypt


MOST_WAITING = 32
"""Checks that may wait for their turn; beyond, they are refused at once."""

MOST_OF_CLIENT = 16
"""Of them, those of one address."""

_REMEMBERED = 100
_BYTES_THAT_COUNT = 72  # for bcrypt, and so for htpasswd and for the toolkit in Go
_COST = slice(4, 6)  # `$2y$10$...`

Check = Callable[[bytes, bytes], bool]


class Busy(Exception):  # noqa: N818 -- a state, not a fault
    """Too many checks wait already."""


class Passwords:
    """
    Tells right passwords from wrong ones.

    Args:
        check: Whether a password has a hash.
    """

    def __init__(self, check: Check = bcrypt.checkpw) -> None:
        self._check = check
        self._secret = secrets.token_bytes(32)
        self._right, self._wrong = _Remembered(), _Remembered()
        self._turn = asyncio.Lock()
        self._waiting: Counter[str] = Counter()

    async def is_right(
        self, users: Mapping[bytes, bytes], user: bytes, password: bytes, client: str
    ) -> bool:
        """
        Whether a user has a password; every user takes as long, known or not.

        Args:
            users: Hashes, by user; at least one.
            user: Whom the client says to be.
            password: In plain.
            client: Its address.

        Raises:
            Busy: It would have to wait too long.
        """
        dearest = max(users.values(), key=_cost)
        hashed = users.get(user, dearest)
        digest = self._digest(
            user, hashed, password, b"known" if user in users else b""
        )
        known = self._known(digest)
        if known is not None:
            return known
        if self._is_full(client):
            raise Busy
        self._waiting[client] += 1
        try:
            async with self._turn:
                known = self._known(digest)
                if known is not None:  # by the one who waited before us
                    return known
                matches = await _aside(
                    self._check,
                    password[:_BYTES_THAT_COUNT],
                    hashed,
                    _as_much_work(hashed, _cost(dearest)),
                )
        finally:
            self._waiting[client] -= 1
            self._waiting += Counter()  # forgets who has none left
        is_right = matches and user in users
        (self._right if is_right else self._wrong).add(digest)
        return is_right

    def _is_full(self, client: str) -> bool:
        of_all = self._waiting.total()
        return of_all >= MOST_WAITING or self._waiting[client] >= MOST_OF_CLIENT

    def _known(self, digest: bytes) -> bool | None:
        """Return what was found before, None if nothing was."""
        if digest in self._right:
            return True
        return False if digest in self._wrong else None

    def _digest(self, *parts: bytes) -> bytes:
        """Return what stands for a question, and gives nothing away of it."""
        text = b"".join(b"%d:%b" % (len(part), part) for part in parts)
        return hmac.digest(self._secret, text, hashlib.sha256)


class _Remembered:
    """The last few of what was found; who is asked for stays."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, None] = OrderedDict()

    def add(self, digest: bytes) -> None:
        """Remember one, and forget the one that was not asked for longest."""
        self._kept[digest] = None
        if len(self._kept) > _REMEMBERED:
            self._kept.popitem(last=False)

    def __contains__(self, digest: bytes) -> bool:
        if digest not in self._kept:
            return False
        self._kept.move_to_end(digest)
        return True


def _cost(hashed: bytes) -> int:
    """Return the cost of a hash; each step doubles the work."""
    return int(hashed[_COST])


def _as_much_work(hashed: bytes, cost: int) -> list[bytes]:
    """
    Return what to check besides, so that it is as much work as a hash of that cost.

    Of a hash of cost 4, and one of 6: besides itself one of 4, which makes a 5, and one
    of 5, which makes a 6.
    """
    start, end = hashed[: _COST.start], hashed[_COST.stop :]
    return [b"%b%02d%b" % (start, each, end) for each in range(_cost(hashed), cost)]


async def _aside(
    check: Check, password: bytes, hashed: bytes, in_vain: Sequence[bytes]
) -> bool:
    """
    Check in a thread of its own, which the end of the program does not wait for.

    Args:
        check: Whether a password has a hash.
        password: What the client says.
        hashed: What decides.
        in_vain: What is checked for the time that it takes.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bool] = loop.create_future()

    def tell(found: bool) -> None:  # noqa: FBT001 -- what call_soon can pass
        if not done.done():
            done.set_result(found)

    def work() -> None:
        try:
            found, *_ = [check(password, each) for each in (hashed, *in_vain)]
        except ValueError:  # what the library cannot read matches nothing
            found = False
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, found)

    threading.Thread(target=work, name="password check", daemon=True).start()
    return await done
