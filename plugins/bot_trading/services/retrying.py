"""Orders that wait for money are tried again by themselves."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from core.sdk.data import TenantSession
from core.sdk.reactors import lock_subjects
from core.sdk.trading import LockedAccounts
from plugins.bot_trading.models import Bot
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.running import Running
from plugins.bot_trading.services.commands import current_quote
from plugins.bot_trading.services.locking import lock_accounts
from plugins.bot_trading.services.moving import carry_out_step
from plugins.bot_trading.strategies.numbers import ZERO
from plugins.bot_trading.strategies.protocol import Step

__all__ = ["retry_blocked", "waiting_bots"]


def waiting_bots(session: TenantSession) -> list[UUID]:
    """Running bots of which an order waits for money."""
    return list(session.scalars(select(Bot.id).where(Bot.status == "running", Bot.blocked > 0).order_by(Bot.id)))


def retry_blocked(session: TenantSession, strategies: Strategies, bot_id: UUID) -> bool:
    """Place what waits, where there is money for at least one order; whether anything was placed."""
    bot = session.scalar(select(Bot).where(Bot.id == bot_id))
    if bot is None:
        return False
    locked = lock_accounts(session, [bot.account_id])
    running = Running.load(strategies, lock_subjects(session, [bot_id])[bot_id].state)
    session.refresh(bot, with_for_update=True)
    if bot.status != "running" or not running.strategy.phase(running.state).blocked:
        return False
    quote = current_quote(session, bot)
    step = running.on_command("retry", quote)
    if step.intents and not _affords_one(locked, bot, running, step):
        # Asking in vain would leave a rejected order behind each time.
        return False
    carry_out_step(session, locked, bot, running, step, quote, command="retry")
    return bool(step.intents)


def _affords_one(locked: LockedAccounts, bot: Bot, running: Running, step: Step[object]) -> bool:
    account = locked.accounts[bot.account_id]
    market = locked.market(account.account_type_id, bot.symbol_id)
    if market.problem is not None:
        return False
    own = running.reserved
    if running.setup.market.currency != account.currency:
        own *= market.money_rate
    needed = min(intent.volume for intent in step.intents) * (market.margin_per_lot + market.commission_per_lot)
    return needed <= max(account.free_margin, ZERO) + own
