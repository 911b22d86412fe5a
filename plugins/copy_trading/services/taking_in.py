"""Curves of before figures were kept as they arise: their points are looked at once, one after the other."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import groupby
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from plugins.copy_trading.rules.statistics import ClosedDay, Look, Standing, Trades, begin, observe
from plugins.copy_trading.services import standings
from plugins.copy_trading.services.standings import Kept

_POINTS = text(
    "select master_id, at_ms, equity, funded, notional from copy_trading.equity_points p"
    " where index is null and master_id = any(cast(:ids as uuid[]))"
    " and not exists (select from copy_trading.standings s where s.master_id = p.master_id) order by master_id, at_ms"
)
# What those points called money moved in, and what is called so now: fees and the like have come to it.
_MONEY = text("""
select m.id, a.ledger_no,
  coalesce(sum(e.amount) filter (where e.kind in ('deposit', 'withdrawal', 'correction')), 0) as paid,
  coalesce(sum(e.amount) filter (where e.kind not in ('trade', 'swap')), 0) as funded
from copy_trading.masters m join core.accounts a on a.id = m.account_id
left join core.ledger_entries e on e.account_id = a.id and e.entry_no <= a.ledger_no
where m.id = any(cast(:ids as uuid[])) group by m.id, a.ledger_no
""")


def take_in(session: TenantSession, master_ids: Collection[UUID]) -> int:
    """Begin the figures of masters from the points that they have; how many had some. Trades are counted by the next look."""
    rows = session.execute(_POINTS, {"ids": uuids(master_ids)}).all()
    if not rows:
        return 0
    money = {row.id: row for row in session.execute(_MONEY, {"ids": uuids({row.master_id for row in rows})})}
    kept: dict[UUID, Kept] = {}
    days: list[tuple[UUID, ClosedDay]] = []
    points: list[tuple[UUID, Standing]] = []
    for master_id, own in groupby(rows, key=lambda row: row.master_id):
        looks = [Look(row.at_ms, row.equity, row.funded, row.notional) for row in own]
        standing = begin(looks[0])
        points.append((master_id, standing))
        for look in looks[1:]:
            standing, closed = observe(standing, look)
            days += [(master_id, closed)] if closed is not None else []
            points.append((master_id, standing))
        found = money[master_id]
        # Money that has moved since the last point is taken for moved right after it: neither gain nor loss.
        since = found.paid - standing.funded
        standing = replace(standing, equity=standing.equity + since, funded=found.funded)
        kept[master_id] = Kept(standing, Trades(), found.ledger_no, 0, round_the_clock=False, point_ms=standing.at_ms)
    standings.save(session, kept)
    standings.save_points(session, points)
    if days:
        standings.save_days(session, days)
    return len(kept)
