"""What a change of conditions does to the accounts that there are, measured before it is made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.offering.values import AccountTypeValues
from core.trading.booking.load import load_world, open_positions
from core.trading.booking.rows import PositionRow
from core.trading.booking.views import World
from core.trading.rules.conversion import NoConversionError
from core.trading.rules.risk import Levels, Standing, standing
from tenants.db import TenantSession

__all__ = ["SymbolUse", "TypeImpact", "symbol_use", "type_impact"]

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class TypeImpact:
    """What hangs on an account type, and what the new conditions would do at the current quotes.

    :ivar called: accounts that would newly be below the margin call level. :ivar stopped: newly below the stop-out level.
    :ivar unknown: accounts that cannot be measured now, for want of a quote.
    """

    accounts: int = 0
    holding: int = 0
    positions: int = 0
    orders: int = 0
    bots: int = 0
    called: int = 0
    stopped: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class SymbolUse:
    """What hangs on symbols together: open positions, working orders, bots, and orders there ever were."""

    positions: int = 0
    orders: int = 0
    bots: int = 0
    ever: bool = False

    @property
    def busy(self) -> bool:
        """Whether anything waits for the symbol's price."""
        return bool(self.positions or self.orders or self.bots)


def type_impact(session: TenantSession, type_id: UUID, new: AccountTypeValues | None = None) -> TypeImpact:
    """Count what hangs on an account type; with ``new`` conditions also whom they would call or stop out."""
    counts = session.execute(
        text(
            "select (select count(*) from core.accounts where account_type_id = :type) as accounts,"
            " (select count(distinct account_id) from core.positions p where closed_ts_ms is null and p.account_id in"
            "  (select id from core.accounts where account_type_id = :type)) as holding,"
            " (select count(*) from core.positions p where closed_ts_ms is null and p.account_id in"
            "  (select id from core.accounts where account_type_id = :type)) as positions,"
            " (select count(*) from core.orders o where o.status in ('pending', 'resting', 'waiting', 'unknown')"
            "  and o.account_id in (select id from core.accounts where account_type_id = :type)) as orders,"
            " (select count(*) from core.reactor_states r where r.active and r.account_id in"
            "  (select id from core.accounts where account_type_id = :type)) as bots"
        ),
        {"type": type_id},
    ).one()
    found = TypeImpact(**counts._mapping)
    if new is None or not found.holding:
        return found
    rows = session.execute(
        text("select id, balance, margin from core.accounts where account_type_id = :type and margin > 0"),
        {"type": type_id},
    ).all()
    held: dict[UUID, list[PositionRow]] = {}
    for position in open_positions(session, [row.id for row in rows]):
        held.setdefault(position.account_id, []).append(position)
    now = load_world(session, [type_id])
    then = _under(now, type_id, new)
    called = stopped = unknown = 0
    for row in rows:
        was = _standing(now, type_id, row.balance, row.margin, held.get(row.id, ()))
        will = _standing(then, type_id, row.balance, row.margin, held.get(row.id, ()))
        unknown += will is None
        stopped += will == "stop_out" and was != "stop_out"
        called += will == "margin_call" and was == "sound"
    return replace(found, called=called, stopped=stopped, unknown=unknown)


def symbol_use(session: TenantSession, symbol_ids: Collection[UUID]) -> SymbolUse:
    """Count what hangs on symbols."""
    row = session.execute(
        text(
            "select (select count(*) from core.positions where symbol_id = any(:ids) and closed_ts_ms is null) as positions,"
            " (select count(*) from core.orders where symbol_id = any(:ids)"
            "  and status in ('pending', 'resting', 'waiting', 'unknown')) as orders,"
            " (select count(*) from core.reactor_states where symbol_id = any(:ids) and active) as bots,"
            " exists (select from core.orders where symbol_id = any(:ids)) as ever"
        ),
        {"ids": list(symbol_ids)},
    ).one()
    return SymbolUse(**row._mapping)


def _under(world: World, type_id: UUID, new: AccountTypeValues) -> World:
    """The same world with an account type's new conditions."""
    levels = Levels(new.margin_call_level / _HUNDRED, new.stop_out_level / _HUNDRED)
    changed = replace(world.types[type_id], markup=new.markup, levels=levels)
    return World(world.symbols, world.quotes, {**world.types, type_id: changed}, world.enabled)


def _standing(
    world: World, type_id: UUID, balance: Decimal, margin: Decimal, positions: Collection[PositionRow]
) -> Standing | None:
    try:
        exposures = [
            world.exposure(type_id, held.symbol_id, held.side, held.volume, held.open_price) for held in positions
        ]
        equity = world.market.equity(balance, exposures)
    except (KeyError, NoConversionError):
        return None
    return standing(equity, margin, world.types[type_id].levels)
