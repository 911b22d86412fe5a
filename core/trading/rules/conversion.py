"""Conversion between currencies through the symbols that are there, at the customer's disadvantage.

A rate is kept as a fraction for each direction, so that going through an inverse or a cross pair rounds once, at the
end: EUR account, EUR/USD 1.0800/1.0802: +100 USD → 100 ÷ 1.0802, −100 USD → −100 ÷ 1.0800.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from core.trading.rules.money import ONE, ZERO, add, divide, multiply, round_amount
from core.trading.rules.quotes import Prices

K = TypeVar("K", bound=Hashable)

_TWO = Decimal(2)


class NoConversionError(LookupError):
    """No chain of quoted symbols leads from one currency to the other."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How an amount in one currency becomes one in another: × numerator ÷ denominator, by the amount's sign."""

    gain_num: Decimal
    gain_den: Decimal
    loss_num: Decimal
    loss_den: Decimal
    middle_num: Decimal
    middle_den: Decimal

    def convert(self, amount: Decimal) -> Decimal:
        """A gain at the worse side, a loss likewise; rounded to 12 decimals."""
        if amount < ZERO:
            return round_amount(divide(multiply(amount, self.loss_num), self.loss_den))
        return round_amount(divide(multiply(amount, self.gain_num), self.gain_den))

    def cost(self, amount: Decimal) -> Decimal:
        """What the customer must bring for `amount` ≥ 0 (margin, commission): the loss side, rounded."""
        return round_amount(divide(multiply(amount, self.loss_num), self.loss_den))

    def compare(self, amount: Decimal) -> Decimal:
        """At the middle, for comparisons between accounts; rounded."""
        return round_amount(divide(multiply(amount, self.middle_num), self.middle_den))


SAME = Rate(ONE, ONE, ONE, ONE, ONE, ONE)


@dataclass(frozen=True, slots=True)
class Pair(Generic[K]):
    """A symbol that can convert: one unit of `base` costs so many of `quote`. `key` finds its prices."""

    key: K
    base: str
    quote: str


@dataclass(frozen=True, slots=True)
class Hop(Generic[K]):
    """One step of a route: through the prices of `key`, multiplying, or dividing when `inverse`."""

    key: K
    inverse: bool


class Routes(Generic[K]):
    """The shortest chains between currencies over a fixed set of pairs.

    Ties are broken by the order in which the pairs come, so callers pass them in a fixed order.
    """

    def __init__(self, pairs: Iterable[Pair[K]]) -> None:
        self._from: dict[str, list[tuple[str, Hop[K]]]] = {}
        self._known: dict[tuple[str, str], tuple[Hop[K], ...]] = {}
        for pair in pairs:
            self._from.setdefault(pair.base, []).append((pair.quote, Hop(pair.key, inverse=False)))
            self._from.setdefault(pair.quote, []).append((pair.base, Hop(pair.key, inverse=True)))

    def find(self, source: str, target: str) -> tuple[Hop[K], ...]:
        """The hops from `source` to `target`; empty when they are the same. Raises `NoConversionError`."""
        if source == target:
            return ()
        known = self._known.get((source, target))
        if known is None:
            known = self._known[source, target] = self._search(source, target)
        return known

    def _search(self, source: str, target: str) -> tuple[Hop[K], ...]:
        queue: deque[tuple[str, tuple[Hop[K], ...]]] = deque([(source, ())])
        seen = {source}
        while queue:
            currency, hops = queue.popleft()
            for following, hop in self._from.get(currency, ()):
                if following == target:
                    return (*hops, hop)
                if following not in seen:
                    seen.add(following)
                    queue.append((following, (*hops, hop)))
        raise NoConversionError(f"no quoted symbol leads from {source} to {target}")


def rate_along(hops: Iterable[Hop[K]], prices: Mapping[K, Prices]) -> Rate:
    """The rate of a route at `prices`. Raises `NoConversionError` when a symbol on it has no quote."""
    gain_num = gain_den = loss_num = loss_den = middle_num = middle_den = ONE
    there = False
    for hop in hops:
        there = True
        quote = prices.get(hop.key)
        if quote is None:
            raise NoConversionError("a symbol on the way has no quote")
        both = add(quote.bid, quote.ask)
        if hop.inverse:
            gain_den, loss_den = multiply(gain_den, quote.ask), multiply(loss_den, quote.bid)
            middle_num, middle_den = multiply(middle_num, _TWO), multiply(middle_den, both)
        else:
            gain_num, loss_num = multiply(gain_num, quote.bid), multiply(loss_num, quote.ask)
            middle_num, middle_den = multiply(middle_num, both), multiply(middle_den, _TWO)
    return Rate(gain_num, gain_den, loss_num, loss_den, middle_num, middle_den) if there else SAME
