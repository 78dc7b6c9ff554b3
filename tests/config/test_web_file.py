"""The web configuration file: what it may say, and what is said of its mistakes."""

# ruff: noqa: E501 -- a message is one line

import ssl
from contextlib import suppress
from pathlib import Path

import pytest
import trustme
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clients.certificates import write_leaf
from tm_exporter.config.ciphers import CIPHERS
from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.shape import fields
from tm_exporter.config.web_file import (
    WebFile,
    WebHeaders,
    WebHttp,
    WebRate,
    WebTls,
)
from tm_exporter.config.web_load import load_web, web_warnings


HASH = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
PAIR = "tls_server_config:\n  cert_file: client.pem\n  key_file: client.key\n"
CLIENTS = f"{PAIR}  client_auth_type: RequireAndVerifyClientCert\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a certificate, its key and its authority."""
    folder = tmp_path_factory.mktemp("web")
    authority = trustme.CA()
    write_leaf(authority.issue_cert("localhost"), folder)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    trustme.CA().issue_cert("x").private_key_pem.write_to_path(str(folder / "odd.key"))
    (folder / "no.pem").write_text("no certificate")
    return folder


def written(folder: Path, text: str) -> Path:
    """Write a web configuration file."""
    path = folder / "web.yml"
    path.write_text(text)
    return path


def complaints(folder: Path, text: str) -> list[str]:
    """Return what is wrong, without the file's name."""
    path = written(folder, text)
    with pytest.raises(ConfigurationError) as caught:
        load_web(path)
    return [str(p).removeprefix(f"{path}:").strip() for p in caught.value.problems]


