"""`/probe` over a real socket: who is answered, who is refused, and who goes away."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.doubles import FakeClock, PaidSection, ScriptedProbe
from tests.sinks.observations import HEALTH, observation, watching
from tests.sinks.pages import OPENMETRICS, samples
from tests.web.clients import until
from tm_exporter.exposition.page import Exposition
from tm_exporter.one_shot.wishes import Chosen, Granted, Refused, Wish
from tm_exporter.web import app, probe
from tm_exporter.web.rates import Crowd, Rate
from tm_exporter.web.server import WebServer


@dataclass
class ScriptedAsker:
    """Meets wishes as it is told to."""

    wishes: list[Wish] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    refused: Refused | None = None
    costs: bool = False
    hold: asyncio.Event | None = None
    under_way: int = 0
    left_out: tuple[str, ...] = ()

    def choose(self, wish: Wish) -> Chosen:
        """Choose one probe."""
        self.wishes.append(wish)
        if self.refused is not None:
            raise self.refused
        one = ScriptedProbe()
        if self.costs:
            one.section = PaidSection()
        return Chosen(wish, [one], self.left_out)

    async def run(self, chosen: Chosen, seconds: float) -> Granted:
        """Answer with the series of one run."""
        self.seconds.append(seconds)
        self.under_way += 1
        try:
            if self.hold is not None:
                await self.hold.wait()
        finally:
            self.under_way -= 1
        sink = watching(FakeClock(), HEALTH)
        sink(observation())
        return Granted(list(sink.families()), chosen.left_out)


@pytest.fixture
def asker() -> ScriptedAsker:
    """Return one that meets every wish."""
    return ScriptedAsker()


async def _status() -> Any:
    return None


@pytest.fixture
async def client(asker: ScriptedAsker) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of a server on a free port."""
    sources = app.Sources(
        metrics=Exposition(),
        healthy=lambda: True,
        ready=lambda: True,
        config=dict,
        status=_status,
        asker=asker,
    )
    server = WebServer(app.build(sources), "127.0.0.1:0")
    url = await server.start()
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client
    await server.stop()


async def test_the_answer_has_the_series_of_the_run(
    client: httpx.AsyncClient, asker: ScriptedAsker
) -> None:
    """And none of this process, which /metrics has."""
    answer = await client.get("/probe?target=eu&probe=health&model=m")

    names = {sample.name for sample in samples(answer.text)}
    assert answer.status_code == 200
    assert asker.wishes == [Wish("eu", "health", "m")]
    assert "tensormesh_probe_success" in names
    assert not any(name.startswith(("process_", "python_")) for name in names)


async def test_the_answer_has_the_form_that_is_asked_for(
    client: httpx.AsyncClient,
) -> None:
    """As with /metrics."""
    headers = {"accept": OPENMETRICS, "accept-encoding": "gzip"}
    async with client.stream("GET", "/probe?target=eu", headers=headers) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw).endswith(b"# EOF\n")


async def test_what_was_left_out_is_told(
    client: httpx.AsyncClient, asker: ScriptedAsker
) -> None:
    """In comments, which OpenMetrics has none of."""
    asker.left_out = ("chat (m\n#x): costs money",)

    text = (await client.get("/probe?target=eu")).text
    openmetrics = await client.get("/probe?target=eu", headers={"accept": OPENMETRICS})

    assert text.endswith("\n# left out: chat (m\\u000a#x): costs money\n")
    assert list(samples(text))
    assert "left out" not in openmetrics.text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "`target` is missing"),
        ("target=", "`target` is missing"),
        ("probe=health", "`target` is missing"),
        ("target=eu&target=us", "a parameter is there twice"),
        ("target=eu&module=http_2xx", "not known here: there are target, probe, model"),
    ],
)
async def test_what_is_no_wish_is_a_bad_request(
    client: httpx.AsyncClient, asker: ScriptedAsker, query: str, said: str
) -> None:
    """A typing error must not run a whole target."""
    answer = await client.get(f"/probe?{query}")

    assert answer.status_code == 400
    assert said in answer.text
    assert asker.wishes == []


async def test_an_empty_parameter_is_none(
    client: httpx.AsyncClient, asker: ScriptedAsker
) -> None:
    """Relabelling leaves such behind."""
    await client.get("/probe?target=eu&probe=&model=")

    assert asker.wishes == [Wish("eu")]


@pytest.mark.parametrize(
    ("refused", "retry_after"),
    [
        (Refused(404, "no such target"), None),
        (Refused(403, "costs money"), None),
        (Refused(429, "no money", 43_199.2), "43200"),
    ],
)
async def test_a_refusal_is_a_sentence(
    client: httpx.AsyncClient,
    asker: ScriptedAsker,
    refused: Refused,
    retry_after: str | None,
) -> None:
    """With the seconds to wait, if they are known."""
    asker.refused = refused

    answer = await client.get("/probe?target=eu")

    assert (answer.status_code, answer.text) == (refused.status, f"{refused}\n")
    assert answer.headers.get("retry-after") == retry_after
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("told", "seconds"),
    [(None, 120.0), ("10", 9.5), ("1.5", 1.0), ("0.5", 0.25), ("9e9", 120.0)],
)
async def test_the_runs_end_before_prometheus_gives_up(
    client: httpx.AsyncClient, asker: ScriptedAsker, told: str | None, seconds: float
) -> None:
    """With half a second left for the answer, and never later than two minutes."""
    name = "X-Prometheus-Scrape-Timeout-Seconds"
    headers = {} if told is None else {name: told}

    answer = await client.get("/probe?target=eu", headers=headers)

    assert answer.status_code == 200
    assert asker.seconds == [pytest.approx(seconds)]


