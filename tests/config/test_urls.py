"""Addresses: what may be written, and what it becomes."""

import pytest

from tm_exporter.config import urls


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("https://host", "https://host"),
        ("https://host/", "https://host"),
        ("https://host/v1", "https://host"),
        ("https://host/v1/", "https://host"),
        ("https://host/v1/v1", "https://host/v1"),
        ("https://host/prefix/v1", "https://host/prefix"),
        ("https://host/prefix", "https://host/prefix"),
        ("https://host/apiv1", "https://host/apiv1"),
        ("http://127.0.0.1:80/a", "http://127.0.0.1:80/a"),
        ("HTTPS://Host:8443/Path", "https://host:8443/Path"),
        ("https://[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_a_base_url_ends_before_its_routes(written: str, used: str) -> None:
    """The vendor's tools take it with or without `/v1`; one of them is removed."""
    assert urls.base_url(written) == used


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host",
        "//host",
        "https://",
        "https:///path",
        "https://host:0",
        "https://host:port",
        "https://ho st",
        "https://host\n",
        "https://h\u00f6st",
        "https://[::1",
        "file:///etc/passwd",
        "https://host?a=b",
        "https://host#a",
        "https://user@host",
    ],
)
def test_what_is_no_base_url_is_refused(text: str) -> None:
    """Each of these would fail later, in a way that is harder to read."""
    with pytest.raises(ValueError, match=r"must|is not"):
        urls.base_url(text)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:1", True),
        ("http://127.0.0.1", True),
        ("http://127.5.5.5", True),
        ("http://[::1]:1", True),
        ("http://0.0.0.0", False),
        ("http://10.0.0.1", False),
        ("http://localhost.example", False),
    ],
)
def test_loopback_is_this_machine_only(url: str, here: bool) -> None:  # noqa: FBT001
    """Only there may a key travel without encryption unasked."""
    assert urls.is_loopback(url) is here


@pytest.mark.parametrize("url", ["http://proxy:3128", "http://user@proxy:3128/"])
def test_a_proxy_has_host_and_port(url: str) -> None:
    """A user's name may be there; the password is in a file."""
    assert urls.proxy_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["https://proxy:3128", "http://proxy:3128/path", "socks5://proxy:1080"]
)
def test_another_proxy_is_refused(url: str) -> None:
    """Only CONNECT over plain TCP is spoken."""
    with pytest.raises(ValueError, match="must be an address"):
        urls.proxy_url(url)
