"""The status page, what it is made of, and the transcripts that it links to."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from tm_exporter.views import evidence_text
from tm_exporter.views.evidence import Transcript
from tm_exporter.views.status import Status
from tm_exporter.web import page
from tm_exporter.web.static import FILES, StaticFile
from tm_exporter.wire.media import quality


_JSON = orjson.OPT_UTC_Z
_FOR_EVER = "public, max-age=31536000, immutable"
_UNKNOWN = (
    "no run of this id is kept (any more): of each probe the last 20 runs and the last"
    " 20 failures are, since the exporter started\n"
)


class PeoplesPages:
    """
    Answers from what the exporter knows now.

    Args:
        status: How everything is doing.
        evidence: Returns the transcript of a kept run, None if it is not kept.
    """

    def __init__(
        self,
        status: Callable[[], Awaitable[Status]],
        evidence: Callable[[str], Transcript | None],
    ) -> None:
        self._status = status
        self._evidence = evidence

    def routes(self) -> Iterator[Route]:
        """Yield the routes, those of the files that the page asks for among them."""
        yield Route("/", self.landing)
        yield Route("/api/v1/status", self.status)
        yield Route("/api/v1/evidence/{probe_id}", self.evidence)
        for each in FILES.values():
            yield Route(each.path, _answering(each))

    async def landing(self, request: Request) -> Response:
        """Answer with a page for people; `?target=NAME` has one target only."""
        status, now = await self._status(), datetime.now(UTC)
        asked = request.query_params.get("target")
        found = {target.target: target for target in status.targets}
        if asked is not None and asked not in found:
            return PlainTextResponse("no such target\n", status_code=404)
        only = None if asked is None else found[asked]
        # Of many targets it is long; what it is made of cannot change meanwhile.
        document = await asyncio.to_thread(page.render, status, now, only)
        return await _packed(request, HTMLResponse(document))

    async def status(self, request: Request) -> Response:
        """Answer with the same as JSON."""
        body = b"".join([part async for part in _dumped(await self._status())])
        return await _packed(request, Response(body, media_type="application/json"))

    async def evidence(self, request: Request) -> Response:
        """Answer with the transcript of a run; `?format=text` has it for people."""
        found = self._evidence(request.path_params["probe_id"])
        if found is None:
            return PlainTextResponse(_UNKNOWN, status_code=404)
        if _wants_text(request):
            return PlainTextResponse(evidence_text.render(found))
        body = orjson.dumps(found, option=_JSON | orjson.OPT_INDENT_2)
        return Response(body + b"\n", media_type="application/json")


def _wants_text(request: Request) -> bool:
    """Whether a transcript is asked for to be read."""
    form = request.query_params.get("format")
    if form is not None:
        return form == "text"
    accept = request.headers.get("accept", "")
    text, data = (quality(accept, f) for f in ("text/plain", "application/json"))
    return text > data


async def _dumped(status: Status) -> AsyncIterator[bytes]:
    """Yield the parts of the status as JSON; the loop may turn after each target."""
    rest = {name: getattr(status, name) for name in status.__slots__}
    targets = rest.pop("targets")
    yield orjson.dumps(rest, option=_JSON).removesuffix(b"}") + b',"targets":['
    for number, target in enumerate(targets):
        yield (b"," if number else b"") + orjson.dumps(target, option=_JSON)
        await asyncio.sleep(0)
    yield b"]}\n"


async def _packed(request: Request, response: Response) -> Response:
    """Return the answer compressed, if that is wanted, beside the loop."""
    response.headers["vary"] = "Accept-Encoding"
    if quality(request.headers.get("accept-encoding", ""), "gzip") > 0:
        plain = bytes(response.body)
        response.body = await asyncio.to_thread(gzip.compress, plain, 5, mtime=0)
        response.headers["content-encoding"] = "gzip"
        response.headers["content-length"] = str(len(response.body))
    return response


def _answering(file: StaticFile) -> Callable[[Request], Any]:
    """Return what answers with a file."""

    async def answer(_: Request) -> Response:
        headers = {"content-type": file.media_type, "cache-control": _FOR_EVER}
        return Response(file.content, headers=headers)

    return answer
