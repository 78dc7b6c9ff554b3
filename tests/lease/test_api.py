"""The three calls, over real sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.lease.leases import Leases, status
from tests.lease.server import PATH, Place, serving
from tm_exporter.clients.leases import LeaseApi, LeaseConflict, LeaseUnreachable
from tm_exporter.clients.resolver import Resolver
from tm_exporter.clients.transport import Transport
from tm_exporter.clients.trust import TrustSet, TrustStore
from tm_exporter.config.load import load
from tm_exporter.config.settings import Settings
from tm_exporter.credentials import SecretUnavailable
from tm_exporter.daemon.succession import leadership_of
from tm_exporter.lease.election import Election
from tm_exporter.lease.leadership import Alone, Unable


@dataclass
class Token:
    """A token that can be taken away."""

    text: str | None = "token-of-test"

    async def get(self) -> SecretStr:
        """Return it."""
        if self.text is None:
            raise SecretUnavailable("token: No such file or directory")
        return SecretStr(self.text)

    def check(self) -> None:
        """Do nothing."""

    def rejected(self) -> None:
        """Do nothing."""


@pytest.fixture
def place() -> Any:
    """Run an API server."""
    with serving("http://127.0.0.1:1") as served:
        yield served


def api(
    url: str,
    *,
    token: Token | None = None,
    trust: TrustSet = TrustSet(),  # noqa: B008 -- frozen
    timeout: float = 2.0,
) -> LeaseApi:
    """Return what speaks to a server."""
    transport = Transport(
        resolver=Resolver(), trust_store=TrustStore(), trust=trust, environ={}
    )
    return LeaseApi(
        transport,
        base_url=url,
        namespace="default",
        name="tm-exporter",
        token=token or Token(),
        timeout=timeout,
    )


async def test_it_is_made_read_and_replaced(place: Place) -> None:
    """Each answer is the lease as it is then."""
    lease = api(place.url)

    before = await lease.read()
    made = await lease.create({"spec": {"holderIdentity": "a"}})
    replaced = await lease.replace({**made, "spec": {"holderIdentity": "b"}})

    assert before is None
    assert made["kind"] == "Lease"
    assert made["metadata"]["name"] == "tm-exporter"
    assert replaced["spec"] == {"holderIdentity": "b"}
    assert await lease.read() == replaced


async def test_who_was_slower_is_told(place: Place) -> None:
    """By making it twice, or by writing over what is not there as it was read."""
    lease = api(place.url)
    first = await lease.create({"spec": {}})
    await lease.replace(first)

    with pytest.raises(LeaseConflict):
        await lease.create({"spec": {}})
    with pytest.raises(LeaseConflict):
        await lease.replace(first)
    place.leases.delete(("default", "tm-exporter"))
    with pytest.raises(LeaseConflict):
        await lease.replace(first)


async def test_a_server_that_fails_is_unreachable(place: Place) -> None:
    """What it says is told, and the lease's name."""
    place.faults["test"] = "error"

    with pytest.raises(LeaseUnreachable, match="500: etcd is away") as told:
        await api(place.url).read()
    assert "default/tm-exporter" in str(told.value)


async def test_silence_ends_in_time(place: Place) -> None:
    """Whether or not the lease was written meanwhile."""
    place.faults["test"] = "answer_lost"

    with pytest.raises(LeaseUnreachable, match="no answer"):
        await api(place.url, timeout=0.3).create({"spec": {}})
    assert place.lease()["spec"] == {}


@dataclass
class Canned:
    """A server that answers everything with the same bytes."""

    answer: bytes
    requests: list[bytes] = field(default_factory=list)
    url: str = ""

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.answer)
        writer.close()

    async def serve(
        self, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[asyncio.Server]:
        """Serve on a free port."""
        async with await asyncio.start_server(
            self._talk, "127.0.0.1", 0, ssl=tls
        ) as server:
            port = server.sockets[0].getsockname()[1]
            self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
            yield server


def answer(line: str, body: str = "{}") -> bytes:
    """Return an answer of HTTP."""
    head = f"HTTP/1.1 {line}\r\ncontent-length: {len(body)}\r\n"
    return f"{head}content-type: application/json\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        pytest.param(answer("403 Forbidden"), "its role must allow", id="role"),
        pytest.param(answer("401 Unauthorized"), "look at the token", id="token"),
        pytest.param(answer("200 OK", "[]"), "no lease", id="list"),
        pytest.param(answer("200 OK", "<html>"), "no lease", id="page"),
        pytest.param(answer("302 Found"), "302", id="redirect"),
        pytest.param(b"", "connection", id="closed"),
        pytest.param(
            answer("200 OK", " " * 2_000_000), "large|1048576|limit", id="bomb"
        ),
    ],
)
async def test_what_is_no_answer_is_told(sent: bytes, told: str) -> None:
    """With what to do about it."""
    canned = Canned(sent)
    async for _ in canned.serve():
        with pytest.raises(LeaseUnreachable, match=told):
            await api(canned.url).read()


