"""Positions that the master has open when somebody begins to follow: copied at once where the follower asks for it."""

from __future__ import annotations

from sqlalchemy import text

from core.sdk.data import TenantSession
from core.sdk.trading import AccountFill, LockedAccounts, lock_accounts_with_markets
from plugins.copy_trading.models import Subscription
from plugins.copy_trading.replication import read
from plugins.copy_trading.replication.chunk import Chunk, Scene, held_in
from plugins.copy_trading.replication.opening import OpeningWave
from plugins.copy_trading.replication.paper import open_books
from plugins.copy_trading.replication.rows import MasterRow
from plugins.copy_trading.rules.settings import CopyTradingSettings


def take_over(
    session: TenantSession, settings: CopyTradingSettings, subscription: Subscription, *, any_price: bool
) -> None:
    """Copy the master's open positions through all gates, sized by the equities of now.

    ``any_price`` takes the price there is; else a position is copied only if it has not become worse than the master's own
    price by more than the slippage tolerance.
    """
    row = session.execute(
        text(
            "select m.id, m.account_id, m.status, a.currency, a.mode from copy_trading.masters m"
            " join core.accounts a on a.id = m.account_id where m.id = :id"
        ),
        {"id": subscription.master_id},
    ).one()
    master = MasterRow(*row)
    scene = Scene(session, session.tenant_id, master, settings, "on", paper=subscription.mock)
    masters = market = lock_accounts_with_markets(session, [master.account_id, subscription.account_id])
    # Numbers below zero are older than every fill to come, and none of them has been decided yet.
    followers = {one.id: one._replace(last_open=-(2**62)) for one in read.followers(session, [subscription.id])}
    if subscription.mock:
        market = open_books(session, [(subscription.id, subscription.account_id)])
    chunk = Chunk(scene, followers, market, held_in(market))
    wave = OpeningWave(scene, chunk, {})
    for fill in _as_fills(masters, master, subscription, any_price=any_price):
        wave.run(fill, ())
    chunk.finish()


def _as_fills(
    market: LockedAccounts, master: MasterRow, subscription: Subscription, *, any_price: bool
) -> list[AccountFill]:
    """The master's positions as if each had been opened just now."""
    account, own = market.accounts[master.account_id], market.accounts[subscription.account_id]
    if account.equity is None:
        return []
    fills = []
    positions = list(account.positions)
    for at, held in enumerate(positions):
        seen = market.market(own.account_type_id, held.symbol_id)
        buys = (held.side == "buy") != subscription.reverse
        price = (seen.ask if buys else seen.bid) if any_price and seen.bid else held.open_price
        fills.append(
            AccountFill(
                id=held.id,
                fill_no=at - len(positions),
                account_id=master.account_id,
                order_id=held.id,
                position_id=held.id,
                symbol_id=held.symbol_id,
                side=held.side,
                effect="open",
                volume=held.volume,
                price=price,
                profit=account.balance * 0,
                commission=account.balance * 0,
                position_before=held.volume * 0,
                position_after=held.volume,
                order_opened=held.volume,
                order_price=price,
                order_done=True,
                equity_before=account.equity,
                balance_before=account.balance,
                ts_ms=seen.at_ms,
                seq=0,
            )
        )
    return fills
