"""Which configurations are refused while the exporter runs, and in which words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.reload.world import Files, put, target
from tm_exporter.config.load import Loaded, load
from tm_exporter.reload.candidate import Refused, candidate


def refused(files: Files, before: Loaded) -> str:
    """Return why what the files say now is not taken."""
    with pytest.raises(Refused) as caught:
        candidate(files.read, before)
    return "\n".join(caught.value.sentences)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("targets: [", "this is not YAML"),
        ("targetz: []", "did you mean `targets`?"),
        ("targets: [{name: a, surface: nowhere}]", "serverless"),
        ("- 1", "must be a mapping"),
        ("\0", "exporter.yml"),
    ],
)
def test_what_cannot_be_read_is_refused(files: Files, text: str, said: str) -> None:
    """With file, line and the nearest right word, as at the start."""
    files.write(target("a"))
    before = files.read()
    put(files.main, text)

    assert said in refused(files, before)
    assert str(files.main) in refused(files, before)


def test_half_a_character_is_refused(files: Files) -> None:
    """A file that was cut is no text."""
    files.write(target("a"))
    before = files.read()
    files.main.write_bytes("name: ä".encode()[:-1])

    assert "UTF-8" in refused(files, before)


def test_a_configuration_that_is_gone_is_refused(files: Files) -> None:
    """And a directory in its place is none."""
    files.write(target("a"))
    before = files.read()
    files.main.unlink()
    missing = refused(files, before)
    files.main.mkdir()

    assert "there is no such file" in missing
    assert "is not a regular file" in refused(files, before)


@pytest.mark.parametrize(
    "key",
    [
        *("api_key_file", "ca_bundle", "client_cert_file"),
        "proxy_password_file",
    ],
)
def test_a_file_that_cannot_be_read_is_refused(files: Files, key: str) -> None:
    """At the start it fails runs; then there is no configuration to stay with."""
    files.write(target("a"))
    before = files.read()
    more: dict[str, Any] = {key: "missing", "api_key": None}
    if key == "proxy_password_file":
        more["proxy_url"] = "http://127.0.0.1:3128"
    files.write(target("a", **more))

    assert "`targets.a`" in refused(files, before)
    assert "missing" in refused(files, before)


def test_what_is_no_certificate_is_refused(files: Files) -> None:
    """Not only what is missing."""
    files.write(target("a"))
    before = files.read()
    put(files.folder / "ca.pem", "no certificate")
    files.write(target("a", ca_bundle="ca.pem"))

    assert "not a PEM file" in refused(files, before)


def test_it_is_looked_for_again_once_a_missing_file_is_there(files: Files) -> None:
    """A secret may be mounted later than the configuration that needs it."""
    files.write(target("a"))
    before = files.read()
    files.write(target("a", api_key=None, api_key_file="key"))
    with pytest.raises(Refused) as caught:
        candidate(files.read, before)
    sources = caught.value.sources
    unchanged = sources.look() == sources.marks
    put(files.folder / "key", "ak-mounted-late")

    assert unchanged
    assert sources.look() != sources.marks


@pytest.mark.parametrize(
    ("top", "key"),
    [
        ({"server": {"listen": "127.0.0.1:1"}}, "server.listen"),
        ({"server": {"health_listen": "127.0.0.1:1"}}, "server.health_listen"),
        ({"log": {"format": "console"}}, "log.format"),
        ({"state_dir": "elsewhere"}, "state_dir"),
        ({"lease": {"enabled": True}}, "lease"),
        ({"shard": {"index": 0, "total": 2}}, "shard"),
    ],
)
def test_what_only_a_restart_changes_is_refused(
    files: Files, top: dict[str, Any], key: str
) -> None:
    """By its name, and not left out in silence."""
    files.write(target("a"))
    before = files.read()
    files.write(target("a"), **top)

    assert f"`{key}` cannot change while the exporter runs" in refused(files, before)


def test_the_rest_of_a_section_may_change(files: Files) -> None:
    """Only what is listed needs a restart."""
    files.write(target("a"))
    before = files.read()
    files.write(
        target("b"),
        server={"allow_reload": False, "show_money": False},
        log={"level": "debug"},
    )

    assert candidate(files.read, before).settings.targets[0].name == "b"


def vanish(path: Path) -> None:
    """Remove a file, or a directory with what is in it."""
    for each in path.iterdir() if path.is_dir() else ():
        each.unlink()
    path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize(
    ("pattern", "gone"), [("more/a.yml", "more/a.yml"), ("more/*.yml", "more")]
)
def test_files_with_targets_that_vanish_are_missed(
    files: Files, pattern: str, gone: str
) -> None:
    """A volume that is not mounted any more must not end what it told to watch."""
    files.write(targets_from=[pattern])
    put(files.folder / "more" / "a.yml", "[]")
    before = files.read()
    vanish(files.folder / gone)

    assert f"{files.folder / gone} was there before and is gone" in refused(
        files, before
    )


def test_a_file_less_in_a_directory_is_a_change_like_any_other(files: Files) -> None:
    """Even the last one: its targets are to go."""
    files.write(targets_from=["more/*.yml"])
    put(files.folder / "more" / "a.yml", "[]")
    before = files.read()
    vanish(files.folder / "more" / "a.yml")

    assert candidate(files.read, before).settings.targets == ()


def test_a_file_that_was_never_there_is_not_missed(files: Files) -> None:
    """It is a warning, as at the start."""
    files.write(targets_from=["more/a.yml"])
    before = files.read()

    assert candidate(files.read, before).warnings


def test_an_error_in_a_file_with_targets_is_found(files: Files) -> None:
    """With its name and line."""
    files.write(targets_from=["more/*.yml"])
    before = files.read()
    put(files.folder / "more" / "a.yml", "- name: a\n  surfase: serverless\n")
    why = refused(files, before)

    assert "a.yml:2" in why
    assert "did you mean `surface`?" in why


def test_the_files_of_the_tm_command_are_sources_too(tmp_path: Path) -> None:
    """Be they there or not: what they say is part of the configuration."""

    def read() -> Loaded:
        return load(file=None, environ={"TM_CONFIG_HOME": str(tmp_path)})

    sources = read().sources
    unchanged = sources.look() == sources.marks
    put(tmp_path / "config.toml", '[managed]\ngateway_api_key = "ak-made-up"\n')

    assert unchanged
    assert sources.look() != sources.marks
    assert read().settings.targets[0].api_key_file == tmp_path / "config.toml"


@pytest.mark.parametrize("text", ["", "\n", "# to do\n", "---\n", "null\n"])
@pytest.mark.parametrize("name", ["exporter.yml", "more/a.yml"])
def test_a_file_that_says_nothing_any_more_is_refused(
    files: Files, name: str, text: str
) -> None:
    """It is about to be written anew, or the disk is full."""
    files.write(targets_from=["more/*.yml"])
    put(files.folder / "more" / "a.yml", "[]")
    before = files.read()
    put(files.folder / name, text)

    assert f"{files.folder / name} said something before" in refused(files, before)


def test_no_target_at_all_may_be_meant(files: Files) -> None:
    """Whoever writes it down is not mistaken for one who is about to write."""
    files.write(target("a"))
    before = files.read()
    files.write(targets=[])

    assert candidate(files.read, before).settings.targets == ()


@pytest.mark.parametrize("text", ["", "[managed]\n", None])
def test_a_file_of_the_tm_command_without_keys_is_refused(
    tmp_path: Path, text: str | None
) -> None:
    """Its target fails and says so, rather than being watched no more."""
    path = tmp_path / "config.toml"
    put(path, '[managed]\ngateway_api_key = "ak-made-up"\n')

    def read() -> Loaded:
        return load(file=None, environ={"TM_CONFIG_HOME": str(tmp_path)})

    before = read()
    path.unlink() if text is None else path.write_text(text)

    with pytest.raises(Refused, match="said something before"):
        candidate(read, before)


def _touch(path: Path) -> None:
    put(path, path.read_text())


def _rewrite(path: Path) -> None:
    path.write_text(path.read_text())


def _swap(path: Path) -> None:
    other = path.with_name("other")
    other.write_text(path.read_text())
    path.unlink()
    path.symlink_to(other.name)


@pytest.mark.parametrize("change", [_touch, _rewrite, _swap, Path.unlink])
def test_every_change_of_a_file_is_seen(
    files: Files, change: Callable[[Path], None]
) -> None:
    """Moved there, written in place, behind another link, or gone."""
    files.write(targets_from=["more/*.yml"])
    more = files.folder / "more" / "a.yml"
    put(more, "[]")
    sources = files.read().sources
    unchanged = sources.look() == sources.marks
    change(more)

    assert unchanged
    assert sources.look() != sources.marks
