"""Where a target is: its name, its surface, its address."""

import re
from typing import Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from tm_exporter.config import urls
from tm_exporter.config.fault import fault
from tm_exporter.config.shape import without_nulls
from tm_exporter.config.text import Name
from tm_exporter.section import Section, Surface


SERVERLESS_URL = "https://serverless.tensormesh.ai"
CONTROL_PLANE_URL = "https://api.tensormesh.ai"
NEBIUS_URL = "https://external.nebius.tensormesh.ai"

_BASE_URLS: dict[str, str] = {
    "serverless": SERVERLESS_URL,
    "control_plane": CONTROL_PLANE_URL,
}


class Place(Section):
    """The part of a target that says what and where it is."""

    name: Name
    """Unique; the label `target`, and part of the names of environment variables."""

    surface: Surface
    """Which of the service's three APIs answers there."""

    allow_plain_http: bool = False
    """Accept `http://` to another machine: keys then cross the network readable."""

    base_url: str = Field(default="", validate_default=True)
    """With or without a trailing `/v1`; the public host where left out."""

    account: str | None = None
    """The control_plane target that pays; the only one where left out."""

    labels: dict[str, str] = Field(default_factory=dict)
    """Become labels of `tensormesh_target_info`, and of nothing else."""

    @model_validator(mode="before")
    @classmethod
    def _null_is_nothing(cls, data: Any) -> Any:
        return without_nulls(cls, data)

    @field_validator("base_url", mode="after")
    @classmethod
    def _address(cls, value: str, info: ValidationInfo) -> str:
        surface = info.data.get("surface")
        if not value and surface in _BASE_URLS:
            return _BASE_URLS[surface]
        if not value and surface == "on_demand":
            raise fault(f"must be given for on_demand, such as {NEBIUS_URL}")
        if not value and surface is None:
            return value
        url = urls.base_url(value)
        far = url.startswith("http://") and not urls.is_loopback(url)
        if far and info.data.get("allow_plain_http") is False:
            raise fault(
                "plain http to another machine shows keys to the network: "
                "use https, or set `allow_plain_http: true`"
            )
        return url

    @field_validator("labels")
    @classmethod
    def _label_names(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if not re.fullmatch(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*", name):
                raise fault(f"`{name}` is no label name: letters, digits and `_`")
            if name in {"target", "surface"}:
                raise fault(f"`{name}` is a label which every family has already")
        return value
