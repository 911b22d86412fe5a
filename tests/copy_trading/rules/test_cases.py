"""Rows of the domain page's table of cases, each decided by the pure rules; the test's name says its row."""

from decimal import Decimal
from uuid import uuid4

import pytest

from plugins.copy_trading.rules.closes import Held, decide_closes
from plugins.copy_trading.rules.reasons import Reason
from plugins.copy_trading.rules.states import By, Pause, SubscriptionStatus, resume, status_of
from plugins.copy_trading.rules.statistics import Look, Trades, begin, observe
from plugins.copy_trading.rules.views import Link, MasterClose, Terms

from .build import MARKET, POSITION, D, copied, decide, follower, master_open, skipped, with_copy


def test_equities_10000_and_2500_buy_1_copies_0_25() -> None:
    assert copied(master_open("1.00"), follower("2500")).volume == D("0.25")


def test_raw_0_019_becomes_0_01() -> None:
    made = copied(master_open("0.10"), follower("1900"))
    assert (made.volume, made.target) == (D("0.01"), D("0.019"))


@pytest.mark.parametrize("round_up", [False, True])
def test_raw_0_004_is_below_min_lot_even_with_round_up(round_up: bool) -> None:
    refusal = skipped(master_open("0.10"), follower("400", terms=Terms(round_up=round_up))).refusal
    assert refusal.reason == "below_min_lot"
    assert (refusal.found, refusal.needed) == ("0.004", "0.01")
    assert (refusal.setting, refusal.setting_value) == ("copy_ratio", "2.5")


def test_fixed_0_10_copies_one_master_order_of_three_fills_once() -> None:
    one = follower(terms=Terms(mode="fixed", fixed_size=D("0.10")))
    order, volumes = uuid4(), []
    for volume, filled in (("0.3", "0.3"), ("0.3", "0.6"), ("0.4", "1.0")):
        made = copied(master_open(volume, order=order, filled=D(filled)), one)
        volumes.append(made.volume)
        one = with_copy(one, made)
    assert volumes == [D("0.10"), D(0), D(0)]


def test_k_0_05_on_fills_of_one_order_gives_0_01_0_02_0_02() -> None:
    one, order, volumes = follower("500"), uuid4(), []
    for volume, filled in (("0.3", "0.3"), ("0.3", "0.6"), ("0.4", "1.0")):
        made = copied(master_open(volume, order=order, filled=D(filled)), one)
        volumes.append(made.volume)
        one = with_copy(one, made)
    assert volumes == [D("0.01"), D("0.02"), D("0.02")]


def closes(held: str, target: str, *steps: tuple[str, str]) -> list[Decimal]:
    """What a follower closes as the master goes from M to M' in each step."""
    volumes, state = [], Held(uuid4(), D(target), D(held), D(held), D("0.01"))
    for seq, (before, after) in enumerate(steps):
        [made] = decide_closes(MasterClose(seq, POSITION, D(before), D(after)), [state])
        volumes.append(made.volume)
        state = state._replace(target=made.target, held=made.held, real=made.held)
    return volumes


def test_follower_0_01_of_master_1_closes_nothing_then_0_01_then_nothing() -> None:
    assert closes("0.01", "0.01", ("1", "0.75"), ("0.75", "0.50"), ("0.50", "0")) == [D(0), D("0.01"), D(0)]


def test_follower_0_10_closes_0_03_0_04_0_03_without_dust() -> None:
    assert closes("0.10", "0.10", ("1", "0.67"), ("0.67", "0.34"), ("0.34", "0")) == [D("0.03"), D("0.04"), D("0.03")]


def test_netting_flip_of_1_50_closes_0_25_then_opens_short_0_12() -> None:
    assert closes("0.25", "0.25", ("1.00", "0")) == [D("0.25")]
    made = copied(master_open("0.50", side=-1, price=D("1.0849")), follower("2500"))
    assert (made.side, made.volume) == (-1, D("0.12"))


def test_joined_while_master_long_touches_nothing() -> None:
    assert decide(master_open("0.50", new=False), follower()) is None
    assert decide_closes(MasterClose(3, POSITION, D("1.5"), D(0)), []) == []


def test_minimum_equity_500_skips_at_480_mirrors_closes_and_passes_at_exactly_500() -> None:
    terms = Terms(minimum_equity=D(500))
    refusal = skipped(master_open("1"), follower("480", terms=terms)).refusal
    assert (refusal.reason, refusal.found, refusal.needed) == (Reason.MINIMUM_EQUITY, "480", "500")
    assert (refusal.setting, refusal.setting_value) == ("minimum_equity", "480")
    assert closes("0.05", "0.05", ("1", "0")) == [D("0.05")]
    assert copied(master_open("1"), follower("510", terms=terms)).volume == D("0.05")
    assert copied(master_open("1"), follower("500.00", terms=terms)).volume == D("0.05")


