"""Background jobs of bot trading, and its handler of fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update

from core.sdk import EventView, Job, JobContext, Subscription
from core.sdk.data import new_id
from core.sdk.trading import read_fills
from plugins.bot_trading.live import publish_marks
from plugins.bot_trading.models import BotCommand, Decision, Reconciliation
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.batches import batch_commands, carry_out_safely
from plugins.bot_trading.services.commands import stored_commands
from plugins.bot_trading.services.history import take_snapshot
from plugins.bot_trading.services.marks import keep_extremes
from plugins.bot_trading.services.reconciling import STEP, bots_to_look_at, ended_bots, look_at
from plugins.bot_trading.services.reductions import notice_reductions
from plugins.bot_trading.services.rehearsing import JOB as REHEARSE
from plugins.bot_trading.services.rehearsing import work_rehearsal
from plugins.bot_trading.services.retrying import retry_blocked, waiting_bots
from plugins.bot_trading.services.watching import failed_command, watch_bots
from plugins.bot_trading.texts import decision_text

__all__ = ["BotJobs"]

PAUSE_S = 0.6
"""Between two messages to open pages; with the way through the queue less than a second."""


class BotJobs:
    """The jobs, over the strategies that are installed."""

    def __init__(self, strategies: Strategies) -> None:
        self._strategies = strategies

    def jobs(self) -> tuple[Job, ...]:
        """What the platform schedules."""
        return (
            Job("commands", self.finish_commands, queue="critical", every_s=5, reduces=True),
            Job("batch", self.batch, queue="critical", timeout_s=300, reduces=True),
            Job("retry", self.retry, queue="trading", every_s=10),
            Job("watch", self.watch, queue="default", every_s=10),
            Job(REHEARSE, self.rehearse, queue="bulk", timeout_s=300, retries=1),
            Job("reconcile", self.reconcile, queue="default", every_s=300, timeout_s=280),
            Job("snapshot", self.snapshot, queue="default", every_s=1800),
            Job("marks", self.marks, queue="default", retries=0),
        )

    def subscriptions(self) -> tuple[Subscription, ...]:
        """What the platform hands over."""
        return (Subscription("reductions", self.on_fills, watched_only=True, reduces=True),)

    def finish_commands(self, context: JobContext, _payload: Mapping[str, Any]) -> None:
        """Carry out commands that were stored and not finished: each kind of work in small transactions of its own."""
        for command_id in stored_commands(context.session):
            self._carry_out(context, [command_id])

    def batch(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        """Carry out a bulk action, step by step; what fails is left to the commands' own job, which tries again."""
        batch_id, tried = UUID(str(payload["batch"])), set[UUID]()
        while True:
            found = [one for one in batch_commands(context.session, batch_id) if one not in tried]
            if not found:
                return
            tried.update(found)
            self._carry_out(context, found)

    def _carry_out(self, context: JobContext, command_ids: Sequence[UUID]) -> None:
        for failed in carry_out_safely(context.session, self._strategies, command_ids):
            self._tell(context, failed)
        context.commit()

    def retry(self, context: JobContext, _payload: Mapping[str, Any]) -> None:
        """Place orders that waited for money."""
        for bot_id in waiting_bots(context.session):
            retry_blocked(context.session, self._strategies, bot_id)
            context.commit()

    def watch(self, context: JobContext, _payload: Mapping[str, Any]) -> None:
        """Alerts: what strategies want told, large floating losses, unusual activity; the extremes of every bot's total."""
        self._tell_decisions(context)
        keep_extremes(context.session)
        context.commit()
        watch_bots(context.session, context.settings(), context)

    def rehearse(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        """Run a strategy over recorded prices for a launch preview."""
        work_rehearsal(context, self._strategies, payload)

    def reconcile(self, context: JobContext, _payload: Mapping[str, Any]) -> None:
        """Prove that every bot is what its state says, and mend what may be mended."""
        run = Reconciliation(id=new_id())
        context.session.add(run)
        context.commit()
        ids, mend = bots_to_look_at(context.session), context.settings().mend
        found = mended = 0
        for at in range(0, len(ids), STEP):
            new, put_right = look_at(context.session, self._strategies, ids[at : at + STEP], mend=mend)
            found, mended = found + new, mended + put_right
            context.progress(min(at + STEP, len(ids)), len(ids))
            context.commit()
        context.session.execute(
            update(Reconciliation)
            .where(Reconciliation.id == run.id)
            .values(finished_at=datetime.now(UTC), bots=len(ids), found=found, mended=mended)
        )

    def snapshot(self, context: JobContext, _payload: Mapping[str, Any]) -> None:
        """Keep the figures of the day for Bot Stats over time."""
        take_snapshot(context.session)

    def marks(self, context: JobContext, _payload: Mapping[str, Any]) -> None:
        """Tell open pages what their bots are worth, and come again while a page is open."""
        if publish_marks(context.session):
            context.enqueue("marks", {}, delay_s=PAUSE_S)

    def on_fills(self, context: JobContext, events: Sequence[EventView], _shard: int) -> None:
        """Notice what others closed of bots' positions, and what a venue filled after its bot had ended."""
        for event in events:
            account_id, fills = UUID(event.stream.removeprefix("account:")), read_fills(event.payload)
            notice_reductions(context.session, self._strategies, account_id, fills)
            late = ended_bots(context.session, {fill.origin_id for fill in fills if fill.opens and fill.origin_id})
            if late:
                look_at(context.session, self._strategies, late, mend=True)

    def _tell(self, context: JobContext, command_id: UUID) -> None:
        command = context.session.scalar(select(BotCommand).where(BotCommand.id == command_id))
        if command is not None:
            context.alert(
                "command_failed",
                failed_command(command.command),
                severity="critical",
                subject=f"bot:{command.bot_id}",
                detail={"command": str(command_id), **command.detail},
            )

    def _tell_decisions(self, context: JobContext) -> None:
        rows = context.session.execute(
            select(Decision.id, Decision.bot_id, Decision.code, Decision.facts)
            .where(Decision.alert, ~Decision.alerted)
            .order_by(Decision.id)
            .limit(500)
        ).all()
        for row in rows:
            context.alert(row.code, decision_text(row.code, row.facts), subject=f"bot:{row.bot_id}", detail=row.facts)
        if rows:
            context.session.execute(
                text("update bot_trading.decisions set alerted = true where id = any(:ids)"),
                {"ids": [row.id for row in rows]},
            )
