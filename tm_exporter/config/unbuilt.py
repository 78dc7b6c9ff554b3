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
    ("server", "show_money"): "not built yet",
    ("state_dir",): "not built yet: nothing is kept on disk",
    ("canary_budget",): (
        "not built yet: the caps are not enforced, "
        "and the expected cost of the canaries is not computed"
    ),
    ("price_unit",): "not built yet: the price list is not read",
    ("targets_from",): "read at the start only: a later change is not seen yet",
    ("slo",): (
        "not built yet: of all objectives, only the threshold of ttft has an effect, "
        "as a bucket of the histogram"
    ),
    ("maintenance",): "not built yet: runs go on and count during these windows",
    ("lease", "enabled"): "not built yet: this instance sends paid requests anyway",
    ("shard", "total"): "not built yet: this instance probes every target",
    ("reference_url",): "not built yet: it is not asked",
}
_ALWAYS = {("canary_budget",), ("slo",)}  # in force by default, and look safe
_EVEN_AS_DEFAULT = {("server", "show_money")}


def without_effect(loaded: Loaded) -> Iterator[tuple[KeyPath, str]]:
    """Yield path and reason of what is in force by someone's will, or seems so."""
    current, default = masked(loaded.settings), masked(Settings.of(()))
    written = [p for p, origin in loaded.origins.items() if origin.source != "default"]
    for path, why in _WAITING.items():
        is_set = any(other[: len(path)] == path for other in written)
        changed = get(current, path) != get(default, path)
        if path in _ALWAYS or (is_set and (changed or path in _EVEN_AS_DEFAULT)):
            yield path, why
