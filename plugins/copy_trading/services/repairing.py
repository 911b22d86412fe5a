"""Repairs of drift, when somebody asks for them: each looked at again under its account's lock, and left where it has changed."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.events import account_stream
from core.sdk.trading import OrderRequest
from plugins.copy_trading.replication import read
from plugins.copy_trading.replication.chunk import Chunk, FollowerError, Scene, load
from plugins.copy_trading.replication.orders import client_order_id, closing_orders, origin
from plugins.copy_trading.replication.rows import LinkRow
from plugins.copy_trading.rules.numbers import ZERO
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.targets import after_own_close, to_close
from plugins.copy_trading.services.locking import hold, lock_accounts
from plugins.copy_trading.services.reconciling import AGREEING


class Repair(NamedTuple):
    """What became of a repair: ``done``, ``changed`` (it is not what the report showed any more) or ``refused`` with why."""

    id: UUID
    outcome: str
    reason: str = ""


class _Row(NamedTuple):
    id: UUID
    kind: str
    subscription_id: UUID
    subject_id: UUID
    expected: Decimal
    found: Decimal
    account_id: UUID
    mock: bool
    status: str
    master_account: UUID


def repair(session: TenantSession, settings: CopyTradingSettings, actor: str, ids: Collection[UUID]) -> list[Repair]:
    """Bring books and positions together again; only what two snapshots in a row agree on.

    ``missing``: taken as closed by the follower's own hand, without an order. ``excess``, ``late`` and ``unlinked``: closed down
    to what the master's position asks for. ``target``: closed down likewise, and never bought in.
    """
    module = hold(session)
    rows = session.execute(
        text(
            "select d.id, d.kind, d.subscription_id, d.subject_id, d.expected, d.found, s.account_id, s.mock, s.status,"
            " m.account_id from copy_trading.drifts d join copy_trading.subscriptions s on s.id = d.subscription_id"
            " join copy_trading.masters m on m.id = s.master_id where d.ended_at is null and d.snapshots >= :agreeing"
            " and d.id = any(cast(:ids as uuid[])) order by s.account_id, d.id"
        ),
        {"ids": uuids(ids), "agreeing": AGREEING},
    )
    made = []
    for row in (_Row(*one) for one in rows):
        try:
            with session.begin_nested():
                done = _repair(session, settings, module, row)
        except FollowerError as error:
            made.append(Repair(row.id, "refused", str(error)))
            continue
        made.append(Repair(row.id, "done" if done else "changed"))
        if done:
            session.execute(
                text("update copy_trading.drifts set ended_at = now(), ended_by = :actor where id = :id"),
                {"id": row.id, "actor": actor},
            )
    return made


def _repair(session: TenantSession, settings: CopyTradingSettings, module: str, row: _Row) -> bool:
    if row.kind == "unlinked":
        return _close_unlinked(session, row)
    master = read.master_of_stream(session, account_stream(row.master_account))
    if master is None:
        return False
    scene = Scene(session, session.tenant_id, master, settings, module, paper=row.mock)
    chunk = load(scene, [(row.subscription_id, row.account_id)])
    if row.subscription_id not in chunk.followers:
        return False
    chunk.take_links(read.live_links(session, [row.subscription_id]))
    link = next((one for one in chunk.links.values() if one.id == row.subject_id), None)
    if link is None or chunk.real(link) != row.found:
        return False
    _mend(chunk, link, row)
    chunk.finish()
    return True


def _mend(chunk: Chunk, link: LinkRow, row: _Row) -> None:
    real = chunk.real(link)
    if row.kind == "missing":
        target = after_own_close(link.target, link.held, real)
        link.target, link.held = (ZERO, ZERO) if target is None else (target, real)
        link.state = "left" if target is None else "live"
    else:
        wanted = ZERO if row.kind == "late" else link.target
        due = to_close(wanted, real, chunk.step(link))
        orders = closing_orders(
            chunk.scene.tenant_id, link, due, 0, chunk.held, "copy_repair", leg=f"repair-{row.id.hex}"
        )
        chunk.book_closes(orders)
        link.held = real - sum((order.volume for order in orders), ZERO)
        # What the master has beyond it was missed, and is not bought in now.
        link.target = min(wanted, link.held) if row.kind == "target" and due == 0 else wanted
        if row.kind == "late" and not link.held:
            link.state = "closed"
    chunk.changes.touch(link)


def _close_unlinked(session: TenantSession, row: _Row) -> bool:
    market = lock_accounts(session, [row.account_id])
    held = next((one for one in market.accounts[row.account_id].positions if one.id == row.subject_id), None)
    if held is None or held.volume != row.found:
        return False
    [result] = market.place_orders(
        [
            OrderRequest(
                client_order_id=client_order_id(session.tenant_id, row.subscription_id, 0, f"repair-{row.id.hex}"),
                account_id=row.account_id,
                symbol_id=held.symbol_id,
                side="sell" if held.side == "buy" else "buy",
                volume=held.volume,
                position_id=held.id,
                reduce_only=True,
                origin=origin(row.subscription_id),
                reason="copy_repair",
            )
        ]
    )
    if not result.accepted:
        raise FollowerError([row.subscription_id], f"the close was refused: {result.reason}")
    return True
