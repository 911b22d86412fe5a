"""Swap: what holding a position over the tenant's roll-over costs or brings."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.trading.rules.conversion import Rate
from core.trading.rules.hours import as_datetime
from core.trading.rules.money import ZERO, product

_WEDNESDAY = 2
_SATURDAY = 5
_MIDNIGHT = time(0, 0)


def nights_of(day: date) -> int:
    """How many nights the roll-over of `day` stands for: three on Wednesday (the weekend's too), none at weekends."""
    if day.weekday() >= _SATURDAY:
        return 0
    return 3 if day.weekday() == _WEDNESDAY else 1


def rollover_ms(day: date, at: time, zone: ZoneInfo) -> int:
    """The moment of the roll-over of `day`, in epoch milliseconds. `at` is local time in `zone`; midnight ends the day."""
    if at == _MIDNIGHT:
        day += timedelta(days=1)
    return int(datetime.combine(day, at, tzinfo=zone).timestamp() * 1000)


def nights_between(after_ms: int, until_ms: int, at: time, zone: ZoneInfo) -> int:
    """Nights charged by the roll-overs in (after, until]."""
    day = as_datetime(after_ms).astimezone(zone).date() - timedelta(days=1)
    last = as_datetime(until_ms).astimezone(zone).date()
    nights = 0
    while day <= last:
        if after_ms < rollover_ms(day, at, zone) <= until_ms:
            nights += nights_of(day)
        day += timedelta(days=1)
    return nights


def swap_amount(
    volume: Decimal, contract_size: Decimal, points: Decimal, tick: Decimal, nights: int, rate: Rate
) -> Decimal:
    """volume × contract × points × tick × nights in the account's currency; negative points cost the customer."""
    if not nights or not points:
        return ZERO
    return rate.convert(product(volume, contract_size, points, tick, Decimal(nights)))
