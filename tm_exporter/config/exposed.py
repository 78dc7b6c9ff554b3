"""Files with a secret that more people can read than need to."""

from collections.abc import Iterator
from pathlib import Path

from tm_exporter.config.access import Access
from tm_exporter.config.load import Loaded
from tm_exporter.config.masking import leaves, masked
from tm_exporter.config.secrets import FileSecret


_MARK = "\0secret"
_KEYS = ("api_key", "token")  # a header is more often than not none


def exposed_keys(target: Access) -> Iterator[str]:
    """Yield a sentence if the file of a client's private key is too open."""
    path = target.client_key_file or target.client_cert_file
    if path is not None:
        yield from FileSecret(path).warnings()


def exposed_texts(loaded: Loaded) -> Iterator[str]:
    """Yield a sentence for each configuration file that is too open for its secrets."""
    shown = leaves(masked(loaded.settings, lambda _: _MARK))
    secrets = [path for path, value in shown if value == _MARK and path[-1] in _KEYS]
    origins = [loaded.origins[path] for path in secrets]
    files = dict.fromkeys(each.name for each in origins if each.source == "file")
    for name in files:
        for sentence in FileSecret(Path(name)).warnings():
            yield f"there is a secret in a file that many may read: {sentence}"
