"""The files that decide over a handshake, and what becomes of changes to them."""

import os
import ssl
from pathlib import Path

import pytest
import trustme

from tests.clients.asking import ask, make_transport, seen
from tests.clients.certificates import write_leaf
from tests.scripted_server import answer, handshake, request, send, serving
from tm_exporter.clients.trust import TrustSet, TrustStore, TrustUnavailable, looking
from tm_exporter.exchange import FaultKind, Stage
from tm_exporter.observation import Reason


def foreign() -> bytes:
    """Return the certificate of an authority that signed nothing here."""
    return trustme.CA().cert_pem.bytes()


async def test_a_changed_bundle_is_read_again(
    authority: trustme.CA, server_tls: ssl.SSLContext, tmp_path: Path
) -> None:
    """Also where it is changed by swapping a symbolic link, as Kubernetes does."""
    old, new, link = tmp_path / "old", tmp_path / "new", tmp_path / "ca.pem"
    old.write_bytes(foreign())
    new.write_bytes(authority.cert_pem.bytes())
    link.symlink_to(old)
    transport = make_transport(trust=TrustSet(ca_bundle=link))

    with serving(handshake(server_tls), request, send(answer())) as server:
        url = server.address("https", "localhost")
        before = await ask(url, transport=transport)
        (tmp_path / "next").symlink_to(new)
        (tmp_path / "next").rename(link)
        after = await ask(url, transport=transport)

    assert (seen(before)[2], seen(after)[2]) == (Reason.TLS, None)


def test_equal_trust_is_one_context(ca_bundle: Path) -> None:
    """It takes milliseconds and most of a megabyte, so all targets share it."""
    store = TrustStore()

    context = store.context(TrustSet(ca_bundle))

    assert store.context(TrustSet(ca_bundle)) is context
    assert store.context(TrustSet()) is store.context(TrustSet())
    assert store.context(TrustSet()) is not context


def test_a_file_of_the_same_size_is_still_another(tmp_path: Path) -> None:
    """The time and the inode tell."""
    path = tmp_path / "ca.pem"
    path.write_bytes(foreign())
    store = TrustStore()
    context = store.context(TrustSet(path))

    os.utime(path, ns=(1, 1))

    assert store.context(TrustSet(path)) is not context


def test_a_change_whose_time_was_set_back_is_a_change(tmp_path: Path) -> None:
    """Length, time and inode are what they were; nobody can set all of it back."""
    path = tmp_path / "ca.pem"
    path.write_bytes(foreign())
    before = path.stat()
    store = TrustStore()
    context = store.context(TrustSet(path))

    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert store.context(TrustSet(path)) is not context


@pytest.mark.parametrize("key", ["ca_bundle", "client_cert", "client_key"])
def test_what_is_no_regular_file_is_not_waited_for(
    ca_bundle: Path, tmp_path: Path, key: str
) -> None:
    """A pipe that nobody writes to would stop all probes."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    trust = TrustSet(**{"client_cert": ca_bundle, key: pipe})

    with pytest.raises(TrustUnavailable, match="pipe: not a regular file"):
        TrustStore().context(trust)


def test_nothing_is_weakened() -> None:
    """Chain, name and dates are verified, and old protocols are off."""
    context = TrustStore().context(TrustSet())

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT


def test_a_second_look_shows_and_believes_nothing() -> None:
    """It is only for seeing what was refused."""
    assert looking().verify_mode is ssl.CERT_NONE
    assert looking() is looking()


@pytest.fixture
def broken(tmp_path: Path, ca_bundle: Path) -> dict[str, TrustSet]:
    """Return trust sets of which a file is not what it should be."""
    chain, key = write_leaf(trustme.CA().issue_cert("x.test"), tmp_path)
    other = tmp_path / "other.key"
    trustme.CA().issue_cert("y.test").private_key_pem.write_to_path(str(other))
    junk, empty = tmp_path / "junk.pem", tmp_path / "empty.pem"
    junk.write_bytes(b"\xff no PEM at all")
    empty.touch()
    missing = tmp_path / "missing.pem"
    return {
        "missing-bundle": TrustSet(missing),
        "bundle-is-a-folder": TrustSet(tmp_path),
        "bundle-is-junk": TrustSet(junk),
        "bundle-is-empty": TrustSet(empty),
        "bundle-is-a-key": TrustSet(key),
        "missing-certificate": TrustSet(ca_bundle, missing, key),
        "missing-key": TrustSet(ca_bundle, chain, missing),
        "no-key": TrustSet(ca_bundle, chain),
        "key-of-another": TrustSet(ca_bundle, chain, other),
        "certificate-is-junk": TrustSet(ca_bundle, junk, key),
    }


CASES = (
    "missing-bundle",
    "bundle-is-a-folder",
    "bundle-is-junk",
    "bundle-is-empty",
    "bundle-is-a-key",
    "missing-certificate",
    "missing-key",
    "no-key",
    "key-of-another",
    "certificate-is-junk",
)


@pytest.mark.parametrize("case", CASES)
async def test_a_file_that_cannot_be_used_is_our_own_fault(
    case: str, broken: dict[str, TrustSet], server_tls: ssl.SSLContext
) -> None:
    """No connection is made: nothing can be said of the service."""
    transport = make_transport(trust=broken[case])
    with serving(handshake(server_tls)) as server:
        exchange = await ask(server.address("https", "localhost"), transport=transport)

    assert seen(exchange) == (Stage.PREPARE, FaultKind.FAILED, Reason.CONFIGURATION)
    assert exchange.fault is not None
    assert ".pem: " in exchange.fault.detail or "/" in exchange.fault.detail
    assert (exchange.phases, server.peers) == ({}, [])


async def test_a_file_that_comes_back_is_used(
    authority: trustme.CA, server_tls: ssl.SSLContext, tmp_path: Path
) -> None:
    """A target whose bundle is missing fails until it can be read."""
    path = tmp_path / "ca.pem"
    transport = make_transport(trust=TrustSet(path))

    with serving(handshake(server_tls), request, send(answer())) as server:
        url = server.address("https", "localhost")
        before = await ask(url, transport=transport)
        path.write_bytes(authority.cert_pem.bytes())
        after = await ask(url, transport=transport)

    assert (seen(before)[2], seen(after)[2]) == (Reason.CONFIGURATION, None)


async def test_plain_http_needs_no_trust(tmp_path: Path) -> None:
    """A missing bundle is no reason not to speak without TLS."""
    transport = make_transport(trust=TrustSet(tmp_path / "missing.pem"))

    with serving(request, send(answer())) as server:
        exchange = await ask(server.url, transport=transport)

    assert seen(exchange) == (None, None, None)


def test_the_message_names_the_file(tmp_path: Path) -> None:
    """So that people know which one to repair."""
    missing = tmp_path / "missing.pem"

    with pytest.raises(TrustUnavailable, match=r"missing\.pem: No such file"):
        TrustStore().context(TrustSet(missing))
