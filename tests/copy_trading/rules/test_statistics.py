"""Running figures against an independent library, which computes them from the whole history at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from itertools import accumulate
from math import isclose
from statistics import stdev
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.copy_trading.rules.figures import days_a_year, monthly_returns, sharpe
from plugins.copy_trading.rules.statistics import (
    DAY_MS,
    ClosedDay,
    Look,
    Spread,
    Standing,
    Trades,
    begin,
    close_day,
    is_weekend,
    leverage_of,
    observe,
)

# Neither says its types.
empyrical: Any = import_module("empyrical")
pandas: Any = import_module("pandas")

D = Decimal
FIRST_DAY = 20_000
RETURNS = st.lists(st.floats(-0.2, 0.2, allow_nan=False), min_size=2, max_size=200)
FLOWS = st.lists(st.sampled_from([0, 0, 0, 0, 500, -200]), min_size=200, max_size=200)


def history(returns: list[float], flows: list[int], a_day: int = 1) -> tuple[Standing, list[ClosedDay]]:
    """A history of so many looks a day, each with a return and then, at the look after it, money in or out."""
    equity = funded = D(10_000)
    standing = begin(Look(FIRST_DAY * DAY_MS, equity, funded))
    days: list[ClosedDay] = []
    for at, change in enumerate(returns):
        equity *= 1 + D(repr(change))
        look_at = (FIRST_DAY + at // a_day) * DAY_MS + (at % a_day + 1) * (DAY_MS // (a_day + 1))
        for moved in (0, flows[at]):
            equity, funded = equity + moved, funded + moved
            standing, closed = observe(standing, Look(look_at, equity, funded))
            days += [closed] if closed else []
    return standing, [*days, close_day(standing)]


def series(returns: list[float], first_day: int = FIRST_DAY) -> Any:
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=first_day)
    return pandas.Series(returns, index=pandas.date_range(start, periods=len(returns), freq="D"))


@settings(max_examples=60, deadline=None)
@given(RETURNS, FLOWS)
def test_return_index_is_time_weighted_whatever_money_moves(returns: list[float], flows: list[int]) -> None:
    """A deposit or withdrawal starts a new sub-period and never counts as gain or loss."""
    standing, _ = history(returns, flows)
    assert isclose(float(standing.index) - 1, empyrical.cum_returns_final(series(returns)), rel_tol=1e-9, abs_tol=1e-12)
    assert standing.total_pnl == standing.equity - standing.funded


@settings(max_examples=60, deadline=None)
@given(RETURNS, FLOWS, st.integers(1, 7))
def test_drawdown_is_the_deepest_fall_from_the_running_peak(returns: list[float], flows: list[int], a_day: int) -> None:
    standing, days = history(returns, flows, a_day)
    # The library knows no start: a return of nothing stands for it.
    assert isclose(-float(standing.fall.depth), empyrical.max_drawdown(series([0.0, *returns])), abs_tol=1e-9)
    # Over days the same fall is found from each day's extremes, which is how twelve months are looked through.
    before, deepest = D(0), 0.0
    for day in days:
        deepest = max(deepest, day.fall, float(1 - day.low / before) if before else 0.0)
        before = max(before, day.high)
    assert isclose(deepest, float(standing.fall.depth), abs_tol=1e-9)


def test_drawdown_knows_the_dates_of_peak_trough_and_recovery() -> None:
    standing = begin(Look(0, D(100), D(100)))
    for at, equity in enumerate((120, 90, 110, 130, 125), 1):
        standing, _ = observe(standing, Look(at * DAY_MS, D(equity), D(100)))
    fall = standing.fall
    assert (fall.depth, fall.peak_ms, fall.trough_ms, fall.recovered_ms) == (D("0.25"), DAY_MS, 2 * DAY_MS, 4 * DAY_MS)
    assert round(standing.drawdown_now, 6) == D("0.038462")
    deeper, _ = observe(standing, Look(9 * DAY_MS, D(65), D(100)))
    assert (deeper.fall.depth, deeper.fall.recovered_ms) == (D("0.5"), None)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-0.1, 0.1, allow_nan=False), min_size=31, max_size=120), FLOWS)
def test_sharpe_of_round_the_clock_histories_counts_every_day(returns: list[float], flows: list[int]) -> None:
    standing, _ = history(returns, flows)
    # The last day is not over: it is no daily return yet.
    expected = empyrical.sharpe_ratio(series(returns[:-1]), annualization=365)
    found = sharpe(standing.daily, days_a_year(round_the_clock=True))
    if found is None:
        assert stdev(returns[:-1]) < 1e-9
    else:
        assert isclose(found, expected, rel_tol=1e-6, abs_tol=1e-6)


def test_sharpe_of_other_histories_counts_working_days() -> None:
    returns = [0.0 if is_weekend(FIRST_DAY + at) else (at % 5 - 2) / 1000 + 0.0005 for at in range(80)]
    standing, _ = history(returns, [0] * 80)
    working = [value for at, value in enumerate(returns[:-1]) if not is_weekend(FIRST_DAY + at)]
    expected = empyrical.sharpe_ratio(series(working), annualization=252)
    assert standing.weekdays.count == len(working)
    assert sharpe(standing.weekdays, days_a_year(round_the_clock=False)) == pytest.approx(expected)


def test_what_moves_on_a_weekend_is_mondays_where_only_working_days_count() -> None:
    """1970-01-03 was a Saturday; day 4 a Monday."""
    assert [is_weekend(day) for day in range(6)] == [False, False, True, True, False, False]
    standing = begin(Look(DAY_MS, D(100), D(100)))
    days = []
    for day, equity in ((2, 110), (3, 121), (4, D("133.1")), (5, D("133.1"))):
        standing, closed = observe(standing, Look(day * DAY_MS + 1, D(equity), D(100)))
        days += [closed] if closed else []
    assert [day.weekday_change for day in days] == [0.0, None, None, pytest.approx(0.331)]
    assert [round(day.change, 9) for day in days] == [0.0, 0.1, 0.1, 0.1]


@pytest.mark.parametrize(("returns", "expected"), [([0.01, -0.01] * 14 + [0.02], None), ([0.001] * 40, None)])
def test_sharpe_needs_30_daily_returns_and_a_deviation(returns: list[float], expected: None) -> None:
    """At least 30 daily returns, else "not enough data"; zero deviation gives no figure."""
    spread = Spread()
    for value in returns:
        spread = spread.with_one(value)
    assert sharpe(spread, 252) is expected


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-0.1, 0.1, allow_nan=False), min_size=70, max_size=150))
def test_monthly_returns_multiply_up_and_the_first_and_last_are_partial(returns: list[float]) -> None:
    whole = series(returns)
    expected = empyrical.aggregate_returns(whole, "monthly")
    index = list(accumulate((1 + D(repr(value)) for value in returns), lambda one, other: one * other))
    ends: dict[tuple[int, int], Decimal] = {}
    for moment, value in zip(whole.index, index, strict=True):
        ends[moment.year, moment.month] = value
    months = monthly_returns([(year, month, value) for (year, month), value in ends.items()])
    assert [(month.year, month.month) for month in months] == list(expected.index)
    for month, value in zip(months, expected, strict=True):
        assert isclose(float(month.change), value * 100, rel_tol=1e-9, abs_tol=1e-9)
    assert [month.partial for month in months] == [True, *[False] * (len(months) - 2), True]


def test_a_loss_of_everything_stays_one_and_a_deposit_after_it_is_no_gain() -> None:
    standing = begin(Look(0, D(100), D(100)))
    for at, equity, funded in ((1, -5, 100), (2, 95, 200), (3, 190, 200)):
        standing, _ = observe(standing, Look(at, D(equity), D(funded)))
    assert (standing.index, standing.fall.depth) == (0, 1)


def test_a_look_of_an_earlier_time_counts_as_of_the_last_one() -> None:
    standing = begin(Look(5 * DAY_MS, D(100), D(100)))
    standing, closed = observe(standing, Look(4 * DAY_MS, D(110), D(100)))
    assert (standing.at_ms, standing.index, closed) == (5 * DAY_MS, D("1.1"), None)


def test_profit_factor_win_rate_and_losing_streak() -> None:
    trades = Trades()
    assert (trades.win_rate, trades.profit_factor) == (None, None)
    for net in (D(30), D(-10), D(0), D(-5), D(-5)):
        trades = trades.with_one(net)
    assert (trades.closed, trades.won, trades.losing) == (5, 1, 2)
    assert (trades.profit_factor, trades.win_rate) == (D("1.5"), 20)
    assert Trades().with_one(D(30)).profit_factor is None, "net gains of winners over no losses"


def test_effective_leverage_on_no_equity_is_as_high_as_it_gets() -> None:
    assert leverage_of(Look(0, D(100), D(100), D(250))) == 2.5
    assert leverage_of(Look(0, D(0), D(0), D(250))) == 1000
    assert leverage_of(Look(0, D(0), D(0))) == 0
