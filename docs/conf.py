"""
How Sphinx makes a site of these pages: `make site`.

The pages stay readable where they are: the navigation is made of the lists of links in
index.md, and links to other files of the repository lead to copies of these.
"""  # noqa: INP001 -- read by Sphinx alone

import re
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx


_VERSION = Path(__file__).parents[1] / "tm_exporter/__init__.py"
_BELOW = {"docs/alerts": "runbooks/*", "docs/adr/README": "0*"}
"""What is below a page in the navigation, as a glob."""

(release,) = re.findall(r'^__version__ = "(.+)"', _VERSION.read_text(), re.MULTILINE)
project = "tm-exporter"
project_copyright = "the authors of tm-exporter, Apache-2.0"
html_title = f"tm-exporter {release}"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    *("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
    *("deploy/compose/README.md", "deploy/helm/tm-exporter/README.md"),
    *("benchmarks/README.md", "changelog.d/README.md"),
]
exclude_patterns = [".*", "build", "dist", "grafana", "scripts", "tests", "tm_exporter"]
nitpicky = True
myst_heading_anchors = 4
highlight_language = "none"

html_theme = "furo"
html_theme_options = {"footer_icons": []}
html_extra_path = ["site"]
html_copy_source = False
html_show_sphinx = False


def setup(app: Sphinx) -> None:
    """Add the navigation to what is read."""
    app.connect("source-read", _add_navigation)


def _add_navigation(_: Sphinx, page: str, source: list[str]) -> None:
    """Append the tables of contents that a page stands for."""
    if page == root_doc:
        source[0] += "".join(_of_lists(source[0]))
    if page in _BELOW:
        source[0] += _toctree("", [_BELOW[page]])


def _of_lists(text: str) -> Iterator[str]:
    """Yield a table of contents for each section, of the links in its list."""
    for section in text.split("\n## ")[1:]:
        caption, _, body = section.partition("\n")
        links = re.findall(r"^\* \[[^\]]+\]\(([^)]+)\.md\)", body, re.MULTILINE)
        yield _toctree(caption, links)


def _toctree(caption: str, pages: list[str]) -> str:
    options = [":hidden:", ":glob:", *([f":caption: {caption}"] if caption else [])]
    return "\n".join(("\n\n```{toctree}", *options, "", *pages, "```\n"))
