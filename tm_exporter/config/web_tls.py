"""TLS of the exporter's own pages, as its web configuration file asks for it."""

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pydantic import SecretStr

from tm_exporter.config.ciphers import CIPHERS
from tm_exporter.config.web_file import WebTls


_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_VERIFY = {
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_CURVES = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}


class TlsUnusable(Exception):  # noqa: N818 -- a state of files, as the sentence says
    """
    What is configured cannot be used.

    Attributes:
        key: Of the section, whose value it is.
    """

    def __init__(self, key: str, sentence: str) -> None:
        self.key = key
        super().__init__(sentence)


def server_context(tls: WebTls) -> ssl.SSLContext | None:
    """
    Read the files into a context for a server; None where there is to be no TLS.

    Raises:
        TlsUnusable: A file is missing, unreadable or not what it should be.
    """
    if not tls.is_enabled:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    _choose(context, tls)
    _show(context, tls)
    _believe(context, tls)
    return context


def _choose(context: ssl.SSLContext, tls: WebTls) -> None:
    """Set versions, ciphers and the curve."""
    context.minimum_version = _VERSIONS[tls.min_version]
    context.maximum_version = _VERSIONS[tls.max_version]
    if not tls.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    old = [CIPHERS[name] for name in tls.cipher_suites if CIPHERS[name]]
    if old:
        context.set_ciphers(":".join(old))
    elif tls.cipher_suites:  # all of them are of TLS 1.3
        if tls.max_version == "TLS12":
            raise TlsUnusable(
                "cipher_suites",
                "has none for TLS 1.2: name one, or raise `max_version`",
            )
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    for name in tls.curve_preferences:
        try:
            context.set_ecdh_curve(_CURVES[name])
        except (ValueError, ssl.SSLError):
            raise TlsUnusable(
                "curve_preferences", f"{name} is not in this machine's OpenSSL"
            ) from None


def _show(context: ssl.SSLContext, tls: WebTls) -> None:
    """Load the certificate and its key."""
    with ExitStack() as stack:
        cert = stack.enter_context(_file(tls.cert, tls.cert_file, "cert_file"))
        key = stack.enter_context(_file(tls.key, tls.key_file, "key_file"))
        try:
            context.load_cert_chain(cert, key, password="")
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise TlsUnusable(
                    "key_file" if tls.key_file else "key",
                    "is not the key of the certificate",
                ) from None
            raise TlsUnusable(
                "cert_file" if tls.cert_file else "cert",
                "is no certificate in PEM with a key in PEM, without a passphrase",
            ) from None


def _believe(context: ssl.SSLContext, tls: WebTls) -> None:
    """Have certificates of clients verified, if they are asked for."""
    mode = _VERIFY.get(tls.client_auth_type or "")
    if mode is None:
        return
    context.verify_mode = mode
    # As Go does: any certificate that was configured is a root, and what private
    # authorities lack (key identifiers, keyUsage) is no reason to refuse.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if tls.client_ca is None and tls.client_ca_file is None:
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
        return
    with _file(tls.client_ca, tls.client_ca_file, "client_ca_file") as path:
        try:
            context.load_verify_locations(path)
        except ssl.SSLError:
            raise TlsUnusable(
                "client_ca_file" if tls.client_ca_file else "client_ca",
                "is not a PEM file of certificates",
            ) from None


@contextmanager
def _file(
    inline: str | SecretStr | None, path: Path | None, key: str
) -> Iterator[str | Path]:
    """Give the path of a file: Python's TLS takes keys in no other way."""
    if path is None:
        text = inline.get_secret_value() if isinstance(inline, SecretStr) else inline
        with _in_memory((text or "").encode()) as name:
            yield name
        return
    try:
        open(path, "rb", opener=_without_waiting).close()
    except OSError as error:
        raise TlsUnusable(key, f"{path}: {error.strerror}") from None
    if not path.is_file():  # a pipe would be waited for
        raise TlsUnusable(key, f"{path} is not a regular file")
    yield path


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


@contextmanager
def _in_memory(content: bytes) -> Iterator[str]:
    """Give the path of a file with that content, on no disk where that can be had."""
    if not hasattr(os, "memfd_create"):
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            yield file.name
        return
    with os.fdopen(os.memfd_create("web-config"), "wb", buffering=0) as memory:
        memory.write(content)
        yield f"/proc/self/fd/{memory.fileno()}"
