"""The followers' figures, taken in rounds over all of them: what lists are sorted, warned and summed by.

A round is at most half a minute old; whoever looks at single followers is given their figures of the moment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.sdk import JobContext
from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.trading import account_states
from plugins.copy_trading.rules.figures import LeverageLimits, effective_leverage, leverage_warning
from plugins.copy_trading.services.figures import ZERO, copied_pnl

CHUNK = 1000
"""Followers of one transaction."""

# One more round after a copy has ended: its last P&L stays what it was.
_DUE = """
select s.id from copy_trading.subscriptions s
left join copy_trading.follower_figures f on f.subscription_id = s.id
where not s.mock and (s.status <> 'stopped' or f.at is null or f.at <= s.stopped_at) order by s.id
"""
_SAVE = text(
    "insert into copy_trading.follower_figures (subscription_id, equity, currency, leverage, margin_level, warning,"
    " copied_pnl)"
    " select * from unnest(cast(:ids as uuid[]), cast(:equities as numeric[]), cast(:currencies as text[]),"
    " cast(:leverages as numeric[]), cast(:levels as numeric[]), cast(:warnings as text[]), cast(:earned as numeric[]))"
    " on conflict (tenant_id, subscription_id) do update set equity = excluded.equity, currency = excluded.currency,"
    " leverage = excluded.leverage, margin_level = excluded.margin_level, warning = excluded.warning,"
    " copied_pnl = excluded.copied_pnl, at = now()"
)


def refresh_all(ctx: JobContext, _payload: Mapping[str, Any]) -> None:
    """The job: one round over all followers, some at a time."""
    limits: LeverageLimits = ctx.settings().leverage_limits
    ids = ctx.session.scalars(text(_DUE)).all()
    for start in range(0, len(ids), CHUNK):
        refresh(ctx.session, limits, ids[start : start + CHUNK])
        ctx.commit()


def refresh(session: TenantSession, limits: LeverageLimits, ids: Collection[UUID]) -> None:
    """Take the figures of followers, a fixed number of statements for any number."""
    rows = session.execute(
        text(
            "select s.id, s.account_id, a.currency from copy_trading.subscriptions s"
            " join core.accounts a on a.id = s.account_id where s.id = any(cast(:ids as uuid[])) order by s.id"
        ),
        {"ids": uuids(ids)},
    ).all()
    states = account_states(session, {row.account_id for row in rows})
    earned = copied_pnl(session, [row.id for row in rows])
    found = []
    for row in rows:
        state = states[row.account_id]
        leverage = effective_leverage(state.notional, state.equity)
        found.append(
            (
                row.id,
                state.equity,
                row.currency,
                leverage,
                state.level,
                leverage_warning(leverage, state.level, limits),
                earned.get(row.id, ZERO),
            )
        )
    if found:
        names = ("ids", "equities", "currencies", "leverages", "levels", "warnings", "earned")
        session.execute(_SAVE, {name: [row[at] for row in found] for at, name in enumerate(names)})
