"""Where state is kept."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tm_exporter.config.layer import Layer
from tm_exporter.config.origin import Origin
from tm_exporter.config.settings import Settings
from tm_exporter.config.state import NoStateDirectory, state_directory


_HOME = {"HOME": "/home/me"}
_XDG = {**_HOME, "XDG_STATE_HOME": "/state"}
_SYSTEMD = {**_XDG, "STATE_DIRECTORY": "/var/lib/tm-exporter"}


@pytest.mark.parametrize(
    ("environ", "directory"),
    [
        (_SYSTEMD, "/var/lib/tm-exporter"),
        ({"STATE_DIRECTORY": "/var/lib/one:/var/lib/two"}, "/var/lib/one"),
        ({**_XDG, "STATE_DIRECTORY": ""}, "/state/tm-exporter"),
        (_XDG, "/state/tm-exporter"),
        ({**_HOME, "XDG_STATE_HOME": "state"}, "/home/me/.local/state/tm-exporter"),
        ({**_HOME, "XDG_STATE_HOME": ""}, "/home/me/.local/state/tm-exporter"),
        (_HOME, "/home/me/.local/state/tm-exporter"),
    ],
)
def test_variables_say_where_state_is_kept(
    environ: Mapping[str, str], directory: str
) -> None:
    """What the service manager says goes before what the user's desktop says."""
    assert state_directory(Settings.of(()), environ) == Path(directory)


def test_the_setting_goes_before_every_variable() -> None:
    """Who writes it in the configuration means it."""
    layer = Layer()
    layer.put(("state_dir",), "/mine", Origin("file", "exporter.yml"))
    assert state_directory(Settings.of((layer,)), _SYSTEMD) == Path("/mine")


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "relative"}])
def test_without_any_place_a_sentence_says_what_to_set(
    environ: Mapping[str, str],
) -> None:
    """A container may have no home: state does not go to wherever we happen to be."""
    with pytest.raises(NoStateDirectory, match="set `state_dir`, or one of"):
        state_directory(Settings.of(()), environ)
