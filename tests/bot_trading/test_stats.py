"""Bot Stats: the parts add up to the whole, in every currency and converted; days are kept.

Domain page, "Bot Stats and Mission Control".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from plugins.bot_trading.services.history import days_of, lines_of, take_snapshot
from plugins.bot_trading.services.marks import marks
from plugins.bot_trading.services.stats import ACTIVE, read_stats
from plugins.bot_trading.services.views import Wanted, list_bots
from tests.bot_trading.street import Street

D = Decimal


@pytest.fixture
def at_100(street: Street) -> Street:
    street.show("100")
    street.place.quote("EURUSD", "1.1000", "1.1002")
    return street


def many(street: Street, number: int) -> list[UUID]:
    return [street.launch(account) for account in street.place.accounts("spot", number, balance="1000")]


def become(street: Street, bot_id: UUID, **values: object) -> None:
    """Write columns of a bot's row, as another strategy or currency would have them."""
    names = ", ".join(f"{name} = :{name}" for name in values)
    with street.database.system() as session:
        session.execute(text(f"update bot_trading.bots set {names} where id = :id"), {**values, "id": bot_id})  # noqa: S608


def test_the_sum_over_strategies_is_the_aggregate_is_the_sum_over_bots(at_100: Street) -> None:
    bots = many(at_100, 6)
    become(at_100, bots[1], strategy="martingale")
    become(at_100, bots[2], strategy="martingale", currency="EUR")
    become(at_100, bots[3], strategy="reverse_martingale", status="error")
    at_100.show("96", "101")
    at_100.command(bots[4], "stop_keep")
    at_100.command(bots[5], "stop_close")
    at_100.append("99.37")
    at_100.work()
    with at_100.place.session() as session:
        stats, rows = read_stats(session), list_bots(session, Wanted(size=None)).rows
        each = marks(session, bots)
    assert len(rows) == 6
    for row in rows:
        assert row.total == each[row.id].total == row.cycle_profit + row.inventory_realised + row.floating
    # The market of this brokerage has EUR/USD: what is in euros is converted, and the rate is named.
    assert (stats.rates.currency, stats.rates.missing, [code for code, _ in stats.rates.foreign]) == (
        "USD",
        (),
        ["EUR"],
    )
    rate = stats.rates.rates["EUR"]
    for name in ("invested", "realised", "floating", "total", "fees", "cycles", "wins"):
        over_bots = sum(
            (
                D(getattr(row, "investment" if name == "invested" else name))
                * (rate if row.currency == "EUR" and name not in ("cycles", "wins") else 1)
                for row in rows
            ),
            D(0),
        )
        over_strategies = sum((D(getattr(one, name)) for one in stats.by_strategy), D(0))
        assert over_strategies == D(getattr(stats.total, name)), name
        assert abs(over_strategies - over_bots) < D("1e-11"), name
    for part in stats.by_currency:
        own = [row for row in rows if row.currency == part.currency]
        assert part.total == sum(row.total for row in own)
        assert part.active + part.historical == len(own)
    assert stats.total.drawdown == max(row.worst_drawdown for row in rows)


def test_active_and_historical_bots_are_counted_by_state(at_100: Street) -> None:
    bots = many(at_100, 7)
    for bot_id, status in zip(bots, (*ACTIVE, "stopped"), strict=True):
        become(at_100, bot_id, status=status)
    with at_100.place.session() as session:
        stats = read_stats(session)
    assert stats.statuses == dict.fromkeys((*ACTIVE, "stopped"), 1)
    assert (stats.active, stats.historical) == (6, 1)


def test_amounts_without_a_rate_are_left_out_and_named_and_never_added(at_100: Street) -> None:
    first, second = many(at_100, 2)
    become(at_100, second, currency="JPY", investment=D(90_000))
    with at_100.place.session() as session:
        stats = read_stats(session)
    assert stats.rates.missing == ("JPY",)
    assert (stats.total.invested, stats.active) == (at_100.bot(first).investment, 2)
    assert [(part.currency, part.invested) for part in stats.by_currency if part.currency == "JPY"] == [("JPY", 90_000)]


