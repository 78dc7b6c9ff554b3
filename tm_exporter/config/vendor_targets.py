"""Targets, and credentials for targets, from the vendor's places."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tm_exporter.config.layer import Layer
from tm_exporter.config.origin import DEFAULT, Origin
from tm_exporter.config.place import NEBIUS_URL
from tm_exporter.config.registry import kinds_of
from tm_exporter.config.variables import WELL_KNOWN
from tm_exporter.config.vendor import Given, Vendor


_OURS = Given("", DEFAULT)  # a variable of our own wants the target
_SECRETS = ("api_key", "api_key_file", "token", "token_file", "token_command")
_UNAUTHENTICATED = ("health", "version", "models")
_UNWATCHED = (
    "nothing is configured: only the public routes of serverless are watched "
    f"({', '.join(_UNAUTHENTICATED)}), no generation, no On-Demand, no account; "
    "set TENSORMESH_INFERENCE_API_KEY or write a configuration file"
)


def fill(vendor: Vendor, targets: Mapping[str, Any]) -> Layer:
    """
    Return the credentials which targets lack.

    Args:
        vendor: What there is.
        targets: By name, as all other sources together have them.
    """
    layer = Layer()
    for name, target in targets.items():
        if not isinstance(target, Mapping):
            continue
        secretive = any(target.get(key) is not None for key in _SECRETS)
        for key, value, origin in _credential(vendor, target.get("surface")):
            if target.get(key) is None and (key == "user_id" or not secretive):
                layer.put(("targets", name, key), value, origin)
    return layer


def _credential(vendor: Vendor, surface: Any) -> Iterator[tuple[str, str, Origin]]:
    """Yield key, value and origin of what lets requests to a surface in."""
    names = {"serverless": "api_key", "on_demand": "api_key", "control_plane": "token"}
    secret = names.get(str(surface), "")
    found = vendor.given.get(secret)
    if found is not None and found.key:
        yield f"{secret}_file", str(vendor.path), found.origin
        yield f"{secret}_json_key", found.key, found.origin
    elif found is not None:
        yield secret, found.value, found.origin
    user = vendor.given.get("user_id")
    if surface == "on_demand" and user is not None:
        yield "user_id", user.value, user.origin


def make(vendor: Vendor, own: Mapping[str, Any]) -> Layer:
    """
    Return the targets that the vendor's places amount to.

    Args:
        vendor: What there is.
        own: Targets that our own variables make: what the vendor's say of a target of
            that name stands below.
    """
    layer = Layer()
    given = vendor.given
    own_cause = {name: _OURS for name in own if _is_usual(name, own[name])}
    serverless = own_cause.get("serverless")
    if cause := given.get("api_key") or given.get("serverless_url") or serverless:
        _put(layer, vendor, "serverless", "serverless", cause)
        _put_url(layer, "serverless", given.get("serverless_url"))
    if cause := given.get("user_id"):
        _make_on_demand(layer, vendor, cause)
    elif cause := own_cause.get("on_demand"):
        _put_on_demand(layer, vendor, cause, given.get("on_demand_url"))
    if cause := given.get("token") or own_cause.get("account"):
        _put(layer, vendor, "account", "control_plane", cause)
        _put_url(layer, "account", given.get("control_plane_url"))
    return layer


def _is_usual(name: str, target: Any) -> bool:
    """Whether a target is what the vendor's places mean by its name."""
    if name not in WELL_KNOWN or not isinstance(target, Mapping):
        return False
    return bool(target.get("surface", WELL_KNOWN[name]) == WELL_KNOWN[name])


def _make_on_demand(layer: Layer, vendor: Vendor, cause: Given) -> None:
    url, provider = vendor.given.get("on_demand_url"), vendor.given.get("provider")
    if url is None and provider is not None and provider.value.lower() != "nebius":
        vendor.notes.append(
            "on_demand is not watched: its address is only known for nebius, "
            "so set TENSORMESH_ON_DEMAND_BASE_URL"
        )
        return
    _put_on_demand(layer, vendor, cause, url or Given(NEBIUS_URL, DEFAULT))


def _put_on_demand(
    layer: Layer, vendor: Vendor, cause: Given, url: Given | None
) -> None:
    _put(layer, vendor, "on_demand", "on_demand", cause)
    _put_url(layer, "on_demand", url)
    if model := vendor.given.get("model"):
        layer.put(("targets", "on_demand", "models"), [model.value], model.origin)


def unused(vendor: Vendor, targets: Iterable[str]) -> Iterator[str]:
    """
    Yield a sentence for each of the vendor's values that makes no target.

    Args:
        vendor: What there is.
        targets: The names of all targets.
    """
    given, names = vendor.given, set(targets)
    needed = "TENSORMESH_ON_DEMAND_USER_ID is not set"
    if "on_demand" not in names and "user_id" not in given:
        if url := given.get("on_demand_url"):
            yield f"{url.place} has no effect: {needed}"
        elif "api_key" in given:
            yield f"on_demand is not watched: {needed}"
    url = given.get("control_plane_url")
    if url is not None and "account" not in names:
        yield f"{url.place} has no effect: TENSORMESH_CONTROL_PLANE_TOKEN is not set"
    bundle = given.get("ca_bundle")
    if bundle is not None and not names:
        missing = "TENSORMESH_INFERENCE_API_KEY is not set"
        yield f"{bundle.place} has no effect: {missing}"


def _put(layer: Layer, vendor: Vendor, name: str, surface: str, cause: Given) -> None:
    """Add a target with its credentials."""
    layer.put(("targets", name), {}, cause.origin)
    layer.put(("targets", name, "surface"), surface, cause.origin)
    for key, value, origin in _credential(vendor, surface):
        layer.put(("targets", name, key), value, origin)
    if bundle := vendor.given.get("ca_bundle"):
        layer.put(("targets", name, "ca_bundle"), bundle.value, bundle.origin)


def _put_url(layer: Layer, name: str, url: Given | None) -> None:
    if url is not None:
        layer.put(("targets", name, "base_url"), url.value, url.origin)


def fall_back() -> tuple[Layer, str]:
    """Return what is watched where nothing is configured, and a note about it."""
    layer = Layer()
    layer.put(("targets", "serverless", "surface"), "serverless", DEFAULT)
    for kind in _others():
        layer.put(("targets", "serverless", "probes", kind), False, DEFAULT)
    return layer, _UNWATCHED


def _others() -> Iterable[str]:
    return (kind for kind in kinds_of("serverless") if kind not in _UNAUTHENTICATED)
