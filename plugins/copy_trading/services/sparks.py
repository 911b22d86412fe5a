"""Small curves of many masters at once, for lists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession

POINTS = 40
_WIDTH, _HEIGHT = 120, 36


def sparks(session: TenantSession, master_ids: Collection[UUID], points: int = POINTS) -> dict[UUID, list[Decimal]]:
    """The return index of masters at up to ``points`` moments evenly spread over each one's time, in one statement."""
    rows = session.execute(
        text(
            "with span as (select master_id, min(at_ms) as first, greatest(max(at_ms) - min(at_ms), 1) as length"
            " from copy_trading.equity_points where master_id = any(cast(:ids as uuid[])) and index is not null"
            " group by master_id)"
            " select distinct on (p.master_id, (p.at_ms - s.first) * :points / s.length) p.master_id, p.index"
            " from copy_trading.equity_points p join span s on s.master_id = p.master_id where p.index is not null"
            " order by p.master_id, (p.at_ms - s.first) * :points / s.length, p.at_ms desc"
        ),
        {"ids": uuids(master_ids), "points": points},
    )
    found: dict[UUID, list[Decimal]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row[1])
    return found


def path_of(values: Sequence[Decimal]) -> str:
    """The curve as the ``d`` of an SVG path in a box of 120 by 36; empty for fewer than two points."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = high - low
    steps = []
    for at, value in enumerate(values):
        across = at * _WIDTH / (len(values) - 1)
        up = float((value - low) / span) if span else 0.5
        steps.append(f"{across:.1f} {_HEIGHT - 2 - up * (_HEIGHT - 4):.1f}")
    return "M" + "L".join(steps)
