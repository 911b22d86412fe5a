"""The two handlers of a master's fills, and the retry of followers whose bookings failed.

A handler works one shard of a master's followers in the transaction of its cursor. What fails is looked for by halving,
taken out alone, parked with an alert and retried by itself; the others go on.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from core.sdk import EventView, JobContext
from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.events import account_stream, handler_position, read_events
from core.sdk.people import customers_holding
from core.sdk.text import _
from plugins.copy_trading.replication import read
from plugins.copy_trading.replication.chunk import FollowerError, Scene, run_closes, run_opens
from plugins.copy_trading.replication.fills import Fills, fills_of

PERMISSION = "copy_trading.copy"
"""The permission to copy."""
CLOSES = "copy_trading.closes"
"""The handler whose position says which closes have been applied."""

Members = list[tuple[UUID, UUID]]
Run = Callable[[Scene, Fills, Members], None]


def on_closes(ctx: JobContext, events: Sequence[EventView], shard: int) -> None:
    """Mirror the closes among a master's fills. Runs in every state of the module: no gate holds a close back."""
    fills = Fills(fills_of(events))
    positions = {fill.position_id for fill in fills.batch if not fill.opens}
    master = read.master_of_stream(ctx.session, events[0].stream) if positions else None
    if master is None:
        return
    read.take_turns(ctx.session, master.id, shard)
    scene = Scene(ctx.session, ctx.tenant_id, master, ctx.settings(), ctx.module_state)
    members = read.linked_members(ctx.session, master.id, shard, positions)
    _for_all(ctx, run_closes, scene, fills, members, events[0].seq - 1)


def on_opens(ctx: JobContext, events: Sequence[EventView], shard: int) -> None:
    """Copy the opens among a master's fills; closes that are known go ahead of them."""
    fills = Fills(fills_of(events))
    if not any(fill.opens for fill in fills.batch):
        return
    stream = events[0].stream
    master = read.master_of_stream(ctx.session, stream)
    if master is None:
        return
    read.take_turns(ctx.session, master.id, shard)
    members = read.members(ctx.session, master.id, shard)
    before = min(events[0].seq - 1, handler_position(ctx.session, CLOSES, stream, shard))
    _hold_parked(ctx.session, master.id, shard, before)
    scene = Scene(
        ctx.session, ctx.tenant_id, master, ctx.settings(), ctx.module_state, _denied(ctx.session, master.id, shard)
    )
    _for_all(ctx, _opens_with_what_is_around(events, shard), scene, fills, members, before)


def retry_parked(ctx: JobContext, _payload: Mapping[str, Any]) -> None:
    """Bring each parked follower up to date, alone; one that fails again stays parked."""
    rows = ctx.session.execute(
        text(
            "select s.id, s.account_id, s.shard, s.mock, m.account_id as master_account"
            " from copy_trading.cursors c join copy_trading.subscriptions s on s.id = c.subscription_id"
            " join copy_trading.masters m on m.id = s.master_id"
            " where c.parked_at is not null and s.status <> 'stopped' order by c.parked_at, s.id limit 100"
        )
    ).all()
    for row in rows:
        stream = account_stream(row.master_account)
        master = read.master_of_stream(ctx.session, stream)
        if master is None:
            continue
        read.take_turns(ctx.session, master.id, row.shard)
        after = ctx.session.scalar(
            text("select parked_after from copy_trading.cursors where subscription_id = :id and parked_at is not null"),
            {"id": row.id},
        )
        if after is None:
            continue
        events = read_events(ctx.session, stream, after=after)
        denied = _denied(ctx.session, master.id, row.shard)
        scene = Scene(ctx.session, ctx.tenant_id, master, ctx.settings(), ctx.module_state, denied, row.mock)
        try:
            with ctx.session.begin_nested():
                if events:
                    run_opens(scene, Fills(fills_of(events)), [(row.id, row.account_id)])
                ctx.session.execute(
                    text(
                        "update copy_trading.cursors set parked_at = null, parked_after = null, error = null"
                        " where subscription_id = :id"
                    ),
                    {"id": row.id},
                )
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, this follower alone stays parked
            _note(ctx.session, row.id, error)
        else:
            ctx.settle("copy_parked", str(row.id))
        ctx.commit()


