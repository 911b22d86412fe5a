"""When a symbol can be traded: in its hours, on a quote that is young enough. All times are the feed's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

MINUTES_A_DAY = 24 * 60
MINUTES_A_WEEK = 7 * MINUTES_A_DAY

Untradable = Literal["market_closed", "quote_stale"]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def minute_of_week(ts_ms: int) -> int:
    """Minutes since Monday 00:00 UTC."""
    # 1 January 1970 was a Thursday.
    return (ts_ms // 60_000 + 3 * MINUTES_A_DAY) % MINUTES_A_WEEK


def minute_of_day(text: str) -> int:
    """`22:00` as minutes since midnight; `24:00` is the day's end. Raises `ValueError`."""
    hour, _, minute = text.strip().partition(":")
    if not (hour.isdigit() and minute.isdigit() and int(minute) < 60):
        raise ValueError(f"a time of day looks like “22:00”, not “{text}”")
    result = int(hour) * 60 + int(minute)
    if result > MINUTES_A_DAY:
        raise ValueError(f"a day ends at 24:00, so “{text}” is none of its times")
    return result


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly sessions in UTC as (first minute, end minute) of the week; a session may wrap over Sunday's midnight.

    No session at all means round the clock, unless `closed`. A session that ends where it begins lasts the whole week.
    """

    sessions: tuple[tuple[int, int], ...] = ()
    closed: bool = False

    @classmethod
    def from_week(cls, week: Mapping[str, Iterable[Iterable[str]]]) -> "Hours":
        """From `{"sun": [["22:00", "24:00"]], "mon": [["00:00", "24:00"]], …}`, times in UTC.

        A day that is not named is closed; an empty mapping means round the clock. A session whose end is not after its
        start runs into the next day. Raises `ValueError`.
        """
        sessions: list[tuple[int, int]] = []
        for day, times in week.items():
            if day not in _DAYS:
                raise ValueError(f"a weekday is one of {', '.join(_DAYS)}, not “{day}”")
            midnight = _DAYS.index(day) * MINUTES_A_DAY
            for start, end in times:
                first, last = minute_of_day(start), minute_of_day(end)
                if last <= first:
                    last += MINUTES_A_DAY
                sessions.append(((midnight + first) % MINUTES_A_WEEK, (midnight + last) % MINUTES_A_WEEK))
        return cls(tuple(sessions), closed=bool(week) and not sessions)

    def open_at(self, ts_ms: int) -> bool:
        """Whether the moment lies in a session; the end belongs to none."""
        if not self.sessions:
            return not self.closed
        now = minute_of_week(ts_ms)
        for start, end in self.sessions:
            inside = start <= now < end if start < end else now >= start or now < end
            if inside:
                return True
        return False


ALWAYS = Hours()


def untradable(hours: Hours, stale_after_ms: int | None, quote_ts_ms: int | None, now_ms: int) -> Untradable | None:
    """Why a symbol cannot be traded at the feed's time `now_ms`, or none.

    The last quote must be younger than `stale_after_ms` (none: any age will do); no quote at all counts as stale.
    """
    if not hours.open_at(now_ms):
        return "market_closed"
    if quote_ts_ms is None:
        return "quote_stale"
    if stale_after_ms is not None and now_ms - quote_ts_ms >= stale_after_ms:
        return "quote_stale"
    return None


def as_datetime(ts_ms: int) -> datetime:
    """Epoch milliseconds as an aware datetime in UTC."""
    return datetime.fromtimestamp(ts_ms / 1000, UTC)
