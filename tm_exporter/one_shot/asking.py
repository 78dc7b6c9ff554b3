"""Ask a daemon that runs, over HTTP."""

import ssl
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Literal
from urllib.parse import quote, urlsplit

from tm_exporter.logs.printable import printable
from tm_exporter.one_shot.login import Login


Form = Literal["text", "json"]

_PATIENCE = 10.0
_MOST_BYTES = 16 * 1024**2
_OTHER_NAMES = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, and that of an IP address


class NoAnswer(Exception):  # noqa: N818 -- what came of it
    """No daemon answered as one does; the text is a sentence for people."""


def evidence(url: str, probe_id: str, form: Form, login: Login) -> str | None:
    """
    Return the transcript of a run that a daemon keeps, None if it keeps none.

    Args:
        url: Of the daemon.
        probe_id: Of the run.
        form: What to have it in.
        login: Who asks.

    Raises:
        NoAnswer: Nothing that answers so is there.
        LoginUnusable: Nobody was asked.
    """
    name = quote(probe_id, safe="", errors="replace")
    path = f"/api/v1/evidence/{name}?format={form}"
    answer = _get(url, path, login)
    if answer is None:
        return None
    return "\n".join(printable(line) for line in answer.splitlines())


def _get(url: str, path: str, login: Login) -> str | None:
    """Return what is at a path of a daemon, None for a 404."""
    if not _is_address(url):
        raise NoAnswer(f"{url} is no address such as http://127.0.0.1:9877")
    context = login.context() if url.startswith("https:") else None
    asks = request(url.rstrip("/") + path, login)
    try:
        with opener(context).open(asks, timeout=_PATIENCE) as answer:
            body: bytes = answer.read(_MOST_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 404:
                return None
        raise NoAnswer(_refused(url, error.code, login)) from error
    except (OSError, ValueError, HTTPException) as error:
        raise NoAnswer(silent(url, error)) from error
    return body.decode("utf-8", "replace")


def _is_address(url: str) -> bool:
    """Whether it can be asked at all."""
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False


def _refused(url: str, status: int, login: Login) -> str:
    if status == 401:
        return unknown(url, login)
    return f"{url} answers {status}, so it is no daemon"


def request(url: str, login: Login) -> urllib.request.Request:
    """
    Return what asks for a page in somebody's name.

    Raises:
        LoginUnusable: The password cannot be read.
    """
    said = login.authorization()
    headers = {} if said is None else {"Authorization": said}
    return urllib.request.Request(url, headers=headers)  # noqa: S310 -- seen to be http


def opener(context: ssl.SSLContext | None) -> urllib.request.OpenerDirector:
    """Return what asks: by no proxy, and nobody else than who was named."""
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=context),
        _NoRedirect(),
    )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Take a redirect for what it is: not the daemon's answer."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


def unknown(url: str, login: Login) -> str:
    """Return that a daemon wants to know who asks, and how to say it."""
    if login.user is not None:
        return f"{url} takes no such user and password"
    return f"{url} asks for a password: give --user and --password-file"


def silent(url: str, error: Exception) -> str:
    """Return that no daemon of ours answers there, why, and what to do."""
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"{url} is not trusted: {reason.verify_message}: {_advice(reason)}"
    why = getattr(reason, "strerror", None) or str(reason)
    return (
        f"no daemon answers at {url}: {why.lower()}: start it, or say with --url"
        " where it listens"
    )


def _advice(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _OTHER_NAMES:
        return "ask with --url by a name that is in it"
    return "name the authority of its certificate with --ca-file"
