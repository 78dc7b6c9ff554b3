"""Ask the daemon on this machine whether it is well, as a container's health check."""

import ssl
import urllib.error
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.sections import ServerSection, split_address
from tm_exporter.config.web_load import load_web
from tm_exporter.logs.printable import printable
from tm_exporter.one_shot.asking import opener, request, silent, unknown
from tm_exporter.one_shot.login import Login


_PATIENCE = 5.0
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- not to listen on
_PATHS = ("/-/healthy", "/-/ready")
_NOBODY = Login()


class Unhealthy(Exception):  # noqa: N818 -- a state, and the answer
    """The daemon is not well, or cannot be asked; the text is a sentence for people."""


def own_url(server: ServerSection) -> str:
    """
    Return where the daemon of a configuration tells its health.

    That is `health_listen`, where there is one: it asks for no credentials.

    Raises:
        Unhealthy: Its port is not known before it listens.
    """
    if server.health_listen is not None:
        return _url(server.health_listen, has_tls=False)
    return pages_url(server)


def pages_url(server: ServerSection) -> str:
    """
    Return where the daemon of a configuration has its pages.

    Raises:
        Unhealthy: Its port is not known before it listens.
    """
    return _url(server.listen, has_tls=_has_tls(server.web_config_file))


def _url(listen: str, *, has_tls: bool) -> str:
    host, port = split_address(listen)
    if port == 0:
        raise Unhealthy("port 0 is any port: say which with --url")
    host = _ANYWHERE.get(host, host)
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if has_tls else 'http'}://{name}:{port}"


def _has_tls(path: Path | None) -> bool:
    """Whether a web configuration asks for TLS; a bad one may be in force no more."""
    try:
        return path is not None and load_web(path).context is not None
    except ConfigurationError:
        return True


def ask(url: str, login: Login = _NOBODY) -> str:
    """
    Return what a daemon says of its health, where it is well.

    Where nobody is named no credential is sent, and so a certificate is not verified:
    mostly it is not for the name by which a health check asks. No proxy is used.

    Args:
        url: Of the daemon, or of its `/-/healthy` or `/-/ready`.
        login: Who asks.

    Raises:
        Unhealthy: It is not well, or does not answer as one.
        LoginUnusable: It was not asked.
    """
    if not _is_address(url):
        raise Unhealthy(f"{url} is no address such as http://127.0.0.1:9877")
    path = "" if url.endswith(_PATHS) else _PATHS[0]
    context = _unverified() if login == _NOBODY else login.context()
    asks = request(url.rstrip("/") + path, login)
    try:
        with opener(context).open(asks, timeout=_PATIENCE) as answer:
            return printable(answer.read(200).decode("utf-8", "replace").strip(), 200)
    except urllib.error.HTTPError as error:
        raise Unhealthy(_refused(url, error, login)) from error
    except (OSError, ValueError, HTTPException) as error:
        raise Unhealthy(silent(url, error)) from error


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _refused(url: str, error: urllib.error.HTTPError, login: Login) -> str:
    with error:
        said = printable(error.read(200).decode("utf-8", "replace").strip(), 200)
    if error.code == 401 and login.user is None:
        return f"{unknown(url, login)}, or set `server.health_listen`, and ask there"
    if error.code == 401:
        return unknown(url, login)
    return f"{url} answers {error.code}: {said}"


def _unverified() -> ssl.SSLContext:
    """Return what takes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
