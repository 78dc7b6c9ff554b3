"""What is refused at once, with a sentence and a status."""

from pathlib import Path

import pytest

from tests.service import Service
from tm_exporter.cli import main


Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("seconds", ["abc", "-1", "nan", "inf"])
def test_a_time_is_a_number(seconds: str, capfd: Capture) -> None:
    """What is wrong is said in the words of a user."""
    with pytest.raises(SystemExit) as ended:
        main(["demo", f"--for={seconds}"])

    assert ended.value.code == 2
    assert f"must be a number of seconds, not '{seconds}'" in capfd.readouterr().err


def test_bad_configuration(tmp_path: Path, capfd: Capture) -> None:
    """One sentence with file, line and key; exit status 2; no traceback."""
    file = tmp_path / "exporter.yml"
    file.write_text("server:\n  listne: 127.0.0.1:1\n")

    status = main(["run", "--config", str(file)])

    captured = capfd.readouterr()
    assert status == 2
    assert captured.err.count("\n") == 1
    assert f"{file}:2" in captured.err
    assert "listen" in captured.err
    assert captured.out == ""


def test_an_address_that_is_taken(
    config: Path, service: Service, capfd: Capture
) -> None:
    """The commonest mistake of a second start."""
    taken = service.url.removeprefix("http://")

    status = main(["run", "--config", str(config), "--listen", taken])

    assert status == 2
    assert "cannot listen on" in capfd.readouterr().err


@pytest.mark.parametrize("command", ["demo", "simulate"])
def test_an_unknown_scenario(command: str, capfd: Capture) -> None:
    """Refused at once, with where to look."""
    assert main([command, "--scenario", "paradise"]) == 2
    assert "--list" in capfd.readouterr().err
