"""Run the command: `python -m tm_exporter` is the same as `tm-exporter`."""

import sys

from tm_exporter.cli import main


if __name__ == "__main__":
    sys.exit(main())
