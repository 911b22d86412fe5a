"""The bookkeeping of a grid while an event is worked off."""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from plugins.bot_trading.strategies.protocol import Intent, Market
from plugins.bot_trading.strategies.spot_grid.state import GridState

__all__ = ["Tally"]


@dataclass(slots=True)
class Tally:
    """Counts and sums that fills move; exact sums, each fill's value and commission rounded once."""

    market: Market
    seq: int
    cash: Decimal
    grid_profit: Decimal
    inventory_realised: Decimal
    fees: Decimal
    fills: int
    pairs: int
    intents: list[Intent] = field(default_factory=list)

    @classmethod
    def of(cls, market: Market, state: GridState) -> "Tally":
        return cls(
            market,
            state.seq,
            state.cash,
            state.grid_profit,
            state.inventory_realised,
            state.fees,
            state.fills,
            state.pairs,
        )

    def next_key(self) -> str:
        """The key of the next order: the number of orders that this grid has ever wanted."""
        self.seq += 1
        return str(self.seq)

    def bought(self, volume: Decimal, price: Decimal, fee: Decimal, *, counted: bool = True) -> Decimal:
        """Book a purchase; returns what was paid."""
        paid = self.market.notional(volume, price) + fee
        self.cash -= paid
        self.fees += fee
        self.fills += counted
        return paid

    def sold(
        self, volume: Decimal, price: Decimal, fee: Decimal, paid: Decimal, *, own: bool, counted: bool = True
    ) -> None:
        """Book a sale of what had cost ``paid``; ``own``: a round trip of a cell's own two orders."""
        proceeds = self.market.notional(volume, price) - fee
        self.cash += proceeds
        self.fees += fee
        self.fills += counted
        if own:
            self.grid_profit += proceeds - paid
            self.pairs += 1
        else:
            self.inventory_realised += proceeds - paid

    def onto(self, state: GridState) -> GridState:
        """``state`` with these figures."""
        return replace(
            state,
            seq=self.seq,
            cash=self.cash,
            grid_profit=self.grid_profit,
            inventory_realised=self.inventory_realised,
            fees=self.fees,
            fills=self.fills,
            pairs=self.pairs,
        )
