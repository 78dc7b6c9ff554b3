"""What is read of a certificate, compared with a library that reads all of it."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from tm_exporter.clients.certificate import leaf


KEY = ec.generate_private_key(ec.SECP256R1())
SOON = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def der(issuer: list[x509.NameAttribute[str]], expiry: datetime = SOON) -> bytes:
    """Return the DER form of a certificate."""
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name(issuer))
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(expiry - timedelta(days=9))
        .not_valid_after(expiry)
        .sign(KEY, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


def name(text: str) -> x509.NameAttribute[str]:
    """Return a common name."""
    return x509.NameAttribute(NameOID.COMMON_NAME, text)


def organisation(text: str) -> x509.NameAttribute[str]:
    """Return an organisation."""
    return x509.NameAttribute(NameOID.ORGANIZATION_NAME, text)


BMP = x509.NameAttribute(
    NameOID.COMMON_NAME, "Zoë", _type=x509.name._ASN1Type.BMPString
)


@pytest.mark.parametrize(
    ("issuer", "expected"),
    [
        pytest.param([name("R3")], "R3", id="common-name"),
        pytest.param([organisation("Us"), name("R3")], "R3", id="both"),
        pytest.param([organisation("Us")], "Us", id="organisation-only"),
        pytest.param([], "", id="nothing"),
        pytest.param([name("Zoë")], "Zoë", id="utf-8"),
        pytest.param([BMP], "Zoë", id="two-byte-characters"),
        pytest.param([name("x" * 64)], "x" * 64, id="longest"),
    ],
)
def test_the_issuer_is_named(
    issuer: list[x509.NameAttribute[str]], expected: str
) -> None:
    """By its common name, else by its organisation."""
    assert leaf(der(issuer), verified=True).issuer == expected


@pytest.mark.parametrize(
    "expiry",
    [
        pytest.param(datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC), id="last-century"),
        pytest.param(
            datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), id="last-utc-time"
        ),
        pytest.param(datetime(2050, 1, 1, tzinfo=UTC), id="first-generalized-time"),
        pytest.param(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), id="no-expiry"),
    ],
)
def test_the_expiry_is_read_in_both_forms(expiry: datetime) -> None:
    """Two digits of the year up to 2049, four from then on."""
    assert leaf(der([], expiry), verified=False).not_after == expiry.timestamp()


def test_the_fingerprint_is_that_of_the_whole() -> None:
    """As any other tool shows it."""
    data = der([name("R3")])

    seen = leaf(data, verified=False)

    assert seen.fingerprint == hashlib.sha256(data).hexdigest()
    assert not seen.verified


def test_an_rsa_leaf_of_a_library_is_read() -> None:
    """With extensions, alternative names and all."""
    issued = trustme.CA(organization_name="Tests", key_type=trustme.KeyType.RSA)
    pem = issued.issue_cert("localhost").cert_chain_pems[0].bytes()
    known = x509.load_pem_x509_certificate(pem)

    seen = leaf(known.public_bytes(serialization.Encoding.DER), verified=True)

    assert seen.not_after == known.not_valid_after_utc.timestamp()


@given(data=st.binary(max_size=80))
@settings(max_examples=150, deadline=None)
def test_what_is_no_certificate_is_said_to_be_none(data: bytes) -> None:
    """Whatever the bytes are."""
    with pytest.raises(ValueError, match=r"not an X\.509 certificate"):
        leaf(data, verified=False)


@pytest.mark.parametrize("at", range(0, 200, 9))
def test_a_cut_certificate_is_none(at: int) -> None:
    """Wherever it is cut."""
    with pytest.raises(ValueError, match=r"not an X\.509 certificate"):
        leaf(der([name("R3")])[:at], verified=False)
