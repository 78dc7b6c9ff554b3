"""The routes, over a real socket."""

import asyncio
import gzip
import json
import re
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
import yaml

from tests.doubles import FakeClock
from tests.sinks.observations import HEALTH, next_step, observation, watching
from tests.sinks.pages import OPENMETRICS, samples
from tests.web.statuses import model_status, status
from tm_exporter.exposition.page import Exposition
from tm_exporter.sinks.history import History
from tm_exporter.views.evidence import Transcript, transcript
from tm_exporter.views.status import Status
from tm_exporter.web import app
from tm_exporter.web.server import WebServer


def _transcript() -> Transcript:
    history = History()
    history(observation())
    run = history.past(HEALTH).runs[0].open()
    return transcript(run, {"tm-exporter": "1.2.3"}, next_step, str)


TRANSCRIPT = _transcript()
PATIENCE = 5.0


@dataclass
class Exporter:
    """What the pages ask, and what it answers."""

    health: bool = True
    readiness: bool = True
    settings: dict[str, Any] = field(default_factory=lambda: {"targets": ["eu"]})

    def sources(self) -> app.Sources:
        """Return where pages come from."""
        sink = watching(FakeClock(), HEALTH)
        return app.Sources(
            metrics=Exposition(sink.owners),
            healthy=lambda: self.health,
            ready=lambda: self.readiness,
            config=lambda: self.settings,
            status=self.status,
            evidence=lambda probe_id: TRANSCRIPT if probe_id == "run-1" else None,
        )

    async def status(self) -> Status:
        """Return how everything is doing."""
        return status(model_status(model="模型"))


@pytest.fixture
def exporter() -> Exporter:
    """Return an exporter that is fine."""
    return Exporter()


@asynccontextmanager
async def asking(sources: app.Sources) -> AsyncIterator[httpx.AsyncClient]:
    """Have a client of a server on a free port."""
    server = WebServer(app.build(sources), "127.0.0.1:0")
    url = await server.start()
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client
    await server.stop()


@pytest.fixture
async def client(exporter: Exporter) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of an exporter's pages."""
    async with asking(exporter.sources()) as client:
        yield client


async def test_metrics_in_plain_text(client: httpx.AsyncClient) -> None:
    """What a reader gets who asks for nothing in particular."""
    answer = await client.get("/metrics", headers={"accept-encoding": "identity"})

    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "content-encoding" not in answer.headers
    names = {sample.name for sample in samples(answer.text)}
    assert "tensormesh_probe_attempts_total" in names


async def test_metrics_in_openmetrics_and_compressed(client: httpx.AsyncClient) -> None:
    """What Prometheus asks for."""
    headers = {"accept": OPENMETRICS, "accept-encoding": "gzip"}
    async with client.stream("GET", "/metrics", headers=headers) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert gzip.decompress(raw).endswith(b"# EOF\n")


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready"])
async def test_health_and_readiness(
    client: httpx.AsyncClient, exporter: Exporter, path: str
) -> None:
    """A status code for a kubelet, and a word for a person."""
    good = await client.get(path)
    exporter.health = exporter.readiness = False
    bad = await client.get(path)

    word = path.removeprefix("/-/")
    assert (good.status_code, good.text) == (200, f"{word}\n")
    assert (bad.status_code, bad.text) == (503, f"not {word}\n")


async def test_the_configuration_is_yaml(
    client: httpx.AsyncClient, exporter: Exporter
) -> None:
    """In the order of the file, and shown by a browser instead of saved."""
    exporter.settings = {"server": {"listen": "é:1"}, "canary_budget": {"a": "1.00"}}

    answer = await client.get("/config")

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert yaml.safe_load(answer.text) == exporter.settings
    assert answer.text.startswith("server:")
    assert "é" in answer.text


async def test_a_long_configuration_keeps_nobody_waiting(exporter: Exporter) -> None:
    """Of a thousand targets it takes seconds to write."""
    others_were_answered = threading.Event()

    def config() -> dict[str, Any]:
        return {"others were answered": others_were_answered.wait(PATIENCE)}

    async with asking(replace(exporter.sources(), config=config)) as client:
        asked = asyncio.create_task(client.get("/config"))
        await client.get("/-/healthy")
        others_were_answered.set()
        answer = await asked

    assert answer.text == "others were answered: true\n"


