"""A master's fills as legs: what closes, what opens, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from core.sdk import EventView
from core.sdk.trading import AccountFill, LockedAccounts, read_fills
from plugins.copy_trading.rules.views import MasterClose, MasterOpen


class Fills(NamedTuple):
    """The fills of a batch of events, and those around it.

    ``before`` are fills before the batch whose closes may not have been applied yet, ``ahead`` those after it that are
    known already.
    """

    batch: tuple[AccountFill, ...]
    before: tuple[AccountFill, ...] = ()
    ahead: tuple[AccountFill, ...] = ()

    @property
    def last(self) -> int:
        """Number of the batch's last fill."""
        return self.batch[-1].fill_no

    @property
    def known(self) -> int:
        """Number of the last fill that is known."""
        return (self.ahead or self.batch)[-1].fill_no

    @property
    def all(self) -> tuple[AccountFill, ...]:
        """Everything that is known, in its order."""
        return (*self.before, *self.batch, *self.ahead)

    def positions(self) -> set[object]:
        """All positions that are touched."""
        return {fill.position_id for fill in self.all}


def fills_of(events: Iterable[EventView]) -> tuple[AccountFill, ...]:
    """The fills of events, oldest first."""
    return tuple(fill for event in events for fill in read_fills(event.payload))


def closes_of(fills: Iterable[AccountFill]) -> list[MasterClose]:
    """The closing legs."""
    return [
        MasterClose(fill.fill_no, fill.position_id, fill.position_before, fill.position_after)
        for fill in fills
        if not fill.opens
    ]


def open_of(fill: AccountFill, later: Sequence[AccountFill], by_balance: bool, market: LockedAccounts) -> MasterOpen:
    """An opening leg. ``later`` are the fills after it whose closes the followers have had already."""
    return MasterOpen(
        seq=fill.fill_no,
        order=fill.order_id,
        position=fill.position_id,
        symbol=market.symbol_code(fill.symbol_id),
        side=1 if fill.side == "buy" else -1,
        volume=fill.volume,
        filled=fill.order_opened,
        price=fill.order_price,
        at_ms=fill.ts_ms,
        equity=fill.balance_before if by_balance else fill.equity_before,
        contract=market.contract_size(fill.symbol_id),
        new=not fill.position_before,
        complete=fill.order_done,
        closes=tuple(
            (one.position_before, one.position_after)
            for one in later
            if one.position_id == fill.position_id and not one.opens
        ),
    )