async def test_a_namespace_that_is_missing_is_named() -> None:
    """A lease cannot be made there."""
    canned = Canned(answer("404 Not Found", str(status(404, "NotFound"))))
    async for _ in canned.serve():
        with pytest.raises(LeaseUnreachable, match="no namespace default"):
            await api(canned.url).create({"spec": {}})


async def test_the_token_is_sent_and_nothing_without_it() -> None:
    """A server of one's own authority, as in a cluster."""
    token = Token()
    canned = Canned(answer("404 Not Found"))
    async for _ in canned.serve():
        await api(canned.url, token=token).read()
        token.text = None
        with pytest.raises(LeaseUnreachable, match="No such file"):
            await api(canned.url, token=token).read()

    (request,) = canned.requests
    assert b"authorization: bearer token-of-test" in request.lower()
    assert PATH.encode() in request


async def test_its_authority_is_the_cluster_s(tmp_path: Path) -> None:
    """And no other one."""
    authority = trustme.CA()
    bundle = tmp_path / "ca.crt"
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    canned = Canned(answer("404 Not Found"))
    async for _ in canned.serve(context):
        found = await api(canned.url, trust=TrustSet(bundle)).read()
        with pytest.raises(LeaseUnreachable, match="certificate"):
            await api(canned.url).read()

    assert found is None


def settings(**lease: Any) -> Settings:
    """Return a configuration with a lease."""
    overrides = {"lease": {"enabled": True, **lease}, "targets": []}
    return load(file=None, environ={}, isolated=True, overrides=overrides).settings


def test_what_decides_is_built_from_settings(tmp_path: Path) -> None:
    """A lease, a lock, nothing at all, or why neither can be had."""
    environ = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "POD_NAMESPACE": "mon"}

    def built(environ: dict[str, str], **lease: Any) -> object:
        return leadership_of(settings(**lease), lambda _: None, environ)

    outside = built({})
    assert isinstance(built(environ), Election)
    assert isinstance(built({}, enabled=False), Alone)
    assert isinstance(outside, Unable)
    with capture_logs() as logs:
        outside.start(lambda: None)
    assert "set `lease.api_url`" in logs[0]["detail"]
    in_state = {"STATE_DIRECTORY": str(tmp_path)}
    assert not isinstance(built(in_state, kind="file"), Unable)


async def test_two_elections_agree_over_sockets(place: Place) -> None:
    """Who is first leads; when it lets go, the other one does."""

    def competitor(name: str) -> Election:
        loop = asyncio.get_running_loop()
        lease = api(place.url, token=Token(f"token-of-{name}"))
        return Election(lease, name, 1.0, clock=loop.time, now=lambda: 1.8e9)

    one, other = competitor("one"), competitor("other")
    one.start(lambda: None)
    await one.decided(5)
    other.start(lambda: None)
    await other.decided(5)
    leads = one.permit, other.permit
    await one.stop()
    await _until(lambda: other.permit is not None)
    holder = place.lease()["spec"]["holderIdentity"]
    await other.stop()

    assert leads[0] is not None
    assert leads[1] is None
    assert holder == "other"
    assert place.lease()["spec"]["holderIdentity"] == ""


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


def test_the_double_refuses_what_the_server_does() -> None:
    """Or the tests would prove nothing."""
    leases = Leases()
    where = "default", "x"
    made = leases.post("default", {"metadata": {"name": "x"}})[1]
    first = leases.put(where, made)
    second = leases.put(where, made)

    assert first[0] == 200
    assert second[0] == 409
    assert leases.post("default", {"metadata": {"name": "x"}})[0] == 409
