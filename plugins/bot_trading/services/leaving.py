"""The module's switch: what it holds for a tenant, how bots are left when it goes off, what waits when it is on again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sqlalchemy import select, text

from core.sdk import Exposure, ExposureItem, ExposureReport, LeaveChoice
from core.sdk.data import TenantSession
from core.sdk.reactors import NewState, change_subjects, lock_subjects
from plugins.bot_trading.models import Bot
from plugins.bot_trading.recording import write_decisions
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.running import Running
from plugins.bot_trading.services.commands import store_command
from plugins.bot_trading.services.locking import lock_accounts
from plugins.bot_trading.strategies.numbers import ZERO
from plugins.bot_trading.strategies.protocol import Quote

__all__ = ["enter", "exposure_of", "leave", "measure"]

SWITCH = "module"

_NO_QUOTE = Quote(ZERO, ZERO)  # a pause looks at no price

_HELD = text("""
select s.quote as currency, count(*) as positions, sum(p.volume * s.contract_size * p.open_price) as notional
from core.positions p
join bot_trading.bots b on b.id = p.origin_id and b.status <> 'stopped'
join core.symbols s on s.id = p.symbol_id
where p.origin = 'bot' and p.closed_ts_ms is null
group by s.quote order by s.quote
""")


def exposure_of(strategies: Strategies) -> ExposureReport:
    """The module's report to the platform."""
    return ExposureReport(
        measure=measure, leave=lambda session, choice: leave(session, strategies, choice), enter=enter
    )


def measure(session: TenantSession) -> Exposure:
    """Bots that have not ended, and the positions that they hold."""
    counted = session.execute(
        text("select status, count(*) from bot_trading.bots where status <> 'stopped' group by status")
    )
    counts: dict[str, int] = {row[0]: row[1] for row in counted}
    held = session.execute(_HELD).all()
    labels = {
        "running": "Running bots",
        "waiting_trigger": "Bots waiting for their trigger price",
        "paused": "Paused bots",
        "stopping": "Bots being stopped",
        "halted": "Halted bots",
        "error": "Bots in error",
    }
    items = [ExposureItem(label, counts[status]) for status, label in labels.items() if counts.get(status)]
    items += [ExposureItem("Open positions of bots", row.positions, row.notional, row.currency) for row in held]
    # A bot that is halted and holds nothing keeps nobody waiting.
    waiting = sum(count for status, count in counts.items() if status != "halted")
    choices = (
        LeaveChoice("keep", "Keep positions open", "Bots are halted. Positions stay, with the orders that close them."),
        LeaveChoice("close", "Close all positions", "Bots are stopped and sell what they hold at the market price."),
    )
    return Exposure(tuple(items), choices if counts or held else (), waiting + sum(row.positions for row in held))


def leave(session: TenantSession, strategies: Strategies, choice: str) -> None:
    """Halt every bot: no opening order is left. ``close`` also has each stopped, which workers carry out."""
    wanted = Bot.status.in_(("running", "waiting_trigger", "paused"))
    rows = session.execute(select(Bot.id, Bot.account_id).where(wanted)).all()
    if not rows:
        return
    # As everywhere: the switch, accounts, then subjects, then bots.
    lock_accounts(session, {row.account_id for row in rows})
    subjects = lock_subjects(session, [row.id for row in rows])
    ids = list(subjects)
    bots = session.scalars(select(Bot).where(Bot.id.in_(ids), wanted).order_by(Bot.id).with_for_update()).all()
    changes = []
    for bot in bots:
        running = Running.load(strategies, subjects[bot.id].state)
        halted = running.took(running.on_command("pause", _NO_QUOTE))
        changes.append(NewState(bot.id, halted.dump(), halted.triggers, active=not halted.ended))
        bot.status, bot.halt = "halted", SWITCH
        bot.last_code, bot.last_facts = "halted", {"reason": SWITCH}
    change_subjects(session, changes)
    session.flush()
    write_decisions(
        session,
        [
            {"bot_id": str(bot.id), "code": "halted", "facts": {"reason": SWITCH}, "seq": 0, "ts_ms": bot.last_ts_ms}
            for bot in bots
        ],
    )
    if choice == "close":
        stamp = datetime.now(UTC).isoformat()
        for bot in bots:
            store_command(session, bot.id, "stop_close", reason="module", actor="system", key=f"module-off:{stamp}")


def enter(session: TenantSession) -> None:
    """The bots that the switch had halted are paused; only their own resume starts them."""
    reason = {"reason": SWITCH, "actor": "system", "note": "", "at": datetime.now(UTC).isoformat()}
    session.execute(
        text(
            "update bot_trading.bots set status = 'paused', halt = '', pauses = pauses || cast(:reason as jsonb)"
            " where status = 'halted' and halt = :halt"
        ),
        {"reason": json.dumps([reason]), "halt": SWITCH},
    )
