"""The symbol that a replay goes into: its instrument must be one that no feed feeds."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from tenants.db import SystemSession, new_id

FEED: Final = "replay"
UNFED: Final = (FEED, "manual")
"""Feeds that nothing but replays and people feed."""


class ReplayError(RuntimeError):
    """A replay that cannot begin or go on; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """The symbol that a file is replayed into, and its instrument."""

    tenant_id: UUID
    symbol_id: UUID
    instrument_id: UUID
    tick: Decimal
    lane: int


def find_target(session: SystemSession, tenant_key: str, code: str) -> Target:
    """The symbol, on an instrument of its own for replays.

    A symbol that a feed feeds is moved to such an instrument, as long as nothing is open on it.

    Raises ReplayError for an unknown tenant or symbol (naming those there are), and where something is open on the symbol.
    """
    tenant_id = session.scalar(text("select id from tenants.tenants where key = :key"), {"key": tenant_key})
    if tenant_id is None:
        keys = ", ".join(session.scalars(text("select key from tenants.tenants order by key"))) or "none"
        raise ReplayError(f"there is no tenant {tenant_key}; there are: {keys}")
    row = session.execute(
        text(
            "select s.id, s.instrument_id, i.feed, i.feed_symbol, i.title, i.tick, i.lane from core.symbols s"
            " join core.instruments i on i.id = s.instrument_id where s.tenant_id = :tenant and s.code = :code"
        ),
        {"tenant": tenant_id, "code": code},
    ).one_or_none()
    if row is None:
        codes = session.scalars(
            text("select code from core.symbols where tenant_id = :tenant order by code"), {"tenant": tenant_id}
        )
        raise ReplayError(f"{tenant_key} has no symbol {code}; it has: {', '.join(codes) or 'none'}")
    if row.feed in UNFED:
        return Target(tenant_id, row.id, row.instrument_id, row.tick, row.lane)
    _check_idle(session, tenant_id, row.id, code, row.feed)
    instrument_id = _own_instrument(session, f"{tenant_key}/{code}", row)
    session.execute(
        text("update core.symbols set instrument_id = :instrument where tenant_id = :tenant and id = :id"),
        {"instrument": instrument_id, "tenant": tenant_id, "id": row.id},
    )
    return Target(tenant_id, row.id, instrument_id, row.tick, row.lane)


def _check_idle(session: SystemSession, tenant_id: UUID, symbol_id: UUID, code: str, feed: str) -> None:
    values = {"tenant": tenant_id, "symbol": symbol_id}
    counts = {
        "open positions": "select count(*) from core.positions"
        " where tenant_id = :tenant and symbol_id = :symbol and closed_ts_ms is null",
        "living orders": "select count(*) from core.orders where tenant_id = :tenant and symbol_id = :symbol"
        " and status in ('pending', 'resting', 'waiting', 'unknown')",
        "active bots": "select count(*) from core.reactor_states"
        " where tenant_id = :tenant and symbol_id = :symbol and active",
    }
    found = {what: session.scalar(text(statement), values) for what, statement in counts.items()}
    if any(found.values()):
        what = ", ".join(f"{count} {name}" for name, count in found.items() if count)
        raise ReplayError(
            f"{code} is fed by {feed} and has {what}: close them first, or replay into a symbol that is idle"
        )


def _own_instrument(session: SystemSession, name: str, row: Any) -> UUID:
    made: UUID = session.execute(
        text(
            "insert into core.instruments (id, feed, feed_symbol, title, tick, lane, label)"
            " values (:id, :feed, :name, :title, :tick, :lane, '')"
            " on conflict (feed, feed_symbol) do update set title = excluded.title returning id"
        ),
        {
            "id": new_id(),
            "feed": FEED,
            "name": name,
            "title": row.title,
            "tick": row.tick,
            "lane": row.lane,
        },
    ).scalar_one()
    return made