async def test_the_status_is_json(client: httpx.AsyncClient) -> None:
    """Targets, their probes, and the models of each."""
    answer = await client.get("/api/v1/status")

    document = json.loads(answer.content)
    assert answer.headers["content-type"] == "application/json"
    assert document["started"] == "2026-11-22T12:00:00Z"
    [target] = document["targets"]
    assert target["target"] == "eu"
    [probe] = target["probes"]
    assert probe["probe"] == "chat_stream"
    assert probe["models"][0]["model"] == "模型"
    assert probe["models"][0]["phase_seconds"] == {"dns": 0.001}
    assert probe["models"][0]["next_slot"] is None
    assert document["not_watched"][0]["why"] == "not built yet"


async def test_the_landing_page_is_html(client: httpx.AsyncClient) -> None:
    """With a policy that allows its own files and nothing else."""
    answer = await client.get("/")

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "模型" in answer.text
    policy = answer.headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert {"script-src 'self'", "style-src 'self'"} <= set(policy)
    assert "unsafe" not in str(policy)


async def test_one_target_has_a_page_of_its_own(client: httpx.AsyncClient) -> None:
    """Which is how what is folded away is read without a script."""
    known = await client.get("/", params={"target": "eu"})
    unknown = await client.get("/", params={"target": "<b>"})

    assert known.status_code == 200
    assert "<h1>eu</h1>" in known.text
    assert (unknown.status_code, unknown.text) == (404, "no such target\n")


@pytest.mark.parametrize("path", ["/", "/api/v1/status"])
async def test_who_takes_gzip_gets_it(client: httpx.AsyncClient, path: str) -> None:
    """A page that is read every few seconds is worth it."""
    plain = await client.get(path, headers={"accept-encoding": "identity"})
    packed = await client.get(path, headers={"accept-encoding": "gzip"})

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert int(packed.headers["content-length"]) < len(plain.content)


async def test_the_pages_own_files_are_served(client: httpx.AsyncClient) -> None:
    """Their names change with them, so a browser may keep them."""
    document = (await client.get("/")).text

    paths = re.findall(r'(?:href|src)="(/static/[^"]+)"', document)
    answers = [await client.get(path) for path in paths]

    assert {answer.headers["content-type"] for answer in answers} == {
        "text/css; charset=utf-8",
        "text/javascript; charset=utf-8",
        "image/svg+xml",
    }
    assert {answer.status_code for answer in answers} == {200}
    assert all("immutable" in answer.headers["cache-control"] for answer in answers)


async def test_a_transcript_is_json_for_programs(client: httpx.AsyncClient) -> None:
    """And plain text for who asks so, by header or by address."""
    data = await client.get("/api/v1/evidence/run-1")
    by_header = await client.get(
        "/api/v1/evidence/run-1", headers={"accept": "text/plain"}
    )
    by_address = await client.get("/api/v1/evidence/run-1", params={"format": "text"})

    assert data.json()["probe_id"] == "run-1"
    assert by_header.text == by_address.text
    assert by_header.text.startswith("probe_id   run-1\n")


@pytest.mark.parametrize("probe_id", ["run-2", "%3Cscript%3E", "..%2F..", "a" * 2000])
async def test_a_run_that_is_not_kept_has_no_transcript(
    client: httpx.AsyncClient, probe_id: str
) -> None:
    """A sentence says why, and repeats nothing."""
    answer = await client.get(f"/api/v1/evidence/{probe_id}")

    assert answer.status_code == 404
    assert probe_id not in answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("path", ["/", "/metrics", "/nowhere", "/-/healthy"])
async def test_every_answer_has_the_security_headers(
    client: httpx.AsyncClient, path: str
) -> None:
    """And none names the software that sent it."""
    answer = await client.get(path)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/nowhere", "/metrics/", "/metrics/x", "//metrics", "/<script>"]
)
async def test_an_unknown_path_is_not_found(
    client: httpx.AsyncClient, path: str
) -> None:
    """In plain text, and without repeating the path."""
    answer = await client.get(str(client.base_url).rstrip("/") + path)

    assert (answer.status_code, answer.text) == (404, "Not Found\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_only_reading_is_allowed(client: httpx.AsyncClient, method: str) -> None:
    """Nothing here changes anything."""
    answer = await client.request(method, "/metrics")

    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize("path", ["/", "/metrics", "/config", "/-/healthy"])
async def test_head_is_get_without_the_body(
    client: httpx.AsyncClient, path: str
) -> None:
    """For whoever wants to know whether it is there."""
    answer = await client.head(path)

    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0