def context(folder: Path, text: str) -> ssl.SSLContext:
    """Return the TLS that a file asks for."""
    made = load_web(written(folder, text)).context
    assert made is not None
    return made


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}", "tls_server_config:\n"])
def test_what_says_nothing_protects_nothing(folder: Path, text: str) -> None:
    """As everywhere in this format: no TLS, no users."""
    web = load_web(written(folder, text))

    assert web.context is None
    assert not web.file.basic_auth_users


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "tls_server_config:\n  cert_filse: a\n",
            "2: `tls_server_config.cert_filse`: no such key; did you mean `cert_file`?",
            id="unknown-key",
        ),
        pytest.param(
            "zzz: 1",
            "1: `zzz`: no such key: there are tls_server_config, http_server_config, basic_auth_users, rate_limit",
            id="unknown-section",
        ),
        pytest.param(
            "- 1", "1: must be a mapping of keys and values", id="not-a-mapping"
        ),
        pytest.param(
            "tls_server_config:\n  cert_file: client.pem\n",
            "1: `tls_server_config.key_file`: must be given for TLS",
            id="no-key",
        ),
        pytest.param(
            "tls_server_config:\n  cert_file: ''\n  key_file: client.key\n",
            "2: `tls_server_config.cert_file`: must be the path of a file",
            id="empty-path",
        ),
        pytest.param(
            f"{PAIR}  key: x\n",
            "4: `tls_server_config.key`: is given by `key_file` already",
            id="given-twice",
        ),
        pytest.param(
            f"{PAIR}  client_auth_type: RequireAnyClientCert\n",
            "4: `tls_server_config.client_auth_type`: RequireAnyClientCert cannot be had: certificates that are not verified prove nothing. Write VerifyClientCertIfGiven or RequireAndVerifyClientCert",
            id="unverified",
        ),
        pytest.param(
            f"{PAIR}  client_auth_type: requireAndVerifyClientCert\n",
            "4: `tls_server_config.client_auth_type`: must be `NoClientCert`, `VerifyClientCertIfGiven` or `RequireAndVerifyClientCert`; did you mean `RequireAndVerifyClientCert`?",
            id="misspelt-policy",
        ),
        pytest.param(
            f"{PAIR}  client_ca_file: ca.pem\n",
            "1: `tls_server_config.client_auth_type`: must be VerifyClientCertIfGiven or RequireAndVerifyClientCert where authorities of clients are given",
            id="authority-without-policy",
        ),
        pytest.param(
            f"{PAIR}  client_allowed_sans: [a]\n",
            "4: `tls_server_config.client_allowed_sans`: says nothing without `client_auth_type`: no client shows a name",
            id="names-without-policy",
        ),
        pytest.param(
            f"{CLIENTS}  client_ca_file: no.pem\n",
            "5: `tls_server_config.client_ca_file`: is not a PEM file of certificates",
            id="bad-authority",
        ),
        pytest.param(
            "tls_server_config:\n  cert_file: no.pem\n  key_file: client.key\n",
            "2: `tls_server_config.cert_file`: is no certificate in PEM with a key in PEM, without a passphrase",
            id="bad-certificate",
        ),
        pytest.param(
            "tls_server_config:\n  cert_file: client.pem\n  key_file: odd.key\n",
            "3: `tls_server_config.key_file`: is not the key of the certificate",
            id="other-key",
        ),
        pytest.param(
            f"{PAIR}  min_version: TLS10\n",
            "4: `tls_server_config.min_version`: TLS10 is withdrawn (RFC 8996): write TLS12 or TLS13",
            id="old-version",
        ),
        pytest.param(
            f"{PAIR}  min_version: TLS13\n  max_version: TLS12\n",
            "4: `tls_server_config.min_version`: is newer than `max_version`",
            id="versions-crossed",
        ),
        pytest.param(
            f"{PAIR}  max_version: TLS12\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n",
            "5: `tls_server_config.cipher_suites`: has none for TLS 1.2: name one, or raise `max_version`",
            id="no-cipher-left",
        ),
        pytest.param(
            f"{PAIR}  curve_preferences: [CurveP256, X25519]\n",
            "4: `tls_server_config.curve_preferences`: Python's TLS can be told one curve: name one, or leave the key out",
            id="two-curves",
        ),
        pytest.param(
            "basic_auth_users:\n  john: doe\n",
            "2: `basic_auth_users.john`: must be a hash by bcrypt, such as `htpasswd -nB` prints",
            id="plain-password",
        ),
        pytest.param(
            f"basic_auth_users:\n  john: {HASH.replace('$10$', '$19$')}\n",
            "2: `basic_auth_users.john`: must have a cost from 4 to 18: 10 is usual",
            id="dear-hash",
        ),
        pytest.param(
            f"basic_auth_users:\n  'a:b': {HASH}\n",
            "2: `basic_auth_users.a:b`: a name with `:` in it can never log in",
            id="colon",
        ),
        pytest.param(
            "http_server_config:\n  headers:\n    X-Frame-Options: foo\n",
            "3: `http_server_config.headers.X-Frame-Options`: must be `deny` or `sameorigin`",
            id="frame-options",
        ),
        pytest.param(
            'http_server_config:\n  headers:\n    Strict-Transport-Security: "a\\r\\nb: c"\n',
            "3: `http_server_config.headers.Strict-Transport-Security`: has a character that no header can carry, such as a line break",
            id="header-injection",
        ),
        pytest.param(
            "rate_limit:\n  interval: 1s\n",
            "1: `rate_limit.burst`: must be at least 1: else nothing is answered",
            id="no-burst",
        ),
        pytest.param(
            "rate_limit:\n  interval: 5\n  burst: 1\n",
            "2: `rate_limit.interval`: 5 has no unit: write 5s, 5m or 5h",
            id="bare-interval",
        ),
    ],
)
def test_mistakes(folder: Path, text: str, expected: str) -> None:
    """Each is one sentence with its line."""
    assert complaints(folder, text) == [expected]


def test_no_mistake_repeats_a_secret(folder: Path) -> None:
    """A password where a hash belongs, a key where a list belongs: none is shown."""
    found = complaints(
        folder,
        "basic_auth_users:\n  b: [hunter-2-secret]\n"
        "tls_server_config:\n  key: [hunter-2-secret]\n  cert: x\n",
    )

    assert len(found) == 2
    assert "hunter" not in str(found)


def test_a_missing_file_is_named(folder: Path) -> None:
    """Whichever of them it is."""
    [web] = complaints(folder, PAIR.replace("client.key", "gone.key"))

    gone = folder / "gone.key"
    assert web == f"3: `tls_server_config.key_file`: {gone}: No such file or directory"
    with pytest.raises(ConfigurationError, match=r"gone\.yml: there is no such file"):
        load_web(folder / "gone.yml")


