"""Names and passwords, and what a flood of wrong ones comes to."""

import asyncio
import base64
import threading
import time
from collections.abc import Callable

import bcrypt
import pytest
from starlette.responses import PlainTextResponse

from tests.web.clients import until
from tests.web.served import client, hashed, served
from tm_exporter.web.passwords import MOST_OF_CLIENT, Busy, Passwords
from tm_exporter.web.protection import Protection


HELLO = PlainTextResponse("hello")
USERS = {
    b"prometheus": hashed(b"right"),
    "jürgen".encode(): hashed("pässword".encode()),
}
GUARDED = Protection(users=USERS)


class Counting:
    """A check that takes as long as it is told to, and counts."""

    def __init__(self, *, waits: bool = False) -> None:
        self.checks: list[bytes] = []
        self.go_on = threading.Event()
        if not waits:
            self.go_on.set()

    def __call__(self, password: bytes, against: bytes) -> bool:
        """Check one."""
        self.checks.append(against)
        self.go_on.wait(5)
        return password == b"right"


@pytest.mark.parametrize(
    ("user", "password", "status"),
    [
        pytest.param("prometheus", "right", 200, id="right"),
        pytest.param("jürgen", "pässword", 200, id="not-ascii"),
        pytest.param("prometheus", "wrong", 401, id="wrong"),
        pytest.param("prometheus", "", 401, id="empty"),
        pytest.param("nobody", "right", 401, id="unknown"),
        pytest.param("", "right", 401, id="nameless"),
    ],
)
async def test_users_come_in(user: str, password: str, status: int) -> None:
    """And nobody else."""
    async with (
        served(HELLO, lambda: GUARDED) as url,
        client(user=(user, password)) as asks,
    ):
        assert [(await asks.get(url)).status_code for _ in range(2)] == [status] * 2


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="none"),
        pytest.param("Basic", id="bare"),
        pytest.param("Basic !!!", id="no-base64"),
        pytest.param(
            "Basic " + base64.b64encode(b"prometheus").decode(), id="no-colon"
        ),
        pytest.param(
            "Bearer " + base64.b64encode(b"prometheus:right").decode(), id="bearer"
        ),
    ],
)
async def test_who_says_nothing_of_use_is_asked(header: str | None) -> None:
    """With the challenge that browsers and scrapers know."""
    headers = {} if header is None else {"authorization": header}

    async with served(HELLO, lambda: GUARDED) as url, client() as asks:
        answer = await asks.get(f"{url}/-/healthy", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Basic realm="')
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_user_who_is_taken_out_is_out_at_once() -> None:
    """Whatever was remembered: the hash is a part of what is remembered."""
    protection = GUARDED

    async with (
        served(HELLO, lambda: protection) as url,
        client(user=("prometheus", "right")) as asks,
    ):
        before = await asks.get(url)
        protection = Protection(users={b"prometheus": hashed(b"other")})
        after = await asks.get(url)

    assert (before.status_code, after.status_code) == (200, 401)


async def test_a_password_is_checked_once() -> None:
    """However many ask at the same time; right or wrong."""
    check = Counting()
    passwords = Passwords(check)

    found = await asyncio.gather(
        *(passwords.is_right(USERS, b"prometheus", b"right", "a") for _ in range(8)),
        *(passwords.is_right(USERS, b"prometheus", b"wrong", "a") for _ in range(8)),
    )

    assert found == [True] * 8 + [False] * 8
    assert len(check.checks) == 2


async def test_a_long_password_counts_to_its_72nd_byte() -> None:
    """As bcrypt has it everywhere: what made the hash cut it there, too."""
    users = {b"a": hashed(b"x" * 72)}

    assert await Passwords().is_right(users, b"a", b"x" * 80, "")


@pytest.mark.parametrize("user", [b"cheap", b"middling", b"dear", b"unknown"])
@pytest.mark.parametrize("password", [b"right", b"wrong"])
async def test_every_check_is_as_much_work(user: bytes, password: bytes) -> None:
    """Else the time would tell who is known: each step of the cost doubles it."""
    check = Counting()
    users = {
        b"cheap": b"$2y$04$...",
        b"dear": b"$2y$12$...",
        b"middling": b"$2y$10$...",
    }

    found = await Passwords(check).is_right(users, user, password, "")

    assert found == (user in users and password == b"right")
    assert check.checks[0] == users.get(user, users[b"dear"])
    assert sum(2 ** int(each[4:6]) for each in check.checks) == 2**12


async def test_only_the_hash_of_the_user_lets_in() -> None:
    """Whatever else is worked out for the time that it takes."""
    dear = bcrypt.hashpw(b"dear", bcrypt.gensalt(6))
    users = {b"cheap": hashed(b"cheap"), b"dear": dear}
    passwords = Passwords()

    assert await passwords.is_right(users, b"cheap", b"cheap", "")
    assert await passwords.is_right(users, b"dear", b"dear", "")
    assert not await passwords.is_right(users, b"cheap", b"dear", "")
    assert not await passwords.is_right(users, b"unknown", b"dear", "")


async def test_wrong_passwords_drive_no_right_one_out() -> None:
    """A scrape stays free of charge through any flood."""
    check = Counting()
    passwords = Passwords(check)
    assert await passwords.is_right(USERS, b"prometheus", b"right", "")

    for number in range(300):
        await passwords.is_right(USERS, b"prometheus", b"%d" % number, "")

    before = len(check.checks)
    assert await passwords.is_right(USERS, b"prometheus", b"right", "")
    assert len(check.checks) == before
    assert len(passwords._wrong._kept) == 100


async def test_one_check_runs_at_a_time_and_only_so_many_wait() -> None:
    """From one address fewer than from all: others still have their turn."""
    check = Counting(waits=True)
    passwords = Passwords(check)
    flood = [
        asyncio.ensure_future(passwords.is_right(USERS, b"a", b"%d" % number, "here"))
        for number in range(MOST_OF_CLIENT)
    ]
    await until(lambda: bool(check.checks))

    with pytest.raises(Busy):
        await passwords.is_right(USERS, b"prometheus", b"right", "here")
    other = asyncio.ensure_future(
        passwords.is_right(USERS, b"prometheus", b"right", "elsewhere")
    )
    await asyncio.sleep(0)

    assert len(check.checks) == 1
    check.go_on.set()
    assert await other
    assert not any(await asyncio.gather(*flood))
    assert not passwords._waiting


async def test_scrapes_are_quick_through_a_flood_of_wrong_passwords() -> None:
    """With real hashes of the usual cost; the loop is never held up."""
    dear = Protection(users={b"prometheus": _dear(b"right")})
    async with (
        served(HELLO, lambda: dear) as url,
        client() as flood,
        client(user=("prometheus", "right")) as asks,
    ):
        assert (await asks.get(url)).status_code == 200
        wrong = [
            asyncio.ensure_future(flood.get(url, auth=("prometheus", f"{number}")))
            for number in range(30)
        ]
        took = [await _timed(lambda: asks.get(url)) for _ in range(10)]
        answers = await asyncio.gather(*wrong)

    assert sorted(took)[len(took) // 2] < 0.2
    assert {answer.status_code for answer in answers} <= {401, 503}


def _dear(password: bytes) -> bytes:
    import bcrypt  # noqa: PLC0415 -- for this one

    return bcrypt.hashpw(password, bcrypt.gensalt(9))


async def _timed(ask: Callable[[], object]) -> float:
    began = time.monotonic()
    await ask()  # type: ignore[misc]  # an answer, whatever its type
    return time.monotonic() - began
