"""Profit and loss of a position, and the value it stands for. Sizes in lots, results in the symbol's quote currency."""

from decimal import Decimal

from core.trading.rules.money import multiply, subtract


def profit(side: str, volume: Decimal, contract_size: Decimal, open_price: Decimal, close_price: Decimal) -> Decimal:
    """Long: volume × contract × (close − open); short: the negative. Unrounded, in the quote currency.

    `close_price` is the bid for a long and the ask for a short (`Prices.closing`).
    """
    moved = subtract(close_price, open_price) if side == "buy" else subtract(open_price, close_price)
    return multiply(multiply(volume, contract_size), moved)


def notional(volume: Decimal, contract_size: Decimal, price: Decimal) -> Decimal:
    """volume × contract × price, unrounded, in the quote currency."""
    return multiply(multiply(volume, contract_size), price)
