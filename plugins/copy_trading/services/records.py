"""A master's trades in sum, as everybody may see them: symbols, sides, lengths; no single trade and no money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.sdk.data import TenantSession


@dataclass(frozen=True, slots=True)
class SymbolShare:
    """How often a symbol was traded. ``share`` and ``won`` in percent; ``won`` none while nothing of it is closed."""

    code: str
    trades: int
    share: Decimal
    won: Decimal | None


@dataclass(frozen=True, slots=True)
class RecordInSum:
    """All trades of an account in a few numbers. Percents as 0–100, ``held_ms`` the mean length of closed trades."""

    trades: int
    open: int
    buys: Decimal | None
    held_ms: int | None
    last_ms: int | None
    symbols: Sequence[SymbolShare]


def record_in_sum(session: TenantSession, account_id: UUID, most: int = 8) -> RecordInSum:
    """The trades of an account in sum, with its ``most`` traded symbols."""
    rows = session.execute(
        text(
            "select y.code, count(*) as trades, count(*) filter (where p.closed_ts_ms is null) as open,"
            " count(*) filter (where p.side = 'buy') as buys,"
            " count(*) filter (where p.closed_ts_ms is not null) as closed,"
            " count(*) filter (where p.closed_ts_ms is not null and p.realised - p.commission + p.swap > 0) as won,"
            " coalesce(sum(p.closed_ts_ms - p.opened_ts_ms) filter (where p.closed_ts_ms is not null), 0) as held,"
            " max(greatest(p.opened_ts_ms, p.closed_ts_ms)) as last"
            " from core.positions p join core.symbols y on y.id = p.symbol_id where p.account_id = :account"
            " group by y.code order by trades desc, y.code"
        ),
        {"account": account_id},
    ).all()
    trades, closed = sum(row.trades for row in rows), sum(row.closed for row in rows)
    hundred = Decimal(100)
    return RecordInSum(
        trades=trades,
        open=sum(row.open for row in rows),
        buys=hundred * sum(row.buys for row in rows) / trades if trades else None,
        held_ms=int(sum(row.held for row in rows) / closed) if closed else None,
        last_ms=max((row.last for row in rows), default=None),
        symbols=[
            SymbolShare(
                row.code,
                row.trades,
                hundred * row.trades / trades,
                hundred * row.won / row.closed if row.closed else None,
            )
            for row in rows[:most]
        ],
    )
