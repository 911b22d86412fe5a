"""A live preview of sizing: the master's last trades as the very rules of the replication would copy them now.

The prices are those of now on both sides, so nothing is refused for slippage or for the age of the signal: what is shown
is what sizes, limits and margin make of a trade like those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median_low
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from core.sdk.data import TenantSession, new_id
from core.sdk.events import account_stream
from core.sdk.trading import AccountFill, LockedAccounts, account_states, lock_accounts_with_markets
from plugins.copy_trading.replication import read
from plugins.copy_trading.replication.chunk import Chunk, Scene, held_in
from plugins.copy_trading.replication.opening import OpeningWave
from plugins.copy_trading.replication.rows import Follower
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.opens import Copy, decide_opens
from plugins.copy_trading.rules.reasons import Refusal
from plugins.copy_trading.rules.settings import CopyTradingSettings

TRADES = 6
"""How many of the master's last opening orders are shown."""
TYPICAL_OF = 50
"""Over how many the typical size is taken."""
_MOMENTARY = ("market_closed", "quote_stale")


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One trade of the master as a copy. Volumes in lots, money in the follower's currency.

    :ivar lots: what the copy would be; none where it would be skipped, with the ``refusal``.
    :ivar exact: the size before rounding to the lot step.
    :ivar cut: whether the maximum lot has cut it.
    """

    symbol: str
    side: str
    master_lots: Decimal
    at_ms: int
    lots: Decimal | None
    exact: Decimal | None
    margin: Decimal | None
    notional: Decimal | None
    cut: bool
    reversed: bool
    refusal: Refusal | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What settings make of a master's trades on one account.

    :ivar basis: ``equity`` or ``balance``, by the tenant's choice; ``own`` and ``master`` are the two figures.
    :ivar typical: the master's median size in the most traded symbol as one more line.
    """

    currency: str
    master_currency: str
    basis: str
    own: Decimal
    master: Decimal
    lines: Sequence[PreviewLine]
    typical: PreviewLine | None

    @property
    def copied(self) -> int:
        """How many of the lines would be copied."""
        return sum(line.lots is not None for line in self.lines)


def preview(
    session: TenantSession, settings: CopyTradingSettings, master_id: UUID, account_id: UUID, choices: Choices
) -> Preview:
    """The preview of a follow (or of changed settings). Nothing is written; the account is locked until the caller ends."""
    account = session.scalar(text("select account_id from copy_trading.masters where id = :id"), {"id": master_id})
    found = read.master_of_stream(session, account_stream(account))
    assert found is not None  # noqa: S101 - the caller has found the master
    master = found._replace(status="active")
    market = lock_accounts_with_markets(session, [account_id])
    state = account_states(session, [master.account_id])[master.account_id]
    follower = _follower(session, account_id, choices)
    chunk = Chunk(
        Scene(session, session.tenant_id, master, settings, "on"), {follower.id: follower}, market, held_in(market)
    )
    orders = _orders(session, master.account_id)
    fills = [_as_fill(market, chunk, one, state.equity, state.balance, one.volume) for one in orders[:TRADES]]
    own = market.accounts[account_id]
    by_balance = settings.ratio_basis == "balance"
    return Preview(
        own.currency,
        master.currency,
        settings.ratio_basis,
        own.balance if by_balance else own.equity or Decimal(0),
        state.balance if by_balance else state.equity,
        [_line(chunk, follower, fill) for fill in fills],
        _typical(chunk, follower, orders, state.equity, state.balance),
    )


def _typical(
    chunk: Chunk, follower: Follower, orders: Sequence[Row[Any]], equity: Decimal, balance: Decimal
) -> PreviewLine | None:
    if not orders:
        return None
    codes = [one.code for one in orders]
    most = max(set(codes), key=lambda code: (codes.count(code), code))
    same = [one for one in orders if one.code == most]
    volume = median_low([one.volume for one in same])
    return _line(chunk, follower, _as_fill(chunk.market, chunk, same[0], equity, balance, volume))


