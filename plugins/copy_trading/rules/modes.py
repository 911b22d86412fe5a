"""How large a copy is: sizing modes, our own and those of other plugins, all by one contract.

A mode is asked once for each opening order of the master, for all followers of a chunk that chose it. What it answers is frozen
for the order; gates, the minimum and the maximum lot, rounding and targets are the same for every mode.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

from core.sdk.text import _
from plugins.copy_trading.rules.numbers import product, quotient
from plugins.copy_trading.rules.sizing import lots_for_money, lots_per_master_lot, proportional_ratio

__all__ = ["MODES", "MasterOrder", "NoSettings", "Sizing", "SizingMode", "SizingModes"]


class MasterOrder(NamedTuple):
    """The master's opening order at its first fill. Money in the master's currency.

    ``equity`` is the master's just before it (the balance where the tenant sizes by balance), ``price`` the order's
    volume-weighted price, ``contract`` units of the base in a lot, ``margin_per_lot`` what one lot binds for the master, 0
    where that cannot be told.
    """

    symbol: str
    side: int
    price: Decimal
    equity: Decimal
    contract: Decimal
    margin_per_lot: Decimal


class Sizing(NamedTuple):
    """One follower to be sized. Money in the follower's currency, lots of the follower's symbol.

    ``settings`` are the mode's own, as its model validated them; ``basis`` what sizes are taken from (equity, or balance by the
    tenant's choice); ``rate`` the worth of one unit of the master's currency in the follower's; ``price`` the side the copy
    executes at, in the symbol's quote currency, ``money_rate`` that currency's worth in the follower's.
    """

    settings: Mapping[str, Any]
    copy_ratio: Decimal
    fixed_size: Decimal
    fixed_basis: str
    basis: Decimal
    equity: Decimal
    free_margin: Decimal
    rate: Decimal
    contract: Decimal
    price: Decimal
    money_rate: Decimal
    leverage: Decimal

    @property
    def margin_per_lot(self) -> Decimal:
        """What one lot binds."""
        return quotient(product(self.contract, self.price, self.money_rate), self.leverage)


class NoSettings(BaseModel):
    """A mode that asks for nothing of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SizingMode(ABC):
    """A way to size copies. Subclass it and return an instance from the hook ``sizing_modes``.

    :cvar key: lower-case letters, digits and underscores; stored with each subscription, so it never changes.
    :cvar title: as the form shows it; :cvar description: one sentence below it.
    :cvar settings: what the mode asks for; each field with a default, a title and its bounds. Values are kept as JSON.
    :cvar per_order: whether :meth:`size` gives the lots of the whole order, once; else lots for each lot of the master, so that
        every fill of the order counts. A mode by the lot never takes more than ten times the master's volume.
    :cvar scales_with: the setting of its own that a size is proportional to, if there is one: skip records then say which
        value would have let a copy through.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str] = ""
    settings: ClassVar[type[BaseModel]] = NoSettings
    per_order: ClassVar[bool] = False
    scales_with: ClassVar[str | None] = None

    @abstractmethod
    def size(self, order: MasterOrder, followers: Sequence[Sizing]) -> Sequence[Decimal]:
        """The exact size for each follower, in their order: not rounded, 0 where nothing can be sized. Pure, without I/O."""


class Proportional(SizingMode):
    """k = r · E_f ÷ E_m, capped at 10."""

    key = "proportional"
    title = _("Proportional")
    description = _("The master's volume in the ratio of your equities.")
    scales_with = "copy_ratio"

    def size(self, order: MasterOrder, followers: Sequence[Sizing]) -> Sequence[Decimal]:
        return [
            lots_per_master_lot(
                proportional_ratio(one.copy_ratio, one.basis, order.equity, one.rate), order.contract, one.contract
            )
            for one in followers
        ]


class Fixed(SizingMode):
    """The same lots, or the same money by margin or by notional, for each opening order."""

    key = "fixed"
    title = _("Fixed")
    description = _("The same size for each order of the master.")
    per_order = True
    scales_with = "fixed_size"

    def size(self, order: MasterOrder, followers: Sequence[Sizing]) -> Sequence[Decimal]:
        return [self._lots(one) for one in followers]

    @staticmethod
    def _lots(one: Sizing) -> Decimal:
        if one.fixed_basis == "lots":
            return one.fixed_size
        leverage = one.leverage if one.fixed_basis == "margin" else Decimal(1)
        return lots_for_money(one.fixed_size, one.contract, one.price, one.money_rate, leverage)


class SizingModes(Mapping[str, SizingMode]):
    """The modes there are, by key: ours first. Filled when the plugins are loaded."""

    def __init__(self) -> None:
        self._known: dict[str, SizingMode] = {}
        self.set(())

    def set(self, others: Iterable[SizingMode]) -> None:
        """Our own and these, in place of all that were there. Raises ``ValueError`` or ``TypeError`` for one that does not fit."""
        known: dict[str, SizingMode] = {}
        for mode in (Proportional(), Fixed(), *others):
            if not isinstance(mode, SizingMode):
                raise TypeError(f"{mode!r} is no SizingMode")
            if not mode.key.isidentifier() or mode.key != mode.key.lower():
                raise ValueError(f"the key {mode.key!r} is not made of lower-case letters, digits and underscores")
            if mode.key in known:
                raise ValueError(f"there are two sizing modes with the key {mode.key!r}")
            mode.settings()  # every field needs a default
            known[mode.key] = mode
        self._known = known

    def __getitem__(self, key: str) -> SizingMode:
        return self._known[key]

    def __iter__(self) -> Any:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def title(self, key: str) -> str:
        """A mode's name for people; of one whose plugin is gone its key."""
        mode = self._known.get(key)
        return key.replace("_", " ").capitalize() if mode is None else mode.title

    def choices(self) -> list[tuple[str, str]]:
        """Key and title of each, for a form."""
        return [(key, mode.title) for key, mode in self._known.items()]


MODES = SizingModes()
"""The process's sizing modes."""
