"""The worst price a copied open may have, by the symbol's class."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from plugins.copy_trading.rules.numbers import EXACT, product

BIG_COINS = frozenset({"BTC", "XBT", "ETH"})
_HUNDRED = Decimal(100)
_ONE = Decimal(1)


def tolerance_class(symbol_class: str, base: str) -> str:
    """The key of the tolerance that holds for a symbol: the two big coins apart from other crypto."""
    if symbol_class == "crypto":
        return "major_crypto" if base.upper() in BIG_COINS else "crypto"
    return symbol_class


def cap_price(master_price: Decimal, side: int, tolerance: Decimal, tick: Decimal) -> Decimal:
    """The limit of a copied open: the master's price moved by ``tolerance`` percent against the follower.

    Rounded to the tick towards the master's price, so that the tolerance is never exceeded.
    """
    factor = EXACT.add(_ONE, EXACT.divide(tolerance, _HUNDRED) * side)
    rounding = ROUND_FLOOR if side > 0 else ROUND_CEILING
    ticks = EXACT.divide(product(master_price, factor), tick).to_integral_value(rounding, EXACT)
    return product(ticks, tick)


def adverse_percent(master_price: Decimal, price: Decimal, side: int) -> Decimal:
    """How far ``price`` is worse than the master's, in percent; negative where it is better."""
    return EXACT.divide(product(price - master_price, _HUNDRED) * side, master_price)
