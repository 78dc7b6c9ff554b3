"""`tm-exporter maintenance`: what it prints, and the exit status."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tm_exporter.cli import main
from tm_exporter.maintenance import command
from tm_exporter.maintenance.notices import FILE, Notice, Notices


Run = Callable[..., tuple[int, str, str]]

CONFIGURATION = """
state_dir: {state}
targets:
- {{name: serverless, surface: serverless, models: [gpt, gemma]}}
- {{name: anything, surface: serverless, models: auto}}
- {{name: account, surface: control_plane}}
maintenance:
- {{name: nightly, cron: "* * * * *", duration: 1h, targets: [account]}}
- {{name: past, from: 2020-01-01T00:00:00Z, duration: 1h}}
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return the state directory, which is not there yet."""
    return tmp_path / "state"


@pytest.fixture
def maintenance(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that gives the command."""
    file = tmp_path / "exporter.yml"
    file.write_text(CONFIGURATION.format(state=state))

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            status = main(["maintenance", *arguments, "--config", str(file)])
        except SystemExit as error:
            status = int(str(error.code))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def noticed(state: Path) -> Notice:
    """Return the only notice that there is."""
    (notice,) = Notices(state).read()
    return notice


def test_a_window_says_what_who_why_and_until_when(
    maintenance: Run, state: Path
) -> None:
    """With no daemon anywhere, and the first thing in this state directory."""
    now = datetime.now(UTC)
    asked = ("--target", "serverless", "--model", "gpt", "--by", "ann", "--for", "2h")
    status, out, err = maintenance("start", "--reason", "new cards", *asked)
    kept = noticed(state)

    assert (status, err) == (0, "")
    assert (kept.who, kept.why) == ("ann", "new cards")
    assert (kept.targets, kept.models) == (("serverless",), ("gpt",))
    assert timedelta() <= kept.until - now - timedelta(hours=2) < timedelta(minutes=1)
    assert out.startswith(f"{kept.name}: maintenance of serverless (gpt) until 20")
    assert str(state / FILE) in out


