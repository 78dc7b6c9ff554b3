"""The small sections at the top of the file."""

import re
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from tm_exporter.config import urls
from tm_exporter.config.fault import fault
from tm_exporter.config.shape import without_nulls
from tm_exporter.config.text import FileName
from tm_exporter.section import Duration, Section, Slo, TtftObjective


_ADDRESS = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]*):(?P<port>\d{1,5})"
)


_LEASE_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,200}[a-z0-9])?")


def split_address(text: str) -> tuple[str, int]:
    """
    Return host and port of `HOST:PORT`; an IPv6 host is in brackets there only.

    Where there is no host, as in `:9877`, every address of the machine is meant.

    Raises:
        PydanticCustomError: A ValueError, for anything else.
    """
    match = _ADDRESS.fullmatch(text)
    if not match or int(match["port"]) > 65535:
        raise fault("must be HOST:PORT, such as 0.0.0.0:9877 or [::]:9877")
    return match["host"].strip("[]") or "0.0.0.0", int(match["port"])  # noqa: S104 -- said


class TopSection(Section):
    """A section in which null stands for a key that was left out."""

    @model_validator(mode="before")
    @classmethod
    def _null_is_nothing(cls, data: Any) -> Any:
        return without_nulls(cls, data)


class ServerSection(TopSection):
    """The HTTP server for Prometheus and people."""

    listen: str = "0.0.0.0:9877"
    """HOST:PORT, or :PORT for every address; port 0 picks one."""

    health_listen: str | None = None
    """HOST:PORT with only /-/healthy and /-/ready, in plain HTTP."""

    web_config_file: FileName | None = None
    """TLS and authentication, in the format of the exporter toolkit."""

    allow_paid_probe_requests: bool = False
    """Let /probe run probes that cost money."""

    allow_reload: bool = False
    """Let POST /-/reload reload; SIGHUP always does."""

    show_money: bool = True
    """Show money on the status page."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on."""
        return split_address(self.listen)

    @field_validator("listen", "health_listen")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is not None:
            split_address(value)
        return value


class LogSection(TopSection):
    """What is logged, and how it looks."""

    format: Literal["json", "console"] = "json"
    """One JSON object a line, or text for people."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Lines of this level and above."""


class PricesSection(TopSection):
    """Dollars for a million tokens."""

    input: Decimal = Field(default=Decimal("5.00"), ge=0)
    """Of the prompt."""

    output: Decimal = Field(default=Decimal("15.00"), ge=0)
    """Of the answer."""


class BudgetSection(TopSection):
    """A hard cap on what the exporter's own paid requests may cost, in UTC."""

    daily_usd: Decimal = Field(default=Decimal("1.00"), ge=0)
    """Dollars a day."""

    monthly_usd: Decimal = Field(default=Decimal("31.00"), ge=0)
    """Dollars a month."""

    fallback_price_per_million_tokens: PricesSection = PricesSection()
    """Where no price is known."""

    share: Decimal = Field(default=Decimal("1.0"), gt=0, le=1)
    """Of the caps, for this installation, where several watch one account."""


class DefaultTtft(TopSection, TtftObjective):
    """How many canaries must show their first token how soon."""

    objective: float = Field(default=0.95, gt=0, lt=1)
    """Share of evaluated runs that must not be slower, such as 0.95."""

    threshold: Duration = 3.0
    """The first token must come within this time."""


class DefaultSlo(Slo):
    """Objectives of chat_stream, and of nothing that does not opt in."""

    availability: float | None = Field(default=0.99, gt=0, lt=1)
    """Share of expected slots that must not fail, such as 0.99."""

    ttft: DefaultTtft | None = DefaultTtft()
    """Time to first token, over passed runs."""


class LeaseSection(TopSection):
    """Which of several instances sends the paid requests."""

    enabled: bool = False
    """Off: this instance does."""

    kind: Literal["kubernetes", "file"] = "kubernetes"
    """Where the lease is kept: in the cluster, or as a lock in the state directory."""

    name: str = Field(default="tm-exporter", min_length=1)
    """Of the lease; instances with the same one compete. Shards add their index."""

    namespace: str | None = None
    """Of Kubernetes; the pod's own where left out."""

    duration: Duration = 15.0
    """Seconds after which a silent holder loses it."""

    api_url: str | None = None
    """Of the Kubernetes API; that of the cluster which it runs in where left out."""

    token_file: FileName | None = None
    """For the Kubernetes API; the service account's where left out."""

    ca_bundle: FileName | None = None
    """PEM file of the API's authority; the service account's where left out."""

    @field_validator("name", "namespace")
    @classmethod
    def _is_a_name(cls, value: str | None) -> str | None:
        if value is not None and not _LEASE_NAME.fullmatch(value):
            raise fault(
                "must have only lower-case letters, digits, `-` and `.`, and begin and "
                "end with a letter or digit"
            )
        return value

    @field_validator("duration")
    @classmethod
    def _is_a_fair_time(cls, value: float) -> float:
        if not 1 <= value <= 3600:
            raise fault("must be from 1s to 1h: five renewals have to fit in")
        return value

    @field_validator("api_url")
    @classmethod
    def _is_safe(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            url = urls.page_url(value).rstrip("/")
        except ValueError as error:
            raise fault(str(error)) from None
        if url.startswith("http://") and not urls.is_loopback(url):
            raise fault("must be https: the token would cross the network readable")
        return url


class ShardSection(TopSection):
    """Which part of the targets is this instance's."""

    index: int = Field(default=0, ge=0)
    """Of this instance, counted from 0."""

    total: int = Field(default=1, ge=1, validate_default=True)
    """Number of instances."""

    @field_validator("total")
    @classmethod
    def _has_this_index(cls, value: int, info: ValidationInfo) -> int:
        index = info.data.get("index", 0)
        if index >= value:
            raise fault(f"must be more than `index` ({index}), which counts from 0")
        return value
