"""What is committed is what the source makes."""

from grafana.source.__main__ import main
from grafana.source.dashboards import files
from tests.grafana.boards import FILES, FOLDER


def test_the_committed_dashboards_are_current() -> None:
    """`make docs` would change nothing, and nothing else lies there."""
    committed = {name: (FOLDER / name).read_text("utf-8") for name in FILES}

    assert committed == files()


def test_the_check_agrees() -> None:
    """`make lint` finds that, too."""
    assert main(["--check"]) == 0
