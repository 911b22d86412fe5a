"""Ladders and streaks end to end: launched by the module, moved by the lane, booked, and kept in the bot's row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel
from sqlalchemy import text

from core.feeds.files import PriceFile
from core.feeds.store import append_ticks
from core.sdk.data import new_id
from core.sdk.reactors import Reaction, Subject
from plugins.bot_trading.reactor import BotReactor
from plugins.bot_trading.services.errors import BotRefusedError
from plugins.bot_trading.services.launching import Launch, launch
from plugins.bot_trading.services.marks import marks
from plugins.bot_trading.settings import BotTradingSettings
from plugins.bot_trading.strategies.martingale.settings import MartingaleSettings
from plugins.bot_trading.strategies.reverse_martingale.settings import ReverseMartingaleSettings
from tests.bot_trading.ladders import UNGUARDED
from tests.bot_trading.street import STRATEGIES, Street

D = Decimal
LIMITS = BotTradingSettings(strategies=["spot_grid", "martingale", "reverse_martingale"])


@pytest.fixture
def fx(street: Street) -> Street:
    """The street's symbol as EUR/USD, and an account with 10,000 USD at a leverage of 100."""
    with street.database.system() as session:
        session.execute(
            text("update core.instruments set tick = 0.00001 where id = :id"),
            {"id": street.instrument},
        )
        session.execute(
            text(
                "update core.symbols set tick = 0.00001, pip = 0.0001, lot_step = 0.01, min_lot = 0.01,"
                " contract_size = 100000, staleness_ms = 6000000 where id = :id"
            ),
            {"id": street.symbol},
        )
    street.place.account_type("fx", margin_call_level=D(0), stop_out_level=D(0))
    (street.account_id,) = street.place.accounts("fx", balance="10000")
    return street


def start(street: Street, strategy: str, settings: BaseModel, limits: BotTradingSettings = LIMITS) -> UUID:
    wish = Launch(
        customer_id=street.place.customer_id,
        account_id=street.account_id,
        symbol_id=street.symbol,
        strategy=strategy,
        settings=settings,
        key=f"launch-{new_id()}",
        actor="ann@example.com",
    )
    with street.place.session() as session:
        return launch(session, STRATEGIES, limits, wish).id


def prices(street: Street, *ticks: str) -> None:
    street.show(*ticks)


def test_a_ladder_reserves_margin_and_worst_case_and_gives_them_back(fx: Street) -> None:
    """Funds and margin at a leverage of 100: what a level binds as margin is no longer reserved beside it."""
    prices(fx, "1.10000")
    bot_id = start(fx, "martingale", MartingaleSettings())
    account = fx.place.account(fx.account_id)
    assert (account.margin, account.reserved) == (D(11), D("453.04") - 11)
    prices(fx, "1.09800", "1.09600")
    account = fx.place.account(fx.account_id)
    assert account.margin == D("76.80")
    assert account.margin + account.reserved == D("453.04")
    prices(fx, "1.10100")
    bot, account = fx.bot(bot_id), fx.place.account(fx.account_id)
    assert (bot.cycle_profit, bot.cycles, bot.wins, bot.status) == (27, 1, 1, "running")
    assert (account.balance, account.margin, account.reserved) == (10027, 0, D("453.04"))
    fx.command(bot_id, "stop_close")
    account = fx.place.account(fx.account_id)
    assert (fx.bot(bot_id).status, account.margin, account.reserved) == ("stopped", 0, 0)
    fx.place.check_ledger()


def test_stop_keep_leaves_the_positions_with_the_stops_and_targets_that_the_bot_had(fx: Street) -> None:
    prices(fx, "1.10000")
    bot_id = start(fx, "martingale", MartingaleSettings())
    prices(fx, "1.09800")
    fx.command(bot_id, "stop_keep")
    held = fx.rows(
        "select volume, stop_loss, take_profit, closed_ts_ms from core.positions where released_by = :id", id=bot_id
    )
    # The last stop of the ladder, were its five levels opened each at its own price; the target of the second level.
    assert sorted(map(tuple, held)) == [
        (D("0.01"), D("1.09"), D("1.103"), None),
        (D("0.02"), D("1.09"), D("1.103"), None),
    ]
    assert (fx.bot(bot_id).status, fx.place.account(fx.account_id).reserved) == ("stopped", 0)
    prices(fx, "1.10300")
    assert fx.place.account(fx.account_id).balance == 10_013


def test_stop_keep_of_levels_that_turn_makes_ones_target_the_others_stop(fx: Street) -> None:
    prices(fx, "1.10000")
    bot_id = start(fx, "reverse_martingale", ReverseMartingaleSettings(variant="alternate"))
    prices(fx, "1.09800")
    fx.command(bot_id, "stop_keep")
    held = fx.rows(
        "select side, stop_loss, take_profit from core.positions where released_by = :id order by side", id=bot_id
    )
    assert [tuple(row) for row in held] == [("buy", D("1.093"), D("1.1")), ("sell", D("1.1"), D("1.093"))]


