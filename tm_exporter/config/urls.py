"""Addresses as they may be written in a configuration, and as they are used."""

import ipaddress
from urllib.parse import SplitResult, urlsplit


def split(text: str) -> SplitResult:
    """
    Take apart an http or https address.

    Raises:
        ValueError: If it is none, or has a part that does not belong there. The
            text is never repeated: it may hold a password.
    """
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be an address of plain ASCII characters without spaces")
    try:
        parts = urlsplit(text)
        valid = parts.port != 0 and bool(parts.hostname)
    except ValueError:
        raise ValueError("is not an address: look at host and port") from None
    if parts.scheme not in {"http", "https"} or not valid:
        raise ValueError("must be an address such as https://host or http://host:port")
    if parts.query or parts.fragment:
        raise ValueError("must have no query (`?`) and no fragment (`#`)")
    return parts


def is_loopback(url: str) -> bool:
    """Whether an address can only mean this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def base_url(text: str) -> str:
    """
    Return an address without trailing slash and without one trailing `/v1`.

    The vendor's clients take it with or without; a path in front of it is kept.

    Raises:
        ValueError: If it is not the address of a service.
    """
    parts = split(text)
    if "@" in parts.netloc:
        raise ValueError("must have no user name and no password in it")
    path = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
    return f"{parts.scheme}://{parts.netloc.lower()}{path}"


def proxy_url(text: str) -> str:
    """
    Return the address of a proxy, as `http://[user@]host:port`.

    Raises:
        ValueError: If it is anything else.
    """
    parts = split(text)
    if parts.scheme != "http" or parts.port is None or parts.path.strip("/"):
        raise ValueError("must be an address such as http://host:port")
    if parts.password is not None:
        raise ValueError("must have no password: put that into `proxy_password_file`")
    return f"http://{parts.netloc}"


def page_url(text: str) -> str:
    """
    Return the address of a page, as it is.

    Raises:
        ValueError: If it is none.
    """
    if "@" in split(text).netloc:
        raise ValueError("must have no user name and no password in it")
    return text
