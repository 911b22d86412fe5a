"""Rounding, steps, thresholds and conversion hold for all values."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.trading.rules.conversion import NoConversionError, Pair, Routes, rate_along
from core.trading.rules.money import round_amount
from core.trading.rules.quotes import Condition, Prices, customer_prices, markup_offset, raw_threshold
from core.trading.rules.steps import (
    ceil_units,
    floor_to_step,
    floor_units,
    from_ticks,
    on_step,
    round_half_down_to_step,
    round_half_up_to_tick,
    to_ticks,
)

STEPS = st.sampled_from([Decimal(text) for text in ("0.00001", "0.01", "0.05", "0.25", "1", "3")])
AMOUNTS = st.decimals("-1e12", "1e12", places=18, allow_nan=False, allow_infinity=False)
SIZES = st.decimals("0", "1e6", places=8, allow_nan=False, allow_infinity=False)
TICKS = st.integers(1_000, 10_000_000)


@given(AMOUNTS)
def test_amounts_keep_12_decimals_half_even(value: Decimal) -> None:
    rounded = round_amount(value)
    assert rounded.as_tuple().exponent == -12 or not rounded
    exact, near = Fraction(value) * 10**12, Fraction(rounded) * 10**12
    assert abs(exact - near) <= Fraction(1, 2)
    if abs(exact - near) == Fraction(1, 2):
        assert near % 2 == 0
    assert not (rounded.is_zero() and rounded.is_signed())


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("0.0000000000005", "0"),
        ("0.0000000000015", "0.000000000002"),
        ("-0.0000000000005", "0"),
        ("-0.0000000000025", "-0.000000000002"),
        ("12345678901234567890.1234567890125", "12345678901234567890.123456789012"),
    ],
)
def test_ties_go_to_the_even_neighbour(given_: str, expected: str) -> None:
    assert round_amount(Decimal(given_)) == Decimal(expected)


@given(AMOUNTS, STEPS)
def test_floor_and_ceiling_enclose(value: Decimal, step: Decimal) -> None:
    low, high = floor_units(value, step), ceil_units(value, step)
    assert Fraction(low) * Fraction(step) <= Fraction(value) <= Fraction(high) * Fraction(step)
    assert high - low == (0 if on_step(value, step) else 1)


@given(SIZES, STEPS)
def test_sizes_go_down_to_the_step(value: Decimal, step: Decimal) -> None:
    size = floor_to_step(value, step)
    assert on_step(size, step)
    assert Fraction(0) <= Fraction(value) - Fraction(size) < Fraction(step)


@given(SIZES, STEPS)
def test_the_nearest_step_is_at_most_half_a_step_away(value: Decimal, step: Decimal) -> None:
    up, down = round_half_up_to_tick(value, step), round_half_down_to_step(value, step)
    for nearest in (up, down):
        assert on_step(nearest, step)
        assert abs(Fraction(value) - Fraction(nearest)) <= Fraction(step) / 2
    assert (up != down) == (abs(Fraction(value) - Fraction(up)) == Fraction(step) / 2)
    assert up >= down


@given(TICKS, STEPS)
def test_ticks_and_prices_are_the_same_thing(ticks: int, tick: Decimal) -> None:
    assert to_ticks(from_ticks(ticks, tick), tick) == ticks


def test_a_price_between_ticks_is_refused() -> None:
    with pytest.raises(ValueError, match="tick"):
        to_ticks(Decimal("1.000005"), Decimal("0.00001"))


@given(
    st.sampled_from(["ask_le", "ask_ge", "bid_le", "bid_ge"]),
    TICKS,
    st.integers(0, 50),
    st.decimals("0", "0.01", places=6),
    st.decimals("0.01", "100", places=7),
    st.sampled_from([Decimal("0.00001"), Decimal("0.01"), Decimal("0.05")]),
)
def test_a_threshold_on_the_customers_price_is_the_same_on_the_raw_one(
    condition: Condition, raw_bid: int, spread: int, markup: Decimal, price: Decimal, tick: Decimal
) -> None:
    offset = markup_offset(markup, tick)
    seen = customer_prices(raw_bid, raw_bid + spread, offset, tick)
    threshold = raw_threshold(condition, price, offset, tick)
    now = {
        "ask_le": (seen.ask <= price, raw_bid + spread <= threshold),
        "ask_ge": (seen.ask >= price, raw_bid + spread >= threshold),
        "bid_le": (seen.bid <= price, raw_bid <= threshold),
        "bid_ge": (seen.bid >= price, raw_bid >= threshold),
    }
    customers, raw = now[condition]
    assert customers == raw
    # The very tick at which it turns, too.
    side = 0 if condition.startswith("bid") else 1
    for ticks in (threshold - 1, threshold, threshold + 1):
        prices = customer_prices(ticks, ticks, offset, tick)
        value = (prices.bid, prices.ask)[side]
        true = value <= price if condition.endswith("le") else value >= price
        assert true == (ticks <= threshold if condition.endswith("le") else ticks >= threshold)


@given(TICKS, st.integers(0, 100), st.decimals("0", "1", places=7), STEPS)
def test_a_mark_up_never_favours_the_customer(bid: int, spread: int, markup: Decimal, tick: Decimal) -> None:
    seen = customer_prices(bid, bid + spread, markup_offset(markup, tick), tick)
    raw = Prices(from_ticks(bid, tick), from_ticks(bid + spread, tick))
    for more in (raw.bid - seen.bid, seen.ask - raw.ask):
        assert Fraction(markup) / 2 <= Fraction(more) < Fraction(markup) / 2 + Fraction(tick)
        assert on_step(more, tick)


def test_a_negative_mark_up_is_refused() -> None:
    with pytest.raises(ValueError, match="mark-up"):
        markup_offset(Decimal("-0.0001"), Decimal("0.00001"))


PRICES = st.tuples(st.decimals("0.5", "2", places=5), st.decimals("0", "0.01", places=5)).map(
    lambda pair: Prices(pair[0], pair[0] + pair[1])
)


@given(AMOUNTS.map(lambda value: value / 10**6), PRICES, PRICES)
def test_conversion_never_favours_the_customer_over_the_middle(amount: Decimal, eurusd: Prices, gbpusd: Prices) -> None:
    routes = Routes([Pair("EURUSD", "EUR", "USD"), Pair("GBPUSD", "GBP", "USD")])
    quotes = {"EURUSD": eurusd, "GBPUSD": gbpusd}
    for source, target in (("EUR", "USD"), ("USD", "EUR"), ("GBP", "EUR"), ("EUR", "GBP")):
        rate = rate_along(routes.find(source, target), quotes)
        assert rate.convert(amount) <= rate.compare(amount) + Decimal("1e-11")
        if amount >= 0:
            assert rate.cost(amount) >= rate.convert(amount)


def test_a_cross_pair_goes_through_both_symbols_at_their_worse_sides() -> None:
    routes = Routes([Pair("EURUSD", "EUR", "USD"), Pair("GBPUSD", "GBP", "USD")])
    rate = rate_along(
        routes.find("GBP", "EUR"),
        {
            "EURUSD": Prices(Decimal("1.0800"), Decimal("1.0802")),
            "GBPUSD": Prices(Decimal("1.2500"), Decimal("1.2503")),
        },
    )
    assert rate.convert(Decimal(100)) == round_amount(Decimal(100) * Decimal("1.2500") / Decimal("1.0802"))
    assert rate.convert(Decimal(-100)) == round_amount(Decimal(-100) * Decimal("1.2503") / Decimal("1.0800"))


def test_the_shortest_way_is_taken_and_a_missing_one_is_said() -> None:
    routes = Routes([Pair(1, "EUR", "USD"), Pair(2, "USD", "JPY"), Pair(3, "EUR", "JPY")])
    assert [hop.key for hop in routes.find("EUR", "JPY")] == [3]
    assert routes.find("USD", "USD") == ()
    with pytest.raises(NoConversionError):
        routes.find("EUR", "BTC")
    with pytest.raises(NoConversionError):
        rate_along(routes.find("EUR", "JPY"), {})
