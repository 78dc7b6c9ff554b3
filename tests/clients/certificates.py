"""Throw-away certificates of every kind that goes wrong, and TLS of servers."""

import ssl
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


EXPIRED_AT = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


def tls_of(leaf: trustme.LeafCert) -> ssl.SSLContext:
    """Return the TLS of a server that shows a leaf."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context


def outdated(context: ssl.SSLContext) -> ssl.SSLContext:
    """Make a server speak nothing newer than TLS 1.1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # which is the point
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def asking_for_a_certificate(
    context: ssl.SSLContext, authority: trustme.CA, version: ssl.TLSVersion
) -> ssl.SSLContext:
    """Make a server want to know who is asking, in one version of TLS."""
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    context.minimum_version = context.maximum_version = version
    return context


def expired(authority: trustme.CA) -> trustme.LeafCert:
    """Return a leaf that was good long ago."""
    return authority.issue_cert(
        "localhost",
        "127.0.0.1",
        not_before=EXPIRED_AT - timedelta(days=90),
        not_after=EXPIRED_AT,
    )


def write_leaf(leaf: trustme.LeafCert, folder: Path) -> tuple[Path, Path]:
    """Write a leaf's chain and its key; return both paths."""
    chain, key = folder / "client.pem", folder / "client.key"
    chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(str(key))
    return chain, key


def bare_authority(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """
    Make an authority without key identifiers and without keyUsage.

    Returns:
        Its PEM file, and the TLS of a server whose leaf it signed.
    """
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bare authority")])
    root = (
        _builder(name, root_key, name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    leaf = (
        _builder(x509.Name([]), leaf_key, name)
        .add_extension(names, critical=True)
        .sign(root_key, hashes.SHA256())
    )
    bundle, shown = folder / "bare.pem", folder / "bare-leaf.pem"
    bundle.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    shown.write_bytes(
        leaf.public_bytes(serialization.Encoding.PEM)
        + leaf_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown)
    return bundle, context


def _builder(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
    )
