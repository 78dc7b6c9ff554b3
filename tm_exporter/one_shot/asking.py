"""Ask a daemon that runs, over HTTP."""

import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Literal
from urllib.parse import quote, urlsplit

from tm_exporter.logs.printable import printable


Form = Literal["text", "json"]

_PATIENCE = 10.0
_MOST_BYTES = 16 * 1024**2


class NoAnswer(Exception):  # noqa: N818 -- what came of it
    """No daemon answered as one does; the text is a sentence for people."""


def evidence(url: str, probe_id: str, form: Form) -> str | None:
    """
    Return the transcript of a run that a daemon keeps, None if it keeps none.

    Args:
        url: Of the daemon.
        probe_id: Of the run.
        form: What to have it in.

    Raises:
        NoAnswer: Nothing that answers so is there.
    """
    path = f"/api/v1/evidence/{quote(probe_id, safe='')}?format={form}"
    answer = _get(url, path)
    if answer is None:
        return None
    return "\n".join(printable(line) for line in answer.splitlines())


def _get(url: str, path: str) -> str | None:
    """Return what is at a path of a daemon, None for a 404. No proxy is asked."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise NoAnswer(f"{url} is no address such as http://127.0.0.1:9877")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url.rstrip("/") + path, timeout=_PATIENCE) as answer:
            body: bytes = answer.read(_MOST_BYTES)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise NoAnswer(f"{url} answers {error.code}, so it is no daemon") from error
    except (OSError, ValueError, HTTPException) as error:
        raise NoAnswer(silent(url, error)) from error
    return body.decode("utf-8", "replace")


def silent(url: str, error: Exception) -> str:
    """Return that nobody answers there, why, and what to do."""
    reason = getattr(error, "reason", error)
    why = getattr(reason, "strerror", None) or str(reason)
    return (
        f"no daemon answers at {url}: {why.lower()}: start it, or say with --url"
        " where it listens"
    )
