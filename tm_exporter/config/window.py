"""Planned maintenance: when failures are expected."""

import re
from datetime import datetime
from typing import Any, Self

from pydantic import AwareDatetime, Field, field_validator, model_validator

from tm_exporter.config.fault import fault
from tm_exporter.config.shape import without_nulls
from tm_exporter.section import Duration, Section


_CRON_FIELD = r"[0-9A-Za-z*/,-]+"


class WindowSection(Section):
    """A time of maintenance, once (from, to) or again and again (cron, duration)."""

    name: str = Field(min_length=1, max_length=100)
    """What people call it."""

    targets: tuple[str, ...] = ()
    """Names of targets; all of them where left out."""

    models: tuple[str, ...] = ()
    """Names of models; all of them where left out."""

    cron: str | None = None
    """When it begins, as five fields of cron, in UTC."""

    from_: AwareDatetime | None = Field(default=None, alias="from")
    """When it begins, with a time zone."""

    to: AwareDatetime | None = None
    """When it ends, with a time zone."""

    duration: Duration | None = None
    """How long it lasts, in seconds."""

    @model_validator(mode="before")
    @classmethod
    def _null_is_nothing(cls, data: Any) -> Any:
        return without_nulls(cls, data)

    @field_validator("from_", "to", mode="before")
    @classmethod
    def _is_written_as_a_time(cls, value: Any) -> Any:
        if value is None or isinstance(value, str | datetime):
            return value
        raise fault("must be a time such as 2026-01-31T22:00:00Z")

    @field_validator("cron")
    @classmethod
    def _has_five_fields(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(
            rf"{_CRON_FIELD}( +{_CRON_FIELD}){{4}}", value
        ):
            raise fault("must be five fields, such as `0 22 * * sun`")
        return value

    @model_validator(mode="after")
    def _begins_and_ends(self) -> Self:
        once = self.from_ and (self.to or self.duration) and not self.cron
        again = self.cron and self.duration and not (self.from_ or self.to)
        if not (once or again) or (self.to and self.duration):
            raise fault(
                "give `cron` and `duration`, or `from` with one of `to` and `duration`"
            )
        if self.from_ and self.to and self.to <= self.from_:
            raise fault("`to` must be later than `from`")
        return self
