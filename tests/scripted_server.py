"""
Servers that do exactly what a list of steps says, byte by byte.

Each connection has a thread and a blocking socket of its own, so that what a
server does is not disturbed by the event loop under test.
"""

import contextlib
import re
import secrets
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


PATIENCE = 20.0
"""Seconds after which a step gives up: longer than any good test takes."""

_BELOW_THE_SYSTEM_S, _MANY_PORTS = 20_000, 12_000
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Peer:
    """
    One connection, seen from the server.

    Attributes:
        received: All bytes that came, decrypted.
        sent_at: Monotonic seconds just before each send.
        trouble: What TLS had to say against the other side.
        over: Set when the server is to end.
    """

    sock: socket.socket
    received: bytearray = field(default_factory=bytearray)
    sent_at: list[float] = field(default_factory=list)
    trouble: ssl.SSLError | None = None
    over: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)

    def read(self) -> bool:
        """Wait for bytes; whether any came before the other side closed."""
        data = self.sock.recv(65536)
        self.received += data
        return bool(data)

    def has_request(self) -> bool:
        """Whether what came is a whole request."""
        head, blank, body = bytes(self.received).partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        return bool(blank) and len(body) >= (int(length[1]) if length else 0)


Step = Callable[[Peer], None]


def request(peer: Peer) -> None:
    """Wait for a whole request."""
    while not peer.has_request():
        if not peer.read():
            raise ConnectionResetError("closed before the request was whole")
    peer.asked.set()


def any_bytes(peer: Peer) -> None:
    """Wait for anything at all."""
    peer.read()


def silence(peer: Peer) -> None:
    """Say nothing until the other side closes."""
    while peer.read():
        pass


def reset(peer: Peer) -> None:
    """Break the connection off instead of closing it."""
    abort = struct.pack("ii", 1, 0)
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, abort)
    peer.sock.close()


def send(*pieces: bytes, every: float = 0.0) -> Step:
    """Send the pieces, with a pause before each but the first."""

    def step(peer: Peer) -> None:
        for at, piece in enumerate(pieces):
            if at:
                peer.over.wait(every)
            peer.sent_at.append(time.monotonic())
            peer.sock.sendall(piece)

    return step


def send_for_ever(piece: bytes, every: float = 0.0) -> Step:
    """Send a piece again and again, until nobody takes it any more."""

    def step(peer: Peer) -> None:
        while not peer.over.wait(every):
            peer.sock.sendall(piece)

    return step


def pause(seconds: float) -> Step:
    """Let time pass."""

    def step(peer: Peer) -> None:
        peer.over.wait(seconds)

    return step


def handshake(context: ssl.SSLContext) -> Step:
    """Speak TLS from now on."""

    def step(peer: Peer) -> None:
        try:
            peer.sock = context.wrap_socket(peer.sock, server_side=True)
        except ssl.SSLError as error:
            peer.trouble = error
            raise

    return step


def relay(port: int) -> Step:
    """Pass everything on, both ways, to a port of this machine."""

    def step(peer: Peer) -> None:
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as other:
            ends = {peer.sock: other, other: peer.sock}
            while True:
                for end in select.select(list(ends), [], [], PATIENCE)[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    ends[end].sendall(data)

    return step


class Server:
    """
    Listens on loopback and takes every connection through the same steps.

    Attributes:
        peers: The connections, in the order in which they came.
        asked: Set once a whole request came over any of them.
    """

    def __init__(self, steps: tuple[Step, ...], host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._steps = steps
        self._listener = socket.create_server((host, port), family=family)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._over = threading.Event()
        self.asked = threading.Event()
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        self.peers: list[Peer] = []

    @property
    def url(self) -> str:
        """Its root, in plain HTTP."""
        return self.address("http")

    def address(self, scheme: str, host: str = "") -> str:
        """Return its root under a name of this machine."""
        name = host or (f"[{self.host}]" if ":" in self.host else self.host)
        return f"{scheme}://{name}:{self.port}/"

    @property
    def received(self) -> bytes:
        """All that came, one connection after the other."""
        return b"".join(peer.received for peer in self.peers)

    def start(self) -> None:
        """Begin to accept."""
        self._threads[0].start()

    def stop(self) -> None:
        """End every connection and wait for its thread."""
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(PATIENCE)
        self._listener.close()
        for peer in self.peers:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(peer.sock, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in self._threads)

    def _accept(self) -> None:
        """Give each connection a thread, until there is no listener any more."""
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(PATIENCE)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = Peer(sock, over=self._over, asked=self.asked)
            self.peers.append(peer)
            thread = threading.Thread(target=self._serve, args=(peer,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: Peer) -> None:
        """Do the steps; a peer that went away ends them."""
        try:
            for step in self._steps:
                step(peer)
        except OSError:
            pass
        finally:
            peer.sock.close()


@contextlib.contextmanager
def serving(*steps: Step, host: str = "127.0.0.1", port: int = 0) -> Iterator[Server]:
    """Run a server for as long as the block lasts, on any port if none is named."""
    server = Server(steps, host, port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """
    Return a port of this machine on which nobody listens, and nobody will by chance.

    It is below those which the system gives to whoever connects, or asks for any.
    """
    while True:
        port = _BELOW_THE_SYSTEM_S + secrets.randbelow(_MANY_PORTS)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """Give a port whose queue of connections is full, so that a SYN is dropped."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(16):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
            if not select.select([], [waiting], [], 0.1)[1]:
                break
        yield listener.getsockname()[1]


def answer(
    body: bytes = b"{}",
    *headers: str,
    status: str = "200 OK",
    media: str = "application/json",
    length: int | None = None,
) -> bytes:
    """Return an answer in HTTP/1.1 with its length, as one text."""
    size = len(body) if length is None else length
    rows = [f"HTTP/1.1 {status}", f"Content-Length: {size}", *headers]
    if media:
        rows.append(f"Content-Type: {media}")
    return "\r\n".join(rows).encode() + b"\r\n\r\n" + body


def head(*headers: str, status: str = "200 OK") -> bytes:
    """Return a header block without a length."""
    return "\r\n".join((f"HTTP/1.1 {status}", *headers)).encode() + b"\r\n\r\n"


def chunked(*pieces: bytes) -> bytes:
    """Return pieces in chunked coding, with the end."""
    return b"".join(b"%x\r\n%b\r\n" % (len(data), data) for data in (*pieces, b""))
