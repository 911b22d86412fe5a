"""What the replication reads and writes, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from plugins.copy_trading.rules.views import Opening, Terms


class MasterRow(NamedTuple):
    """The master of a stream. ``customer_problem`` says why the customer may not be copied, none when they may."""

    id: UUID
    account_id: UUID
    status: str
    currency: str
    mode: str
    leverage: Decimal = Decimal(1)
    leverages: Mapping[str, Any] | None = None
    """Lower ones that hold for symbols, by the symbol's id."""

    def leverage_of(self, symbol_id: UUID) -> Decimal:
        """The leverage that the master trades a symbol with."""
        own = (self.leverages or {}).get(str(symbol_id))
        return self.leverage if own is None else min(self.leverage, Decimal(str(own)))


class Follower(NamedTuple):
    """A subscription of the chunk with its cursor, read under the account's lock."""

    id: UUID
    account_id: UUID
    customer_id: UUID
    status: str
    reasons: int
    terms: Terms
    last_close: int
    last_open: int
    short_of_equity: bool = False
    """Whether the follower knows that copies are skipped below the minimum equity."""


@dataclass(slots=True)
class LinkRow:
    """A link in memory; written back once, at the end of the chunk."""

    id: UUID
    subscription_id: UUID
    master_position_id: UUID
    account_id: UUID
    symbol_id: UUID
    side: int
    target: Decimal
    held: Decimal
    position_ids: list[UUID]
    flying: list[UUID] = field(default_factory=list)
    """Opening orders under way at a venue."""
    in_flight: Decimal = Decimal(0)
    """Lots of theirs that have not arrived."""
    state: str = "live"
    opened_no: int = 0
    cut_from: Decimal | None = None
    asked: Decimal = Decimal(0)
    """Exact lots that the chunk's fills have asked for, to be added to what the link knows."""
    fresh: bool = False
    changed: bool = False


class SkipRow(NamedTuple):
    """A skip record."""

    subscription_id: UUID
    fill_no: int
    symbol_id: UUID
    side: int
    volume: Decimal
    reason: str
    found: str
    needed: str
    setting: str | None
    setting_value: str | None
    at_ms: int
    asked: Decimal | None


@dataclass(slots=True)
class Changes:
    """What a chunk writes besides its orders."""

    links: list[LinkRow] = field(default_factory=list)
    skips: list[SkipRow] = field(default_factory=list)
    openings: dict[tuple[UUID, UUID], tuple[Opening, bool]] = field(default_factory=dict)
    """By (order, subscription): the opening, and whether its order is complete."""
    closed_for: set[UUID] = field(default_factory=set)
    """Subscriptions whose links a close has touched."""

    def touch(self, link: LinkRow) -> None:
        """Note that a link must be written."""
        if not link.fresh and not link.changed:
            link.changed = True
            self.links.append(link)

    def add(self, link: LinkRow) -> None:
        """A new link."""
        link.fresh = True
        self.links.append(link)
