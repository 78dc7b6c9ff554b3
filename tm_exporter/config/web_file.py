"""
The web configuration file: who may ask the exporter's own pages, and how.

It is the format that Prometheus' own exporters share, so that a file which works
there works here. What cannot be done in Python is an error, not a surprise.

Source: prometheus/exporter-toolkit, docs/web-configuration.md and web/tls_config.go.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from tm_exporter.config.ciphers import CIPHERS
from tm_exporter.config.fault import fault, fault_at
from tm_exporter.config.sections import TopSection
from tm_exporter.config.text import FileName, HeaderText
from tm_exporter.section import parse_duration


ClientAuth = Literal[
    "NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"
]
TlsVersion = Literal["TLS12", "TLS13"]
Curve = Literal["CurveP256", "CurveP384", "CurveP521", "X25519"]

_UNVERIFIED = {"RequestClientCert", "RequireAnyClientCert", "RequireClientCert"}
_WITHDRAWN = {"TLS10", "TLS11"}
_BCRYPT = re.compile(r"\$2[abxy]\$(?P<cost>\d\d)\$[./A-Za-z0-9]{53}")
_DEAREST = 18
_PAIRS = (("cert", "cert_file"), ("key", "key_file"), ("client_ca", "client_ca_file"))


def _verifying(value: Any) -> Any:
    """Refuse to take certificates that nobody looks at."""
    if isinstance(value, str) and value in _UNVERIFIED:
        raise fault(
            f"{value} cannot be had: certificates that are not verified prove nothing. "
            "Write VerifyClientCertIfGiven or RequireAndVerifyClientCert"
        )
    return value


def _in_use(value: Any) -> Any:
    """Refuse versions that the TLS library has no ciphers for any more."""
    if isinstance(value, str) and value in _WITHDRAWN:
        raise fault(f"{value} is withdrawn (RFC 8996): write TLS12 or TLS13")
    return value


def _cipher(value: str) -> str:
    if value not in CIPHERS:
        names = ", ".join(CIPHERS)
        raise fault(f"no such cipher suite: there are {names}")
    return value


Cipher = Annotated[str, AfterValidator(_cipher)]


class WebTls(TopSection):
    """The section `tls_server_config`; with none of the first eight keys, no TLS."""

    cert: str | None = None
    """The certificate with its chain, in PEM."""

    key: SecretStr | None = None
    """Its key, in PEM."""

    client_ca: str | None = None
    """The authorities of client certificates, in PEM."""

    cert_file: FileName | None = None
    """A file with the certificate and its chain."""

    key_file: FileName | None = None
    """A file with its key."""

    client_ca_file: FileName | None = None
    """A file with the authorities of client certificates."""

    client_auth_type: Annotated[ClientAuth | None, BeforeValidator(_verifying)] = None
    """Whether clients must show a certificate."""

    client_allowed_sans: tuple[str, ...] | None = None
    """One of these names must be in a client's certificate."""

    min_version: Annotated[TlsVersion, BeforeValidator(_in_use)] = "TLS12"
    """The oldest version that is spoken."""

    max_version: Annotated[TlsVersion, BeforeValidator(_in_use)] = "TLS13"
    """The newest version that is spoken."""

    cipher_suites: tuple[Cipher, ...] = ()
    """For TLS 1.2; OpenSSL's choice where left out."""

    prefer_server_cipher_suites: bool = True
    """Whether the order above counts, rather than the client's."""

    curve_preferences: tuple[Curve, ...] = ()
    """The one curve of the key exchange; OpenSSL's choice where left out."""

    @property
    def is_enabled(self) -> bool:
        """Whether there is TLS at all."""
        given = (getattr(self, key) for pair in _PAIRS for key in pair)
        return bool(self.client_auth_type) or any(value is not None for value in given)

    @property
    def has_authority(self) -> bool:
        """Whether authorities of clients are given, rather than the system's."""
        return self._has("client_ca", "client_ca_file")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        for inline, file in _PAIRS:
            if getattr(self, inline) is not None and getattr(self, file) is not None:
                raise fault_at((inline,), f"is given by `{file}` already")
        for inline, file in _PAIRS[:2] if self.is_enabled else ():
            if not self._has(inline, file):
                raise fault_at((file,), "must be given for TLS")
        if self.min_version > self.max_version:
            raise fault_at(("min_version",), "is newer than `max_version`")
        if len(self.curve_preferences) > 1:
            raise fault_at(
                ("curve_preferences",),
                "Python's TLS can be told one curve: name one, or leave the key out",
            )
        return self

    @model_validator(mode="after")
    def _knows_its_clients(self) -> Self:
        asks = self.client_auth_type not in (None, "NoClientCert")
        if self.has_authority and not asks:
            raise fault_at(
                ("client_auth_type",),
                "must be VerifyClientCertIfGiven or RequireAndVerifyClientCert "
                "where authorities of clients are given",
            )
        if self.client_allowed_sans is not None and not asks:
            raise fault_at(
                ("client_allowed_sans",),
                "says nothing without `client_auth_type`: no client shows a name",
            )
        return self

    def _has(self, inline: str, file: str) -> bool:
        """Whether something is given, in one of two ways."""
        return not (getattr(self, inline) is None and getattr(self, file) is None)


