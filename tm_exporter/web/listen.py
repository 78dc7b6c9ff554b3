"""Open the socket that the server listens on."""

import errno
import re
import socket


_ADDRESS = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:\[\]]*)):(?P<port>\d{1,5})")
_HIGHEST_PORT = 65535


class ListenError(Exception):
    """The address is none, or cannot be listened on; the command line says so."""


def parse(listen: str) -> tuple[str, int]:
    """
    Return host and port of a text such as `127.0.0.1:9877`, `[::1]:0` or `:9877`.

    Raises:
        ListenError: It is not of that form.
    """
    match = _ADDRESS.fullmatch(listen)
    if match is None or int(match["port"]) > _HIGHEST_PORT:
        raise ListenError(
            f"cannot listen on {listen!r}: write HOST:PORT, "
            "an IPv6 address in brackets, port 0 for any free one"
        )
    return match["six"] or match["host"] or "0.0.0.0", int(match["port"])  # noqa: S104


def bind(listen: str) -> socket.socket:
    """
    Return a listening socket.

    Raises:
        ListenError: The address is none, is not ours, or is taken.
    """
    host, port = parse(listen)
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ListenError(f"cannot listen on {listen}: {_cause(error)}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Inherited by connections; else an answer's body waits 40 ms for the
        # acknowledgement of its head.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        raise ListenError(f"cannot listen on {listen}: {_cause(error)}") from error
    listener.setblocking(False)
    return listener


def url(listener: socket.socket, *, tls: bool = False) -> str:
    """Return where the socket can be reached, its port resolved."""
    host, port = listener.getsockname()[:2]
    scheme = "https" if tls else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _cause(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "this is no host name"
    why = (error.strerror or str(error)).lower()
    return f"{why}: {_ADVICE[error.errno]}" if error.errno in _ADVICE else why


_ADVICE = {
    errno.EADDRINUSE: "end what listens there, or choose another address",
    errno.EADDRNOTAVAIL: "choose an address of this machine, or 0.0.0.0 for all",
    errno.EACCES: "choose a port above 1023, or ask for the right to use it",
}