def test_win_rate_counts_cycles_and_the_worst_drawdown_is_the_deepest_fall(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.append("90")
    at_100.work()
    become(at_100, bot_id, cycles=8, wins=6)
    with at_100.place.session() as session:
        sums = read_stats(session).by_strategy[0]
        now = marks(session)[bot_id]
    assert (sums.win_rate, sums.drawdown) == (75, now.worst)
    assert now.worst >= now.drawdown > 5


def test_bots_are_sorted_by_what_they_are_worth_in_the_main_currency(at_100: Street) -> None:
    bots = many(at_100, 3)
    become(at_100, bots[0], inventory_realised=D(10), currency="USD")
    become(at_100, bots[1], inventory_realised=D("9.5"), currency="EUR")
    become(at_100, bots[2], inventory_realised=D(1_000_000), currency="JPY")
    with at_100.place.session() as session:
        assert read_stats(session).rates.rates["EUR"] > D("1.05")
        rows = list_bots(session, Wanted(sort="total")).rows
    assert [row.id for row in rows] == [bots[1], bots[0], bots[2]]


def test_a_tie_of_the_thirteenth_decimal_is_rounded_to_even_in_the_database_too(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.append("100.01")
    at_100.work()
    become(at_100, bot_id, base=D("0.000000000050"), invested=D(0), last_floating=D(0))
    with at_100.place.session() as session:
        assert marks(session)[bot_id].floating == D("5.000500000E-9").quantize(D("1e-12"))
    for base, floating in (("0.00000000005", "0.000000005000"), ("0.00000000015", "0.000000015002")):
        # 0.00000000005 × 100.01 = 0.0000000050005, a tie: down to the even 5000; the other tie goes up to 15002.
        become(at_100, bot_id, base=D(base))
        with at_100.place.session() as session:
            assert marks(session)[bot_id].floating == D(floating)


# --- over time ---------------------------------------------------------------------------------------------------


def test_each_days_last_look_is_kept_by_strategy_and_the_line_ends_with_now(at_100: Street) -> None:
    second = many(at_100, 2)[1]
    become(at_100, second, strategy="martingale")
    day = datetime.now(UTC) - timedelta(days=1)
    with at_100.place.session() as session:
        take_snapshot(session, day)
    at_100.show("104")
    with at_100.place.session() as session:
        take_snapshot(session, day)
        take_snapshot(session)
        stats, rows = read_stats(session), days_of(session)
        lines = {line.strategy: line.points for line in lines_of(rows, stats)}
    assert len(rows) == 4  # the second look of a day replaces the first
    assert {(row.strategy, row.active) for row in rows} == {("spot_grid", 1), ("martingale", 1)}
    assert sum(row.total for row in rows if row.day == day.date()) == stats.total.total
    assert set(lines) == {"", "spot_grid", "martingale"}
    assert [amount for _, amount in lines[""]] == [stats.total.total] * 2
    assert sum(lines[key][0][1] for key in ("spot_grid", "martingale")) == lines[""][0][1]


def test_a_day_is_worth_what_its_own_rate_made_of_it(at_100: Street) -> None:
    (bot_id,) = many(at_100, 1)
    become(at_100, bot_id, currency="EUR", inventory_realised=D(100), base=D(0), invested=D(0), last_floating=D(0))
    with at_100.place.session() as session:
        take_snapshot(session)
        kept = days_of(session)[0]
    with at_100.database.system() as session:
        session.execute(text("update core.quotes set bid = bid * 2, ask = ask * 2"))
    with at_100.place.session() as session:
        assert days_of(session)[0].converted == kept.converted == 100 * (kept.rate or 0)
        assert read_stats(session).rates.rates["EUR"] > (kept.rate or 0)
