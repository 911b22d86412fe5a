"""The brokerage's copying at a glance: what staff see on Master Traders → Summary. A fixed number of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import text

from core.sdk.data import TenantSession
from core.sdk.money import reporting_currency
from core.sdk.prices import middle_rates
from plugins.copy_trading.services.lists import skips_by_reason
from plugins.copy_trading.services.master_lists import MasterLine, MasterQuery, page_of_masters

ZERO = Decimal(0)
SKIP_DAYS = 7
SHOWN = 5
"""Masters at the top and at the bottom."""


@dataclass(frozen=True, slots=True)
class Health:
    """How replication keeps up.

    :ivar behind: masters with events that a handler has not worked off; ``oldest`` when the first of them happened.
    :ivar parked: followers whose copies cannot be booked and are retried alone.
    :ivar stuck: streams that wait for a person.
    """

    behind: int
    oldest: datetime | None
    parked: int
    stuck: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Totals in ``currency``, the brokerage's main one, at middle rates; of followers' figures as of the last round.

    ``unconverted`` are currencies without a rate, whose amounts are left out.
    """

    currency: str
    masters: Mapping[str, int]
    followers: int
    paused: int
    assets: Decimal
    copied_pnl: Decimal
    open_copies: int
    notional: Decimal
    warnings: Mapping[str, int]
    skips: Mapping[str, int]
    top: Sequence[MasterLine]
    worst: Sequence[MasterLine]
    health: Health
    unconverted: Sequence[str]
    as_of: datetime | None


def summary(session: TenantSession) -> Summary:
    """Read it."""
    main = reporting_currency(session)
    rows = session.execute(
        text(
            "select a.currency, count(*) filter (where s.status <> 'stopped') as followers,"
            " count(*) filter (where s.status = 'paused') as paused,"
            " coalesce(sum(f.equity) filter (where s.status <> 'stopped'), 0) as assets,"
            " coalesce(sum(f.copied_pnl), 0) as copied, max(f.at) as as_of"
            " from copy_trading.subscriptions s join core.accounts a on a.id = s.account_id"
            " left join copy_trading.follower_figures f on f.subscription_id = s.id where not s.mock group by a.currency"
        )
    ).all()
    open_rows = session.execute(
        text(
            "select y.quote as currency, count(*) as positions,"
            " sum(p.volume * y.contract_size * coalesce((q.bid + q.ask) * y.tick / 2, p.open_price)) as notional"
            " from core.positions p join core.symbols y on y.id = p.symbol_id"
            " left join core.quotes q on q.instrument_id = y.instrument_id"
            " where p.origin = 'copy' and p.closed_ts_ms is null group by y.quote"
        )
    ).all()
    used = {row.currency for row in [*rows, *open_rows]}
    rates = middle_rates(session, used, main)
    warnings = session.execute(
        text(
            "select f.warning, count(*) from copy_trading.follower_figures f"
            " join copy_trading.subscriptions s on s.id = f.subscription_id"
            " where f.warning is not null and s.status <> 'stopped' group by f.warning"
        )
    )
    top, worst, statuses = _ranked(session)
    return Summary(
        currency=main,
        masters=statuses,
        followers=sum(row.followers for row in rows),
        paused=sum(row.paused for row in rows),
        assets=sum((row.assets * rates.get(row.currency, ZERO) for row in rows), ZERO),
        copied_pnl=sum((row.copied * rates.get(row.currency, ZERO) for row in rows), ZERO),
        open_copies=sum(row.positions for row in open_rows),
        notional=sum((row.notional * rates.get(row.currency, ZERO) for row in open_rows), ZERO),
        warnings={row[0]: row[1] for row in warnings},
        skips=skips_by_reason(session, days=SKIP_DAYS),
        top=top,
        worst=worst,
        health=_health(session),
        unconverted=sorted(used - set(rates)),
        as_of=max((row.as_of for row in rows if row.as_of is not None), default=None),
    )


def _ranked(session: TenantSession) -> tuple[list[MasterLine], list[MasterLine], Mapping[str, int]]:
    """Masters with the best and with the worst return; few are shared out, so that nobody is in both. And all by status."""
    query = MasterQuery(sort="index_return", descending=True, limit=2 * SHOWN)
    best = page_of_masters(session, query)
    high = [row for row in best.rows if row.index_return is not None]
    if best.total <= 2 * SHOWN:
        half = -(-len(high) // 2)
        return high[:half], high[half:][::-1], best.statuses
    low = page_of_masters(session, replace(query, descending=False, limit=SHOWN)).rows
    return high[:SHOWN], [row for row in low if row.index_return is not None], best.statuses


def _health(session: TenantSession) -> Health:
    row = session.execute(
        text(
            "select count(distinct s.stream) as behind, min(e.at) as oldest,"
            " count(distinct s.stream) filter (where c.parked) as stuck"
            " from core.account_watches w join core.event_streams s on s.stream = 'account:' || w.account_id"
            " cross join unnest(array['copy_trading.closes', 'copy_trading.opens']) as h(handler)"
            " left join core.handler_cursors c on c.handler = h.handler and c.stream = s.stream"
            " join lateral (select at from core.events e where e.stream = s.stream and e.type = 'fills'"
            "  and e.stream_seq > coalesce(c.seq, 0) order by e.stream_seq limit 1) e on true"
            " where w.plugin = 'copy_trading' and s.last_seq > coalesce(c.seq, 0)"
        )
    ).one()
    parked = session.scalar(text("select count(*) from copy_trading.cursors where parked_at is not null"))
    return Health(row.behind, row.oldest, parked or 0, row.stuck)
