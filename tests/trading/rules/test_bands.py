"""Inside its bands an account cannot come to harm, and outside of them it is looked at."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from core.trading.rules.bands import AT_ONCE, Band, crossed, falling, joined, rising
from core.trading.rules.conversion import Hop
from core.trading.rules.equity import Exposure, Market, RawQuote

TICK = Decimal("0.00001")
NAMES = ("EURUSD", "GBPUSD", "USDCHF")

quotes = st.builds(lambda bid, spread: RawQuote(bid, bid + spread), st.integers(50_000, 200_000), st.integers(0, 300))
markets = st.fixed_dictionaries(dict.fromkeys(NAMES, quotes)).map(
    lambda found: Market(found, dict.fromkeys(NAMES, TICK))
)
routes = st.sampled_from(
    [(), (Hop("EURUSD", inverse=True),), (Hop("USDCHF", inverse=False), Hop("GBPUSD", inverse=True))]
)
exposures = st.lists(
    st.builds(
        Exposure,
        instrument=st.sampled_from(NAMES),
        side=st.sampled_from(["buy", "sell"]),
        units=st.decimals("0.01", "200000", places=2),
        open_price=st.decimals("0.5", "2", places=7),
        offset=st.integers(0, 20),
        hops=routes,
    ),
    min_size=1,
    max_size=5,
)
money = st.decimals("-100000", "100000", places=4)


FURTHEST = 400_000


def inside(bands: dict[str, Band], market: Market[str], data: st.DataObject) -> Market[str]:
    """Quotes drawn from within the bands, their very edges included."""
    drawn = {}
    for name in market.quotes:
        band = bands.get(name, Band())
        low_bid = 1 if band.bid_le is None else max(1, band.bid_le + 1)
        high_bid = FURTHEST if band.bid_ge is None else min(FURTHEST, band.bid_ge - 1)
        low_ask = 1 if band.ask_le is None else max(1, band.ask_le + 1)
        high_ask = FURTHEST if band.ask_ge is None else min(FURTHEST, band.ask_ge - 1)
        bid = data.draw(edges(low_bid, min(high_bid, high_ask)))
        ask = data.draw(edges(max(low_ask, bid), high_ask))
        assert not crossed(band, RawQuote(bid, ask))
        drawn[name] = RawQuote(bid, ask)
    return Market(drawn, market.ticks)


def edges(low: int, high: int) -> st.SearchStrategy[int]:
    return st.one_of(st.sampled_from([low, high]), st.integers(low, high))


@settings(max_examples=300)
@given(money, exposures, markets, money, st.data())
def test_inside_its_bands_an_account_never_falls_below_what_is_required(
    balance: Decimal, held: list[Exposure[str]], market: Market[str], slack: Decimal, data: st.DataObject
) -> None:
    required = market.equity(balance, held) - abs(slack)
    bands = falling(balance, held, market, required)
    assert not any(crossed(band, market.quotes[name]) for name, band in bands.items())
    assert inside(bands, market, data).equity(balance, held) >= required


@settings(max_examples=300)
@given(money, exposures, markets, money, st.data())
def test_inside_its_bands_a_called_account_stays_below_what_is_required(
    balance: Decimal, held: list[Exposure[str]], market: Market[str], gap: Decimal, data: st.DataObject
) -> None:
    required = market.equity(balance, held) + abs(gap) + Decimal("0.0001")
    bands = rising(balance, held, market, required)
    assert not any(crossed(band, market.quotes[name]) for name, band in bands.items())
    assert inside(bands, market, data).equity(balance, held) < required


@given(money, exposures, markets, money)
def test_what_has_happened_already_is_looked_at_on_the_next_quote(
    balance: Decimal, held: list[Exposure[str]], market: Market[str], more: Decimal
) -> None:
    equity = market.equity(balance, held)
    below = falling(balance, held, market, equity + abs(more) + Decimal("1e-12"))
    above = rising(balance, held, market, equity - abs(more))
    for bands in (below, above):
        assert {exposure.instrument for exposure in held} <= bands.keys()
        assert all(band.bid_le == AT_ONCE for band in bands.values())


@given(
    st.sampled_from(["buy", "sell"]),
    st.decimals("0.01", "10", places=2),
    st.integers(90_000, 120_000),
    st.integers(0, 30),
    st.integers(0, 10),
    st.decimals("1", "500", places=2),
)
def test_one_position_in_the_accounts_currency_has_no_tick_to_spare(
    side: str, volume: Decimal, bid: int, spread: int, offset: int, slack: Decimal
) -> None:
    held = [Exposure("EURUSD", side, volume * 100_000, Decimal("1.05000"), offset)]
    market = Market({"EURUSD": RawQuote(bid, bid + spread)}, {"EURUSD": TICK})
    balance = Decimal(1000)
    required = market.equity(balance, held) - slack
    band = falling(balance, held, market, required)["EURUSD"]
    if side == "buy":
        assert band.bid_le is not None
        edge, beyond = band.bid_le + 1, band.bid_le
        quotes_ = [RawQuote(at, max(at, bid + spread)) for at in (edge, beyond)]
    else:
        assert band.ask_ge is not None
        edge, beyond = band.ask_ge - 1, band.ask_ge
        quotes_ = [RawQuote(min(at, bid), at) for at in (edge, beyond)]
    at_edge, outside = (Market({"EURUSD": quote}, market.ticks).equity(balance, held) for quote in quotes_)
    assert at_edge >= required > outside


def test_the_stop_out_of_the_case_table_fires_one_tick_below_its_level() -> None:
    held = [Exposure("EURUSD", "buy", Decimal(50_000), Decimal("1.1000"), 0)]
    market = Market({"EURUSD": RawQuote(110_000, 110_000)}, {"EURUSD": TICK})
    assert falling(Decimal(1000), held, market, Decimal(275)) == {"EURUSD": Band(bid_le=108_549)}


def test_joined_bands_are_left_when_either_is() -> None:
    first = {"a": Band(bid_le=90, ask_ge=110), "b": Band(bid_le=5)}
    second = {"a": Band(bid_le=95, bid_ge=120, ask_le=80)}
    assert joined(first, second) == {"a": Band(ask_le=80, ask_ge=110, bid_le=95, bid_ge=120), "b": Band(bid_le=5)}
