"""How a target is reached: credentials, certificates, proxy, headers."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from tm_exporter.config import urls
from tm_exporter.config.fault import fault
from tm_exporter.config.place import Place
from tm_exporter.config.text import FileName, HeaderText, HeaderValue


_FRAMING = {"connection", "content-length", "host", "transfer-encoding", "upgrade"}


class Access(Place):
    """The part of a target that says how requests get there and are accepted."""

    api_key: HeaderValue | None = None
    """Key for inference, as it is."""

    api_key_file: FileName | None = None
    """File with the key for inference; read again when it changes."""

    api_key_json_key: str | None = Field(default=None, validate_default=True)
    """Where the key stands in a JSON or TOML file: dotted; `|` between several."""

    token: HeaderValue | None = None
    """Token for the Control Plane, as it is."""

    token_file: FileName | None = None
    """File with the token; read again when it changes."""

    token_command: tuple[str, ...] | None = Field(
        default=None, min_length=1, repr=False
    )
    """Program with arguments whose first line of output is the token; no shell."""

    token_json_key: str | None = Field(default=None, validate_default=True)
    """Where the token stands in a JSON or TOML file: dotted; `|` between several."""

    auth_on_get: Literal["auto", "never", "always"] = "auto"
    """Whether /health, /version and /v1/models get the credentials; auto: on_demand."""

    ca_bundle: FileName | None = None
    """PEM file of a private authority."""

    client_cert_file: FileName | None = None
    """PEM file of a client certificate."""

    client_key_file: FileName | None = Field(default=None, validate_default=True)
    """PEM file of its key, where that is not in the same file."""

    proxy_url: Annotated[str, AfterValidator(urls.proxy_url)] | None = None
    """`http://host:port`; where left out, HTTPS_PROXY and NO_PROXY count."""

    proxy_password_file: FileName | None = Field(default=None, validate_default=True)
    """File with the proxy's password, or `user:password`."""

    ip_protocol: Literal["auto", "ip4", "ip6"] = "auto"
    """Which addresses of a host are tried."""

    headers: dict[str, HeaderValue] = Field(default_factory=dict)
    """Sent with every request; treated as secret."""

    user_id: HeaderText | None = Field(default=None, validate_default=True)
    """Sent as `X-User-Id`; On-Demand needs it."""

    @field_validator("headers")
    @classmethod
    def _header_names(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name in value:
            if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name):
                raise fault("one of the names is no header name")
            if name.lower() in _FRAMING:
                raise fault(f"`{name}` is set by the connection itself: leave it out")
        return value

    @field_validator("api_key", "api_key_file")
    @classmethod
    def _key_is_for_inference(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.data.get("surface") == "control_plane":
            raise fault("control_plane takes a `token`, not an API key")
        if value is not None and info.data.get("api_key") is not None:
            raise fault("there is `api_key` too: give one of the two")
        return value

    @field_validator("token", "token_file", "token_command")
    @classmethod
    def _token_is_for_control_plane(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None:
            return value
        if info.data.get("surface") in {"serverless", "on_demand"}:
            raise fault("inference takes an `api_key`, not a token")
        for other in ("token", "token_file"):
            if info.data.get(other) is not None:
                raise fault(f"there is `{other}` too: give one of the two")
        return value

    @field_validator("api_key_json_key", "token_json_key")
    @classmethod
    def _json_key_has_file(cls, value: str | None, info: ValidationInfo) -> str | None:
        needed = str(info.field_name).replace("_json_key", "_file")
        if value is not None and info.data.get(needed, "unknown") is None:
            raise fault(f"says nothing without `{needed}`: give both or none")
        return value

    @field_validator("client_key_file", "proxy_password_file")
    @classmethod
    def _has_its_partner(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        partners = {
            "client_key_file": "client_cert_file",
            "proxy_password_file": "proxy_url",
        }
        needed = partners[str(info.field_name)]
        if value is not None and info.data.get(needed, "unknown") is None:
            raise fault(f"says nothing without `{needed}`: give both or none")
        return value

    @field_validator("user_id")
    @classmethod
    def _user_id_fits(cls, value: str | None, info: ValidationInfo) -> str | None:
        surface = info.data.get("surface")
        if surface == "on_demand" and not value:
            raise fault("must be given for on_demand: it is sent as X-User-Id")
        if surface == "serverless" and value is not None:
            raise fault("must not be given for serverless, which takes none")
        return value
