"""The three surfaces, and where on the one simulated server each of them is."""

from typing import Literal, get_args


Surface = Literal["serverless", "on_demand", "control_plane"]

SURFACES: tuple[Surface, ...] = get_args(Surface)
INFERENCE: tuple[Surface, ...] = ("serverless", "on_demand")

PREFIXES: dict[Surface, str] = {
    "serverless": "/serverless",
    "on_demand": "/on-demand",
    "control_plane": "/control-plane",
}


def surface_named(name: str) -> Surface:
    """
    Return the surface of this name; `-` and `_` are the same.

    Raises:
        ValueError: There is none.
    """
    wanted = name.replace("-", "_")
    for surface in SURFACES:
        if surface == wanted:
            return surface
    raise ValueError(f"no surface {name!r}: one of {', '.join(SURFACES)}")
