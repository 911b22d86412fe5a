"""When a symbol can be traded: in its hours, on a quote that is young enough. All times are the feed's."""

from collections.abc import Iterable
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


def parse_moment(text: str) -> int:
    """`fri 22:00` as a minute of the week. Raises `ValueError`."""
    day, _, clock = text.strip().lower().partition(" ")
    hour, _, minute = clock.partition(":")
    if day not in _DAYS or not (hour.isdigit() and minute.isdigit() and int(minute) < 60):
        raise ValueError(f"a moment of the week looks like “fri 22:00”, not “{text}”")
    of_day = int(hour) * 60 + int(minute)
    if of_day > MINUTES_A_DAY:
        raise ValueError(f"a day ends at 24:00, so “{text}” is none of its moments")
    return (_DAYS.index(day) * MINUTES_A_DAY + of_day) % MINUTES_A_WEEK


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly sessions in UTC as (first minute, end minute) of the week; a session may wrap over Sunday's midnight.

    No session at all means round the clock. A session that ends where it begins lasts the whole week.
    """

    sessions: tuple[tuple[int, int], ...] = ()

    @classmethod
    def parse(cls, sessions: Iterable[tuple[str, str] | list[str]]) -> "Hours":
        """From pairs such as `("sun 22:00", "fri 22:00")`."""
        return cls(tuple((parse_moment(start), parse_moment(end)) for start, end in sessions))

    def open_at(self, ts_ms: int) -> bool:
        """Whether the moment lies in a session; the end belongs to none."""
        if not self.sessions:
            return True
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
