"""What staff are told of: bots that lose much, and bots that behave unlike others. Alerts settle when it is over.

Unusual are: many orders a minute, many cycles an hour, many rejected orders, and a bot that waits with a reason for long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import text

from core.sdk.alerts import AlertView, alerts_about
from core.sdk.data import TenantSession
from core.sdk.text import Text, _
from plugins.bot_trading.services.marks import MARKED, current_prices
from plugins.bot_trading.settings import BotTradingSettings
from plugins.bot_trading.texts import decision_text

__all__ = ["CODES", "failed_command", "find_alerts", "open_alerts", "watch_bots"]

SOURCE: Final = "bot_trading"
CODES: Final = ("large_floating_loss", "many_orders", "many_cycles", "many_rejects", "idle", "command_failed")
"""Alerts that settle by themselves."""
LEAST_ORDERS: Final = 5
"""A share of rejected orders says nothing of fewer orders in an hour."""

_NAMES = """
join tenants.customers c on c.id = {bot}.customer_id
join core.symbols s on s.id = {bot}.symbol_id
"""
# An alert stays until the loss is a tenth smaller than where it began, so that one that hovers is told once.
_LOSSES = text(f"""
with {MARKED}
select m.id, c.name as customer, s.code as symbol, m.currency, m.floating, -m.floating / m.investment * 100 as percent
from marked m {_NAMES.format(bot="m")}
where m.status <> 'stopped' and m.investment > 0 and -m.floating / m.investment * 100 >= :limit * case
  when m.id = any(cast(:told as uuid[])) then 0.9 else 1 end
""")  # noqa: S608 - constants
_ORDERS = text(f"""
with seen as (
  select origin_id, count(*) as hour, count(*) filter (where placed_at > now() - interval '1 minute') as minute,
    count(*) filter (where status = 'rejected') as rejected
  from core.orders where origin = 'bot' and placed_at > now() - interval '1 hour' group by origin_id
)
select b.id, c.name as customer, s.code as symbol, seen.hour, seen.minute, seen.rejected
from seen join bot_trading.bots b on b.id = seen.origin_id {_NAMES.format(bot="b")}
where b.status <> 'stopped' and (seen.minute > :minute or (seen.hour >= :least and seen.rejected * 100 > seen.hour * :rejects))
""")  # noqa: S608 - constants
_IDLE = text(f"""
select b.id, c.name as customer, s.code as symbol, b.last_code, b.last_facts, d.at,
  extract(epoch from now() - d.at) / 60 as minutes
from bot_trading.bots b {_NAMES.format(bot="b")}
cross join lateral (
  select at from bot_trading.decisions d where d.bot_id = b.id order by d.id desc limit 1
) d
where b.status = 'running' and (b.blocked > 0 or b.last_facts ? 'reason')
  and d.at < now() - make_interval(mins => :minutes)
""")  # noqa: S608 - constants
# Two counts half an hour apart at least tell how many cycles ended within the last hour, whatever the strategy.
_SHIFT = text("""
insert into bot_trading.paces as p (bot_id, before, latest, counted_at)
select id, cycles, cycles, now() from bot_trading.bots where status <> 'stopped'
on conflict (tenant_id, bot_id) do update set before = p.latest, latest = excluded.latest, counted_at = now()
where p.counted_at < now() - interval '30 minutes'
""")
_CYCLES = text(f"""
select b.id, c.name as customer, s.code as symbol, b.cycles - p.before as cycles
from bot_trading.paces p join bot_trading.bots b on b.id = p.bot_id {_NAMES.format(bot="b")}
where b.status <> 'stopped' and b.cycles - p.before > :cycles
""")  # noqa: S608 - constants


_FAILING = text("""
select distinct on (bot_id) bot_id, command from bot_trading.commands where status = 'stored' and detail ? 'error'
order by bot_id, id
""")
# What a strategy had told: nothing waits any more, or the bot has ended.
_OVER = text("""
select a.code, a.subject from core.alerts a join bot_trading.bots b on a.subject = 'bot:' || b.id
where a.source = :source and a.closed_at is null
  and (b.status = 'stopped' or (a.code in ('blocked', 'close_waits') and b.blocked = 0))
