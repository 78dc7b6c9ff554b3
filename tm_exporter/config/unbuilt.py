"""Settings that are accepted and do nothing yet."""

from collections.abc import Iterator, Mapping

from tm_exporter.config.layer import get
from tm_exporter.config.load import Loaded
from tm_exporter.config.masking import masked
from tm_exporter.config.origin import KeyPath
from tm_exporter.config.settings import Settings


_WAITING: Mapping[KeyPath, str] = {
    ("server", "health_listen"): "not built yet: /-/healthy is on `server.listen`",
    ("server", "web_config_file"): "not built yet: the server has no TLS and no users",
    ("server", "allow_paid_probe_requests"): "not built yet: there is no /probe",
    ("server", "allow_reload"): "not built yet: restart to change the configuration",
    ("targets_from",): "read at the start only: a later change is not seen yet",
    ("lease", "enabled"): "not built yet: this instance sends paid requests anyway",
    ("shard", "total"): "not built yet: this instance probes every target",
}


def without_effect(loaded: Loaded) -> Iterator[tuple[KeyPath, str]]:
    """Yield path and reason of what is in force by someone's will, or seems so."""
    current, default = masked(loaded.settings), masked(Settings.of(()))
    written = [p for p, origin in loaded.origins.items() if origin.source != "default"]
    for path, why in _WAITING.items():
        is_set = any(other[: len(path)] == path for other in written)
        changed = get(current, path) != get(default, path)
        if is_set and changed:
            yield path, why
