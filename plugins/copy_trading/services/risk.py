"""Looking after followers between the master's trades: over-leverage, and the copy's own stop-loss."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from core.sdk import JobContext
from core.sdk.trading import account_states
from plugins.copy_trading.rules.figures import effective_leverage, leverage_warning
from plugins.copy_trading.rules.states import Pause
from plugins.copy_trading.services.following import pause
from plugins.copy_trading.services.stopping import stop


def scan(ctx: JobContext, _payload: Mapping[str, Any]) -> None:
    """Stop copies whose stop-loss is reached; alert staff on critical followers and pause them where the tenant says so."""
    settings = ctx.settings()
    rows = ctx.session.execute(
        text(
            "select id, account_id, start_equity, stop_loss_percent, reasons from copy_trading.subscriptions"
            " where status in ('active', 'paused')"
        )
    ).all()
    states = account_states(ctx.session, {row.account_id for row in rows})
    reached, critical = [], []
    for row in rows:
        state = states[row.account_id]
        if row.stop_loss_percent is not None:
            floor = row.start_equity * (1 - row.stop_loss_percent / Decimal(100))
            if state.equity <= floor:
                reached.append(row.id)
                continue
        leverage = effective_leverage(state.notional, state.equity)
        if leverage_warning(leverage, state.level, settings.leverage_limits) == "critical":
            critical.append(row.id)
    if reached:
        stop(ctx.session, reached, "close_all", reason="copy_stop_loss")
    for subscription_id in critical:
        ctx.alert(
            "over_leveraged",
            "A follower is critically over-leveraged: see the Followers tab of the master.",
            severity="critical",
            subject=str(subscription_id),
        )
    if critical and settings.critical_pauses:
        pause(ctx.session, critical, Pause.RISK)
