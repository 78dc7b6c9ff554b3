"""
Ask an address that has nothing to do with the service: `reference_url`.

Where neither it nor the service answers, the fault is our own network's. Any HTTP
answer counts, whatever its status. It is asked with HEAD every `INTERVAL` seconds, and
at once when a target falls silent, so that the two are seen in the same minute. It is
no probe: it has no slots, and says nothing of the service.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping

import httpx
import structlog

from tm_exporter.clients.client import USER_AGENT
from tm_exporter.clients.transport import Transport
from tm_exporter.observation import Reason, Verdict
from tm_exporter.process.upkeep import surely
from tm_exporter.verdict import Judged, Promise, judge


log = structlog.get_logger()

INTERVAL = 30.0
"""Seconds between two requests where nothing asks for one sooner."""

TIMEOUT = 5.0
"""Seconds which it may take to answer."""

LEAST = 1.0
"""Seconds between two requests, whoever asks for them."""


class Reference:
    """
    Asks the reference URL again and again.

    Args:
        url: Any page.
        transport: Goes the way that the targets' requests go.
        tell: Told of each request: None for an answer, else why there was none.
    """

    def __init__(
        self, url: str, transport: Transport, tell: Callable[[Reason | None], None]
    ) -> None:
        self._url = url
        self._transport = transport
        self._tell = tell
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._answers: bool | None = None

    def start(self) -> None:
        """Begin to ask."""
        self._task = asyncio.create_task(self._keep(), name="reference URL")

    async def stop(self) -> None:
        """End, without waiting for an answer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def hurry(self) -> None:
        """Ask soon, since something else fell silent."""
        self._wanted.set()

    def rows(self) -> Mapping[tuple[str, ...], float]:
        """Return whether it answered the last time, as a series; nothing before."""
        return {} if self._answers is None else {(): float(self._answers)}

    async def ask(self) -> Reason | None:
        """Ask once; return why there was no answer, None if there was one."""
        verdict = await self._verdict()
        if verdict is None:
            self._note_answer()
            self._tell(None)
            return None
        self._note_silence(verdict)
        self._tell(verdict.reason)
        return verdict.reason

    async def _verdict(self) -> Verdict | None:
        """Ask once; return what was wrong, None if anything at all came back."""
        fields = {"User-Agent": USER_AGENT, "Accept": "*/*", "Connection": "close"}
        request = httpx.Request("HEAD", self._url, headers=fields)
        exchange = await self._transport.exchange(request, timeout=TIMEOUT)
        if exchange.status is not None:
            return None
        judged: Judged[None] = judge(exchange, Promise(surface="serverless"))
        return judged.verdict

    async def _keep(self) -> None:
        """Ask every `INTERVAL` seconds, and when it is wanted."""
        while True:
            self._wanted.clear()
            await surely("reference", self.ask)
            await asyncio.sleep(LEAST)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL - LEAST):
                    await self._wanted.wait()

    def _note_answer(self) -> None:
        if self._answers is False:
            log.info("reference_answers")
        self._answers = True

    def _note_silence(self, verdict: Verdict) -> None:
        if self._answers is not False:
            reason = None if verdict.reason is None else verdict.reason.value
            log.warning("reference_silent", reason=reason, detail=verdict.detail)
        self._answers = False
