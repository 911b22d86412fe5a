"""The dry run: a master's last 90 days with a follower's settings, as a job with progress."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.sdk import JobContext
from core.sdk.data import TenantSession
from core.sdk.jobs import enqueue
from plugins.copy_trading.replication.orders import MODULE
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.reasons import plain
from plugins.copy_trading.rules.rehearsal import Outcome, Rehearsal
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.services.fee_lines import asked_fee
from plugins.copy_trading.services.mastering import get
from plugins.copy_trading.services.past import Past, read_past

JOB = "dry_run"
CURVE = 300
"""Most points of the curve that is kept."""
_STEP = 400
"""Moments between two reports of progress."""


def start(session: TenantSession, customer_id: UUID, master_id: UUID, account_id: UUID, choices: Choices) -> UUID:
    """Queue a dry run; the caller has checked that the customer may follow the master with the account. The run's id."""
    return enqueue(
        session,
        MODULE,
        JOB,
        {
            "customer": str(customer_id),
            "master": str(master_id),
            "account": str(account_id),
            "choices": choices.model_dump(mode="json", include=set(Choices.model_fields)),
        },
    )


def run(ctx: JobContext, payload: Mapping[str, Any]) -> None:
    """Rehearse, and keep what came of it as the run's result."""
    settings: CopyTradingSettings = ctx.settings()
    choices = Choices.model_validate(payload["choices"])
    past = read_past(ctx.session, settings, UUID(payload["master"]), UUID(payload["account"]), choices)
    fee = asked_fee(settings, get(ctx.session, UUID(payload["master"])))
    # Nothing is locked while it counts.
    ctx.commit()
    rehearsal = Rehearsal(
        choices.terms(),
        past.start,
        past.rate,
        past.since_ms,
        by_balance=settings.ratio_basis == "balance",
        stop_loss_percent=choices.stop_loss_percent,
        fee_percent=fee,
    )
    total = len(past.moments)
    for done, moment in enumerate(past.moments):
        if done % _STEP == 0:
            ctx.progress(done, total)
            ctx.commit()
        rehearsal.play(moment)
    ctx.progress(total, total, result=as_result(past, rehearsal.finish(past.until_ms)))


def as_result(past: Past, outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON: decimals as texts, the curve thinned to what a chart shows."""
    step = max(1, len(outcome.curve) // CURVE)
    curve = outcome.curve[::step]
    if curve[-1] != outcome.curve[-1]:
        curve.append(outcome.curve[-1])
    return {
        "currency": past.currency,
        "since_ms": past.since_ms,
        "until_ms": past.until_ms,
        "orders": past.orders,
        "without_quote": past.without_quote,
        "start": plain(outcome.start),
        "equity": _money(outcome.equity),
        "net": _money(outcome.net),
        "commission": _money(outcome.commission),
        "fees": _money(outcome.fees),
        "drawdown": _money(outcome.drawdown * 100),
        "copies": outcome.copies,
        "closed": outcome.closed,
        "won": outcome.won,
        "cut": outcome.cut,
        "stopped_ms": outcome.stopped_ms,
        "symbols": dict(outcome.symbols.most_common(8)),
        "skips": [
            {"reason": reason, "count": skip.count, **skip.last._asdict()}
            for reason, skip in sorted(outcome.skips.items(), key=lambda item: -item[1].count)
        ],
        "curve": [[at, float(value)] for at, value in curve],
    }


def _money(value: Decimal) -> str:
    return plain(value.quantize(Decimal("0.01")))