def _opens_with_what_is_around(events: Sequence[EventView], shard: int) -> Run:
    """The opens' run of a chunk, with the closes before the batch that wait still, and all that follows it."""
    stream, first, last = events[0].stream, events[0].seq, events[-1].seq

    def run(scene: Scene, fills: Fills, members: Members) -> None:
        def around(batch: Fills) -> Fills:
            applied = handler_position(scene.session, CLOSES, stream, shard)
            known = read_events(scene.session, stream, after=min(applied, first - 1))
            return Fills(
                batch.batch,
                fills_of(event for event in known if event.seq < first),
                fills_of(event for event in known if event.seq > last),
            )

        run_opens(scene, fills, members, around)

    return run


def _for_all(ctx: JobContext, run: Run, scene: Scene, fills: Fills, members: read.Members, before: int) -> None:
    """Run for those who copy, then for those who copy on paper."""
    _isolated(ctx, run, scene, fills, members.live, before)
    _isolated(ctx, run, replace(scene, paper=True), fills, members.paper, before)


def _isolated(ctx: JobContext, run: Run, scene: Scene, fills: Fills, members: Members, before: int) -> None:
    """Run for all members; where that fails, for halves of them, until the bad one is alone and parked."""
    if not members:
        return
    try:
        with scene.session.begin_nested():
            run(scene, fills, members)
    except FollowerError as error:
        bad = [member for member in members if member[0] in error.subscriptions]
        _park(ctx, bad, before, error)
        _isolated(
            ctx, run, scene, fills, [member for member in members if member[0] not in error.subscriptions], before
        )
    except Exception as error:
        if _whole(error):
            raise
        if len(members) == 1:
            _park(ctx, members, before, error)
            return
        half = len(members) // 2
        _isolated(ctx, run, scene, fills, members[:half], before)
        _isolated(ctx, run, scene, fills, members[half:], before)


def _whole(error: Exception) -> bool:
    """Whether a failure concerns the transaction (deadlock, lost connection) and not one of its followers."""
    return isinstance(error, OperationalError) or (isinstance(error, DBAPIError) and error.connection_invalidated)


def _park(ctx: JobContext, members: Members, before: int, error: Exception) -> None:
    """Take followers out of their chunk; ``before`` is the number of the event before the batch that failed."""
    ctx.session.execute(
        text(
            "update copy_trading.cursors set parked_at = now(), parked_after = :before, error = :error"
            " where subscription_id = any(cast(:ids as uuid[]))"
        ),
        {"ids": uuids(member[0] for member in members), "before": before, "error": _words(error)},
    )
    for subscription_id, account_id in members:
        ctx.alert(
            "copy_parked",
            _(
                "A copy could not be booked. The follower is retried alone; the master's other followers are not affected."
            ),
            severity="critical",
            subject=str(subscription_id),
            detail={"account": str(account_id), "error": _words(error)},
        )


def _hold_parked(session: TenantSession, master_id: UUID, shard: int, before: int) -> None:
    """A parked follower misses this batch too: its retry must begin no later than here."""
    session.execute(
        text(
            "update copy_trading.cursors c set parked_after = least(c.parked_after, :before)"
            " from copy_trading.subscriptions s where c.parked_at is not null and c.parked_after > :before"
            " and s.id = c.subscription_id and s.master_id = :master and s.shard = :shard"
        ),
        {"master": master_id, "shard": shard, "before": before},
    )


def _note(session: TenantSession, subscription_id: UUID, error: Exception) -> None:
    session.execute(
        text("update copy_trading.cursors set error = :error where subscription_id = :id"),
        {"id": subscription_id, "error": _words(error)},
    )


def _denied(session: TenantSession, master_id: UUID, shard: int) -> frozenset[UUID]:
    """Customers of a shard who do not hold the permission to copy."""
    customers = session.scalars(
        text(
            "select distinct customer_id from copy_trading.subscriptions"
            " where master_id = :master and shard = :shard and status <> 'stopped'"
        ),
        {"master": master_id, "shard": shard},
    ).all()
    return frozenset(customers) - customers_holding(session, PERMISSION, customers)


def _words(error: Exception) -> str:
    return "".join(traceback.format_exception_only(error)).strip()[:2000]
