"""Read a document as a browser would."""

from html.parser import HTMLParser


class Reader(HTMLParser):
    """
    Collects what a browser would see.

    Attributes:
        tags: Names of elements.
        attributes: Names of attributes.
        links: Values of href and src.
        texts: Each run of text.
        opened: By id, whether that fold is open.
    """

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.texts: list[str] = []
        self.ids: list[str] = []
        self.opened: dict[str, bool] = {}
        self.feed(document)

    @property
    def text(self) -> str:
        """All texts one after the other."""
        return "".join(self.texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a tag."""
        told = dict(attrs)
        self.tags.add(tag)
        self.attributes.update(told)
        self.links += [told[name] or "" for name in ("href", "src") if name in told]
        if name := told.get("id"):
            self.ids.append(name)
            if tag == "details":
                self.opened[name] = "open" in told

    def handle_data(self, data: str) -> None:
        """Take a text."""
        self.texts.append(data)