def test_a_gap_opens_one_level_and_the_next_trigger_is_its_own_stop(fx: Street) -> None:
    """1.1000, 1.0985, 1.0935: one new level, floating −6.50; next trigger 1.0915."""
    prices(fx, "1.10000")
    bot_id = start(fx, "martingale", MartingaleSettings())
    prices(fx, "1.09850", "1.09350")
    assert fx.fills(bot_id) == [("buy", D("0.01"), D("1.1")), ("buy", D("0.02"), D("1.0935"))]
    assert fx.bot(bot_id).last_floating == D("-6.5")
    (row,) = fx.rows("select bid_le, bid_ge, ask_le, ask_ge from core.triggers where subject_id = :id", id=bot_id)
    assert tuple(row) == (109150, 109850, None, None)


class Watched(BotReactor):
    """Counts how many bots the lane has asked."""

    asked = 0

    def react(self, subjects: Sequence[Subject]) -> Sequence[Reaction]:
        type(self).asked += len(subjects)
        return super().react(subjects)


def test_a_cycle_that_waits_for_a_time_costs_nothing_until_then(fx: Street) -> None:
    prices(fx, "1.10000")
    Watched.asked = 0
    fx.runtime.found = Watched(STRATEGIES)
    settings = MartingaleSettings(levels=1, stop_loss_pips=D(20), take_profit_pips=D(20), cooldown_s=1000)
    bot_id = start(fx, "martingale", settings)
    prices(fx, "1.09800", "1.09800")  # the cycle ends; the next quote is looked at once, and says why nothing is opened
    (row,) = fx.rows("select bid_ge, after_ms, armed from core.triggers where subject_id = :id", id=bot_id)
    assert (row.bid_ge, row.after_ms, row.armed) == (0, fx.running(bot_id).state.until_ms, True)
    assert (Watched.asked, fx.decisions(bot_id).count("waits")) == (2, 1)
    fx.append(*["1.09800"] * 900)
    fx.work()
    assert Watched.asked == 2
    # Whoever takes the lane over, in the middle of the wait, knows the time too.
    fx.append(*["1.09800"] * 50)
    fx.lanes.pop().release()
    fx.lane("second")
    fx.work()
    assert Watched.asked == 2
    fx.append(*["1.09800"] * 60)
    fx.work()
    assert fx.bot(bot_id).base == D("0.01")
    opened = fx.rows("select ts_ms from core.fills where origin_id = :id order by fill_no desc limit 1", id=bot_id)[0][
        0
    ]
    assert opened == row.after_ms
    assert Watched.asked == 3


