"""
The timing core: one request over one fresh connection, every step timed apart.

No retries, no redirects, no cookies, no kept connections: a balancer that is half
dead must show in the next run.
"""

import asyncio
import os
import time
from collections.abc import Callable, Mapping

import httpx

from tm_exporter.clients.conversation import BodyReader, Conversation, Route
from tm_exporter.clients.ended import Ended
from tm_exporter.clients.limits import Limits
from tm_exporter.clients.permission import may_send
from tm_exporter.clients.proxy import Proxy, proxy_from_environment
from tm_exporter.clients.resolver import IpProtocol, Resolver
from tm_exporter.clients.space import Holding, Space
from tm_exporter.clients.stamps import Stamps
from tm_exporter.clients.trust import TrustSet, TrustStore, TrustUnavailable
from tm_exporter.exchange import Exchange, Fault, FaultKind, Stage


_SHOWN_HEADERS = frozenset(
    (
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    )
)


class Transport:
    """
    Speaks HTTP/1.1 to one target.

    Args:
        resolver: Shared by all targets.
        trust_store: Shared by all targets, so that equal trust is loaded once.
        trust: Whom to believe, and who we are, on https.
        proxy: Over HTTPS_PROXY, which is honoured where this is None.
        ip_protocol: Which addresses of a name to use.
        limits: What an answer may cost.
        space: Memory for bodies, shared by all targets; its own where left out.
        target: Whose part of the space it takes.
        stamps: When bytes arrived, shared by all targets; its own where left out.
        clock: Monotonic seconds.
        now: Seconds since the epoch.
        environ: Where HTTPS_PROXY and NO_PROXY are looked up.
    """

    def __init__(
        self,
        *,
        resolver: Resolver,
        trust_store: TrustStore,
        trust: TrustSet = TrustSet(),  # noqa: B008 -- frozen
        proxy: Proxy | None = None,
        ip_protocol: IpProtocol = "auto",
        limits: Limits = Limits(),  # noqa: B008 -- frozen
        space: Space | None = None,
        target: str = "",
        stamps: Stamps | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._resolver = resolver
        self._trust_store = trust_store
        self._trust = trust
        self._proxy = proxy
        self._ip_protocol = ip_protocol
        self._limits = limits
        self._space = Space() if space is None else space
        self._target = target
        self._stamps = Stamps() if stamps is None else stamps
        self._clock = clock
        self._now = now
        self._environ = environ

    async def exchange(
        self,
        request: httpx.Request,
        *,
        timeout: float,  # noqa: ASYNC109 -- it is the answer's, and told as such
        reader: BodyReader | None = None,
    ) -> Exchange:
        """
        Send a request once and return what was seen.

        Args:
            request: With its body in memory.
            timeout: Seconds from now to the end of the answer, without those in which
                we had no memory to read on.
            reader: Reads the body of a 2xx event stream while it arrives; without
                one, and for any other answer, the body is read whole.

        Returns:
            The exchange; its `fault` says why it is not complete. Only
            cancellation escapes.
        """
        conversation: Conversation | None = None
        fault: Fault | None = None
        deadline = asyncio.get_running_loop().time() + timeout
        try:
            conversation = self._conversation(request.url, deadline)
            async with asyncio.timeout_at(deadline) as conversation.time_limit:
                await conversation.connect()
                _refuse_forbidden()
                await conversation.ask(request)
                await conversation.listen(reader)
        except TrustUnavailable as error:
            fault = Fault(Stage.PREPARE, FaultKind.FAILED, str(error))
        except TimeoutError:
            fault = _timed_out(conversation, timeout)
        except Ended as ended:
            fault = await self._fault(conversation, ended, deadline)
        finally:
            if conversation is not None:
                conversation.close()
                conversation.held.leave()
        return _freeze(request, conversation, fault)

    def _conversation(self, url: httpx.URL, deadline: float) -> Conversation:
        """Prepare an exchange with the host of `url`."""
        secure = url.scheme == "https"
        return Conversation(
            url=url,
            route=Route(
                resolver=self._resolver,
                proxy=self._proxy or proxy_from_environment(url, self._environ),
                context=self._trust_store.context(self._trust) if secure else None,
                ip_protocol=self._ip_protocol,
            ),
            limits=self._limits,
            stamps=self._stamps,
            clock=self._clock,
            now=self._now,
            deadline=deadline,
            held=Holding(self._space, self._target),
        )

    async def _fault(
        self, conversation: Conversation | None, ended: Ended, deadline: float
    ) -> Fault:
        """Say where an exchange ended; look at a certificate that was refused."""
        if conversation is None:
            return Fault(Stage.PREPARE, ended.kind, ended.detail)
        stage = ended.stage or conversation.stage
        if ended.refused:
            try:
                async with asyncio.timeout_at(deadline):
                    await conversation.look_at_certificate()
            except TimeoutError:
                pass  # what was refused stays unseen; the verdict stands
        return Fault(stage, ended.kind, ended.detail)


def _refuse_forbidden() -> None:
    """Raise Ended if this request must not leave (any more)."""
    if not may_send():
        detail = "not sent: this instance has no permission to pay any more"
        raise Ended(FaultKind.FAILED, detail, stage=Stage.PREPARE)


def _timed_out(conversation: Conversation | None, timeout: float) -> Fault:
    """Say in which stage the time ran out."""
    assert conversation is not None  # noqa: S101 -- the time runs only with one
    stage, seconds = conversation.stage, f"{round(timeout, 3):g}s"
    detail = f"no {'end' if stage is Stage.BODY else 'answer'} within {seconds}"
    if stage not in (Stage.HEAD, Stage.BODY):
        detail = f"{stage}: {detail}"
    if conversation.held_back > 0:
        held = f"{conversation.held_back:.1f}s"
        detail += f", and {held} in which we did not read, for want of memory"
    return Fault(stage, FaultKind.TIMEOUT, detail)


def _freeze(
    request: httpx.Request, conversation: Conversation | None, fault: Fault | None
) -> Exchange:
    """Turn what was seen into a value that cannot change any more."""
    masked = tuple(
        (name.lower(), value if name.lower() in _SHOWN_HEADERS else "<masked>")
        for name, value in request.headers.items()
    )
    bare = request.url.copy_with(userinfo=None) if request.url.userinfo else request.url
    url = str(bare)
    if conversation is None:
        return Exchange(
            method=request.method, url=url, fault=fault, request_headers=masked
        )
    answer = conversation.answer
    return Exchange(
        method=request.method,
        url=url,
        sent=conversation.sent,
        phases=conversation.phases,
        fault=fault,
        peer_address=conversation.peer,
        status=answer.status,
        headers=answer.headers,
        body=tuple(answer.body),
        close_delimited=answer.has_head and answer.close_delimited,
        held_back=conversation.held_back,
        answered_at=answer.answered_at,
        certificate=conversation.certificate,
        request_headers=masked,
    )
