"""Who may run which strategy: the tenant's list, then staff's word on one customer."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from core.sdk.data import TenantSession, new_id
from plugins.bot_trading.models import StrategyRuling
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.settings import BotTradingSettings

__all__ = ["allowed_strategies", "rule"]


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
    found.allowed, found.decided_by = allowed, actor
