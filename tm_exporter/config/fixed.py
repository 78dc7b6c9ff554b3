"""What of a configuration a running daemon cannot change."""

from collections.abc import Iterator

from tm_exporter.config.origin import KeyPath, dotted
from tm_exporter.config.settings import Settings


FIXED: tuple[KeyPath, ...] = (
    ("server", "listen"),
    ("server", "health_listen"),
    ("server", "web_config_file"),
    ("log", "format"),
    ("event_loop",),
    ("state_dir",),
    ("lease",),
    ("shard",),
)
"""Keys, or whole sections, that are read at the start and never again."""


def changed(before: Settings, after: Settings) -> Iterator[str]:
    """Yield the names of the keys that only a restart can change, and that differ."""
    for path in FIXED:
        if _value(before, path) != _value(after, path):
            yield dotted(path)


def _value(settings: Settings, path: KeyPath) -> object:
    value: object = settings
    for key in path:
        value = getattr(value, key)
    return value
