"""
The tutorial, followed word by word: five real programs, and a phone that rings.

`make tutorial-test` (TUTORIAL=whole) does all of it as it stands there, for some ten
minutes. The suite goes as far as the sign of life, with free ports and each second in
the place of every fifteenth.
"""

import contextlib
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, Block, blocks
from tests.docs.test_shell_blocks import lines
from tests.e2e.children import Child, child
from tests.e2e.prometheus import part
from tests.e2e.waiting import eventually


pytestmark = pytest.mark.e2e

WHOLE = os.environ.get("TUTORIAL") == "whole"
PAGE = blocks(ROOT / "docs/tutorial.md")
FOLDER = "build/first-page"
PORTS = ("9877", "9878", "5001", "9090", "9093")
SOONER = {
    "15s": "1s",
    # What fires before the Alertmanager is known is told again after a minute.
    "--storage.tsdb": "--rules.alert.resend-delay=1s --storage.tsdb",
}
NOT_OURS = ("apt-get", "systemctl", "make install")
"""What is done to the machine once, and was before any test runs."""


def free_ports() -> dict[str, str]:
    """Return a free port in the place of each that the page names."""
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in PORTS]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        numbers = [str(each.getsockname()[1]) for each in taken]
    return dict(zip(PORTS, numbers, strict=True))


class Reader:
    """
    Somebody who follows the page in a checkout.

    Args:
        checkout: A folder that looks like one.
        changes: What is written in another way than on the page.
    """

    def __init__(self, checkout: Path, changes: dict[str, str]) -> None:
        self._checkout = checkout
        self._changes = changes
        self._open = contextlib.ExitStack()
        self._terminals: list[Child] = []
        for name in (".venv", ".tools"):
            (checkout / name).symlink_to(ROOT / name)
        shutil.copytree(ROOT / "deploy/prometheus", checkout / "deploy/prometheus")
        for path in (checkout / "deploy/prometheus").iterdir():
            path.write_text(self._read(path.read_text()))
        programs = checkout / "programs"
        programs.mkdir()
        for name in ("prometheus", "prometheus-alertmanager"):
            (programs / name).symlink_to(part("newest", name))
        templates = ROOT / ".tools/newest/usr/share/prometheus/alertmanager"
        (checkout / "templates").symlink_to(templates)  # see scripts/fetch-parts.sh

    def follow(self, block: Block) -> None:
        """Do what a block says."""
        named = re.search(rf"Write `({FOLDER}/[\w.]+)`", block.told)
        if block.language == "sh":
            for line in lines(block):
                if not line.startswith(NOT_OURS):
                    self._type(self._read(line), stays="terminal" in block.told)
        elif named:
            (self._checkout / named[1]).write_text(self._read(block.text))

    def phone_shows(self, text: str, *, within: float) -> None:
        """Wait until the third terminal has a line that begins with a text."""
        phone = self._terminals[2]
        eventually(
            lambda: f"\n{text}" in f"\n{phone.stdout}",
            within=within,
            what=f"{text!r} on the phone",
            context=lambda: f"{phone.stdout}\n{self._terminals[-1].stderr[-2000:]}",
        )

    def leave(self) -> None:
        """Close all terminals."""
        self._open.close()

    def _read(self, text: str) -> str:
        for old, new in self._changes.items():
            text = text.replace(old, new)
        return text

    def _type(self, line: str, *, stays: bool) -> None:
        words = line.split() if stays else ["sh", "-ec", line]
        path = f"{self._checkout / 'programs'}:{os.environ['PATH']}"
        if not stays:
            subprocess.run(  # noqa: S603  # the page's own words
                words,
                cwd=self._checkout,
                env={"PATH": path, "HOME": str(self._checkout)},
                check=True,
                timeout=120,
            )
            return
        folder = self._checkout / f"terminal-{len(self._terminals) + 1}"
        folder.mkdir()
        there = f"cd {self._checkout} && exec {line}"
        command = child(folder, "sh", "-c", there, environment={"PATH": path})
        terminal = self._open.enter_context(command)
        self._terminals.append(terminal)
        if line.startswith(".venv/bin/tm-exporter"):
            terminal.announced("(listening on)")


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Return a reader who has just begun."""
    changes = {} if WHOLE else {**free_ports(), **SOONER}
    reader = Reader(tmp_path, changes)
    yield reader
    reader.leave()


@pytest.mark.timeout(1200)
def test_the_phone_rings(reader: Reader) -> None:
    """First the sign of life; then, where there is time for it, the page itself."""
    breaks = next(n for n, block in enumerate(PAGE) if '"outage"' in block.text)
    mends = next(n for n, block in enumerate(PAGE) if '"healthy"' in block.text)

    for block in PAGE[:breaks]:
        reader.follow(block)
    reader.phone_shows("/watchdog firing: ", within=150)
    if WHOLE:
        reader.follow(PAGE[breaks])
        shown = PAGE[breaks + 1].text.rstrip(". \n")
        reader.phone_shows(shown, within=360)
        reader.follow(PAGE[mends])
        reader.phone_shows("/page resolved: ", within=480)
