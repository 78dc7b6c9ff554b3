"""Take the pictures of the status page that the README shows: `make pictures`."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from tests.e2e.browser import PHONE, WIDE, Scheme, chromium, tab
from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.daemon import listening
from tests.e2e.demo_probes import PROBES


FOLDER = Path(__file__).parents[2] / "docs/pictures"

_SHOTS: tuple[tuple[str, str, tuple[int, int], Scheme], ...] = (
    ("healthy", "status-healthy-wide", WIDE, "light"),
    ("bad_key", "status-failing-wide", WIDE, "light"),
    ("bad_key", "status-failing-phone", PHONE, "dark"),
)


def main() -> None:
    """Run a demo, break it, and look at it."""
    FOLDER.mkdir(exist_ok=True)
    demo = (TM_EXPORTER, "demo", "--listen", "127.0.0.1:0", "--for", "300")
    with TemporaryDirectory() as folder, child(Path(folder), *demo) as process:
        daemon = listening(process)
        simulator = process.announced(r"simulated Tensormesh runs at (http://\S+);")
        daemon.wait_for_verdicts(PROBES, within=30)
        with chromium() as browser:
            for scenario, name, size, scheme in _SHOTS:
                scenarios = f"{simulator}/simulator/scenario"
                httpx.put(scenarios, json={"name": scenario}, trust_env=False)
                with tab(browser, size=size, scheme=scheme) as watched:
                    watched.page.goto(daemon.url)
                    watched.page.wait_for_timeout(30_000)  # for a past to be seen
                    path = FOLDER / f"{name}.png"
                    watched.page.screenshot(path=path)
                    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
