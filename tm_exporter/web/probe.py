"""
`/probe`: run configured probes now, and answer with the series of these runs.

What runs is named, never given: an address that a stranger could choose would be
asked with our credentials.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from functools import partial
from typing import Any

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from tm_exporter.exposition.page import rendered
from tm_exporter.one_shot.wishes import Asker, Chosen, Refused, Wish
from tm_exporter.web import series_page
from tm_exporter.web.rates import Crowd, Rate


BURST = 20
"""Requests for one target that may come at once."""

PER_SECOND = 1.0
"""Requests for one target that may come in the long run."""

BURST_IN_ALL = 100
"""Requests for all targets that may come at once."""

PER_SECOND_IN_ALL = 10.0
"""Requests for all targets that may come in the long run."""

AT_ONCE = 8
"""Requests for one target that may be under way."""

AT_ONCE_IN_ALL = 40
"""Requests for all targets that may be under way; the other pages need room, too."""

LONGEST = 120.0
"""Seconds that the runs of one request may take, whoever asks."""

OFFSET = 0.5
"""Seconds of Prometheus' scrape timeout that are kept for the answer."""

TIMEOUT_HEADER = "x-prometheus-scrape-timeout-seconds"

_PARAMETERS = ("target", "probe", "model")
_TARGETS_REMEMBERED = 1000


class ProbePage:
    """
    Answers who asks for probes out of turn.

    Args:
        asker: Runs them.
        clock: Monotonic seconds.
    """

    def __init__(
        self, asker: Asker, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._asker = asker
        self._of_target = partial(Rate, BURST, PER_SECOND, clock)
        self._rates: dict[str, Rate] = {}
        self._in_all = Rate(BURST_IN_ALL, PER_SECOND_IN_ALL, clock)
        self._crowd = Crowd(AT_ONCE, AT_ONCE_IN_ALL)

    async def answer(self, request: Request) -> Response:
        """Answer with the series of runs that begin now, or why there are none."""
        try:
            seconds = _seconds(request.headers)
            chosen = self._asker.choose(_wish(request.query_params))
            _refuse_foreign(request.headers, chosen)
            self._count(chosen.wish.target)
            with self._under_way(chosen.wish.target):
                return await self._run(request, chosen, seconds)
        except Refused as refused:
            return _refusal(refused)

    async def _run(self, request: Request, chosen: Chosen, seconds: float) -> Response:
        """Answer with the series, unless the client goes away before."""
        work = asyncio.create_task(
            self._asker.run(chosen, seconds), name="probes out of turn"
        )
        leaving = asyncio.create_task(_left(request), name="client of /probe")
        try:
            await asyncio.wait((work, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                return PlainTextResponse("nobody waits\n", status_code=503)
            granted = work.result()
        finally:
            await _end(work, leaving)
        remarks = [f"left out: {each}" for each in granted.left_out]
        return await series_page.answer(
            request, partial(rendered, granted.families, remarks=remarks)
        )

    def _count(self, target: str) -> None:
        """Count a request, or raise Refused if there were too many of late."""
        self._forget()
        rate = self._rates.setdefault(target, self._of_target())
        wait = max(rate.wait, self._in_all.wait)
        if wait:
            raise Refused(429, "there were too many requests for probes of late", wait)
        if not self._crowd.has_room(target):
            raise Refused(429, "too many requests for probes are under way", 1.0)
        rate.take()
        self._in_all.take()

    def _forget(self) -> None:
        """Let go of targets that nobody asked for of late, if there are many."""
        if len(self._rates) > _TARGETS_REMEMBERED:
            rates = self._rates.items()
            self._rates = {name: each for name, each in rates if not each.is_fresh}

    @contextmanager
    def _under_way(self, target: str) -> Any:
        self._crowd.enter(target)
        try:
            yield
        finally:
            self._crowd.leave(target)


def _wish(query: QueryParams) -> Wish:
    """Return what is asked for, by name; raise Refused for what is no wish."""
    names = [name for name, _ in query.multi_items()]
    if unknown := set(names).difference(_PARAMETERS):
        known = ", ".join(_PARAMETERS)
        what = "this parameter is" if len(unknown) == 1 else "these parameters are"
        raise Refused(400, f"{what} not known here: there are {known}")
    if len(set(names)) < len(names):
        raise Refused(400, "a parameter is there twice")
    if not query.get("target"):
        raise Refused(400, "`target` is missing: the name of a configured target")
    return Wish(query["target"], query.get("probe") or None, query.get("model") or None)


def _seconds(headers: Headers) -> float:
    """Return how long the runs may take, by what Prometheus says of its patience."""
    told = headers.get(TIMEOUT_HEADER)
    if told is None:
        return LONGEST
    try:
        patience = float(told)
    except ValueError:
        patience = math.nan
    if not 0 < patience < math.inf:
        raise Refused(400, f"{TIMEOUT_HEADER} is not a number of seconds above 0")
    return min(LONGEST, max(patience - OFFSET, patience / 2))


def _refuse_foreign(headers: Headers, chosen: Chosen) -> None:
    """Raise Refused where a page of others would have us pay for what it shows."""
    if chosen.costs and headers.get("sec-fetch-site") == "cross-site":
        raise Refused(403, "this costs money, and another site asks for it")


def _refusal(refused: Refused) -> Response:
    """Return the answer that a refusal is."""
    headers = {}
    if refused.retry_after is not None:
        headers["retry-after"] = str(max(1, math.ceil(refused.retry_after)))
    return PlainTextResponse(
        f"{refused}\n", status_code=refused.status, headers=headers
    )


async def _left(request: Request) -> None:
    """Wait until the client has gone away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _end(*tasks: asyncio.Task[Any]) -> None:
    """End what still goes on, and wait until it has ended."""
    unended: Iterable[asyncio.Task[Any]] = [each for each in tasks if not each.done()]
    for each in unended:
        each.cancel()
    await asyncio.gather(*unended, return_exceptions=True)
