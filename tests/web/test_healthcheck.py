"""The health check of containers, against real servers."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse, RedirectResponse

from tests.clients.certificates import write_leaf
from tests.web.served import authority, hashed, served, server_tls
from tm_exporter import cli
from tm_exporter.config.sections import ServerSection
from tm_exporter.healthcheck import Unhealthy, ask, own_url, pages_url
from tm_exporter.web.health import health
from tm_exporter.web.protection import Protection


WELL = health(lambda: True, lambda: False)


async def test_a_healthy_daemon_is_healthy() -> None:
    """At its address, or at the very page."""
    async with served(WELL) as url:
        said = [
            await asyncio.to_thread(ask, f"{url}{path}")
            for path in ("", "/", "/-/healthy")
        ]

    assert said == ["healthy"] * 3


async def test_any_certificate_will_do() -> None:
    """Nothing is sent that a stranger could want, and the name is seldom ours."""
    protection = Protection(context=server_tls())

    async with served(WELL, lambda: protection) as url:
        assert await asyncio.to_thread(ask, url) == "healthy"


@pytest.mark.parametrize(
    ("app", "path", "protection", "told"),
    [
        pytest.param(WELL, "/-/ready", Protection(), "503: not ready", id="not-ready"),
        pytest.param(
            health(lambda: False, lambda: True),
            *("", Protection(), "503: not healthy"),
            id="not-healthy",
        ),
        pytest.param(
            WELL,
            *("", Protection(users={b"a": hashed(b"b")}), "set `server.health_listen`"),
            id="wants-a-password",
        ),
        pytest.param(
            RedirectResponse("http://192.0.2.1/"),
            *("", Protection(), "answers 307"),
            id="redirect",
        ),
        pytest.param(
            PlainTextResponse("\x1b[2Jno", 500),
            *("", Protection(), r"500: \u001b[2Jno"),
            id="hostile",
        ),
    ],
)
async def test_what_is_not_well_is_said(
    app: PlainTextResponse, path: str, protection: Protection, told: str
) -> None:
    """One sentence, and what to do where something can be done."""
    async with served(app, lambda: protection) as url:
        with pytest.raises(Unhealthy) as caught:
            await asyncio.to_thread(ask, url + path)

    assert told in str(caught.value)


@pytest.mark.parametrize("url", ["", "9877", "ftp://x", "http://", "http://[::1"])
def test_what_is_no_address_is_said(url: str) -> None:
    """Instead of a traceback."""
    with pytest.raises(Unhealthy):
        ask(url)


@pytest.mark.parametrize(
    ("listen", "health_listen", "expected"),
    [
        pytest.param("0.0.0.0:9877", None, "http://127.0.0.1:9877", id="anywhere"),
        pytest.param("[::]:9877", None, "http://[::1]:9877", id="anywhere-six"),
        pytest.param("10.0.0.1:80", None, "http://10.0.0.1:80", id="one-address"),
        pytest.param(
            *("0.0.0.0:9877", "0.0.0.0:9878", "http://127.0.0.1:9878"), id="health"
        ),
    ],
)
def test_where_it_asks(listen: str, health_listen: str | None, expected: str) -> None:
    """Where no credentials are asked for, if there is such an address."""
    server = ServerSection(listen=listen, health_listen=health_listen)

    assert own_url(server) == expected


def test_it_asks_over_tls_where_the_pages_are(tmp_path: Path) -> None:
    """And takes it for granted where the file cannot be read now."""
    write_leaf(authority().issue_cert("127.0.0.1"), tmp_path)
    web = tmp_path / "web.yml"
    web.write_text("tls_server_config: {cert_file: client.pem, key_file: client.key}")
    server = ServerSection(listen="127.0.0.1:9877", web_config_file=web)

    good = own_url(server)
    web.write_text("")
    plain = own_url(server)
    web.unlink()

    assert (good, plain) == ("https://127.0.0.1:9877", "http://127.0.0.1:9877")
    assert own_url(server) == good


def test_the_pages_are_not_where_only_health_is() -> None:
    """A transcript is asked for at `listen`."""
    server = ServerSection(listen=":9877", health_listen="0.0.0.0:9878")

    assert pages_url(server) == "http://127.0.0.1:9877"


@pytest.mark.parametrize("where", [own_url, pages_url])
def test_any_port_cannot_be_guessed(where: Callable[[ServerSection], str]) -> None:
    """The address has to be given."""
    with pytest.raises(Unhealthy, match="--url"):
        where(ServerSection(listen="127.0.0.1:0"))


def test_the_command_says_it_by_its_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 where nobody answers."""
    monkeypatch.delenv("TM_EXPORTER_CONFIG", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
    monkeypatch.setenv("TM_EXPORTER_SERVER__LISTEN", address)

    assert cli.main(["healthcheck"]) == 1
    assert cli.main(["healthcheck", "--url", f"http://{address}"]) == 1
    assert f"no daemon answers at http://{address}" in capsys.readouterr().err
