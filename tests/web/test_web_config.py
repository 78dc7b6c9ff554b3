"""The web configuration while the exporter runs: taken up, or refused and told."""

import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse

from tests.clients.certificates import write_leaf
from tests.web.served import authority, client, client_tls, hashed
from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.sections import ServerSection
from tm_exporter.daemon.endpoint import Endpoint, WebConfig
from tm_exporter.web.guard import guarded
from tm_exporter.web.health import health
from tm_exporter.web.listen import ListenError


HELLO = PlainTextResponse("hello")
TLS = "tls_server_config: {cert_file: client.pem, key_file: client.key}\n"


def users(**passwords: str) -> str:
    """Return the section that lets these users in."""
    rows = (
        f"  {name}: {hashed(word.encode()).decode()}\n"
        for name, word in passwords.items()
    )
    return f"basic_auth_users:\n{''.join(rows)}"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """Return a web configuration file with TLS and a user."""
    write_leaf(authority().issue_cert("127.0.0.1"), tmp_path)
    path = tmp_path / "web.yml"
    path.write_text(TLS + users(a="1"))
    return path


def looks(config: WebConfig, times: int = 2) -> list[str | None]:
    """Look so many times: a change must be the same twice to count."""
    return [config.look() for _ in range(times)]


def test_nothing_changed_is_no_news(web: Path) -> None:
    """However often it is looked at."""
    assert looks(WebConfig(web), 5) == [None] * 5


def test_a_change_counts_once_it_is_seen_twice(web: Path) -> None:
    """One that is being written is left alone."""
    config = WebConfig(web)

    web.write_text(TLS + users(b="2"))
    first = config.look()
    web.write_text(TLS + users(c="3"))
    second = config.look()
    third, fourth = looks(config)

    assert (first, second, third, fourth) == (None, None, "", None)
    assert set(config.protection().users) == {b"c"}


def test_a_bad_change_leaves_what_was_and_is_told_once(web: Path) -> None:
    """Until it is good, which is told as well."""
    config = WebConfig(web)
    before = config.protection()

    web.write_text("basic_auth_users: {a: plain}")
    told = looks(config, 4)
    kept = config.protection()
    web.write_text(TLS + users(b="2"))

    assert [word is None for word in told] == [True, False, True, True]
    assert "must be a hash by bcrypt" in (told[1] or "")
    assert kept is before
    assert looks(config) == [None, ""]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("", "would protect nothing", id="emptied"),
        pytest.param("# nothing\n", "would protect nothing", id="commented-out"),
        pytest.param(users(a="1"), "restart to switch TLS on or off", id="tls-off"),
        pytest.param(None, "there is no such file", id="removed"),
    ],
)
def test_a_change_that_opens_the_door_wants_a_restart(
    web: Path, text: str | None, complaint: str
) -> None:
    """A disk that is full writes empty files, too."""
    config = WebConfig(web)

    if text is None:
        web.unlink()
    else:
        web.write_text(text)

    assert complaint in (looks(config)[1] or "")
    assert set(config.protection().users) == {b"a"}


def test_a_certificate_that_is_renewed_is_taken_once_its_key_is_there(
    web: Path,
) -> None:
    """In between, the two do not belong together."""
    config = WebConfig(web)
    before = config.protection().context
    folder = web.parent
    new = folder / "new"
    new.mkdir()
    write_leaf(authority().issue_cert("127.0.0.1"), new)

    os.replace(new / "client.pem", folder / "client.pem")  # noqa: PTH105 -- as is usual
    half = looks(config)
    os.replace(new / "client.key", folder / "client.key")  # noqa: PTH105 -- as is usual
    whole = looks(config)

    assert "is not the key of the certificate" in (half[1] or "")
    assert whole == [None, ""]
    assert config.protection().context is not before


def test_a_link_that_is_pointed_elsewhere_is_a_change(tmp_path: Path) -> None:
    """As Kubernetes does it: all files of a secret at once."""
    for name, word in (("one", "1"), ("two", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "web.yml").write_text(users(**{name: word}))
    data = tmp_path / "data"
    data.symlink_to("one")
    config = WebConfig(data / "web.yml")

    (tmp_path / "other").symlink_to("two")
    (tmp_path / "other").rename(data)

    assert looks(config) == [None, ""]
    assert set(config.protection().users) == {b"two"}


def test_a_bad_file_at_the_start_is_a_bad_configuration(web: Path) -> None:
    """There is nothing that could stay in force."""
    web.write_text("basic_auth_user: {}")

    with pytest.raises(ConfigurationError, match="did you mean `basic_auth_users`"):
        WebConfig(web)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.sampled_from(["a", "b", "", "bad: 1", "tls_server_config: {}"])))
def test_the_last_good_one_is_in_force(tmp_path: Path, written: list[str]) -> None:
    """Whatever came before and after it."""
    web = tmp_path / "web.yml"
    web.write_text(users(first="1"))
    config, expected = WebConfig(web), "first"

    for text in written:
        web.write_text(users(**{text: "1"}) if text in {"a", "b"} else text)
        looks(config)
        expected = text if text in {"a", "b"} else expected

    assert set(config.protection().users) == {expected.encode()}


async def test_an_endpoint_has_both_addresses_and_follows_its_files(web: Path) -> None:
    """Users at one, who counts; health at the other, for everybody."""
    told: list[bool] = []
    server = ServerSection(health_listen="127.0.0.1:0", web_config_file=web)
    endpoint = Endpoint(
        server,
        "127.0.0.1:0",
        lambda protection: guarded(HELLO, protection),
        health(lambda: True, lambda: True),
        told.append,
    )
    url = await endpoint.start()
    try:
        async with client(client_tls(), ("a", "1")) as asks, asyncio.timeout(5):
            before = await asks.get(url)
            await asyncio.to_thread(web.write_text, TLS + users(a="2"))
            while (after := await asks.get(url)).status_code == 200:
                await asyncio.sleep(0.05)
    finally:
        await endpoint.stop()

    assert (before.status_code, after.status_code) == (200, 401)
    assert told == [True]


async def test_a_second_address_that_is_taken_is_one_sentence() -> None:
    """And the first is given up again."""
    server = ServerSection(health_listen="192.0.2.1:0")
    endpoint = Endpoint(server, "127.0.0.1:0", lambda _: HELLO, HELLO, lambda _: None)

    with pytest.raises(ListenError, match=r"^cannot listen on 192\.0\.2\.1:0"):
        await endpoint.start()
    await endpoint.stop()
