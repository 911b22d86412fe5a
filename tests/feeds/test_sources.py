"""The feeds' sources: numbered quotes that can be had again from any number."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from core.feeds import demo
from core.feeds.live import ExchangeError, LiveTickers, open_exchange
from core.feeds.recorded import WEEK_MS, RecordedPrices
from core.feeds.synthetic import SyntheticMarket
from core.feeds.ticks import PriceError, PriceScale, Ticks

FX = SyntheticMarket(seed=7, symbol="EURUSD", base=Decimal("1.1"), tick=Decimal("0.00001"))

SYNTHETIC_BIDS = [109175, 109178, 109177, 109177]
SYNTHETIC_BIDS_LATER = [109990, 109990]


def same(left: Ticks, right: Ticks) -> bool:
    return all(
        np.array_equal(a, b) for a, b in [(left.ts_ms, right.ts_ms), (left.bid, right.bid), (left.ask, right.ask)]
    )


def test_synthetic_quotes_depend_on_seed_symbol_and_number_alone() -> None:
    run = FX.after(0, 5000)
    assert same(FX.after(4321, 100), run[4321:4421])
    assert same(SyntheticMarket(7, "EURUSD", Decimal("1.1"), Decimal("0.00001")).after(0, 5000), run)
    other = SyntheticMarket(8, "EURUSD", Decimal("1.1"), Decimal("0.00001")).after(0, 5000)
    another = SyntheticMarket(7, "GBPUSD", Decimal("1.1"), Decimal("0.00001")).after(0, 5000)
    assert not np.array_equal(other.bid, run.bid)
    assert not np.array_equal(another.bid, run.bid)


def test_synthetic_prices_are_these_on_every_machine() -> None:
    assert FX.after(0, 4).bid.tolist() == SYNTHETIC_BIDS
    assert FX.after(10**6, 2).bid.tolist() == SYNTHETIC_BIDS_LATER


def test_synthetic_prices_look_like_a_market() -> None:
    run = FX.after(0, 200_000)
    assert run.bid.min() > 0
    spread = run.ask - run.bid
    assert spread.min() == FX.spread
    assert spread.max() <= 2 * FX.spread
    steps = np.abs(np.diff(run.bid))
    assert 0 < steps.mean() < 8 * FX.step
    assert run.bid.max() - run.bid.min() > 100 * FX.step
    assert bool(np.all(np.diff(run.ts_ms) == FX.interval_ms))


def test_a_walk_that_could_reach_zero_is_refused() -> None:
    with pytest.raises(PriceError, match="to zero"):
        SyntheticMarket(seed=1, symbol="X", base=Decimal(10), tick=Decimal("0.01"), step=2)


def test_quotes_older_than_the_last_are_dropped_and_counted_and_equal_times_stay() -> None:
    ticks = Ticks.of([(5, 1, 1), (5, 2, 2), (4, 3, 3), (7, 4, 4), (6, 5, 5)])
    kept, dropped = ticks.not_older_than(None)
    assert (kept.bid.tolist(), dropped) == ([1, 2, 4], 2)
    kept, dropped = ticks.not_older_than(6)
    assert (kept.bid.tolist(), dropped) == ([4], 4)


def test_recorded_prices_are_sent_again_from_any_number() -> None:
    prices = RecordedPrices(Ticks.of([(10, 1, 2), (20, 3, 4), (30, 5, 6)]))
    assert prices.after(1, 10).bid.tolist() == [3, 5]
    assert len(prices.after(3, 10)) == 0


def test_a_loop_shifts_by_whole_weeks() -> None:
    prices = RecordedPrices(Ticks.of([(0, 1, 2), (WEEK_MS + 5, 3, 4)]), loop=True)
    run = prices.after(0, 5)
    assert run.bid.tolist() == [1, 3, 1, 3, 1]
    assert run.ts_ms.tolist() == [0, WEEK_MS + 5, 2 * WEEK_MS, 3 * WEEK_MS + 5, 4 * WEEK_MS]
    assert same(prices.after(3, 2), run[3:5])


def test_recorded_prices_refuse_to_go_back_in_time() -> None:
    with pytest.raises(ValueError, match="back in time"):
        RecordedPrices(Ticks.of([(2, 1, 1), (1, 1, 1)]))


def test_demo_days_become_four_quotes_in_the_session() -> None:
    days = {"date": ["2000-03-01"], "open": [118.56], "high": [132.06], "low": [118.5], "close": [130.3125]}
    ticks = demo.quotes_of_days(days, spread=2)
    assert ticks.bid.tolist() == [11855, 11849, 13205, 13030]
    assert ticks.ask.tolist() == [11857, 11851, 13207, 13032]
    hours = [(t // 60_000) % 1440 / 60 for t in ticks.ts_ms.tolist()]
    assert hours[0] == 14.5
    assert hours[-1] == 21.0


@pytest.mark.skipif(not demo.available(), reason="bokeh-sampledata is not installed (optional dependencies: demo)")
def test_demo_prices_are_the_five_stocks_of_thirteen_years() -> None:
    apple = demo.demo_prices("AAPL", since="")
    assert len(apple.quotes) == 4 * 3270
    lap = apple.after(len(apple.quotes) - 1, 2)
    assert lap.ts_ms[1] > lap.ts_ms[0]
    assert (int(lap.ts_ms[1]) - int(apple.quotes.ts_ms[0])) % WEEK_MS == 0
    for symbol in demo.STOCKS:
        assert len(demo.demo_prices(symbol).quotes) > 700
    with pytest.raises(KeyError):
        demo.demo_prices("TSLA")


@pytest.mark.skipif(not demo.available(), reason="bokeh-sampledata is not installed (optional dependencies: demo)")
def test_stocks_that_are_played_together_have_the_same_days_and_no_split() -> None:
    together = [demo.demo_prices(symbol).quotes for symbol in ("AAPL", "GOOG", "IBM", "MSFT")]
    assert len(together[0]) > 4 * 2000
    for quotes in together:
        assert quotes.ts_ms.tolist() == together[0].ts_ms.tolist()
        assert min(after / before for before, after in zip(quotes.bid, quotes.bid[1:], strict=False)) > 0.75


BINANCE = {"symbol": "BTCUSDT", "bidPrice": "67011.14", "bidQty": "2.01", "askPrice": "67011.15", "askQty": "0.73"}
KRAKEN = {
    "a": ["30300.10000", "1", "1.000"],
    "b": ["30300.00000", "1", "1.000"],
    "c": ["30303.20000", "0.00067643"],
    "v": ["4083.67001100", "4412.73601799"],
    "p": ["30706.77771", "30689.13205"],
    "t": [34619, 38907],
    "l": ["29868.30000", "29868.30000"],
    "h": ["31631.00000", "31631.00000"],
    "o": "30502.80000",
}


@pytest.mark.parametrize(
    ("name", "market", "message", "tick", "expected"),
    [
        ("binance", {"id": "BTCUSDT", "symbol": "BTC/USDT"}, BINANCE, "0.01", (6701114, 6701115)),
        ("kraken", {"id": "XXBTZUSD", "symbol": "BTC/USD"}, KRAKEN, "0.1", (303000, 303001)),
    ],
)
def test_tickers_of_live_exchanges_become_quotes(
    name: str, market: dict[str, str], message: dict[str, object], tick: str, expected: tuple[int, int]
) -> None:
    pytest.importorskip("ccxt", reason="ccxt is not installed (optional dependencies: live)")
    exchange = open_exchange(name)
    ticker = exchange.parse_ticker(message, market)  # type: ignore[attr-defined]
    live = LiveTickers(exchange, {market["symbol"]: PriceScale(Decimal(tick), rounding=True)})
    found = live.quotes([ticker, {"symbol": "ETH/USDT", "bid": 1.0, "ask": 2.0}], now_ms=1_700_000_000_000)
    assert list(found) == [market["symbol"]]
    quote = found[market["symbol"]]
    assert (int(quote.bid[0]), int(quote.ask[0])) == expected
    assert quote.ts_ms.tolist() == [1_700_000_000_000]


def test_tickers_that_are_no_quotes_are_left_out() -> None:
    live = LiveTickers(Broken(), {"A/B": PriceScale(Decimal("0.01"), rounding=True)})
    for ticker in [{"bid": None, "ask": 1.0}, {"bid": 1.0, "ask": 0.0}, {"bid": 2.0, "ask": 1.0}]:
        assert live.quotes([{"symbol": "A/B", **ticker}], 0) == {}
    found = live.quotes([{"symbol": "A/B", "bid": 1.004, "ask": 1.006, "timestamp": 5}], 0)
    assert (found["A/B"].ts_ms.tolist(), found["A/B"].bid.tolist(), found["A/B"].ask.tolist()) == ([5], [100], [101])


class Broken:
    """An exchange that cannot be reached."""

    def fetch_tickers(self, symbols: object) -> dict[str, dict[str, object]]:
        raise TimeoutError("no answer")


def test_an_exchange_out_of_reach_or_unknown_is_said() -> None:
    with pytest.raises(ExchangeError, match="gives no prices: no answer"):
        LiveTickers(Broken(), {}).poll(0)
    pytest.importorskip("ccxt", reason="ccxt is not installed (optional dependencies: live)")
    with pytest.raises(ExchangeError, match="knows no exchange called bourse"):
        open_exchange("bourse")
