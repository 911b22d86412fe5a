"""Who may run which strategy: the tenant's list, then staff's word on one customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from core.sdk.data import TenantSession, new_id
from plugins.bot_trading.models import StrategyRuling
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.marks import MARKED, current_prices
from plugins.bot_trading.settings import BotTradingSettings

__all__ = ["Usage", "Verdict", "allowed_strategies", "own_settings", "rule", "rulings", "usage", "verdicts"]


def allowed_strategies(
    session: TenantSession, strategies: Strategies, settings: BotTradingSettings, customer_id: UUID
) -> list[str]:
    """Keys of the strategies that a customer may run, in the order in which they are installed."""
    rulings = {
        row.strategy: row.allowed
        for row in session.execute(
            select(StrategyRuling.strategy, StrategyRuling.allowed).where(StrategyRuling.customer_id == customer_id)
        )
    }
    return [key for key in strategies if rulings.get(key, key in settings.strategies)]


def rule(session: TenantSession, customer_id: UUID, strategy: str, allowed: bool | None, actor: str) -> None:
    """Allow or deny a strategy to a customer; none leaves it to the tenant's list again."""
    found = session.scalar(
        select(StrategyRuling)
        .where(StrategyRuling.customer_id == customer_id, StrategyRuling.strategy == strategy)
        .with_for_update()
    )
    if allowed is None:
        if found is not None:
            session.delete(found)
        return
    if found is None:
        found = StrategyRuling(id=new_id(), customer_id=customer_id, strategy=strategy)
        session.add(found)
    found.allowed, found.decided_by, found.decided_at = allowed, actor, datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a customer may run a strategy. ``ruling``: staff's word on it; none leaves it to the tenant's list."""

    strategy: str
    allowed: bool
    ruling: bool | None
    decided_by: str = ""
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """A customer's bots of one strategy. Money in ``currency``, floating at the current quotes.

    :ivar allowed: whether they may launch another one today; bots that run go on when a strategy is denied.
    """

    customer_id: UUID
    customer: str
    email: str
    strategy: str
    currency: str
    allowed: bool
    ruling: bool | None
    active: int
    historical: int
    invested: Decimal
    total: Decimal
    latest: datetime


_USAGE = text(f"""
with {MARKED}
select m.customer_id, c.name as customer, c.email, m.strategy, m.currency, r.allowed as ruling,
  count(*) filter (where m.status <> 'stopped') as active, count(*) filter (where m.status = 'stopped') as historical,
  coalesce(sum(m.investment) filter (where m.status <> 'stopped'), 0) as invested, sum(m.total) as total,
  max(m.created_at) as latest
from marked m
join tenants.customers c on c.id = m.customer_id
left join bot_trading.strategy_rulings r on r.customer_id = m.customer_id and r.strategy = m.strategy
where (:strategy = '' or m.strategy = :strategy) and (:search = '' or c.name ilike :like or c.email ilike :like)
group by 1, 2, 3, 4, 5, 6
order by active desc, customer, m.strategy, m.currency
""")  # noqa: S608 - constants


def own_settings(session: TenantSession) -> BotTradingSettings:
    """The module's settings, for fragments on pages that are not the module's own."""
    stored = session.scalar(text("select settings from tenants.product_configs where module = 'bot_trading'"))
    return BotTradingSettings.model_validate(stored or {})


def verdicts(
    session: TenantSession, strategies: Strategies, settings: BotTradingSettings, customer_id: UUID
) -> list[Verdict]:
    """Every installed strategy, and whether the customer may run it."""
    rows = session.scalars(select(StrategyRuling).where(StrategyRuling.customer_id == customer_id))
    known = {row.strategy: row for row in rows}
    found = []
    for key in strategies:
        row = known.get(key)
        if row is None:
            found.append(Verdict(key, key in settings.strategies, None))
        else:
            found.append(Verdict(key, row.allowed, row.allowed, row.decided_by, row.decided_at))
    return found


def rulings(session: TenantSession, *, offset: int = 0, size: int | None = None) -> tuple[list[Any], int]:
    """All rulings, the newest first: ``customer_id``, ``customer``, ``email``, ``strategy``, ``allowed``, who and when."""
    total = session.scalar(text("select count(*) from bot_trading.strategy_rulings")) or 0
    rows = session.execute(
        text(
            "select r.customer_id, c.name as customer, c.email, r.strategy, r.allowed, r.decided_by, r.decided_at"
            " from bot_trading.strategy_rulings r join tenants.customers c on c.id = r.customer_id"
            " order by r.decided_at desc, r.id offset :offset limit :size"
        ),
        {"offset": offset, "size": size},
    )
    return list(rows), total


def usage(session: TenantSession, settings: BotTradingSettings, *, strategy: str = "", search: str = "") -> list[Usage]:
    """Which customer runs, or has run, which strategy; the busiest first."""
    like = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    values = {**current_prices(session), "strategy": strategy, "search": search, "like": like}
    rows: Sequence[Any] = session.execute(_USAGE, values).all()
    return [
        Usage(
            **{name: getattr(row, name) for name in Usage.__dataclass_fields__ if name != "allowed"},
            allowed=row.strategy in settings.strategies if row.ruling is None else row.ruling,
        )
        for row in rows
    ]
