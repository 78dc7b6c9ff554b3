"""What the commands ask of a daemon that lets in only whom it knows."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.clients.certificates import tls_of, write_leaf
from tests.web.served import authority, hashed, served, server_tls
from tm_exporter import cli
from tm_exporter.clients.trust import TrustSet
from tm_exporter.healthcheck import Unhealthy, ask
from tm_exporter.one_shot.asking import NoAnswer, evidence
from tm_exporter.one_shot.login import Login, LoginUnusable
from tm_exporter.web.health import health
from tm_exporter.web.protection import Protection


USERS = {"jürgen".encode(): hashed("пароль".encode())}
TRANSCRIPT = Starlette(
    routes=[Route("/api/v1/evidence/abc", lambda _: PlainTextResponse("a transcript"))]
)
WELL = health(lambda: True, lambda: False)

Asks = Callable[[str, Login], str | None]


def of_evidence(url: str, login: Login) -> str | None:
    """Ask for a transcript."""
    return evidence(url, "abc", "text", login)


ASKS = pytest.mark.parametrize(
    ("app", "asks", "told"),
    [
        pytest.param(TRANSCRIPT, of_evidence, "a transcript", id="evidence"),
        pytest.param(WELL, ask, "healthy", id="healthcheck"),
    ],
)


@pytest.fixture
def password(tmp_path: Path) -> Path:
    """Return a file with the password."""
    path = tmp_path / "password"
    path.write_text("пароль\n")
    return path


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Return a file with the authority that nobody else trusts."""
    path = tmp_path / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return path


@ASKS
async def test_a_user_comes_in(
    app: Starlette, asks: Asks, told: str, password: Path, bundle: Path
) -> None:
    """Over a connection whose other end was made sure of first."""
    login = Login("jürgen", password, TrustSet(bundle))
    protection = Protection(context=server_tls(), users=USERS)

    async with served(app, lambda: protection) as url:
        assert await asyncio.to_thread(asks, url, login) == told


@ASKS
async def test_a_client_shows_its_certificate(
    app: Starlette, asks: Asks, told: str, tmp_path: Path, bundle: Path
) -> None:
    """Where that is what is asked for."""
    write_leaf(authority().issue_cert("prober"), tmp_path)
    trust = TrustSet(bundle, tmp_path / "client.pem", tmp_path / "client.key")
    protection = Protection(context=server_tls(asks_clients=ssl.CERT_REQUIRED))

    async with served(app, lambda: protection) as url:
        assert await asyncio.to_thread(asks, url, Login(trust=trust)) == told


@ASKS
async def test_no_password_goes_to_a_stranger(
    app: Starlette, asks: Asks, told: str, password: Path
) -> None:
    """The sentence says what is missing, and not what was kept back."""
    login = Login("jürgen", password)
    protection = Protection(context=server_tls(), users=USERS)

    async with served(app, lambda: protection) as url:
        with pytest.raises((NoAnswer, Unhealthy)) as caught:
            await asyncio.to_thread(asks, url, login)

    assert f"{url} is not trusted" in str(caught.value)
    assert "--ca-file" in str(caught.value)
    assert told not in str(caught.value)


@ASKS
async def test_a_wrong_password_is_told(
    app: Starlette, asks: Asks, told: str, tmp_path: Path
) -> None:
    """As what it is, without itself."""
    wrong = tmp_path / "wrong"
    wrong.write_text("hunter2")

    async with served(app, lambda: Protection(users=USERS)) as url:
        with pytest.raises((NoAnswer, Unhealthy)) as caught:
            await asyncio.to_thread(asks, url, Login("jürgen", wrong))

    assert str(caught.value) == f"{url} takes no such user and password"
    assert told not in str(caught.value)


@ASKS
async def test_who_shows_no_password_is_told_how(
    app: Starlette, asks: Asks, told: str
) -> None:
    """By the names of the options."""
    async with served(app, lambda: Protection(users=USERS)) as url:
        with pytest.raises((NoAnswer, Unhealthy)) as caught:
            await asyncio.to_thread(asks, url, Login())

    assert "asks for a password" in str(caught.value)
    assert "--user and --password-file" in str(caught.value)
    assert told not in str(caught.value)


async def test_the_daemon_of_the_configuration_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no address is given, as in a container."""
    monkeypatch.delenv("TM_EXPORTER_CONFIG", raising=False)
    async with served(TRANSCRIPT) as url:
        listen = url.removeprefix("http://")
        monkeypatch.setenv("TM_EXPORTER_SERVER__LISTEN", listen)
        status = await asyncio.to_thread(cli.main, ["evidence", "abc"])

    assert (status, capsys.readouterr().out) == (0, "a transcript\n")


@ASKS
async def test_a_daemon_that_is_asked_by_another_name_is_told(
    app: Starlette, asks: Asks, told: str, bundle: Path
) -> None:
    """Its authority is known then, and no file would help."""
    protection = Protection(context=tls_of(authority().issue_cert("localhost")))

    async with served(app, lambda: protection) as url:
        with pytest.raises((NoAnswer, Unhealthy)) as caught:
            await asyncio.to_thread(asks, url, Login(trust=TrustSet(bundle)))

    assert str(caught.value).endswith("ask with --url by a name that is in it")
    assert told not in str(caught.value)


async def test_a_password_is_carried_nowhere_else(password: Path) -> None:
    """A redirect is no transcript, and may lead to anybody."""
    heard: list[Request] = []

    def listen(request: Request) -> Response:
        heard.append(request)
        return PlainTextResponse("mine")

    thief = Starlette(routes=[Route("/{path:path}", listen)])
    async with (
        served(thief) as elsewhere,
        served(RedirectResponse(elsewhere)) as url,
    ):
        with pytest.raises(NoAnswer, match="answers 307"):
            await asyncio.to_thread(of_evidence, url, Login("jürgen", password))

    assert not heard


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(None, "No such file or directory", id="missing"),
        pytest.param(b"\n", "is empty", id="empty"),
        pytest.param(b"\xff", "is not a text in UTF-8", id="binary"),
    ],
)
def test_a_password_that_cannot_be_read_is_told(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    """Before anybody is asked."""
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(LoginUnusable, match=told):
        ask("http://127.0.0.1:1", Login("a", path))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--user a", "--user and --password-file go together"),
        ("--password-file password", "--user and --password-file go together"),
        ("--key-file client.key", "--key-file goes with --cert-file"),
        ("--user a --password-file gone", "gone: No such file or directory"),
        ("--user a --password-file password --ca-file gone", "gone: No such file"),
    ],
)
@pytest.mark.parametrize("command", ["evidence abc", "healthcheck"])
def test_options_of_which_one_is_missing_are_refused(
    command: str,
    options: str,
    told: str,
    password: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With status 2: nothing was asked."""
    monkeypatch.chdir(password.parent)
    line = f"{command} --url https://127.0.0.1:1 {options}"

    assert cli.main(line.split()) == 2
    assert told in capsys.readouterr().err


def test_a_password_on_the_command_line_is_refused_and_not_repeated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All processes of a machine may be listed by anybody on it."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["evidence", "abc", "--user", "jane:hunter2"])

    said = capsys.readouterr()
    assert ended.value.code == 2
    assert "--password-file" in said.err
    assert "hunter2" not in said.err + said.out
