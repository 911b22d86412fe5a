"""What an event of type ``fills`` says: its payload is ``{"fills": [...]}``, one entry for each fill, oldest first.

The entries of a watched account (stream ``account:<id>``) are whole; a copy decides from them alone, so they carry what
was true just before the order and how far the order and the position have come. Numbers are strings, so that JSON
keeps them exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any
from uuid import UUID

EVENT_TYPE = "fills"


@dataclass(frozen=True, slots=True)
class AccountFill:
    """A fill of a watched account. Volumes in lots, money in the account's currency.

    :ivar fill_no: number of the fill in its account, without gaps. A flip is two fills: the close, then the open.
    :ivar effect: ``open``, ``add``, ``reduce`` or ``close``.
    :ivar position_before: what was open in the position before this fill, ``position_after`` after it.
    :ivar order_opened: what the order has opened or added so far, this fill included (0 for one that only closes).
    :ivar order_price: volume-weighted price of the order's opening fills so far; of a close, its own price.
    :ivar order_done: whether nothing more can fill of the order.
    :ivar equity_before: equity just before the order's first fill, ``balance_before`` the balance then.
    :ivar ts_ms: time of the quote it filled on, ``seq`` that quote's number.
    """

    id: UUID
    fill_no: int
    account_id: UUID
    order_id: UUID
    position_id: UUID
    symbol_id: UUID
    side: str
    effect: str
    volume: Decimal
    price: Decimal
    profit: Decimal
    commission: Decimal
    position_before: Decimal
    position_after: Decimal
    order_opened: Decimal
    order_price: Decimal
    order_done: bool
    equity_before: Decimal
    balance_before: Decimal
    ts_ms: int
    seq: int
    origin: str = "manual"
    origin_id: UUID | None = None
    reason: str | None = None

    @property
    def opens(self) -> bool:
        """Whether the fill opens or adds; else it reduces or closes."""
        return self.effect in ("open", "add")

    def payload(self) -> dict[str, Any]:
        """The fill as an entry of an event's payload."""
        return {name: str(value) if isinstance(value, Decimal | UUID) else value for name, value in _values(self)}


def _values(fill: AccountFill) -> Iterable[tuple[str, Any]]:
    return ((field.name, getattr(fill, field.name)) for field in fields(fill))


_IDS = ("id", "account_id", "order_id", "position_id", "symbol_id", "origin_id")
_NUMBERS = (
    "volume",
    "price",
    "profit",
    "commission",
    "position_before",
    "position_after",
    "order_opened",
    "order_price",
    "equity_before",
    "balance_before",
)


def read_fills(payload: Mapping[str, Any]) -> list[AccountFill]:
    """The fills of a watched account's event. Raises ``KeyError`` or ``TypeError`` where an entry is not whole."""
    return [_read(entry) for entry in payload["fills"]]


def _read(entry: Mapping[str, Any]) -> AccountFill:
    values = dict(entry)
    for name in _IDS:
        if values.get(name) is not None:
            values[name] = UUID(values[name])
    for name in _NUMBERS:
        values[name] = Decimal(values[name])
    return AccountFill(**values)