class WebHeaders(TopSection):
    """Headers of every answer; an empty text takes one of ours away."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    content_security_policy: HeaderText | None = Field(
        None, alias="Content-Security-Policy"
    )
    """Over ours, under which the pages work."""

    x_frame_options: Literal["deny", "sameorigin"] | None = Field(
        None, alias="X-Frame-Options"
    )
    """Over ours, which is DENY."""

    x_content_type_options: Literal["nosniff"] | None = Field(
        None, alias="X-Content-Type-Options"
    )
    """As ours."""

    x_xss_protection: HeaderText | None = Field(None, alias="X-XSS-Protection")
    """For browsers that were withdrawn long ago."""

    strict_transport_security: HeaderText | None = Field(
        None, alias="Strict-Transport-Security"
    )
    """Has browsers use TLS only, for this host and all its ports."""


class WebHttp(TopSection):
    """The section `http_server_config`."""

    http2: bool | None = None
    """Accepted for the format's sake: HTTP/1.1 is what is spoken here."""

    headers: WebHeaders = WebHeaders()
    """More headers of every answer."""


def _pause(value: Any) -> Any:
    """Return seconds; 0 is the one number that needs no unit."""
    return 0.0 if value in (0, "0", "0s") else parse_duration(value)


class WebRate(TopSection):
    """The section `rate_limit`: a token bucket for all requests together."""

    interval: Annotated[float, BeforeValidator(_pause)] = 0.0
    """Seconds in which one more request is earned; 0 for no limit."""

    burst: int = Field(default=0, ge=0, le=1_000_000)
    """Requests that may come at once."""

    @model_validator(mode="after")
    def _lets_something_pass(self) -> Self:
        if self.interval and not self.burst:
            raise fault_at(("burst",), "must be at least 1: else nothing is answered")
        return self


class WebFile(TopSection):
    """All of the file; an empty one asks for nothing."""

    tls_server_config: WebTls = WebTls()
    """TLS, and certificates of clients."""

    http_server_config: WebHttp = WebHttp()
    """What is said besides."""

    basic_auth_users: dict[str, SecretStr] = Field(default_factory=dict)
    """Hashes of passwords by bcrypt, by user; everybody may come where empty."""

    rate_limit: WebRate = WebRate()
    """How often may be asked."""

    @field_validator("basic_auth_users")
    @classmethod
    def _are_hashes(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, secret in value.items():
            match = _BCRYPT.fullmatch(secret.get_secret_value())
            if match is None:
                raise fault_at(
                    (name,), "must be a hash by bcrypt, such as `htpasswd -nB` prints"
                )
            if not 4 <= int(match["cost"]) <= _DEAREST:
                raise fault_at(
                    (name,), f"must have a cost from 4 to {_DEAREST}: 10 is usual"
                )
            if ":" in name:
                raise fault_at((name,), "a name with `:` in it can never log in")
        return value

    def files(self) -> Iterator[Path]:
        """Yield the files that it names."""
        tls = self.tls_server_config
        for path in (tls.cert_file, tls.key_file, tls.client_ca_file):
            if path is not None:
                yield path
