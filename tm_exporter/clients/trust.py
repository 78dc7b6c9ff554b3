"""
Whom to believe on TLS, and who we say we are: one context for each such set.

A context with the system's authorities takes some 20 ms and 0.8 MB, so it is
made once and shared by all targets that trust the same; a set made of files is
made anew when one of them changes.
"""

import ssl
import stat
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tm_exporter.file_mark import Mark, mark_of


class TrustUnavailable(Exception):  # noqa: N818 -- a state of files, as the sentence says
    """A file of a trust set cannot be used; the text says which and why."""


@dataclass(frozen=True, slots=True)
class TrustSet:
    """
    The files that decide over a handshake.

    Attributes:
        ca_bundle: PEM file of the authorities; None for the system's own.
        client_cert: PEM file shown to a server that asks for one.
        client_key: Its key; None where the certificate's file has it.
    """

    ca_bundle: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are configured."""
        named = (self.ca_bundle, self.client_cert, self.client_key)
        return tuple(path for path in named if path is not None)


class TrustStore:
    """Keeps one context for each trust set, for as long as its files are unchanged."""

    def __init__(self) -> None:
        self._made: dict[TrustSet, tuple[object, ssl.SSLContext]] = {}

    def keep(self, files: Collection[Path]) -> None:
        """Let go of contexts that were made of other files than these."""
        made = list(self._made.items())
        self._made = {trust: one for trust, one in made if {*trust.files} <= {*files}}

    def context(self, trust: TrustSet) -> ssl.SSLContext:
        """
        Return the context for a set.

        Raises:
            TrustUnavailable: A file is missing, unreadable or not what it should be.
        """
        try:
            state = tuple(map(_mark, trust.files))
        except OSError as error:
            raise TrustUnavailable(f"{error.filename}: {error.strerror}") from None
        made = self._made.get(trust)
        if made is None or made[0] != state:
            made = self._made[trust] = (state, _make(trust))
        return made[1]


def _mark(path: Path) -> Mark:
    """Return the state of a file; raises TrustUnavailable if it is none."""
    state = path.stat()
    if not stat.S_ISREG(state.st_mode):  # to read a pipe would be to wait
        raise TrustUnavailable(f"{path}: not a regular file")
    return mark_of(state)


def _make(trust: TrustSet) -> ssl.SSLContext:
    """Read the files into a context that verifies chain, name and dates."""
    try:
        context = ssl.create_default_context(cafile=trust.ca_bundle)
    except (OSError, ssl.SSLError):
        raise TrustUnavailable(
            f"{trust.ca_bundle}: not a PEM file of certificates"
        ) from None
    if trust.ca_bundle is None and _lacks_system_file(context):
        raise TrustUnavailable("the system's file of authorities cannot be read")
    # Python 3.13 began to refuse authorities without key identifiers or keyUsage,
    # which many private ones lack; the chain is verified all the same.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    # Some builds of Python leave this to the system's configuration.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if trust.client_cert is not None:
        try:
            context.load_cert_chain(trust.client_cert, trust.client_key, password="")
        except (OSError, ssl.SSLError):
            raise TrustUnavailable(
                f"{trust.client_cert}: not a PEM certificate with its key"
            ) from None
    return context


def _lacks_system_file(context: ssl.SSLContext) -> bool:
    """Whether nothing was read of the system's file, which is no error by itself."""
    exists = bool(ssl.get_default_verify_paths().cafile)
    return exists and not context.cert_store_stats()["x509_ca"]


@cache
def looking() -> ssl.SSLContext:
    """
    Return a context that verifies nothing and shows nothing.

    Only for looking at a certificate that was just refused: nothing is ever sent
    over such a connection.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context
