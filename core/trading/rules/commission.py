"""Commission: charged on each fill, each side."""

from decimal import Decimal
from typing import Literal

from core.trading.rules.conversion import Rate
from core.trading.rules.money import ZERO, multiply, round_amount
from core.trading.rules.pnl import notional

CommissionKind = Literal["none", "per_lot", "percent"]

_PER_CENT = Decimal("0.01")


def commission(
    kind: str, value: Decimal, volume: Decimal, contract_size: Decimal, price: Decimal, rate: Rate
) -> Decimal:
    """The charge (≥ 0, account currency) for a fill of `volume` lots at `price`.

    `per_lot`: `value` in the account's currency for each lot. `percent`: `value` per cent of the notional, converted
    at the customer's disadvantage. `rate` leads from the quote currency to the account's.
    """
    if kind == "none" or not value:
        return ZERO
    if kind == "per_lot":
        return round_amount(multiply(volume, value))
    if kind == "percent":
        return rate.cost(multiply(notional(volume, contract_size, price), multiply(value, _PER_CENT)))
    raise ValueError(f"unknown kind of commission: {kind}")
