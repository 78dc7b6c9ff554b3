"""The file of windows that were begun by hand."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.maintenance.notices import FILE, Notice, Notices, NoticesUnusable


NOW = datetime(2026, 11, 22, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Clock:
    """A wall clock that is set by hand."""

    def __init__(self) -> None:
        self.moment = NOW

    def __call__(self) -> datetime:
        """Return the time."""
        return self.moment


@pytest.fixture
def clock() -> Clock:
    """Return the time of the tests."""
    return Clock()


@pytest.fixture
def notices(tmp_path: Path, clock: Clock) -> Notices:
    """Return those of a directory that is not there yet."""
    return Notices(tmp_path / "state", clock)


def notice(name: str, lasts: timedelta = HOUR) -> Notice:
    """Return a window of one target."""
    return Notice(
        name=name,
        who="operator",
        why="upgrade",
        targets=("nebius",),
        since=NOW,
        until=NOW + lasts,
    )


def test_a_notice_is_there_until_it_is_ended(notices: Notices, tmp_path: Path) -> None:
    """For everyone that looks at the same directory."""
    notices.begin(notice("a"))
    notices.begin(notice("b"))
    other = Notices(tmp_path / "state", lambda: NOW)
    before = other.read()
    notices.end(["a", "never there"])

    assert before == (notice("a"), notice("b"))
    assert other.read() == (notice("b"),)


def test_one_that_is_over_goes_with_the_next_change(
    notices: Notices, clock: Clock
) -> None:
    """And not before: a clock that was wrong for a moment loses nothing."""
    notices.begin(notice("short", HOUR))
    notices.begin(notice("long", 3 * HOUR))
    clock.moment += HOUR
    later = [each.name for each in notices.read()]
    clock.moment -= HOUR
    back = [each.name for each in notices.read()]
    clock.moment += HOUR
    notices.end([])
    clock.moment -= HOUR

    assert (later, back) == (["long"], ["short", "long"])
    assert [each.name for each in notices.read()] == ["long"]


def test_each_change_has_another_stamp(notices: Notices) -> None:
    """By which a daemon notices it."""
    stamps = [notices.stamp()]
    for name in ("a", "b"):
        notices.begin(notice(name))
        stamps.append(notices.stamp())

    assert stamps[0] is None
    assert len(set(stamps)) == 3


def test_others_may_read_it_but_not_write(notices: Notices) -> None:
    """The daemon may be another user than whoever gives the command."""
    notices.begin(notice("a"))

    assert notices.path.stat().st_mode & 0o777 == 0o644


def test_commands_at_the_same_time_lose_nothing(notices: Notices) -> None:
    """Each sees what the other has written."""
    threads = [
        threading.Thread(target=notices.begin, args=(notice(f"{number}"),))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert {each.name for each in notices.read()} == {f"{n}" for n in range(8)}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"version": 2, "windows": []}',
        b'{"version": 1, "windows": [{"name": "a"}]}',
        b" " * (2**20 + 1),
    ],
    ids=["empty", "broken", "list", "newer", "incomplete", "too large"],
)
def test_a_file_that_is_none_of_ours_is_left_alone(
    notices: Notices, content: bytes
) -> None:
    """Whatever it holds was not written to be thrown away."""
    notices.path.parent.mkdir()
    notices.path.write_bytes(content)
    changes: list[Callable[[], object]] = [
        notices.read,
        notices.free_name,
        lambda: notices.begin(notice("a")),
        lambda: notices.end(["a"]),
    ]
    for change in changes:
        with pytest.raises(NoticesUnusable, match="move it away"):
            change()

    assert notices.path.read_bytes() == content


def test_what_a_newer_version_adds_is_left_out(notices: Notices) -> None:
    """So that one may go back to this version."""
    notices.begin(notice("a"))
    document = json.loads(notices.path.read_bytes())
    document["windows"][0]["ticket"] = document["more"] = "new"
    notices.path.write_text(json.dumps(document))

    assert [each.name for each in notices.read()] == ["a"]


def test_where_nobody_can_write_there_is_a_sentence(tmp_path: Path) -> None:
    """With the name of the file, and the system's word for it."""
    (tmp_path / "file").write_text("")
    notices = Notices(tmp_path / "file" / "state")

    assert notices.read() == ()
    assert notices.stamp() is None
    with pytest.raises(NoticesUnusable, match=rf"state/{FILE}: Not a directory"):
        notices.begin(notice("a"))


def test_a_file_that_cannot_be_looked_at_is_a_sentence(tmp_path: Path) -> None:
    """As is one that is no file."""
    name_too_long = Notices(tmp_path / ("x" * 300))
    (tmp_path / FILE).mkdir()

    with pytest.raises(NoticesUnusable, match="File name too long"):
        name_too_long.stamp()
    with pytest.raises(NoticesUnusable, match="Is a directory"):
        Notices(tmp_path).read()


def test_it_does_not_grow_for_ever(notices: Notices) -> None:
    """What the daemon would refuse to read is not written."""
    many = notice("a").model_copy(update={"models": ("m" * 1000,) * 1100})

    with pytest.raises(NoticesUnusable, match="too large"):
        notices.begin(many)

    assert notices.read() == ()


@given(content=st.binary(max_size=200))
def test_any_content_is_read_or_refused(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With no other error."""
    folder = tmp_path_factory.mktemp("state")
    (folder / FILE).write_bytes(content)

    with pytest.raises(NoticesUnusable):
        Notices(folder).read()


def test_a_name_is_taken_once(
    notices: Notices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chance may repeat itself."""
    names = iter(["aaaaaa", "aaaaaa", "bbbbbb"])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(names))
    notices.begin(notice(notices.free_name()))

    assert notices.free_name() == "bbbbbb"