def test_a_bot_at_its_daily_loss_limit_is_asked_again_with_the_first_quote_of_the_next_day(fx: Street) -> None:
    prices(fx, "1.10000")
    settings = MartingaleSettings(
        levels=1, stop_loss_pips=D(20), take_profit_pips=D(20), cooldown_s=0, daily_loss_limit=D(1)
    )
    bot_id = start(fx, "martingale", settings)
    prices(fx, "1.09800", "1.09800")
    (row,) = fx.rows("select after_ms from core.triggers where subject_id = :id", id=bot_id)
    day = 86_400_000
    last = fx.rows("select max(ts_ms) from core.ticks")[0][0]
    assert row.after_ms == (last // day + 1) * day


def test_while_a_cycle_waits_for_a_price_each_quote_is_looked_at_and_only_then(fx: Street) -> None:
    prices(fx, "1.10000")
    settings = MartingaleSettings(levels=1, stop_loss_pips=D(20), take_profit_pips=D(20), cooldown_s=3)
    bot_id = start(fx, "martingale", settings)

    def looks() -> int:
        (row,) = fx.rows("select bid_ge from core.triggers where subject_id = :id", id=bot_id)
        return int(row[0])

    assert looks() == 110200
    prices(fx, "1.09800")
    assert (looks(), fx.bot(bot_id).cycles) == (0, 1)
    (row,) = fx.rows("select after_ms from core.triggers where subject_id = :id", id=bot_id)
    assert row.after_ms is None
    prices(fx, "1.09800", "1.09800")
    assert fx.bot(bot_id).base == 0
    assert fx.decisions(bot_id).count("waits") == 1
    prices(fx, "1.09800")
    assert (fx.bot(bot_id).base, looks()) == (D("0.01"), 110000)


def test_a_quote_that_leaps_moves_no_bot_and_the_next_one_does(fx: Street) -> None:
    prices(fx, "1.10000")
    limits = LIMITS.model_copy(update={"deviation_percent": D(1)})
    bot_id = start(fx, "martingale", MartingaleSettings(), limits)
    fx.append("1.05000", "1.10000")
    fx.work()
    assert (len(fx.fills(bot_id)), fx.decisions(bot_id)[-1]) == (1, "quote_leaps")
    fx.append("1.05000", "1.05010")
    fx.work()
    assert fx.fills(bot_id)[1:] == [("buy", D("0.02"), D("1.0501"))]


def test_the_brokerage_limits_the_multiplier_and_the_spread(fx: Street) -> None:
    fx.show(("1.10000", "1.10050"))
    with pytest.raises(BotRefusedError) as caught:
        start(fx, "martingale", MartingaleSettings(multiplier=D(4)))
    assert [(one.code, one.facts["most"]) for one in caught.value.refusals] == [("multiplier_above_limit", "3")]
    with pytest.raises(BotRefusedError) as caught:
        start(fx, "martingale", MartingaleSettings(), LIMITS.model_copy(update={"max_levels": 4}))
    assert [(one.code, one.field) for one in caught.value.refusals] == [("too_many_levels", "levels")]
    limits = LIMITS.model_copy(update={"max_spread_percent": D("0.01")})
    bot_id = start(fx, "martingale", MartingaleSettings(), limits)
    assert (fx.fills(bot_id), fx.decisions(bot_id)[-1]) == ([], "waits")
    fx.show(("1.10000", "1.10010"))
    assert len(fx.fills(bot_id)) == 1


def test_a_short_ladder_and_turning_levels_are_measured_at_the_right_sides(fx: Street) -> None:
    prices(fx, "1.10000")
    bot_id = start(fx, "reverse_martingale", ReverseMartingaleSettings(variant="alternate", direction="sell"))
    fx.show(("1.10200", "1.10210"))
    fx.show(("1.10250", "1.10260"))
    bot = fx.bot(bot_id)
    assert (bot.base, bot.short) == (D("0.02"), D("0.01"))
    with fx.place.session() as session:
        mark = marks(session, [bot_id])[bot_id]
    # Sold at 1.1000, measured at the ask; bought at 1.1021, measured at the bid.
    assert mark.floating == D("0.01") * 100_000 * (D("1.1") - D("1.1026")) + D("0.02") * 100_000 * (
        D("1.1025") - D("1.1021")
    )


def test_streaks_close_and_double_on_one_quote_through_the_lane(fx: Street) -> None:
    prices(fx, "1.10000")
    bot_id = start(fx, "reverse_martingale", ReverseMartingaleSettings())
    prices(fx, "1.10500")
    assert fx.fills(bot_id) == [
        ("buy", D("0.01"), D("1.1")),
        ("sell", D("0.01"), D("1.105")),
        ("buy", D("0.02"), D("1.105")),
    ]
    prices(fx, "1.10300")
    assert (fx.bot(bot_id).cycle_profit, fx.bot(bot_id).wins) == (1, 1)


def test_alternate_is_refused_on_a_netting_account(fx: Street) -> None:
    prices(fx, "1.10000")
    fx.place.account_type("net", mode="netting", margin_call_level=D(0), stop_out_level=D(0))
    (fx.account_id,) = fx.place.accounts("net")
    with pytest.raises(BotRefusedError) as caught:
        start(fx, "reverse_martingale", ReverseMartingaleSettings(variant="alternate"))
    assert [one.code for one in caught.value.refusals] == ["hedging_needed"]
    bot_id = start(fx, "martingale", MartingaleSettings())
    prices(fx, "1.09800", "1.10300")
    assert (fx.bot(bot_id).cycle_profit, fx.bot(bot_id).base) == (13, 0)


RUNS: Sequence[tuple[str, str, type[BaseModel]]] = (
    ("martingale_ladder_buy_50_20", "martingale", MartingaleSettings),
    ("reverse_martingale_anti_buy_50_20", "reverse_martingale", ReverseMartingaleSettings),
)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "strategy", "model"), RUNS)
def test_a_whole_run_through_lane_and_database_equals_the_golden_one(
    name: str, strategy: str, model: type[BaseModel], fx: Street, shared_dir: Path
) -> None:
    golden: dict[str, Any] = json.loads((shared_dir / "golden" / "bots.json").read_text())["runs"][name]
    quotes = PriceFile(shared_dir / "data" / golden["data"], D("0.00001")).quotes()
    with fx.database.system() as session:
        append_ticks(session, fx.instrument, quotes[:1])
    fx.work()
    bot_id = start(fx, strategy, model(**UNGUARDED))
    with fx.database.system() as session:
        append_ticks(session, fx.instrument, quotes[1:])
    lane = fx.lanes[-1]
    last = fx.last_seq()
    assert lane.run(300, stop=lambda: lane.position(fx.instrument) >= last)
    bot = fx.bot(bot_id)
    assert bot.cycles == golden["cycles"]
    assert bot.cycle_profit + bot.inventory_realised == D(golden["realised"])
    with fx.place.session() as session:
        assert marks(session, [bot_id])[bot_id].floating == D(golden["open_float"])
    held = fx.rows("select count(*) from core.positions where origin_id = :id and closed_ts_ms is null", id=bot_id)
    assert held[0][0] == golden["open_levels"]
    assert fx.place.account(fx.account_id).balance == 10_000 + D(golden["realised"])
    fx.place.check_ledger()