""")


class Raising(Protocol):
    """What a job's context offers for alerts."""

    def alert(
        self,
        code: str,
        message: str,
        *,
        severity: str = "warning",
        subject: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None: ...

    def settle(self, code: str, subject: str | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class Found:
    """Something to tell of one bot."""

    code: str
    bot_id: UUID
    message: str
    detail: Mapping[str, str] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        return f"bot:{self.bot_id}"


def find_alerts(session: TenantSession, settings: BotTradingSettings, told: set[tuple[str, str]]) -> list[Found]:
    """What there is to tell now, in a fixed number of statements. ``told``: code and subject of alerts that are open."""
    return [
        *_losses(session, settings, told),
        *_orders(session, settings),
        *_cycles(session, settings),
        *_idle(session, settings),
        *(Found("command_failed", row.bot_id, failed_command(row.command)) for row in session.execute(_FAILING)),
    ]


def watch_bots(session: TenantSession, settings: BotTradingSettings, context: Raising) -> None:
    """Raise what is new, and settle what is over."""
    told = {
        (row.code, row.subject)
        for row in session.execute(
            text(
                "select code, subject from core.alerts where source = :source and code = any(:codes) and closed_at is null"
            ),
            {"source": SOURCE, "codes": list(CODES)},
        )
    }
    found = {(one.code, one.subject): one for one in find_alerts(session, settings, told)}
    for key, one in found.items():
        if key not in told:
            context.alert(one.code, one.message, subject=one.subject, detail=one.detail)
    for code, subject in told - found.keys():
        context.settle(code, subject)
    for row in session.execute(_OVER, {"source": SOURCE}).all():
        context.settle(row.code, row.subject)


def open_alerts(session: TenantSession, limit: int = 8) -> tuple[list[tuple[AlertView, UUID | None]], int]:
    """The newest open alerts, each with the bot that it is about, and how many there are in all."""
    total = session.scalar(
        text("select count(*) from core.alerts where source = :source and closed_at is null"), {"source": SOURCE}
    )
    found = [one for one in alerts_about(session, SOURCE, limit=limit) if one.closed_at is None]
    return [(one, _bot_of(one.subject)) for one in found], total or 0


def failed_command(command: str) -> Text:
    """What is said of a command that could not be carried out."""
    return _(
        "The command {command} of a bot could not be carried out. It is tried again.",
        command=command.replace("_", " "),
    )


def _losses(session: TenantSession, settings: BotTradingSettings, told: set[tuple[str, str]]) -> list[Found]:
    known = [str(_bot_of(subject)) for code, subject in told if code == "large_floating_loss"]
    values = {"limit": settings.floating_loss_alert_percent, "told": "{" + ",".join(known) + "}"}
    return [
        Found(
            "large_floating_loss",
            row.id,
            _(
                "The bot of {customer} on {symbol} has a floating loss of {percent} % of its capital.",
                customer=row.customer,
                symbol=row.symbol,
                percent=f"{row.percent:.1f}",
            ),
            {"floating": str(row.floating), "currency": row.currency, "percent": f"{row.percent:.2f}"},
        )
        for row in session.execute(_LOSSES, {**values, **current_prices(session)})
    ]


def _orders(session: TenantSession, settings: BotTradingSettings) -> list[Found]:
    most, rejects = settings.orders_per_minute_alert, settings.reject_rate_alert_percent
    found = []
    for row in session.execute(_ORDERS, {"minute": most, "least": LEAST_ORDERS, "rejects": rejects}):
        who = {"customer": row.customer, "symbol": row.symbol}
        if row.minute > most:
            said = _(
                "The bot of {customer} on {symbol} has placed {orders} orders within a minute.",
                orders=row.minute,
                **who,
            )
            found.append(Found("many_orders", row.id, said, {"orders": str(row.minute)}))
        if row.hour >= LEAST_ORDERS and row.rejected * 100 > row.hour * rejects:
            share = Decimal(row.rejected * 100) / row.hour
            said = _(
                "Of the orders of {customer}'s bot on {symbol}, {percent} % were rejected within an hour.",
                percent=f"{share:.0f}",
                **who,
            )
            found.append(Found("many_rejects", row.id, said, {"orders": str(row.hour), "rejected": str(row.rejected)}))
    return found


def _cycles(session: TenantSession, settings: BotTradingSettings) -> list[Found]:
    session.execute(_SHIFT)
    return [
        Found(
            "many_cycles",
            row.id,
            _(
                "The bot of {customer} on {symbol} has ended {cycles} cycles within an hour.",
                customer=row.customer,
                symbol=row.symbol,
                cycles=row.cycles,
            ),
            {"cycles": str(row.cycles)},
        )
        for row in session.execute(_CYCLES, {"cycles": settings.cycles_per_hour_alert})
    ]


def _idle(session: TenantSession, settings: BotTradingSettings) -> list[Found]:
    return [
        Found(
            "idle",
            row.id,
            _(
                "The bot of {customer} on {symbol} has done nothing for {minutes} minutes: {reason}",
                customer=row.customer,
                symbol=row.symbol,
                minutes=int(row.minutes),
                reason=decision_text(row.last_code, row.last_facts),
            ),
            {"code": row.last_code, "minutes": str(int(row.minutes))},
        )
        for row in session.execute(_IDLE, {"minutes": settings.idle_alert_minutes})
    ]


def _bot_of(subject: str | None) -> UUID | None:
    kind, _colon, ident = (subject or "").partition(":")
    try:
        return UUID(ident) if kind == "bot" else None
    except ValueError:
        return None
