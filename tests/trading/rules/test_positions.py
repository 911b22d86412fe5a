"""Positions, fills and margin hold for all sequences of fills and all quotes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.trading.rules.commission import commission
from core.trading.rules.conversion import SAME
from core.trading.rules.fills import (
    at_placing,
    protective_conditions,
    protective_fill,
    resting_condition,
    resting_fill,
)
from core.trading.rules.margin import Bound, account_margin, leverage_of, reduced_margin
from core.trading.rules.money import total
from core.trading.rules.pnl import profit
from core.trading.rules.positions import Holding, added, netted, opened, reduced
from core.trading.rules.quotes import Prices, customer_prices, opposite, raw_threshold
from core.trading.rules.risk import Floating, Levels, lift_to_zero, margin_level, next_to_close, standing

TICK = Decimal("0.00001")
CONTRACT = Decimal(100_000)
SIDES = st.sampled_from(["buy", "sell"])
VOLUMES = st.integers(1, 500).map(lambda steps: steps * Decimal("0.01"))
TICKS = st.integers(90_000, 130_000)
FILLS = st.lists(st.tuples(SIDES, VOLUMES, TICKS.map(lambda ticks: ticks * TICK)), min_size=1, max_size=12)


@given(FILLS, TICKS)
def test_netting_makes_what_the_same_cash_flows_make(fills: list[tuple[str, Decimal, Decimal]], last: int) -> None:
    """Realised + floating = Σ of what was paid and received, whatever was added, reduced and flipped in between."""
    held: Holding | None = None
    realised, cash, net = Decimal(0), Decimal(0), Decimal(0)
    for side, volume, price in fills:
        signed = volume if side == "buy" else -volume
        legs = netted(held, side, volume, price, CONTRACT)
        assert total(leg.volume for leg in legs) == volume
        for leg in legs:
            if leg.effect in ("open", "add"):
                assert leg.realised == 0
            realised += leg.realised
        if len(legs) == 2:
            assert [leg.effect for leg in legs] == ["close", "open"]
        held = legs[-1].after
        cash -= signed * price * CONTRACT
        net += signed
    assert net == (Decimal(0) if held is None else held.volume if held.side == "buy" else -held.volume)
    price = last * TICK
    floating = profit(held.side, held.volume, CONTRACT, held.price, price) if held else Decimal(0)
    # The average price keeps 12 decimals: at most half of the last one for each add, on the whole volume.
    slack = Decimal("0.5e-12") * CONTRACT * total(volume for _, volume, _ in fills) * len(fills)
    assert abs(realised + floating - (cash + net * price * CONTRACT)) <= slack


@given(VOLUMES, VOLUMES, TICKS, TICKS, SIDES)
def test_parts_of_a_close_make_what_the_whole_makes(
    first: Decimal, second: Decimal, at: int, closed: int, side: str
) -> None:
    whole = Holding(side, first + second, at * TICK)
    part = reduced(whole, first, closed * TICK, CONTRACT)
    assert part.after is not None
    rest = reduced(part.after, second, closed * TICK, CONTRACT)
    assert rest.after is None
    assert part.realised + rest.realised == reduced(whole, whole.volume, closed * TICK, CONTRACT).realised


@given(VOLUMES, TICKS, VOLUMES, TICKS, SIDES)
def test_the_average_lies_between_and_moves_on_adds_only(
    one: Decimal, first: int, two: Decimal, second: int, side: str
) -> None:
    low, high = sorted((first * TICK, second * TICK))
    leg = added(Holding(side, one, first * TICK), two, second * TICK)
    assert leg.after is not None
    assert low <= leg.after.price <= high
    less = reduced(leg.after, one, second * TICK, CONTRACT)
    assert less.after is not None
    assert less.after.price == leg.after.price


def test_no_more_is_closed_than_is_held() -> None:
    held = opened("buy", Decimal("0.10"), Decimal(1)).after
    assert held is not None
    for volume in (Decimal("0.11"), Decimal(0), Decimal("-0.01")):
        with pytest.raises(ValueError, match="held"):
            reduced(held, volume, Decimal(1), CONTRACT)


@given(st.sampled_from(["limit", "stop"]), SIDES, TICKS, st.integers(0, 30), TICKS, st.integers(0, 50))
def test_a_resting_order_fills_exactly_when_its_trigger_fires(
    kind: str, side: str, price: int, offset: int, bid: int, spread: int
) -> None:
    seen = customer_prices(bid, bid + spread, offset, TICK)
    condition = resting_condition(kind, side)
    threshold = raw_threshold(condition, price * TICK, offset, TICK)
    raw = bid if condition.startswith("bid") else bid + spread
    fires = raw <= threshold if condition.endswith("le") else raw >= threshold
    at = resting_fill(kind, side, price * TICK, seen)
    assert (at is not None) == fires
    if at is not None:
        executable = seen.executable(side)
        assert at == (price * TICK if kind == "limit" else executable)
        # A limit never fills worse than the market offers, a stop never better than its own price.
        touched_from_below = (side == "buy") == (kind == "stop")
        assert executable >= price * TICK if touched_from_below else executable <= price * TICK


@given(SIDES, TICKS, TICKS, TICKS, st.integers(0, 50), st.integers(0, 30))
def test_a_protected_position_closes_exactly_when_its_trigger_fires(
    side: str, stop: int, target: int, bid: int, spread: int, offset: int
) -> None:
    seen = customer_prices(bid, bid + spread, offset, TICK)
    on_stop, on_target = protective_conditions(side)
    raw = bid if side == "buy" else bid + spread

    def fires(condition: str, price: int) -> bool:
        threshold = raw_threshold(condition, price * TICK, offset, TICK)  # type: ignore[arg-type]
        return raw <= threshold if condition.endswith("le") else raw >= threshold

    hit = protective_fill(side, stop * TICK, target * TICK, seen)
    if fires(on_stop, stop):
        assert hit is not None
        assert (hit.reason, hit.price) == ("stop_loss", seen.closing(side))
    elif fires(on_target, target):
        assert hit is not None
        assert (hit.reason, hit.price) == ("take_profit", target * TICK)
    else:
        assert hit is None
    assert protective_fill(side, None, None, seen) is None


@pytest.mark.parametrize(
    ("kind", "side", "price", "action", "at"),
    [
        ("market", "buy", None, "fill", "1.1002"),
        ("market", "sell", None, "fill", "1.1000"),
        ("limit", "buy", "1.1002", "fill", "1.1002"),
        ("limit", "buy", "1.1010", "fill", "1.1002"),
        ("limit", "buy", "1.1001", "rest", None),
        ("limit", "sell", "1.1000", "fill", "1.1000"),
        ("limit", "sell", "1.1001", "rest", None),
        ("ioc", "buy", "1.1002", "fill", "1.1002"),
        ("ioc", "buy", "1.1001", "cancel", None),
        ("ioc", "sell", "1.1001", "cancel", None),
        ("stop", "buy", "1.1003", "rest", None),
        ("stop", "buy", "1.1002", "fill", "1.1002"),
        ("stop", "sell", "1.0999", "rest", None),
        ("stop", "sell", "1.1000", "fill", "1.1000"),
    ],
)
def test_orders_at_their_placing(kind: str, side: str, price: str | None, action: str, at: str | None) -> None:
    quote = Prices(Decimal("1.1000"), Decimal("1.1002"))
    found = at_placing(kind, side, Decimal(price) if price else None, quote)
    assert (found.action, found.price) == (action, Decimal(at) if at else None)


@pytest.mark.parametrize("kind", ["limit", "nonsense"])
def test_orders_that_make_no_sense_are_refused(kind: str) -> None:
    with pytest.raises(ValueError, match=kind):
        at_placing(kind, "buy", None if kind == "limit" else Decimal(1), Prices(Decimal(1), Decimal(1)))
    with pytest.raises(ValueError, match="never rests"):
        resting_condition("market", "buy")
    with pytest.raises(ValueError, match="never rests"):
        resting_fill("ioc", "buy", Decimal(1), Prices(Decimal(1), Decimal(1)))


@given(st.lists(st.tuples(st.sampled_from("AB"), SIDES, st.decimals("0", "1000", places=2)), max_size=8))
def test_hedging_never_costs_more_than_the_sides_and_never_less_than_the_larger(
    held: list[tuple[str, str, Decimal]],
) -> None:
    margin = account_margin(Bound(*one) for one in held)
    assert margin <= total(one[2] for one in held)
    for symbol in "AB":
        for side in ("buy", "sell"):
            assert margin >= total(one[2] for one in held if one[0] == symbol and one[1] == side)


@given(st.decimals("0.01", "10000", places=12), VOLUMES, VOLUMES)
def test_margin_goes_down_with_the_volume(margin: Decimal, closed: Decimal, left: Decimal) -> None:
    after = reduced_margin(margin, closed + left, left)
    assert 0 <= after <= margin
    assert abs(after * (closed + left) - margin * left) <= (closed + left) * Decimal("1e-12")
    assert reduced_margin(margin, closed, Decimal(0)) == 0


def test_leverage_is_the_smaller_one() -> None:
    assert leverage_of(Decimal(100), Decimal(30)) == 30
    assert leverage_of(Decimal(10), Decimal(30)) == 10
    assert leverage_of(Decimal(10), None) == 10


def test_commission_in_percent_of_the_notional() -> None:
    args = (Decimal("0.10"), CONTRACT, Decimal("1.1"))
    assert commission("percent", Decimal("0.1"), *args, SAME) == Decimal(11)
    assert commission("none", Decimal(5), *args, SAME) == 0
    with pytest.raises(ValueError, match="commission"):
        commission("other", Decimal(5), *args, SAME)


def test_below_a_level_counts_and_on_it_does_not() -> None:
    levels = Levels(Decimal(1), Decimal("0.5"))
    margin = Decimal(100)
    assert standing(Decimal(100), margin, levels) == "sound"
    assert standing(Decimal("99.999999999999"), margin, levels) == "margin_call"
    assert standing(Decimal(50), margin, levels) == "margin_call"
    assert standing(Decimal("49.999999999999"), margin, levels) == "stop_out"
    assert standing(Decimal(-5), Decimal(0), levels) == "sound"
    assert margin_level(Decimal(5), Decimal(0)) is None


def test_the_largest_loss_is_closed_first() -> None:
    held = [
        Floating("a", Decimal(-5)),
        Floating("b", Decimal(-9)),
        Floating("c", Decimal(-9)),
        Floating("d", Decimal(3)),
    ]
    assert next_to_close(held) == "b"


def test_a_debt_is_lifted_only_when_nothing_is_open() -> None:
    assert lift_to_zero(Decimal(-7), has_positions=False) == 7
    assert lift_to_zero(Decimal(-7), has_positions=True) == 0
    assert lift_to_zero(Decimal(7), has_positions=False) == 0


@given(SIDES)
def test_the_other_side_of_the_other_side(side: str) -> None:
    assert opposite(opposite(side)) == side
