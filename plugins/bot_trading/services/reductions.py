"""Positions of bots that somebody else closed: by hand, by a stop-out, or a close of the bot's own that had to wait."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.reactors import lock_subjects
from core.sdk.trading import AccountFill, LockedAccounts
from plugins.bot_trading.models import Bot
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.running import Running
from plugins.bot_trading.services.commands import current_quote
from plugins.bot_trading.services.locking import lock_accounts
from plugins.bot_trading.services.moving import carry_out_step
from plugins.bot_trading.strategies.numbers import ZERO
from plugins.bot_trading.strategies.protocol import Reduction

__all__ = ["notice_reductions"]


def notice_reductions(
    session: TenantSession, strategies: Strategies, account_id: UUID, fills: Sequence[AccountFill]
) -> int:
    """Tell the account's bots what of theirs was closed; gives how many changed. No counter order follows.

    Fills that a bot's state has already (its own, booked with it) change nothing: what is gone is the difference between
    what the bot believes to hold and what its position still has.
    """
    closing = [fill for fill in fills if not fill.opens]
    if not closing:
        return 0
    bots = session.scalars(
        select(Bot).where(Bot.account_id == account_id, Bot.status != "stopped").order_by(Bot.id)
    ).all()
    concerned = [bot for bot in bots if any(_foreign(fill, bot) for fill in closing)]
    if not concerned:
        return 0
    locked = lock_accounts(session, [account_id])
    subjects = lock_subjects(session, [bot.id for bot in concerned])
    changed = 0
    for bot in concerned:
        session.refresh(bot, with_for_update=True)
        running = Running.load(strategies, subjects[bot.id].state)
        changed += _notice(session, locked, bot, running, [fill for fill in closing if _foreign(fill, bot)])
    return changed


def _foreign(fill: AccountFill, bot: Bot) -> bool:
    return fill.symbol_id == bot.symbol_id and (fill.origin_id != bot.id or bot.status == "stopping")


def _notice(
    session: TenantSession, locked: LockedAccounts, bot: Bot, running: Running, fills: Sequence[AccountFill]
) -> bool:
    positions = set(running.positions.values())
    own = [fill for fill in fills if fill.position_id in positions]
    open_now = _open_volumes(session, {fill.position_id for fill in own})
    quote, changed = current_quote(session, bot), False
    for fill in own:
        held = running.strategy.held(running.setup, running.state)
        keys = [key for key, position in running.positions.items() if position == fill.position_id]
        believed = sum((held.get(key, ZERO) for key in keys), ZERO)
        gone = min(believed - open_now.get(fill.position_id, ZERO), fill.volume)
        fee = fill.commission
        for key in reversed(keys):
            part = min(gone, held.get(key, ZERO))
            if part <= ZERO:
                continue
            # On a netting account one position stands for several orders of the bot; the first part bears the commission.
            step = running.on_reduced(Reduction(key, part, fill.price, fee), quote)
            running = carry_out_step(session, locked, bot, running, step, quote, actor=fill.origin)
            gone, fee, changed = gone - part, ZERO, True
    return changed


def _open_volumes(session: TenantSession, position_ids: set[UUID]) -> dict[UUID, Decimal]:
    rows = session.execute(
        text("select id, volume from core.positions where id = any(cast(:ids as uuid[]))"), {"ids": uuids(position_ids)}
    )
    return {row.id: row.volume for row in rows}
