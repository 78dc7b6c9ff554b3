"""Files that somebody is writing while they are read."""

from collections.abc import Callable

import pytest

from tests.reload.world import Files, put, target
from tm_exporter.config.load import Loaded
from tm_exporter.config.origin import ConfigurationError
from tm_exporter.reload.candidate import Refused
from tm_exporter.reload.still import read_still


def _names(loaded: Loaded) -> list[str]:
    return [target.name for target in loaded.settings.targets]


def _not_called(_seconds: float) -> None:
    raise AssertionError("nothing to wait for")


def _half_of(text: str) -> str:
    """Return a text without its last target, which is a configuration by itself."""
    return text[: text.rindex("\n- ") + 1]


def _broken(text: str) -> str:
    return text[: len(text) // 2] + ": ["


@pytest.mark.parametrize("part", [_half_of, _broken])
def test_a_file_that_is_being_written_is_read_when_it_is_done(
    files: Files, part: Callable[[str], str]
) -> None:
    """Be its first half wrong, or right by chance."""
    files.write(target("a"))
    before = files.read()
    files.write(target("a"), target("b"))
    whole = files.main.read_text()
    files.main.write_text(part(whole))

    def write_on(_seconds: float) -> None:
        if files.main.read_text() != whole:
            put(files.main, whole)

    loaded = read_still(files.read, before.sources, write_on)

    assert _names(loaded) == ["a", "b"]


def test_what_stays_wrong_is_told(files: Files) -> None:
    """Once it changes no more."""
    files.write(target("a"))
    before = files.read()
    put(files.main, "targetz: []")

    with pytest.raises(ConfigurationError, match="did you mean `targets`"):
        read_still(files.read, before.sources, lambda _: None)


def test_a_file_that_goes_on_changing_is_refused(files: Files) -> None:
    """By its name: somebody has to end that."""
    files.write(target("a"))
    before = files.read()
    files.write(target("b"))

    def write_on(_seconds: float) -> None:
        put(files.main, files.main.read_text() + "# more\n")

    with pytest.raises(Refused, match=r"exporter\.yml: still being written"):
        read_still(files.read, before.sources, write_on)


def test_files_that_are_as_before_are_not_waited_for(files: Files) -> None:
    """A reload that is asked for because of something else is done at once."""
    files.write(target("a"))
    before = files.read()

    assert _names(read_still(files.read, before.sources, _not_called)) == ["a"]