def test_max_open_trades_3_skips_the_fourth_but_not_an_add() -> None:
    terms = Terms(max_open_trades=3)
    refusal = skipped(master_open("1"), follower(terms=terms, open_trades=3)).refusal
    assert (refusal.reason, refusal.found, refusal.needed, refusal.setting_value) == (
        Reason.MAX_OPEN_TRADES,
        "3",
        "3",
        "4",
    )
    linked = follower(terms=terms, open_trades=3, link=Link(D("0.25"), D("0.25"), MARKET.step))
    assert copied(master_open("1", new=False), linked).volume == D("0.25")
    assert copied(master_open("1"), follower(terms=terms, open_trades=2)).volume == D("0.25")


def test_slippage_limit_1_08608_is_sent_at_1_08600_and_skipped_at_1_08620() -> None:
    made = copied(master_open("1"), follower(market=MARKET._replace(ask=D("1.08600"))))
    assert made.limit == D("1.08608")
    refusal = skipped(master_open("1"), follower(market=MARKET._replace(ask=D("1.08620")))).refusal
    assert refusal.reason == "slippage_exceeded"
    assert (refusal.setting, refusal.setting_value) == ("slippage_tolerance", "0.1106")
    let_through = Terms(slippage_tolerance=D(refusal.setting_value or 0))
    assert copied(master_open("1"), follower(market=MARKET._replace(ask=D("1.08620")), terms=let_through)).volume


def test_paused_follower_is_closed_and_the_new_open_is_neither_copied_nor_back_filled() -> None:
    assert closes("0.25", "0.25", ("1", "0")) == [D("0.25")]
    anew = skipped(master_open("1"), follower(hold=("paused by follower", "active")))
    assert anew.refusal.reason is Reason.SUBSCRIPTION
    assert decide(master_open("0.5", new=False), follower()) is None, "no back-fill at the next add after the resume"


def test_paused_by_admin_and_by_follower_stays_paused_when_the_follower_resumes() -> None:
    left = resume(Pause.ADMIN | Pause.FOLLOWER, By.FOLLOWER)
    assert left == Pause.ADMIN
    assert status_of(SubscriptionStatus.PAUSED, left) is SubscriptionStatus.PAUSED


def test_master_eur_10000_follower_usd_2700_copies_0_25() -> None:
    assert copied(master_open("1.00"), follower("2700", rate=D("1.08"))).volume == D("0.25")


def test_master_deposits_10000_then_buys_1_copies_0_10() -> None:
    assert copied(master_open("1.00", equity=D(20_000)), follower("2000")).volume == D("0.10")


def test_month_of_10_percent_deposit_900_and_minus_5_percent() -> None:
    standing = begin(Look(0, D(1000), D(1000)))
    for at, equity, funded in ((1, 1100, 1000), (2, 2000, 1900), (3, 1900, 1900)):
        standing, _ = observe(standing, Look(at, D(equity), D(funded)))
    assert standing.index - 1 == D("0.045")
    assert round(standing.fall.depth, 10) == D("0.05")


def test_6_wins_3_losses_1_break_even_and_a_half_closed_winner_is_60_percent() -> None:
    # The half-closed winner is not among the fully closed ones.
    trades = Trades()
    for net in [D(5)] * 6 + [D(-3)] * 3 + [D(0)]:
        trades = trades.with_one(net)
    assert trades.win_rate == 60


def test_opens_at_k_0_25_closes_adds_at_k_2_5_closes() -> None:
    one = with_copy(follower("2500"), first := copied(master_open("1.00"), follower("2500")))
    assert first.volume == D("0.25")
    assert one.link is not None
    [close] = decide_closes(
        MasterClose(2, POSITION, D("1.00"), D("0.10")),
        [Held(uuid4(), one.link.target, D("0.25"), D("0.25"), D("0.01"))],
    )
    assert (close.held, close.target) == (D("0.02"), D("0.025"))
    one = one._replace(link=Link(close.target, close.held, D("0.01")), opening=None, basis=D(25_000), equity=D(25_000))
    add = copied(master_open("1.00", new=False), one)
    assert (close.held + add.volume, add.target) == (D("2.52"), D("2.525"))
    [last] = decide_closes(
        MasterClose(4, POSITION, D("1.10"), D("1.00")), [Held(uuid4(), add.target, D("2.52"), D("2.52"), D("0.01"))]
    )
    assert last.held == D("2.30")
    assert str(last.target).startswith("2.295454")
