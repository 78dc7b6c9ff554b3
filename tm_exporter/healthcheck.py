"""Ask the daemon on this machine whether it is well, as a container's health check."""

import ssl
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.sections import ServerSection, split_address
from tm_exporter.config.web_load import load_web
from tm_exporter.logs.printable import printable
from tm_exporter.one_shot.asking import silent


_PATIENCE = 5.0
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- not to listen on
_PATHS = ("/-/healthy", "/-/ready")


class Unhealthy(Exception):  # noqa: N818 -- a state, and the answer
    """The daemon is not well, or cannot be asked; the text is a sentence for people."""


def own_url(server: ServerSection) -> str:
    """
    Return where the daemon of a configuration tells its health.

    That is `health_listen`, where there is one: it asks for no credentials.

    Raises:
        Unhealthy: Its port is not known before it listens.
    """
    host, port = split_address(server.health_listen or server.listen)
    if port == 0:
        raise Unhealthy("port 0 is any port: say which with --url")
    host = _ANYWHERE.get(host, host)
    name = f"[{host}]" if ":" in host else host
    has_tls = not server.health_listen and _has_tls(server.web_config_file)
    return f"{'https' if has_tls else 'http'}://{name}:{port}"


def _has_tls(path: Path | None) -> bool:
    """Whether a web configuration asks for TLS; a bad one may be in force no more."""
    try:
        return path is not None and load_web(path).context is not None
    except ConfigurationError:
        return True


def ask(url: str) -> str:
    """
    Return what a daemon says of its health, where it is well.

    No credential is sent, and so a certificate is not verified: mostly it is not for
    the name by which a health check asks. No proxy is used.

    Args:
        url: Of the daemon, or of its `/-/healthy` or `/-/ready`.

    Raises:
        Unhealthy: It is not well, or does not answer as one.
    """
    if not _is_address(url):
        raise Unhealthy(f"{url} is no address such as http://127.0.0.1:9877")
    path = "" if url.endswith(_PATHS) else _PATHS[0]
    try:
        with _opener().open(url.rstrip("/") + path, timeout=_PATIENCE) as answer:
            return printable(answer.read(200).decode("utf-8", "replace").strip(), 200)
    except urllib.error.HTTPError as error:
        raise Unhealthy(_refused(url, error)) from error
    except (OSError, ValueError, HTTPException) as error:
        raise Unhealthy(silent(url, error)) from error


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _refused(url: str, error: urllib.error.HTTPError) -> str:
    with error:
        said = printable(error.read(200).decode("utf-8", "replace").strip(), 200)
    if error.code == 401:
        return f"{url} asks for a password: set `server.health_listen`, and ask there"
    return f"{url} answers {error.code}: {said}"


def _opener() -> urllib.request.OpenerDirector:
    """Return what asks: no proxy, no redirect, any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=context),
        _NoRedirect(),
    )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Take a redirect for what it is: not the daemon's answer."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""
