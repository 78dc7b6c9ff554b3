"""Secrets as values and in files, while the daemon runs."""

# ruff: noqa: ASYNC240 -- nothing else waits for the loop here

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from tm_exporter.config.secret_text import fingerprint
from tm_exporter.config.secrets import (
    FileSecret,
    ValueSecret,
    proxy_password_reader,
    secret_reader,
)
from tm_exporter.config.target import Target
from tm_exporter.config.token_command import CommandSecret
from tm_exporter.credentials import SecretUnavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a file with a key."""
    file = tmp_path / "key"
    file.write_text("ak-first\n")
    return file


async def value(secret: FileSecret) -> str:
    """Return what a reader gives now."""
    return (await secret.get()).get_secret_value()


async def test_whitespace_around_it_is_no_part(path: Path) -> None:
    """Editors end a file with a line break, and some begin it with a mark."""
    path.write_bytes(b"\xef\xbb\xbf  ak-first\r\n\n")

    assert await value(FileSecret(path)) == "ak-first"


async def test_a_changed_file_is_read_again(path: Path) -> None:
    """A key is rotated without a restart."""
    secret = FileSecret(path)
    assert await value(secret) == "ak-first"

    path.write_text("ak-second\n")

    assert await value(secret) == "ak-second"


async def test_a_swapped_link_is_a_change(tmp_path: Path) -> None:
    """
    Kubernetes points `..data` at a new directory, whose file may look the same.

    Length and time of the two are equal here; only the file is another one.
    """
    for name, key in (("one", "ak-1"), ("two", "ak-2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "key").write_text(key)
        os.utime(tmp_path / name / "key", ns=(1, 1))
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "key").symlink_to("..data/key")
    secret = FileSecret(tmp_path / "key")
    assert await value(secret) == "ak-1"

    (tmp_path / "..new").symlink_to("two")
    (tmp_path / "..new").rename(tmp_path / "..data")

    assert await value(secret) == "ak-2"


async def test_a_change_whose_time_was_set_back_is_a_change(path: Path) -> None:
    """As copying tools do; taking away the right to read it shows like that, too."""
    secret = FileSecret(path)
    before = path.stat()
    assert await value(secret) == "ak-first"

    path.write_text("ak-other\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert await value(secret) == "ak-other"


async def test_an_unchanged_file_is_not_read_again(path: Path) -> None:
    """It is looked at before every request, but opened only after a change."""
    secret = FileSecret(path)
    first = await secret.get()

    assert await secret.get() is first


async def test_a_lost_file_is_not_bridged(path: Path) -> None:
    """A withdrawn key must not be used on; when it comes back it is read."""
    secret = FileSecret(path)
    await secret.get()
    path.unlink()

    with pytest.raises(SecretUnavailable, match="No such file or directory"):
        await secret.get()

    path.write_text("ak-second")
    assert await value(secret) == "ak-second"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfe", "is not a text in UTF-8"),
        (b"hunter2\nhunter3", "has a character that no header can carry"),
        ("hunter2\u20ac".encode(), "has a character that no header can carry"),
        (b"x" * 65537, "is larger than 64 KiB"),
    ],
    ids=["empty", "blank", "binary", "two lines", "not latin-1", "large"],
)
async def test_what_is_no_secret_is_unavailable(
    path: Path, content: bytes, why: str
) -> None:
    """The sentence names the file and nothing that is in it."""
    path.write_bytes(content)

    with pytest.raises(SecretUnavailable) as caught:
        await FileSecret(path).get()

    assert str(caught.value) == f"{path} {why}"


async def test_a_directory_or_pipe_is_unavailable(tmp_path: Path) -> None:
    """A pipe that nobody writes to must not stop the loop."""
    os.mkfifo(tmp_path / "pipe")

    for name in (".", "pipe"):
        with pytest.raises(SecretUnavailable):
            await FileSecret(tmp_path / name).get()


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("t.json", '{"access_token": "tok"}', "access_token"),
        ("t.json", '{"data": {"token": "tok"}}', "data.token"),
        ("t.json", '{"data.token": "tok"}', "data.token"),
        ("t.json", '{"b": "tok"}', "a | b"),
        ("t.toml", '[managed]\nkey = "tok"', "managed.key"),
    ],
    ids=["top", "dotted", "dot in the name", "second", "toml"],
)
async def test_it_may_stand_in_a_document(
    tmp_path: Path, name: str, content: str, key: str
) -> None:
    """Tools keep tokens in files with more than the token."""
    file = tmp_path / name
    file.write_text(content)

    assert await value(FileSecret(file, key=key)) == "tok"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("hunter2", "is not JSON"),
        ("[1]", "has nothing at a.b"),
        ('{"a": {"c": "hunter2"}}', "has nothing at a.b"),
        ('{"a": {"b": 5}}', "has no text at a.b"),
        ('{"a": {"b": ""}}', "is empty"),
    ],
    ids=["no document", "no mapping", "no key", "number", "empty"],
)
async def test_a_document_without_it_is_unavailable(
    path: Path, content: str, why: str
) -> None:
    """And nothing of the document is repeated."""
    path.write_text(content)

    with pytest.raises(SecretUnavailable) as caught:
        await FileSecret(path, key="a.b").get()

    assert str(caught.value) == f"{path} {why}"


@pytest.mark.parametrize(
    ("mode", "warned"),
    [(0o600, False), (0o640, False), (0o644, True), (0o660, True), (0o641, True)],
)
def test_a_file_that_others_can_get_at_is_warned_about(
    path: Path,
    mode: int,
    warned: bool,  # noqa: FBT001
) -> None:
    """0640 is what a secret mounted for a group has."""
    path.chmod(mode)

    assert bool(FileSecret(path).warnings()) is warned


def test_a_missing_file_has_no_mode_to_warn_about(tmp_path: Path) -> None:
    """That it is missing is said elsewhere."""
    assert FileSecret(tmp_path / "none").warnings() == ()


async def test_a_value_is_itself() -> None:
    """With the line break that a variable from a file may have left off."""
    secret = ValueSecret(SecretStr("ak-1\n"))

    secret.rejected()

    assert (await secret.get()).get_secret_value() == "ak-1"
    assert secret.warnings() == ()


def test_two_secrets_can_be_told_apart() -> None:
    """Without either being shown."""
    shown = fingerprint(SecretStr("x" * 40))

    assert shown.startswith("sha256:")
    assert shown.endswith(" (40 characters)")
    assert shown != fingerprint(SecretStr("y" * 40))


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ({"surface": "serverless"}, type(None)),
        ({"surface": "serverless", "api_key": "k"}, ValueSecret),
        ({"surface": "serverless", "api_key_file": "/k"}, FileSecret),
        ({"surface": "control_plane", "token": "t"}, ValueSecret),
        ({"surface": "control_plane", "token_file": "/t"}, FileSecret),
        ({"surface": "control_plane", "token_command": ["t"]}, CommandSecret),
    ],
    ids=["none", "key", "key file", "token", "token file", "command"],
)
def test_a_target_has_the_reader_for_its_credential(
    keys: dict[str, object], kind: type
) -> None:
    """Whoever sends requests need not know where it comes from."""
    target = Target.model_validate({"name": "a", **keys})

    assert type(secret_reader(target)) is kind


def test_a_proxy_has_a_reader_of_its_own() -> None:
    """Its password is no business of the service's."""
    plain = {"name": "a", "surface": "serverless"}
    proxy = {"proxy_url": "http://p:3128", "proxy_password_file": "/p"}

    assert proxy_password_reader(Target.model_validate(plain)) is None
    assert proxy_password_reader(Target.model_validate(plain | proxy)) is not None
