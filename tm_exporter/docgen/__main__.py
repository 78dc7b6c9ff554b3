"""Write the generated pages below this directory: `python -m tm_exporter.docgen`."""

from pathlib import Path

from tm_exporter.docgen.pages import write


if __name__ == "__main__":
    write(Path.cwd())
