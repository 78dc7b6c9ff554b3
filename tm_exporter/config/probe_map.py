"""The probes of a target: names, kinds, and the defaults for what is left out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from tm_exporter.config.fault import fault, fault_at
from tm_exporter.config.model import not_too_often
from tm_exporter.config.registry import KINDS, kinds_of
from tm_exporter.config.shape import without_nulls
from tm_exporter.config.text import NAME
from tm_exporter.section import ProbeSection, Surface


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A probe as it was written.

    Attributes:
        name: Its key.
        value: Its keys, or true, false or null.
        surface: Of its target; None if that is itself at fault, so that nothing
            can be said about which kinds belong here.
    """

    name: str
    value: Any
    surface: Surface | None


def drafts(raw: Any, surface: Surface | None) -> dict[str, Draft | ProbeSection]:
    """
    Return the probes to be built: a surface's defaults under what was written.

    A default that is switched off is left out. An unknown name stays, whatever
    its value, since a mistyped `chatt: false` would leave `chat` on.
    """
    if not isinstance(raw, Mapping):
        raise fault("must be a mapping of probe names")
    kinds = kinds_of(surface) if surface else ()
    names = dict.fromkeys((*kinds, *(str(name) for name in raw)))
    return {
        name: _draft(name, raw.get(name), surface)
        for name in names
        if not (name in kinds and is_off(raw.get(name)))
    }


def _draft(name: str, value: Any, surface: Surface | None) -> Draft | ProbeSection:
    return value if isinstance(value, ProbeSection) else Draft(name, value, surface)


def is_off(value: Any) -> bool:
    """Whether a value switches a probe off, also as text from the environment."""
    return value is False or (isinstance(value, str) and value.lower() == "false")


def build(draft: Any) -> ProbeSection:
    """
    Return the section of one probe.

    Raises:
        ValidationError: Located at the key that is at fault.
        PydanticCustomError: For the probe as a whole.
    """
    if isinstance(draft, ProbeSection):
        return draft
    if not re.fullmatch(NAME, draft.name):
        raise fault("a probe's name has only lower-case letters, digits, `-` and `_`")
    value = _keys(draft.value)
    kind = KINDS[_kind(draft, value)]
    if not value:
        return _default(kind)
    section = kind.model_validate(without_nulls(kind, value))
    try:
        not_too_often(section.interval)
    except ValueError as error:
        raise fault_at(("interval",), str(error)) from None
    return section


@cache
def _default(kind: type[ProbeSection]) -> ProbeSection:
    """Return a section of which nothing was written; thousands of targets share it."""
    return kind.model_validate({})


def _keys(value: Any) -> dict[str, Any]:
    """Return what was written under a probe's name."""
    if isinstance(value, Mapping):
        return dict(value)
    if value is None or is_off(value) or str(value).lower() == "true":
        return {}
    raise fault("must be a mapping such as {interval: 5m}, or false")


def _kind(draft: Draft, value: Mapping[str, Any]) -> str:
    """Return the kind of a probe, if it is one that belongs to its surface."""
    kind = value.get("kind", draft.name)
    here = kinds_of(draft.surface) if draft.surface else tuple(KINDS)
    if isinstance(kind, str) and kind in here:
        return kind
    where = ("kind",) if "kind" in value else ()
    if isinstance(kind, str) and kind in KINDS:
        surfaces = " and ".join(KINDS[kind].surfaces)
        raise fault_at(where, f"`{kind}` is for {surfaces}, not for {draft.surface}")
    raise fault_at(where, _unknown(str(kind), here, named="kind" in value))


def _unknown(kind: str, here: tuple[str, ...], *, named: bool) -> str:
    near = get_close_matches(kind, here, n=1)
    listed = ", ".join(here)
    if named:
        hint = f"; did you mean `{near[0]}`?" if near else f": there are {listed}"
        return f"no such kind{hint}"
    if near:
        return f"no such probe; did you mean `{near[0]}`? If not, give it a `kind`"
    return f"no such probe: one with a name of its own needs a `kind`, of {listed}"
