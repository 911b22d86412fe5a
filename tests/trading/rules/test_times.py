"""Trading hours, staleness, roll-overs: all by the feed's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.trading.rules.conversion import SAME
from core.trading.rules.hours import ALWAYS, Hours, minute_of_week, untradable
from core.trading.rules.swap import nights_between, nights_of, swap_amount

FX = Hours.from_week(
    {
        "sun": [["22:00", "24:00"]],
        **{day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu")},
        "fri": [["00:00", "22:00"]],
    }
)
NIGHT = time(0, 0)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)))  # noqa: DTZ001 - made aware below
def test_the_minute_of_the_week_counts_from_monday(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    expected = aware.weekday() * 1440 + aware.hour * 60 + aware.minute
    assert minute_of_week(int(aware.timestamp() * 1000)) == expected


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        ("2024-05-03T21:59:59", True),
        ("2024-05-03T22:00:00", False),
        ("2024-05-04T12:00:00", False),
        ("2024-05-05T21:59:59", False),
        ("2024-05-05T22:00:00", True),
        ("2024-05-06T00:00:00", True),
        ("2024-05-08T12:00:00", True),
    ],
)
def test_a_week_of_fx(moment: str, open_: bool) -> None:
    assert FX.open_at(ms(moment)) is open_


def test_a_session_over_midnight_and_over_the_week() -> None:
    late = Hours.from_week({"sun": [["23:00", "01:00"]]})
    assert late.open_at(ms("2024-05-05T23:30:00"))
    assert late.open_at(ms("2024-05-06T00:59:00"))
    assert not late.open_at(ms("2024-05-06T01:00:00"))


def test_no_hours_at_all_are_round_the_clock_and_days_without_times_are_closed() -> None:
    assert Hours.from_week({}) == ALWAYS
    assert ALWAYS.open_at(ms("2024-05-04T12:00:00"))
    assert not Hours.from_week({"mon": []}).open_at(ms("2024-05-06T12:00:00"))


@pytest.mark.parametrize("week", [{"monday": []}, {"mon": [["8", "10:00"]]}, {"mon": [["08:00", "24:30"]]}])
def test_hours_that_make_no_sense_are_refused(week: dict[str, list[list[str]]]) -> None:
    with pytest.raises(ValueError, match=r"weekday|time of day|24:00"):
        Hours.from_week(week)


@pytest.mark.parametrize(
    ("age", "reason"), [(0, None), (9_999, None), (10_000, "quote_stale"), (60_000, "quote_stale")]
)
def test_a_quote_must_be_younger_than_the_limit(age: int, reason: str | None) -> None:
    now = ms("2024-05-08T12:00:00")
    assert untradable(ALWAYS, 10_000, now - age, now) == reason
    assert untradable(ALWAYS, None, now - age, now) is None


def test_hours_come_before_staleness_and_no_quote_is_stale() -> None:
    saturday = ms("2024-05-04T12:00:00")
    assert untradable(FX, 10_000, None, saturday) == "market_closed"
    assert untradable(ALWAYS, 10_000, None, saturday) == "quote_stale"


def test_threefold_on_wednesday_and_seven_in_a_week() -> None:
    monday = date(2024, 5, 6)
    assert [nights_of(monday + timedelta(days=day)) for day in range(7)] == [1, 1, 3, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("after", "until", "nights"),
    [
        ("2024-05-07T10:00:00", "2024-05-07T23:59:59", 0),
        ("2024-05-07T10:00:00", "2024-05-08T00:00:00", 1),
        ("2024-05-08T00:00:00", "2024-05-09T00:00:00", 3),
        ("2024-05-08T10:00:00", "2024-05-08T23:59:00", 0),
        ("2024-05-03T10:00:00", "2024-05-06T10:00:00", 1),
        ("2024-05-06T12:00:00", "2024-05-13T12:00:00", 7),
    ],
)
def test_nights_by_roll_overs_passed(after: str, until: str, nights: int) -> None:
    assert nights_between(ms(after), ms(until), NIGHT, ZoneInfo("UTC")) == nights


def test_the_roll_over_is_local() -> None:
    # 17:00 in New York, the evening before summer time ends there and the evening after.
    zone = ZoneInfo("America/New_York")
    assert nights_between(ms("2024-11-01T20:59:59"), ms("2024-11-01T21:00:00"), time(17, 0), zone) == 1
    assert nights_between(ms("2024-11-04T21:00:00"), ms("2024-11-04T21:59:59"), time(17, 0), zone) == 0
    assert nights_between(ms("2024-11-04T21:59:59"), ms("2024-11-04T22:00:00"), time(17, 0), zone) == 1


@given(st.lists(st.integers(ms("2024-01-01T00:00:00"), ms("2024-12-31T00:00:00")), min_size=3, max_size=3).map(sorted))
def test_nights_add_up_whenever_they_are_charged(moments: list[int]) -> None:
    first, between, last = moments
    zone = ZoneInfo("Europe/Berlin")
    whole = nights_between(first, last, NIGHT, zone)
    assert whole == nights_between(first, between, NIGHT, zone) + nights_between(between, last, NIGHT, zone)


def test_swap_points_are_ticks_of_the_whole_position() -> None:
    args = (Decimal("0.50"), Decimal(100_000), Decimal("-7.5"), Decimal("0.00001"))
    assert swap_amount(*args, 1, SAME) == Decimal("-3.75")
    assert swap_amount(*args, 3, SAME) == Decimal("-11.25")
    assert swap_amount(*args, 0, SAME) == 0
