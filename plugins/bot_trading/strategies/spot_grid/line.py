"""Crossings of a grid that is a line: no cell is looked at that does not fill."""

from dataclasses import replace
from decimal import Decimal

from plugins.bot_trading.strategies.numbers import exact
from plugins.bot_trading.strategies.protocol import Intent, Quote, Setup
from plugins.bot_trading.strategies.spot_grid.settings import SpotGridSettings
from plugins.bot_trading.strategies.spot_grid.state import GridState, grid_levels, start_shares
from plugins.bot_trading.strategies.spot_grid.tally import Tally

__all__ = ["cross_line"]


@exact
def cross_line(setup: Setup[SpotGridSettings], state: GridState, quote: Quote) -> tuple[GridState, list[Intent]]:
    """Fill the resting orders that ``quote`` touches, each at its own limit: buys downwards, sells upwards."""
    prices = grid_levels(setup.settings, setup.market, state.shift)
    if state.opening and state.line > 0 and quote.ask <= prices[state.line - 1]:
        return _buy(setup, state, quote, prices)
    if state.line < setup.settings.cells and quote.bid >= prices[state.line + 1]:
        return _sell(setup, state, quote, prices)
    return state, []


def _buy(
    setup: Setup[SpotGridSettings], state: GridState, quote: Quote, levels: tuple[Decimal, ...]
) -> tuple[GridState, list[Intent]]:
    tally, line, lots = Tally.of(setup.market, state), state.line, list(state.lots)
    while line > 0 and quote.ask <= levels[line - 1]:
        line -= 1
        intent = Intent(tally.next_key(), "buy", state.quantity, levels[line], label=str(state.shift + line))
        tally.bought(intent.volume, intent.price, setup.market.fee(intent.volume, intent.price))
        tally.intents.append(intent)
        lots.append(intent.key)
    return replace(tally.onto(state), line=line, lots=tuple(lots)), tally.intents


def _sell(
    setup: Setup[SpotGridSettings], state: GridState, quote: Quote, levels: tuple[Decimal, ...]
) -> tuple[GridState, list[Intent]]:
    market, count = setup.market, setup.settings.cells
    tally, line, high, lots = Tally.of(market, state), state.line, state.high, list(state.lots)
    share, last = start_shares(market, state, count)
    while line < count and quote.bid >= levels[line + 1]:
        own = line < high
        if own:
            lot, paid = lots.pop(), market.notional(state.quantity, levels[line])
            paid += market.fee(state.quantity, levels[line])
        else:
            lot, paid = state.start_key, (last if line == count - 1 else share)
        intent = Intent(
            tally.next_key(), "sell", state.quantity, levels[line + 1], closes=lot, label=str(state.shift + line)
        )
        tally.sold(intent.volume, intent.price, market.fee(intent.volume, intent.price), paid, own=own)
        tally.intents.append(intent)
        line += 1
    return replace(tally.onto(state), line=line, high=max(high, line), lots=tuple(lots)), tally.intents
