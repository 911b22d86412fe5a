"""Bulk actions and the kill switch: a stored command for each bot first, then carried out in steps that anybody can go on with.

Nothing here looks at figures, alerts or notifications: whatever else is broken, bots can be held and stopped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import select, text, update

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession, new_id
from plugins.bot_trading.models import Batch, BotCommand
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.commands import CommandName, carry_out_many

__all__ = [
    "STEP",
    "BatchState",
    "batch_commands",
    "batch_state",
    "begin_batch",
    "begin_kill_switch",
    "carry_out_safely",
    "recent_batches",
    "unfinished",
]

STEP: Final = 100
"""Commands carried out in one transaction."""

_STORE = text("""
insert into bot_trading.commands (id, bot_id, command, reason, actor, note, key, detail, batch_id)
select c.id, c.bot_id, :command, 'admin', :actor, :note, :key, cast(:detail as jsonb), :batch
from unnest(cast(:ids as uuid[]), cast(:bots as uuid[])) as c(id, bot_id)
join bot_trading.bots b on b.id = c.bot_id
on conflict (tenant_id, bot_id, key) do nothing
""")
_STATE = text("""
select status, result, (detail ? 'error') as failing, count(*) as number from bot_trading.commands
where batch_id = :batch group by 1, 2, 3
""")
_HALTABLE = text("""
select id from bot_trading.bots where status in ('running', 'waiting_trigger', 'paused') order by id
""")


@dataclass(frozen=True, slots=True)
class BatchState:
    """How far a batch is: counted from its commands, so that it is true whoever carries them out.

    :ivar refused: how many commands were refused, by code.
    :ivar failing: how many could not be carried out yet and are tried again.
    """

    id: UUID
    kind: str
    command: str
    actor: str
    note: str
    created_at: datetime
    total: int
    done: int
    refused: Mapping[str, int]
    notes: Mapping[str, int]
    """How many were done with another outcome than one would expect, by code."""
    failing: int

    @property
    def over(self) -> bool:
        """Whether every command has been carried out or refused."""
        return self.done >= self.total

    @property
    def worked(self) -> int:
        """Commands that did what was wanted."""
        return self.done - sum(self.refused.values()) - sum(self.notes.values())


def begin_batch(
    session: TenantSession,
    command: CommandName,
    bot_ids: Collection[UUID],
    *,
    actor: str,
    key: str,
    note: str = "",
    kind: Literal["bulk", "kill_switch"] = "bulk",
    detail: str = "{}",
) -> tuple[UUID, bool]:
    """Store a command for each bot in one transaction; ids that are not the brokerage's are left out.

    :param detail: of each command, as JSON.
    :return: the batch, and whether it is new: the same key again gives the first one's.
    """
    known = session.scalar(select(Batch.id).where(Batch.key == key))
    if known is not None:
        return known, False
    batch = Batch(id=new_id(), kind=kind, command=command, actor=actor, note=note, key=key, total=0)
    session.add(batch)
    session.flush()
    wanted = sorted(set(bot_ids))
    stored = session.execute(
        _STORE,
        {
            "command": command,
            "actor": actor,
            "note": note,
            "key": f"batch:{batch.id}",
            "detail": detail,
            "batch": batch.id,
            "ids": uuids([new_id() for _ in wanted]),
            "bots": uuids(wanted),
        },
    )
    batch.total = int(stored.rowcount)  # type: ignore[attr-defined]  # an insert's result has it
    session.flush()
    return batch.id, True


def begin_kill_switch(session: TenantSession, *, actor: str, key: str, note: str) -> tuple[UUID, bool]:
    """Have every bot halted that could open anything, now or after a resume."""
    bots = session.scalars(_HALTABLE).all()
    detail = '{"halt": "kill_switch"}'
    return begin_batch(session, "halt", bots, actor=actor, key=key, note=note, kind="kill_switch", detail=detail)


def batch_commands(session: TenantSession, batch_id: UUID, limit: int = STEP) -> list[UUID]:
    """Commands of a batch that nobody has carried out, those that have not failed before first."""
    failing = BotCommand.detail.has_key("error")
    return list(
        session.scalars(
            select(BotCommand.id)
            .where(BotCommand.batch_id == batch_id, BotCommand.status == "stored")
            .order_by(failing, BotCommand.id)
            .limit(limit)
        )
    )


def carry_out_safely(session: TenantSession, strategies: Strategies, command_ids: Sequence[UUID]) -> list[UUID]:
    """Carry commands out; one that fails harms no other: the group is halved until it is alone. The ids of those that fail.

    What has failed keeps why, and stays stored: it is tried again.
    """
    if not command_ids:
        return []
    try:
        with session.begin_nested():
            carry_out_many(session, strategies, command_ids)
    except Exception as error:  # noqa: BLE001 - one command that fails must not hold the others; it is told and tried again
        session.expire_all()
        if len(command_ids) > 1:
            middle = len(command_ids) // 2
            first = carry_out_safely(session, strategies, command_ids[:middle])
            return first + carry_out_safely(session, strategies, command_ids[middle:])
        session.execute(
            update(BotCommand)
            .where(BotCommand.id == command_ids[0])
            .values(detail=BotCommand.detail.op("||")({"error": str(error)[:500]}))
        )
        return list(command_ids)
    return []


def batch_state(session: TenantSession, batch_id: UUID) -> BatchState | None:
    """How far a batch is; none where the brokerage has no such batch."""
    batch = session.scalar(select(Batch).where(Batch.id == batch_id))
    return None if batch is None else _state(session, batch)


def recent_batches(session: TenantSession, limit: int = 3) -> list[BatchState]:
    """The newest batches, newest first."""
    found = session.scalars(select(Batch).order_by(Batch.created_at.desc(), Batch.id.desc()).limit(limit)).all()
    return [_state(session, batch) for batch in found]


def unfinished(session: TenantSession, batch_id: UUID, limit: int = 50) -> list[Any]:
    """Bots of a batch for which it did not do what was wanted: ``bot_id``, ``customer``, ``symbol``, ``status`` of the command,
    ``result`` and ``detail``."""
    return list(
        session.execute(
            text(
                "select k.bot_id, c.name as customer, s.code as symbol, b.status as bot_status, k.status, k.result, k.detail"
                " from bot_trading.commands k join bot_trading.bots b on b.id = k.bot_id"
                " join tenants.customers c on c.id = b.customer_id join core.symbols s on s.id = b.symbol_id"
                " where k.batch_id = :batch and (k.status = 'refused' or k.result <> '' or k.detail ? 'error' and k.status = 'stored')"
                " order by k.id limit :limit"
            ),
            {"batch": batch_id, "limit": limit},
        ).all()
    )


def _state(session: TenantSession, batch: Batch) -> BatchState:
    done, failing = 0, 0
    refused: dict[str, int] = {}
    notes: dict[str, int] = {}
    for row in session.execute(_STATE, {"batch": batch.id}):
        if row.status == "stored":
            failing += row.number if row.failing else 0
            continue
        done += row.number
        if row.status == "refused":
            refused[row.result] = refused.get(row.result, 0) + row.number
        elif row.result:
            notes[row.result] = notes.get(row.result, 0) + row.number
    return BatchState(
        batch.id,
        batch.kind,
        batch.command,
        batch.actor,
        batch.note,
        batch.created_at,
        batch.total,
        done,
        refused,
        notes,
        failing,
    )
