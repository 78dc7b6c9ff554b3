"""Write HTML so that no text can become markup."""

from collections.abc import Iterable
from html import escape


class Html(str):
    """Markup: every text in it was escaped."""

    __slots__ = ()


Child = Html | str | None
Attribute = str | int | float | bool | None

_VOID = frozenset(("br", "link", "meta"))


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """
    Return an element.

    Args:
        name: Of the element; ours, never from outside.
        children: A text is escaped, None is left out.
        attributes: `class_` is `class`, `aria_label` is `aria-label`; False and None
            are left out, True has no value.
    """
    start = name + "".join([_attribute(*pair) for pair in attributes.items()])
    if name in _VOID:
        return Html(f"<{start}>")
    return Html(f"<{start}>{join(children)}</{name}>")


def join(children: Iterable[Child]) -> Html:
    """Return children one after the other."""
    return Html("".join([_text(child) for child in children]))


def _text(child: Child) -> str:
    if isinstance(child, Html):
        return child
    return escape(child, quote=False) if child else ""


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    shown = name.rstrip("_").replace("_", "-")
    return f" {shown}" if value is True else f' {shown}="{escape(str(value))}"'
