"""A master's figures as everybody may see them: index, drawdown, months, risk by part, trades in sum."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import Chart, Series
from plugins.copy_trading.rules.figures import Month
from plugins.copy_trading.services.figures import history_of
from plugins.copy_trading.services.lists import MasterLine
from plugins.copy_trading.services.records import record_in_sum

MONTHS = (
    _("Jan"), _("Feb"), _("Mar"), _("Apr"), _("May"), _("Jun"),
    _("Jul"), _("Aug"), _("Sep"), _("Oct"), _("Nov"), _("Dec"),
)  # fmt: skip
_HEAT = (Decimal("0.05"), Decimal(1), Decimal(3))


def heat(change: Decimal) -> str:
    """The shade of a monthly return in percent: ``flat``, or ``up``/``down`` 1 to 3 from under 1 % to 3 % and more."""
    strength = sum(abs(change) >= limit for limit in _HEAT)
    return "flat" if not strength else f"{'up' if change > 0 else 'down'}-{strength}"


def year_return(months: Mapping[int, Month]) -> Decimal:
    """The return of all the months together, in percent."""
    growth = Decimal(1)
    for month in months.values():
        growth *= 1 + month.change / 100
    return (growth - 1) * 100


def public_figures(session: TenantSession, line: MasterLine) -> dict[str, Any]:
    """What the pages of a master draw, for templates that take ``history``, ``trades``, ``record``, charts and ``years``."""
    history = history_of(session, line.id)
    index = [(at, (value - 1) * 100) for at, value in history.index]
    falls = [(at, -depth * 100) for at, depth in history.falls]
    years: dict[int, dict[int, Month]] = {}
    for month in history.months:
        years.setdefault(month.year, {})[month.month] = month
    return {
        "history": history,
        "record": record_in_sum(session, line.account_id),
        "return_chart": Chart("index", [Series(index, "baseline")], _("Return index"), unit="%", baseline=0),
        "drawdown_chart": Chart("drawdown", [Series(falls, "area", tone="down")], _("Drawdown"), unit="%", height=180),
        "years": years,
        "heat": heat,
        "month_name": lambda month: MONTHS[month - 1],
        "year_return": year_return,
    }
