"""The reconciler: proves that each bot is what its state says, mends by the stored policy, and reports the rest.

The policy: a trigger, a row and a reservation follow from the bot's state and are written again; a close that was not
noticed is taken from the account's fills, and no counter order follows; what filled after the bot had ended is closed or
handed over, as its stop says. Everything else needs a person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text

from core.sdk.alerts import raise_alert, settle_alert
from core.sdk.arrays import uuids
from core.sdk.audit import record_own
from core.sdk.data import TenantSession, new_id
from core.sdk.events import account_stream, read_events
from core.sdk.reactors import NewState, change_subjects, lock_subjects
from core.sdk.text import Text, _
from core.sdk.trading import Origin, close_positions, hand_over, read_fills
from plugins.bot_trading.models import Bot, Finding, Reconciliation
from plugins.bot_trading.recording import write_records
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.running import Running
from plugins.bot_trading.services.commands import current_quote
from plugins.bot_trading.services.locking import lock_accounts
from plugins.bot_trading.services.moving import MODULE, keep_reservation
from plugins.bot_trading.services.proving import MENDABLE, Wrong, prove
from plugins.bot_trading.services.reductions import notice_reductions
from plugins.bot_trading.strategies.protocol import LogEntry

__all__ = ["ALERT", "STEP", "Report", "bots_to_look_at", "ended_bots", "last_report", "look_at", "wrong_text"]

STEP: Final = 200
"""Bots looked at in one transaction."""
ALERT: Final = "mismatch"

_TEXTS: Final = {
    "state_missing": _("It has no state."),
    "state_unreadable": _("Its state cannot be read."),
    "two_orders": _("A cell has two orders."),
    "trigger_differs": _("Its next price was not watched."),
    "figures_differ": _("Its figures were not those of its state."),
    "reservation_differs": _("Other money was set aside than its state says."),
    "position_smaller": _("A close of one of its positions had not been noticed."),
    "position_larger": _("A position of it is larger than it knows of."),
    "position_foreign": _("It holds something that it does not know of, or knows of something that is not there."),
    "late_open": _("An order of it filled after it had ended."),
}


@dataclass(frozen=True, slots=True)
class Report:
    """The newest run, and what there is to show of it."""

    run: Reconciliation | None
    findings: Sequence[Any]
    open: int


def bots_to_look_at(session: TenantSession) -> list[UUID]:
    """Bots that have not ended, and ended ones for which something is still booked."""
    return list(
        session.scalars(
            text(
                "select id from bot_trading.bots where status <> 'stopped' union select b.id from core.positions p"
                " join bot_trading.bots b on b.id = p.origin_id and b.status = 'stopped'"
                " where p.origin = 'bot' and p.closed_ts_ms is null order by 1"
            )
        )
    )


def ended_bots(session: TenantSession, bot_ids: Collection[UUID]) -> list[UUID]:
    """Those of some bots that have ended."""
    own = select(Bot.id).where(Bot.id.in_(bot_ids), Bot.status == "stopped")
    return list(session.scalars(own)) if bot_ids else []


def look_at(session: TenantSession, strategies: Strategies, bot_ids: Sequence[UUID], *, mend: bool) -> tuple[int, int]:
    """Prove some bots, mend what may be mended; how many findings there were, and how many were mended."""
    suspects = {one.bot_id for one in prove(session, strategies, bot_ids)}
    found = mended = 0
    for bot_id in sorted(suspects):
        findings = _look_closer(session, strategies, bot_id, mend=mend)
        found, mended = found + len(findings), mended + sum(finding.mended for finding in findings)
    _settle(session, set(bot_ids) - suspects)
    return found, mended


def last_report(session: TenantSession, limit: int = 50) -> Report:
    """For the page."""
    run = session.scalar(select(Reconciliation).order_by(Reconciliation.started_at.desc()).limit(1))
    rows = session.execute(
        text(
            "select f.bot_id, f.code, f.facts, f.mended, f.at, f.settled_at, c.name as customer, s.code as symbol"
            " from bot_trading.findings f join bot_trading.bots b on b.id = f.bot_id"
            " join tenants.customers c on c.id = b.customer_id join core.symbols s on s.id = b.symbol_id"
            " order by (not f.mended and f.settled_at is null) desc, f.at desc limit :limit"
        ),
        {"limit": limit},
    ).all()
    count = session.scalar(text("select count(*) from bot_trading.findings where not mended and settled_at is null"))
    return Report(run, rows, count or 0)


def wrong_text(code: str) -> str:
    """A finding in words."""
    return _TEXTS.get(code) or code.replace("_", " ")


def _look_closer(session: TenantSession, strategies: Strategies, bot_id: UUID, *, mend: bool) -> list[Finding]:
    """Look at a suspect again, now under its locks; what is still wrong is written down, and mended where that is allowed."""
    bot = session.scalar(select(Bot).where(Bot.id == bot_id))
    if bot is None:
        return []
    locked = lock_accounts(session, [bot.account_id])
    subject = lock_subjects(session, [bot_id]).get(bot_id)
    session.refresh(bot, with_for_update=True)
    wrong = prove(session, strategies, [bot_id])
    if not wrong:
        _settle(session, [bot_id])
        return []
    findings = []
    codes = {one.code for one in wrong}
    if mend and codes <= MENDABLE:
        if "late_open" in codes:
            _end_late(session, bot, [UUID(one.facts["position"]) for one in wrong])
        elif subject is not None:
            if "position_smaller" in codes:
                _take_from_fills(session, strategies, bot)
            running = Running.load(strategies, lock_subjects(session, [bot_id])[bot_id].state)
            quote = current_quote(session, bot)
            change_subjects(session, [NewState(bot_id, running.dump(), running.triggers, active=not running.ended)])
            keep_reservation(session, locked, bot, running)
            entries = [LogEntry("mended", {"what": one.code}) for one in wrong]
            write_records(session, [(bot_id, running.record(quote, entries))])
    left = (
        {(one.code, str(sorted(one.facts.items()))) for one in prove(session, strategies, [bot_id])} if mend else None
    )
    for one in wrong:
        done = left is not None and (one.code, str(sorted(one.facts.items()))) not in left
        finding = _keep(session, one, done)
        if finding is not None:
            findings.append(finding)
    _tell(session, bot_id, wrong, all(finding.mended for finding in findings) and bool(findings))
    return findings


def _end_late(session: TenantSession, bot: Bot, positions: Iterable[UUID]) -> None:
    """What an order of a bot that has ended still opened: closed, or the customer's own, as the bot's stop says."""
    found = list(positions)
    if bot.stop == "close":
        origin = Origin(kind="bot", id=bot.id, module=MODULE)
        close_positions(session, [(one, None, f"{bot.id}:late:{one}") for one in found], origin=origin, reason="bot")
    else:
        hand_over(session, found)


def _take_from_fills(session: TenantSession, strategies: Strategies, bot: Bot) -> None:
    """Read the account's fills again: those that the bot's state has already change nothing."""
    for event in read_events(session, account_stream(bot.account_id), after=0):
        notice_reductions(session, strategies, bot.account_id, read_fills(event.payload))
    session.refresh(bot)


def _keep(session: TenantSession, wrong: Wrong, mended: bool) -> Finding | None:
    """Write a finding down; one that is open already stays the one it is."""
    same = select(Finding).where(
        Finding.bot_id == wrong.bot_id, Finding.code == wrong.code, ~Finding.mended, Finding.settled_at.is_(None)
    )
    known = session.scalar(same.limit(1))
    if known is not None and not mended:
        known.facts = dict(wrong.facts)
        return known
    finding = known or Finding(id=new_id(), bot_id=wrong.bot_id, code=wrong.code)
    finding.facts, finding.mended = dict(wrong.facts), mended
    session.add(finding)
    session.flush()
    if mended:
        record_own(
            session,
            MODULE,
            "bot_trading.bot.mend",
            str(wrong.bot_id),
            before={"wrong": wrong.code, **wrong.facts},
            after={"mended": True},
        )
    return finding


def _tell(session: TenantSession, bot_id: UUID, wrong: Sequence[Wrong], mended: bool) -> None:
    if mended:
        _settle(session, [bot_id])
        return
    said: Text = _("A bot is not what its orders and positions say: {what}", what=wrong_text(wrong[0].code))
    detail = {"codes": ", ".join(sorted({one.code for one in wrong}))}
    raise_alert(session, MODULE, ALERT, said, severity="critical", subject=f"bot:{bot_id}", detail=detail)


def _settle(session: TenantSession, bot_ids: Collection[UUID]) -> None:
    """What was wrong with these bots is not any more."""
    settled = session.scalars(
        text(
            "update bot_trading.findings set settled_at = :now where bot_id = any(cast(:bots as uuid[]))"
            " and not mended and settled_at is null returning bot_id"
        ),
        {"bots": uuids(bot_ids), "now": datetime.now(UTC)},
    ).all()
    for bot_id in set(settled):
        settle_alert(session, MODULE, ALERT, f"bot:{bot_id}")