@pytest.mark.parametrize("told", ["", "soon", "nan", "inf", "-1", "0"])
async def test_a_timeout_that_is_none_is_a_bad_request(
    client: httpx.AsyncClient, asker: ScriptedAsker, told: str
) -> None:
    """Prometheus sends numbers."""
    headers = {"X-Prometheus-Scrape-Timeout-Seconds": told}

    answer = await client.get("/probe?target=eu", headers=headers)

    assert answer.status_code == 400
    assert asker.seconds == []


async def test_a_page_of_others_cannot_spend_money(
    client: httpx.AsyncClient, asker: ScriptedAsker
) -> None:
    """A browser says who asks for a picture that is none."""
    headers = {"sec-fetch-site": "cross-site"}

    free = await client.get("/probe?target=eu", headers=headers)
    asker.costs = True
    paid = await client.get("/probe?target=eu", headers=headers)
    own = await client.get("/probe?target=eu", headers={"sec-fetch-site": "none"})

    assert (free.status_code, paid.status_code, own.status_code) == (200, 403, 200)


async def test_one_target_is_asked_for_so_often_and_no_more(
    client: httpx.AsyncClient, asker: ScriptedAsker
) -> None:
    """Other targets are asked for all the same."""
    answers = [await client.get("/probe?target=eu") for _ in range(probe.BURST + 5)]
    other = await client.get("/probe?target=us")

    codes = [answer.status_code for answer in answers]
    assert codes[: probe.BURST] == [200] * probe.BURST
    assert 429 in codes
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert "too many requests" in answers[codes.index(429)].text
    assert other.status_code == 200
    assert len(asker.seconds) == codes.count(200) + 1


async def test_so_many_are_under_way_and_no_more(
    client: httpx.AsyncClient, asker: ScriptedAsker
) -> None:
    """A target that hangs does not take the places of all others."""
    asker.hold = asyncio.Event()
    waiting = [
        asyncio.create_task(client.get("/probe?target=eu"))
        for _ in range(probe.AT_ONCE)
    ]
    await until(lambda: asker.under_way == probe.AT_ONCE)

    one_more = await client.get("/probe?target=eu")
    metrics = await client.get("/metrics")
    asker.hold.set()

    assert (one_more.status_code, one_more.headers["retry-after"]) == (429, "1")
    assert metrics.status_code == 200
    assert {(await each).status_code for each in waiting} == {200}
    assert (await client.get("/probe?target=eu")).status_code == 200


async def test_who_goes_away_ends_what_was_asked_for(
    client: httpx.AsyncClient, asker: ScriptedAsker
) -> None:
    """Nobody would read it, and it may cost money."""
    asker.hold = asyncio.Event()
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/probe?target=eu", timeout=0.2)

    await until(lambda: asker.under_way == 0)
    assert asker.seconds == [120.0]


async def test_a_daemon_that_ends_waits_for_no_wish(asker: ScriptedAsker) -> None:
    """As with everything else that hangs."""
    asker.hold = asyncio.Event()
    sources = app.Sources(
        metrics=Exposition(),
        healthy=lambda: True,
        ready=lambda: True,
        config=dict,
        status=_status,
        asker=asker,
    )
    server = WebServer(app.build(sources), "127.0.0.1:0")
    url = await server.start()
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        task = asyncio.create_task(client.get("/probe?target=eu"))
        await until(lambda: asker.under_way == 1)

        async with asyncio.timeout(2):
            await server.stop()
        await asyncio.gather(task, return_exceptions=True)

    assert asker.under_way == 0


async def test_a_fault_of_ours_is_one_answer(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, asker: ScriptedAsker
) -> None:
    """The next wish is met."""

    async def broken(_: Chosen, __: float) -> Granted:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(asker, "run", broken)
        bad = await client.get("/probe?target=eu")
    good = await client.get("/probe?target=eu")

    assert (bad.status_code, good.status_code) == (500, 200)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_it_is_read_and_nothing_else(
    client: httpx.AsyncClient, asker: ScriptedAsker, method: str
) -> None:
    """As all pages are."""
    answer = await client.request(method, "/probe?target=eu")

    assert answer.status_code == 405
    assert asker.wishes == []


def test_a_rate_lets_a_burst_through_and_then_so_many_a_second() -> None:
    """And never saves up more than the burst."""
    clock = FakeClock()
    rate = Rate(3, 2.0, clock)

    assert _taken(rate, 10) == 3
    assert rate.wait == pytest.approx(0.5)
    clock.advance(1.0)
    assert _taken(rate, 10) == 2
    clock.advance(1000)
    assert rate.is_fresh
    assert _taken(rate, 10) == 3


def _taken(rate: Rate, wanted: int) -> int:
    taken = 0
    while taken < wanted and not rate.wait:
        rate.take()
        taken += 1
    return taken


def test_a_crowd_has_room_for_so_many() -> None:
    """Of one name, and of all."""
    crowd = Crowd(2, 3)
    enter: Callable[[str], None] = crowd.enter
    for name in ("a", "a", "b"):
        assert crowd.has_room(name)
        enter(name)

    assert not crowd.has_room("a")
    assert not crowd.has_room("c")
    crowd.leave("a")
    assert crowd.has_room("c")
