"""
The demo's simulator: `python -m tm_exporter.simulator SCENARIO`, on some port of
loopback, until its standard input closes.

Besides `tm-exporter simulate` since this loads nothing of the daemon, which would be
half of the memory that the two of them take.
"""

import signal
import sys


if __name__ == "__main__":
    # A terminal interrupts the whole group: while it loads, it ends without a word.
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    from tm_exporter.simulator.command import serve

    sys.exit(serve(scenario=sys.argv[1], until_stdin_closes=True))
