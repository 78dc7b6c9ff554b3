"""What every request of a surface goes through before its route."""

import asyncio
import uuid
from collections.abc import Coroutine
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tm_exporter.simulator.record import ForbiddenCall, Record
from tm_exporter.simulator.run import ConnectionCut
from tm_exporter.simulator.surfaces import PREFIXES, Surface
from tm_exporter.simulator.switches import Rule
from tm_exporter.simulator.world import World


RECORD = "simulator.record"
_FORBIDDEN_READS = ("/v1/billing/stripe/customers", "/auth/cli/", "/v1/admin/")


class Gate:
    """
    Records a request, applies the rule it meets, and watches for the client leaving.

    The body is read here, so that a route which waits, or hangs, can be ended the
    moment its client is gone; the route is given the same body again.
    """

    def __init__(self, app: ASGIApp, surface: Surface, world: World) -> None:
        self._app = app
        self._surface = surface
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        record = self._recorded(scope)
        try:
            body = await Request(scope, receive).body()
            answer = self._answer(scope, body, record, send)
            await _unless_gone(answer, receive)
        except ConnectionCut:
            self._world.cut(scope["client"])
            await _gone(receive)
        except ClientDisconnect:
            return  # it left before its body was here: nobody waits for an answer
        finally:
            record.finished = self._world.clock()

    def _recorded(self, scope: Scope) -> Record:
        record = Record(
            surface=self._surface,
            method=scope["method"],
            path=scope["path"].removeprefix(PREFIXES[self._surface]),
            header_names=tuple(name.decode("latin-1") for name, _ in scope["headers"]),
            request_id=uuid.uuid4().hex,
            started_at=self._world.now(),
            started=self._world.clock(),
        )
        scope[RECORD] = record
        self._world.log.add(record)
        if self._surface == "control_plane" and _is_forbidden(record):
            call = ForbiddenCall(record.method, record.path)
            self._world.log.forbidden.append(call)
        return record

    async def _answer(
        self, scope: Scope, body: bytes, record: Record, send: Send
    ) -> None:
        noted = self._noting(record, send)
        switches = self._world.panel.switches[self._surface]
        rule = switches.rule_for(record.method, record.path)
        if rule and await _applied(rule, scope, noted):
            return
        await self._app(scope, _replayed(body), noted)

    def _noting(self, record: Record, send: Send) -> Send:
        """Return a `send` which adds headers and notes what leaves when."""
        headers = [(b"x-request-id", record.request_id.encode())]
        if self._world.panel.switches[self._surface].rate_limit_headers:
            headers += [
                (b"x-ratelimit-limit-requests", b"600"),
                (b"x-ratelimit-limit-tokens", b"200000"),
                (b"x-ratelimit-remaining-requests", b"599"),
                (b"x-ratelimit-remaining-tokens", b"199952"),
                (b"x-ratelimit-reset-requests", b"100ms"),
                (b"x-ratelimit-reset-tokens", b"6m0s"),
            ]

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                message = {**message, "headers": [*message["headers"], *headers]}
            elif message.get("body"):
                record.sent.append(self._world.clock())
            await send(message)

        return noted


def record_of(request: Request) -> Record:
    """Return the record which the gate made of a request."""
    record: Record = request.scope[RECORD]
    return record


def _is_forbidden(record: Record) -> bool:
    stripe, *prefixes = _FORBIDDEN_READS
    return (
        record.method not in ("GET", "HEAD")
        or record.path == stripe
        or record.path.startswith(tuple(prefixes))
    )


async def _applied(rule: Rule, scope: Scope, send: Send) -> bool:
    """Do what a rule says; return whether that was the whole answer."""
    await asyncio.sleep(rule.delay_seconds)
    if rule.hang:
        await asyncio.Event().wait()
    if rule.cut:
        raise ConnectionCut
    if rule.status is None:
        return False
    kinds = {"{": "application/json", "<": "text/html; charset=utf-8"}
    kind = kinds.get(rule.body[:1], "text/plain; charset=utf-8")
    headers = {"content-type": kind, **dict(rule.headers)}
    response = Response(rule.body, status_code=rule.status, headers=headers)
    await response(scope, _replayed(b""), send)
    return True


async def _unless_gone(answer: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Wait for an answer to be sent; give it up when the client is gone."""
    tasks = [asyncio.ensure_future(answer), asyncio.ensure_future(_gone(receive))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _replayed(body: bytes) -> Receive:
    """Return a `receive` that gives a body already read."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