def _orders(session: TenantSession, account_id: UUID) -> Sequence[Row[Any]]:
    """The master's last opening orders with what they opened, the newest first."""
    return session.execute(
        text(
            "select f.order_id, f.symbol_id, y.code, f.side, sum(f.volume) as volume, max(f.price) as price,"
            " max(f.ts_ms) as ts_ms, max(f.fill_no) as fill_no from core.fills f join core.symbols y on y.id = f.symbol_id"
            " where f.account_id = :account and f.effect in ('open', 'add')"
            " group by f.order_id, f.symbol_id, y.code, f.side order by max(f.fill_no) desc limit :most"
        ),
        {"account": account_id, "most": TYPICAL_OF},
    ).all()


def _follower(session: TenantSession, account_id: UUID, choices: Choices) -> Follower:
    customer = session.scalar(text("select customer_id from core.accounts where id = :id"), {"id": account_id})
    assert customer is not None  # noqa: S101 - the account is locked
    return Follower(new_id(), account_id, customer, "active", 0, choices.terms(), 0, -1)


def _as_fill(
    market: LockedAccounts, chunk: Chunk, order: Row[Any], equity: Decimal, balance: Decimal, volume: Decimal
) -> AccountFill:
    """An order as if it had been filled just now, at the price that the follower sees."""
    [follower] = chunk.followers.values()
    own = market.accounts[follower.account_id]
    code = next((to for of, to in follower.terms.symbol_map if of == order.code), order.code)
    symbol_id = market.symbol_id(code)
    price, at_ms = order.price, order.ts_ms
    if symbol_id is not None:
        seen = market.market(own.account_type_id, symbol_id)
        buys = (order.side == "buy") != follower.terms.reverse
        price, at_ms = (seen.ask if buys else seen.bid) or order.price, seen.at_ms or order.ts_ms
    zero = Decimal(0)
    return AccountFill(
        id=order.order_id, fill_no=order.fill_no, account_id=chunk.scene.master.account_id, order_id=order.order_id,
        position_id=order.order_id, symbol_id=order.symbol_id, side=order.side, effect="open", volume=volume, price=price,
        profit=zero, commission=zero, position_before=zero, position_after=volume, order_opened=volume, order_price=price,
        order_done=True, equity_before=equity, balance_before=balance, ts_ms=at_ms, seq=0,
    )  # fmt: skip


def _line(chunk: Chunk, follower: Follower, fill: AccountFill) -> PreviewLine:
    wave = OpeningWave(chunk.scene, chunk, {})
    opened = wave.opened(fill, ())
    view = wave.view(follower, fill, opened)
    assert view is not None  # noqa: S101 - a new position concerns every follower
    note = ""
    if view.market is not None and view.market.problem in _MOMENTARY and view.market.bid:
        # A closed market opens again: what the sizes would be is the question here.
        note = view.market.problem
        view = view._replace(market=view.market._replace(problem=None))
    decided = decide_opens("on", "active", opened, [view], 2**62)
    known = (opened.symbol, fill.side, fill.volume, fill.ts_ms)
    reverse = follower.terms.reverse
    if decided.skips:
        return PreviewLine(*known, None, None, None, None, False, reverse, decided.skips[0].refusal, note)
    made: Copy = decided.copies[0]
    account = chunk.market.accounts[follower.account_id]
    market = view.market
    assert market is not None  # noqa: S101 - a copy has a market
    seen = chunk.market.market(account.account_type_id, chunk.market.symbol_id(market.code) or fill.symbol_id)
    notional = made.volume * market.contract * fill.price * market.money_rate
    exact = made.cut_from if made.cut_from is not None else made.target
    return PreviewLine(
        *known, made.volume, exact, made.volume * seen.margin_per_lot, notional, made.cut_from is not None, reverse, None,
        note,
    )  # fmt: skip
