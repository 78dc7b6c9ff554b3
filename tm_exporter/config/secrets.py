"""The secrets of targets, as they are read while the daemon runs."""

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from tm_exporter.config.access import Access
from tm_exporter.config.secret_text import checked, decoded, picked
from tm_exporter.config.token_command import CommandSecret
from tm_exporter.credentials import Secret, SecretUnavailable
from tm_exporter.file_mark import Mark, mark_of


_LIMIT = 64 * 1024
_TOO_WIDE = stat.S_IWGRP | stat.S_IRWXO  # more than 0640


class ReadableSecret(Secret, Protocol):
    """A secret that can be looked at without a run."""

    def read(self) -> SecretStr:
        """Return it, or raise SecretUnavailable."""
        ...

    def warnings(self) -> tuple[str, ...]:
        """Return what is unwise about how it is kept, a sentence each."""
        ...


class ValueSecret:
    """A secret that was given as it is."""

    def __init__(self, value: SecretStr) -> None:
        self._value = value

    async def get(self) -> SecretStr:
        """Return it, or raise SecretUnavailable if it is empty."""
        return self.read()

    def read(self) -> SecretStr:
        """Return it, or raise SecretUnavailable if it is empty."""
        return checked(self._value.get_secret_value(), "the value")

    def check(self) -> None:
        """Raise SecretUnavailable if it is empty."""
        self.read()

    def rejected(self) -> None:
        """Nothing can be done about it."""

    def warnings(self) -> tuple[str, ...]:
        """Nothing: it is nowhere on disk that we know of."""
        return ()


class FileSecret:
    """
    A secret in a file, read again when the file changes.

    Each time the file is looked at anew through its name, so that a link that was
    pointed elsewhere, as Kubernetes does it, is a change. Once the file cannot be
    read, the last good value is not used either: runs then fail with
    `configuration`, rather than with a secret that was perhaps withdrawn.

    Args:
        path: Of the file.
        key: Where the secret stands in a JSON file, or in a TOML file if its name
            ends so; the whole text where None.
    """

    def __init__(self, path: Path, *, key: str | None = None) -> None:
        self._path = path
        self._key = key
        self._kept: tuple[Mark, SecretStr] | None = None

    async def get(self) -> SecretStr:
        """Return what the file has now, or raise SecretUnavailable."""
        return self.read()

    def read(self) -> SecretStr:
        """Return what the file has now, or raise SecretUnavailable."""
        try:
            mark = mark_of(self._path.stat())
            if self._kept is None or self._kept[0] != mark:
                self._kept = None
                self._kept = self._fresh()
        except (OSError, ValueError) as error:
            self._kept = None
            why = getattr(error, "strerror", None) or "not the path of a file"
            raise SecretUnavailable(f"{self._path}: {why}") from None
        return self._kept[1]

    def check(self) -> None:
        """Raise SecretUnavailable if the file cannot be read."""
        self.read()

    def rejected(self) -> None:
        """Nothing can be done about it until the file changes."""

    def warnings(self) -> tuple[str, ...]:
        """Return a sentence if others than owner and group may get at the file."""
        try:
            mode = self._path.stat().st_mode
        except (OSError, ValueError):
            return ()
        if not mode & _TOO_WIDE:
            return ()
        permissions = oct(stat.S_IMODE(mode)).removeprefix("0o").zfill(4)
        return (f"{self._path} has mode {permissions}: 0640 or less would do",)

    def _fresh(self) -> tuple[Mark, SecretStr]:
        """Read the file; a pipe is not waited for."""
        with open(self._path, "rb", opener=_without_waiting) as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                raise SecretUnavailable(f"{self._path} is not a regular file")
            data = file.read(_LIMIT + 1)
        if len(data) > _LIMIT:
            raise SecretUnavailable(f"{self._path} is larger than 64 KiB")
        return mark_of(state), self._secret(data)

    def _secret(self, data: bytes) -> SecretStr:
        what = str(self._path)
        text = decoded(data, what)
        if self._key is not None:
            text = picked(text, self._key, what, toml=self._path.suffix == ".toml")
        return checked(text, what)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def secret_reader(
    target: Access, clock: Callable[[], float] = time.monotonic
) -> ReadableSecret | CommandSecret | None:
    """Return the credential of a target: API key or token; None if it has none."""
    if target.token_command:
        return CommandSecret(target.token_command, clock=clock)
    value = target.token or target.api_key
    if value is not None:
        return ValueSecret(value)
    if target.token_file is not None:
        return FileSecret(target.token_file, key=target.token_json_key)
    if target.api_key_file is not None:
        return FileSecret(target.api_key_file, key=target.api_key_json_key)
    return None


def proxy_password_reader(target: Access) -> FileSecret | None:
    """Return the password of a target's proxy; None if it has none."""
    path = target.proxy_password_file
    return None if path is None else FileSecret(path)