def test_everything_may_stand_in_the_file_itself(folder: Path) -> None:
    """As newer versions of the format allow."""
    texts = {
        "cert": (folder / "client.pem").read_text(),
        "key": (folder / "client.key").read_text(),
        "client_ca": (folder / "ca.pem").read_text(),
    }
    lines = [
        f"  {key}: |\n    {text.replace(chr(10), chr(10) + '    ')}\n"
        for key, text in texts.items()
    ]

    made = context(
        folder,
        f"tls_server_config:\n  client_auth_type: VerifyClientCertIfGiven\n{''.join(lines)}",
    )

    assert made.verify_mode is ssl.CERT_OPTIONAL
    assert made.cert_store_stats()["x509_ca"] == 1


def test_what_is_asked_for_is_what_tls_does(folder: Path) -> None:
    """Versions, ciphers by Go's names, their order, the policy for clients."""
    made = context(
        folder,
        f"{CLIENTS}  client_ca_file: ca.pem\n  max_version: TLS12\n"
        "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256]\n"
        "  prefer_server_cipher_suites: false\n  curve_preferences: [CurveP521]\n",
    )

    older = [
        each["name"] for each in made.get_ciphers() if each["protocol"] != "TLSv1.3"
    ]
    assert older == ["ECDHE-RSA-AES256-GCM-SHA384"]
    assert made.maximum_version is ssl.TLSVersion.TLSv1_2
    assert made.verify_mode is ssl.CERT_REQUIRED
    assert not made.options & ssl.OP_CIPHER_SERVER_PREFERENCE
    assert not made.verify_flags & ssl.VERIFY_X509_STRICT


def test_ciphers_of_tls_1_3_alone_leave_no_older_version(folder: Path) -> None:
    """They cannot be chosen among, but who names no other wants no other."""
    made = context(folder, f"{PAIR}  cipher_suites: [TLS_AES_256_GCM_SHA384]\n")

    assert made.minimum_version is ssl.TLSVersion.TLSv1_3


def test_every_cipher_of_the_format_is_known_to_openssl(folder: Path) -> None:
    """None of the names is quietly dropped."""
    made = context(folder, f"{PAIR}  cipher_suites: [{', '.join(CIPHERS)}]\n")

    known = {each["name"] for each in made.get_ciphers()}
    assert {ours for ours in CIPHERS.values() if ours} <= known


def test_the_documentation_names_every_key() -> None:
    """Those that are supported are listed, and what is not is an error."""
    page = (Path(__file__).parents[2] / "docs/web-configuration.md").read_text()
    keys = [*fields(WebFile), *fields(WebHeaders)]
    below = (*fields(WebTls), *fields(WebHttp), *fields(WebRate))

    missing = [key for key in keys if f"`{key}`" not in page]
    missing += [key for key in below if f"`.{key}`" not in page]

    assert not missing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"basic_auth_users: {{a: {HASH}}}", "readable", id="no-tls"),
        pytest.param("http_server_config: {http2: true}", "HTTP/1.1", id="http2"),
        pytest.param(CLIENTS, "any public certificate", id="public"),
    ],
)
def test_what_is_unwise_is_said(folder: Path, text: str, expected: str) -> None:
    """It can be used; whether it is meant is for a person to say."""
    path = written(folder, text)

    assert expected in "\n".join(web_warnings(path, load_web(path)))


def test_files_that_others_may_read_are_named(folder: Path) -> None:
    """A key is a secret, and so is what can be tried against a hash."""
    path = written(folder, f"{PAIR}basic_auth_users: {{a: {HASH}}}")
    path.chmod(0o644)
    (folder / "client.key").chmod(0o600)

    assert list(web_warnings(path, load_web(path))) == [
        f"{path} has mode 0644: 0640 or less would do"
    ]


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text("ab:/$%\\n", max_size=9)
    | st.sampled_from(["client.pem", "TLS12", "NoClientCert", "1s", HASH, "deny"])
)
_SECTIONS = ("tls_server_config", "http_server_config", "basic_auth_users")
_KEYS = st.sampled_from(
    (*_SECTIONS, "headers", "rate_limit", "cert_file", "key", "interval", "burst", "x")
)


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        _KEYS, st.recursive(_SCALARS, lambda inner: st.dictionaries(_KEYS, inner))
    )
)
def test_whatever_is_written_is_taken_or_refused(folder: Path, value: object) -> None:
    """Nothing else comes of it."""
    path = written(folder, yaml.safe_dump(value))
    with suppress(ConfigurationError):
        assert load_web(path).file is not None