def test_what_is_left_out_is_everything_for_an_hour(
    maintenance: Run, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the user that gives the command, also behind sudo."""
    monkeypatch.setenv("SUDO_USER", "ann")
    status, out, _ = maintenance("start", "--reason", "move")
    kept = noticed(state)

    assert status == 0
    assert "maintenance of all targets until" in out
    assert (kept.who, kept.targets, kept.models) == ("ann", (), ())
    assert kept.until - kept.since == timedelta(hours=1)


def test_someone_without_a_name_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """As most containers have it."""
    monkeypatch.delenv("SUDO_USER", raising=False)

    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    monkeypatch.setattr("os.getuid", lambda: 10001)

    assert command._person() == "user 10001"


def test_it_may_end_at_a_time(maintenance: Run, state: Path) -> None:
    """Written in any zone."""
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    text = (tomorrow + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S+01:00")
    status, *_ = maintenance("start", "--reason", "move", "--until", text)

    assert status == 0
    assert noticed(state).until == tomorrow


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--target servreless", "no target has the name `servreless`; did you mean"),
        ("--target x", "there are serverless, anything, account"),
        (
            "--target serverless --model gemna",
            "has a model `gemna`; did you mean `gemma`?",
        ),
        ("--target account --model gpt", "no such target has a model `gpt`"),
        ("--for 5", "5 has no unit: write 5s, 5m or 5h"),
        ("--for 400d", "must be at most 366d"),
        ("--until tomorrow", "'tomorrow' is no time with a zone"),
        ("--until 2030-01-01T00:00:00", "is no time with a zone"),
        ("--until 2020-01-01T00:00:00Z", "is not within the next 366 days"),
        ("--until 9999-01-01T00:00:00Z", "is not within the next 366 days"),
        ("--until 0001-01-01T00:00:00+23:00", "is no time with a zone"),
        ("--by \x1b[31m", "must be one line"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    maintenance: Run, state: Path, arguments: str, sentence: str
) -> None:
    """With the nearest that can be, and nothing is written."""
    status, out, err = maintenance("start", "--reason", "move", *arguments.split(" "))

    assert (status, out) == (2, "")
    assert sentence in err
    assert not state.exists()


def test_a_reason_is_asked_for(maintenance: Run) -> None:
    """Whoever looks at the page wants to know it."""
    status, _, err = maintenance("start")

    assert status == 2
    assert "--reason" in err


def test_of_a_target_that_chooses_its_models_any_may_be_named(
    maintenance: Run,
) -> None:
    """Nobody knows them before."""
    asked = ("start", "--reason", "move", "--target", "anything", "--model", "new")

    assert maintenance(*asked)[0] == 0


def test_the_list_has_all_that_is_open(maintenance: Run, state: Path) -> None:
    """Configured or begun by hand, for people and for programs."""
    maintenance("start", "--reason", "move", "--target", "serverless", "--by", "ann")
    name = noticed(state).name
    status, out, _ = maintenance("list")
    rows = json.loads(maintenance("list", "--output", "json")[1])
    lines = out.splitlines()

    assert status == 0
    assert re.fullmatch(r"nightly  account, until 2.*Z, by configuration", lines[0])
    assert re.fullmatch(rf"{name}  serverless, until 2.*Z, by ann: move", lines[1])
    assert [(row["name"], row["origin"], row["targets"]) for row in rows] == [
        ("nightly", "configuration", ["account"]),
        (name, "command", ["serverless"]),
    ]
    assert {"who", "why", "models", "since", "until"} < rows[1].keys()


def test_the_only_one_needs_no_name_to_be_ended(maintenance: Run, state: Path) -> None:
    """And once more is no error, so that scripts may always do it."""
    maintenance("start", "--reason", "move", "--target", "serverless")
    name = noticed(state).name

    assert maintenance("end") == (0, f"{name}: ended, serverless\n", "")
    assert Notices(state).read() == ()
    assert maintenance("end") == (0, "nothing was begun by hand, or it is over\n", "")


def test_of_several_it_is_to_be_said_which(maintenance: Run, state: Path) -> None:
    """Or that all are meant."""
    for _ in range(3):
        maintenance("start", "--reason", "move")
    first, second, third = (notice.name for notice in Notices(state).read())
    status, _, err = maintenance("end")
    ended = maintenance("end", second)
    rest = maintenance("end", "--all")

    assert status == 2
    assert all(name in err for name in ("--all", first, second, third))
    assert ended == (0, f"{second}: ended, all targets\n", "")
    assert rest[1].splitlines() == [
        f"{first}: ended, all targets",
        f"{third}: ended, all targets",
    ]


def test_a_name_that_nothing_has_is_a_failure(maintenance: Run, state: Path) -> None:
    """Which ends nothing else either."""
    maintenance("start", "--reason", "move")
    name = noticed(state).name

    status, _, err = maintenance("end", name, "ffff")

    assert status == 1
    assert "no maintenance has the name 'ffff'" in err
    assert noticed(state).name == name


def test_a_file_that_is_none_of_ours_is_a_sentence(
    maintenance: Run, state: Path
) -> None:
    """Where it is, and what to do."""
    state.mkdir()
    (state / FILE).write_text("{")

    for arguments in (("list",), ("end",), ("start", "--reason", "move")):
        status, out, err = maintenance(*arguments)
        assert (status, out) == (2, "")
        assert err.startswith(f"tm-exporter: {state / FILE} is not what this version")


def test_without_a_place_for_state_there_is_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """That says how to give one."""
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "exporter.yml"
    file.write_text("targets: []")

    status = main(["maintenance", "list", "--config", str(file)])

    assert status == 2
    assert "set `state_dir`" in capsys.readouterr().err
