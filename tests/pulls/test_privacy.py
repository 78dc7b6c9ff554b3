"""
Nothing private that the Control Plane tells comes out of the exporter.

Its answers hold keys, e-mail addresses, card data and what people wrote. Markers are
planted there, every pull is run through a real daemon, and everything that the daemon
shows, logs or keeps is searched for them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.pulls.private_answers import ANSWERS, MARK, marked, marker, misshapen
from tests.service import running_service
from tm_exporter import runner
from tm_exporter.cli import main
from tm_exporter.clients.client import READ_ROUTES
from tm_exporter.config.load import load
from tm_exporter.daemon.daemon import Daemon
from tm_exporter.kinds import SECTIONS
from tm_exporter.logs.setup import configure
from tm_exporter.simulator.server import Simulator


RARELY = {"interval": "1h", "timeout": "5s"}
PULLS = tuple(
    section.model_fields["kind"].default
    for section in SECTIONS
    if section.surfaces == ("control_plane",)
)
PAGES = (
    *(("/metrics", "text/plain"), ("/metrics", "application/openmetrics-text")),
    *(("/", "text/html"), ("/api/v1/status", "application/json")),
    *(("/config", "*/*"), ("/-/ready", "*/*")),
)


@dataclass
class Watched:
    """
    A running daemon, and all that it lets out.

    Attributes:
        daemon: The real one.
        url: Of its pages.
        said: Everything so far, by where it was found.
    """

    daemon: Daemon
    url: str
    said: dict[str, str]

    async def run_all(self) -> dict[str, bool]:
        """Run every probe now; return who passed."""
        passed = {}
        for probe in self.daemon._schedule.probes:
            observation = await runner.run(probe)
            self.daemon._publish(observation)
            verdict = observation.verdict
            passed[probe.key.probe] = verdict.passed
            self._say(f"{probe.key.probe}: detail", verdict.detail)
            self._say(f"{probe.key.probe}: facts", repr(observation.outcome.facts))
        return passed

    def leaks(self) -> dict[str, str]:
        """Return the surroundings of a marker, by where it was found."""
        found = {}
        for place, text in self.said.items():
            at = text.find(MARK)
            if at >= 0:
                found[place] = text[max(0, at - 60) : at + 60]
        return found

    async def look(self) -> None:
        """Read every page, and the transcript of every run that is named."""
        async with httpx.AsyncClient(trust_env=False, base_url=self.url) as client:
            for path, accept in PAGES:
                answer = await client.get(path, headers={"accept": accept})
                self._say(f"{path} as {accept}", answer.text)
            status = (await client.get("/api/v1/status")).json()
            for run in _texts_under(status, "probe_id"):
                if (place := f"evidence {run}") not in self.said:
                    answer = await client.get(f"/api/v1/evidence/{run}")
                    self._say(place, answer.text)

    def _say(self, place: str, text: str) -> None:
        self.said[place] = self.said.get(place, "") + text


def _texts_under(value: Any, name: str) -> Iterator[str]:
    """Yield every text that a JSON value has under a name, however deep."""
    members = value.items() if isinstance(value, dict) else ()
    for key, each in members:
        if key == name and isinstance(each, str):
            yield each
        yield from _texts_under(each, name)
    for each in value if isinstance(value, list) else ():
        yield from _texts_under(each, name)


@asynccontextmanager
async def watched(service: Simulator, folder: Path) -> AsyncIterator[Watched]:
    """Run a daemon that only we let probe; at the end add its log and its files."""
    state = folder / "state"
    loaded = load(
        file=None,
        environ={},
        isolated=True,
        overrides={
            "state_dir": str(state),
            "targets": [
                {
                    "name": "account",
                    "surface": "control_plane",
                    "base_url": service.control_plane_url,
                    "token": service.token,
                    "probes": dict.fromkeys(PULLS, RARELY),
                }
            ],
        },
    )
    written = folder / "log"
    with written.open("w") as stream:
        logging = configure(level="debug", stream=stream, strict=True)
        daemon = Daemon(loaded, logging, "127.0.0.1:0")
        result = Watched(daemon, await daemon.start(), {})
        try:
            yield result
        finally:
            await daemon.stop()
            logging.close(timeout=5)
    result.said["log"] = written.read_text()
    for path in await asyncio.to_thread(lambda: sorted(state.rglob("*"))):
        if path.is_file():
            result.said[path.name] = path.read_bytes().decode("utf-8", "replace")


def answers(service: Simulator, payloads: Mapping[str, Any], status: int = 200) -> None:
    """Let routes answer with JSON."""
    for route, payload in payloads.items():
        text = orjson.dumps(payload).decode()
        headers = {"content-type": "application/json"}
        service.rule(route, status=status, headers=headers, body=text)


def test_markers_are_in_every_route_that_is_read() -> None:
    """A route that is new has to be added to those that are searched for."""
    assert {route for route in ANSWERS if "*" not in route} >= set(READ_ROUTES)
    assert all(MARK in str(marked(answer)) for answer in ANSWERS.values())


async def test_what_is_private_in_good_answers(
    service: Simulator, tmp_path: Path
) -> None:
    """Every pull passes, and takes only what it exports."""
    async with watched(service, tmp_path) as daemon:
        answers(service, {route: marked(each) for route, each in ANSWERS.items()})
        passed = await daemon.run_all()
        await daemon.look()

    assert [probe for probe, well in passed.items() if not well] == []
    assert set(passed) == set(PULLS)
    assert daemon.leaks() == {}
    assert 'tensormesh_api_key_expiry_timestamp_seconds{key="key-1"' in str(daemon.said)
    assert '"probe_passed"' in daemon.said["log"]


async def test_what_is_private_in_answers_of_another_shape(
    service: Simulator, tmp_path: Path
) -> None:
    """What is wrong with an answer is told without citing it."""
    async with watched(service, tmp_path) as daemon:
        for change in (misshapen, lambda _: marker(), lambda _: [marker()]):
            shapes = {route: change(marked(each)) for route, each in ANSWERS.items()}
            answers(service, shapes)
            await daemon.run_all()
            await daemon.look()

    assert daemon.leaks() == {}
    assert '"bad_payload"' in daemon.said["log"]


async def test_our_own_credentials_in_an_answer(
    service: Simulator, tmp_path: Path
) -> None:
    """The profile does carry an API key, and nobody knows what else does."""
    secrets = (service.token, service.api_key)
    async with watched(service, tmp_path) as daemon:
        for secret in secrets:
            planted = {
                route: orjson.loads(
                    orjson.dumps(marked(each)).decode().replace(MARK, secret)
                )
                for route, each in ANSWERS.items()
            }
            answers(service, planted)
            await daemon.run_all()
            await daemon.look()

    found = [place for place, text in daemon.said.items() for s in secrets if s in text]
    assert found == []


FORMS: dict[str, Callable[[], Any]] = {
    "gateway": lambda: marked({"code": 5, "message": ..., "details": [{...: ...}]}),
    "openai": lambda: marked(
        {"error": {"message": ..., "type": ..., "code": ..., "param": ...}}
    ),
    "text": lambda: marked({"error": ...}),
    "flat": lambda: marked(
        {"object": "error", "message": ..., "type": ..., "code": ...}
    ),
    "detail": lambda: marked({"detail": [{"loc": [...], "msg": ...}]}),
    "quota": lambda: marked(
        {"error": {"code": "insufficient_quota", "message": ..., "user": ...}}
    ),
}
STATUSES = (200, 400, 401, 402, 403, 404, 409, 422, 429, 500, 501, 503)


async def test_what_is_private_in_errors(service: Simulator, tmp_path: Path) -> None:
    """Whatever status an error has, and whatever form."""
    async with watched(service, tmp_path) as daemon:
        for status in STATUSES:
            for form in FORMS.values():
                answers(service, {"*": form()}, status)
                passed = await daemon.run_all()
                assert status == 200 or not any(passed.values())
            await daemon.look()

    assert daemon.leaks() == {}


@pytest.mark.parametrize("status", [200, 302, 403, 404, 502])
async def test_what_is_private_in_pages_for_people(
    service: Simulator, tmp_path: Path, status: int
) -> None:
    """A proxy answers HTML, may cite the request, and redirects to a login."""
    async with watched(service, tmp_path) as daemon:
        service.rule(
            "*",
            status=status,
            headers={
                "content-type": "text/html",
                "location": f"https://login.invalid/?user={marker()}",
                "set-cookie": f"session={marker()}",
                "retry-after": marker(),
                "x-user": marker(),
            },
            body=f"<html><title>{marker()}</title>{marker()}</html>",
        )
        passed = await daemon.run_all()
        await daemon.look()

    assert not any(passed.values())
    assert daemon.leaks() == {}


async def test_what_is_private_in_answers_cut_short(
    service: Simulator, tmp_path: Path
) -> None:
    """No parser cites the place where it stopped."""
    async with watched(service, tmp_path) as daemon:
        for body in (f'{{"user": "{marker()}', f"{marker()}", f'{{"a": {marker()}}}'):
            headers = {"content-type": "application/json"}
            service.rule("*", status=200, headers=headers, body=body)
            passed = await daemon.run_all()
            await daemon.look()
            assert not any(passed.values())

    assert daemon.leaks() == {}


@pytest.mark.parametrize("change", [marked, lambda each: misshapen(marked(each))])
@pytest.mark.parametrize("output", ["table", "json"])
def test_what_the_command_line_prints(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    output: str,
    change: Callable[[Any], Any],
) -> None:
    """`probe` shows people what it saw, and nothing of what is private in it."""
    file = tmp_path / "exporter.yml"
    with running_service() as service:
        answers(
            service.simulator, {route: change(each) for route, each in ANSWERS.items()}
        )
        target = {"name": "account", "surface": "control_plane"}
        place = {"base_url": service.control_plane_url, "token": service.token}
        settings = {"targets": [target | place], "state_dir": str(tmp_path / "state")}
        file.write_bytes(orjson.dumps({**settings, "log": {"level": "debug"}}))
        main(["probe", "--config", str(file), "--output", output])

    printed = capfd.readouterr()
    assert "tickets" in printed.out
    assert MARK not in printed.out + printed.err


def test_the_search_finds_what_there_is() -> None:
    """A search that finds nothing anywhere would prove nothing."""
    said = {"log": f"x {marker()} y", "page": "z"}

    nobody: Any = None

    daemon = Watched(nobody, "", said)

    assert list(daemon.leaks()) == ["log"]
