"""Five fields of cron, as crontab(5) has them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.config.cron import Cron, CronError


HOUR = timedelta(hours=1)
YEAR = timedelta(days=366)


def at(text: str) -> datetime:
    """Return a time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "now", "begins"),
    [
        ("0 22 * * sun", "2026-11-22T23:30", "2026-11-22T22:00"),  # a Sunday
        ("0 22 * * 0", "2026-11-22T22:00", "2026-11-22T22:00"),
        ("0 22 * * 7", "2026-11-28T10:00", "2026-11-22T22:00"),
        ("0 22 * * mon", "2026-11-22T23:30", "2026-11-16T22:00"),
        ("*/15 * * * *", "2026-11-22T22:59", "2026-11-22T22:45"),
        ("5-9/2 1,3 * * *", "2026-11-22T12:00", "2026-11-22T03:09"),
        ("30/10 8 * * *", "2026-11-22T12:00", "2026-11-22T08:50"),
        ("0 0 * * 1/2", "2026-11-22T12:00", "2026-11-20T00:00"),  # Friday, not Sunday
        ("0 0 1 * *", "2026-11-22T12:00", "2026-11-01T00:00"),
        ("0 0 31 * *", "2026-11-22T12:00", "2026-10-31T00:00"),
        ("0 0 1 jan-mar *", "2026-11-22T12:00", "2026-03-01T00:00"),
        ("0 0 13 * fri", "2026-11-22T12:00", "2026-11-20T00:00"),  # one of them
        ("0 0 */13 * fri", "2026-11-22T12:00", "2026-08-14T00:00"),  # both: 1 14 27
        ("0 0 * * SAT-SUN", "2026-11-24T12:00", "2026-11-22T00:00"),
        ("0 0 * * fri-sun", "2026-11-21T12:00", "2026-11-21T00:00"),
    ],
)
def test_the_last_beginning_is_found(text: str, now: str, begins: str) -> None:
    """Sunday is 0 and 7, and of two fields for days one is enough."""
    assert Cron.of(text).latest(at(now), YEAR) == at(begins)


@pytest.mark.parametrize(
    ("minutes", "is_open"), [(-1, False), (0, True), (59, True), (60, False)]
)
def test_a_window_begins_with_its_minute_and_ends_before_its_end(
    minutes: int,
    is_open: bool,  # noqa: FBT001 -- a column of the table
) -> None:
    """Two windows that touch do not overlap."""
    now = at("2026-11-22T22:00") + timedelta(minutes=minutes)

    assert (Cron.of("0 22 * * sun").latest(now, HOUR) is not None) is is_open


def test_a_window_goes_on_over_midnight() -> None:
    """What began yesterday is what is open today."""
    now = at("2026-12-01T00:30")

    assert Cron.of("0 22 30 11 *").latest(now, 3 * HOUR) == at("2026-11-30T22:00")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("60 * * * *", "`60` is no minute: those are 0 to 59"),
        ("* 24 * * *", "`24` is no hour: those are 0 to 23"),
        ("* * 0 * *", "`0` is no day of the month: those are 1 to 31"),
        ("* * * smarch *", "`smarch` is no month: those are 1 to 12, or jan to dec"),
        ("* * * * 8", "`8` is no day of the week: those are 0 to 7, or sun to sat"),
        ("5-2 * * * *", "`5-2` ends before it begins"),
        ("*/0 * * * *", "`/0` is no step: write a number from 1 to 99"),
        ("*/ * * * *", "`/` is no step: write a number from 1 to 99"),
        ("1,,2 * * * *", "`` is no minute: those are 0 to 59"),
        ("* * 30 2 *", "never comes: none of these months has such a day"),
        ("* * 31 4,6 *", "never comes: none of these months has such a day"),
        ("* * * *", "must be five fields, such as `0 22 * * sun`"),
    ],
)
def test_what_cannot_be_read_is_answered_with_a_sentence(
    text: str, sentence: str
) -> None:
    """Rather than with a window that never opens."""
    with pytest.raises(CronError) as error:
        Cron.of(text)

    assert str(error.value) == sentence


def test_a_leap_day_comes() -> None:
    """If not every year."""
    begins = Cron.of("0 0 29 2 *").latest(at("2028-02-29T05:00"), YEAR)

    assert begins == at("2028-02-29T00:00")


@given(text=st.text(alphabet="0123456789*/,- jansu", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    """With no other error."""
    try:
        cron = Cron.of(text)
    except CronError:
        return
    assert cron.times
    assert cron.latest(at("2026-11-22T22:00"), HOUR) is None or cron.months


FIELD = st.one_of(
    st.just("*"),
    st.integers(2, 7).map("*/{}".format),
    st.lists(st.integers(1, 6), min_size=1, max_size=3).map(
        lambda values: ",".join(map(str, values))
    ),
)


@given(
    fields=st.tuples(*[FIELD] * 5),
    now=st.integers(0, 5 * 366 * 1440).map(
        lambda minutes: at("2024-01-01T00:00") + timedelta(minutes=minutes)
    ),
)
def test_a_minute_is_meant_or_not_whoever_looks(
    fields: tuple[str, ...], now: datetime
) -> None:
    """A window of a minute is open in exactly the minutes that the fields mean."""
    minute, hour, day, month, weekday = fields
    days = [is_meant(day, now.day, 1), is_meant(weekday, now.isoweekday() % 7, 0)]
    is_day = all(days) if "*" in day[0] + weekday[0] else any(days)
    is_time = is_meant(minute, now.minute, 0) and is_meant(hour, now.hour, 0)

    is_open = Cron.of(" ".join(fields)).latest(now, timedelta(minutes=1)) is not None

    assert is_open is (is_day and is_time and is_meant(month, now.month, 1))


def is_meant(field: str, value: int, low: int) -> bool:
    """Whether a field of one of the three forms above means a value."""
    if field == "*":
        return True
    if field.startswith("*/"):
        return (value - low) % int(field[2:]) == 0
    return str(value) in field.split(",")
