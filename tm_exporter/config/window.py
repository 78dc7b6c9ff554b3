"""Planned maintenance: when failures are expected."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, Self

from pydantic import AwareDatetime, Field, field_validator, model_validator

from tm_exporter.config.cron import Cron, CronError
from tm_exporter.config.fault import fault
from tm_exporter.config.shape import without_nulls
from tm_exporter.section import Duration, Section


LONGEST = 366 * 86400.0
"""Seconds that a window may last: what is longer is no maintenance."""

_CRON_FIELD = r"[0-9A-Za-z*/,-]+"


class Opening(NamedTuple):
    """
    From when to when a window is open.

    Attributes:
        since: Seconds since the epoch, as the next.
        until: Is no part of it.
    """

    since: float
    until: float


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
        try:
            if value is not None:
                _cron(value)
        except CronError as error:
            raise fault(str(error)) from None
        return value

    @field_validator("duration")
    @classmethod
    def _ends(cls, value: float | None) -> float | None:
        if value is not None and value > LONGEST:
            raise fault("must be at most 366d: longer is no maintenance")
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
        if self.from_ and self.to and self.to - self.from_ > timedelta(seconds=LONGEST):
            raise fault("`to` must be within 366d of `from`: longer is no maintenance")
        return self

    def opening(self, now: float) -> Opening | None:
        """Return from when to when it is open, None if it is not open now."""
        if self.from_ is None:
            return _again(self.cron or "", self.duration or 0.0, now)
        since = self.from_.timestamp()
        until = self.to.timestamp() if self.to else since + (self.duration or 0.0)
        return Opening(since, until) if since <= now < until else None


def _again(text: str, duration: float, now: float) -> Opening | None:
    """Return the last opening of those that come again and again, if it goes on."""
    moment = datetime.fromtimestamp(now, UTC)
    begins = _cron(text).latest(moment, timedelta(seconds=duration))
    if begins is None:
        return None
    since = begins.timestamp()
    return Opening(since, since + duration)


@lru_cache
def _cron(text: str) -> Cron:
    return Cron.of(text)
