"""The levels of a grid.

Arithmetic: L_i = lo + i(hi − lo)/n. Geometric: L_i = lo(hi/lo)^(i/n). Both rounded half-up to the tick. The same
formula goes on below 0 and above n, which is where trailing finds its next level.
"""

from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from plugins.bot_trading.strategies.numbers import ZERO, exact, to_tick

__all__ = ["collapses", "fitting_cells", "level", "levels"]

Spacing = Literal["arithmetic", "geometric"]


@lru_cache(maxsize=65_536)
@exact
def level(lower: Decimal, upper: Decimal, cells: int, spacing: Spacing, tick: Decimal, index: int) -> Decimal:
    """Level ``index`` of the grid, on the tick."""
    if spacing == "arithmetic":
        return to_tick(lower + index * (upper - lower) / cells, tick)
    if index in (0, cells):
        return to_tick(lower if index == 0 else upper, tick)
    return to_tick(lower * ((upper / lower).ln() * index / cells).exp(), tick)


@lru_cache(maxsize=4096)
def levels(
    lower: Decimal, upper: Decimal, cells: int, spacing: Spacing, tick: Decimal, shift: int = 0
) -> tuple[Decimal, ...]:
    """The ``cells + 1`` levels from index ``shift`` on, lowest first."""
    return tuple(level(lower, upper, cells, spacing, tick, shift + index) for index in range(cells + 1))


def collapses(prices: tuple[Decimal, ...]) -> bool:
    """Whether two neighbours fell on one tick, or a level is not above zero."""
    return prices[0] <= ZERO or any(low >= high for low, high in pairwise(prices))


def fitting_cells(lower: Decimal, upper: Decimal, spacing: Spacing, tick: Decimal, at_most: int) -> int:
    """The largest number of cells up to ``at_most`` whose levels stay apart on the tick; 0 when there is none."""
    most = min(int((to_tick(upper, tick) - to_tick(lower, tick)) / tick), at_most)
    for cells in range(most, 0, -1):
        # The narrowest geometric steps are the lowest, so that a number that does not fit shows it early.
        prices = (level(lower, upper, cells, spacing, tick, index) for index in range(cells + 1))
        if all(ZERO < low < high for low, high in pairwise(prices)):
            return cells
    return 0
