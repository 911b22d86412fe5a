"""What a tenant would leave behind if the module went off, and how it is left: it winds down, nobody is stranded or lost."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import text

from core.sdk import Exposure, ExposureItem, LeaveChoice
from core.sdk.data import TenantSession
from core.sdk.text import _
from plugins.copy_trading.rules.states import Pause

WIND_DOWN = LeaveChoice(
    "wind_down",
    _("Wind down"),
    _("Nothing new is copied; closes of the masters go on being mirrored until no copied position is left."),
)


def measure(session: TenantSession) -> Exposure:
    """Active subscriptions, and the copied positions that are still linked, with their value by currency."""
    following = session.scalar(
        text("select count(*) from copy_trading.subscriptions where status in ('active', 'paused') and not mock")
    )
    rows = session.execute(
        text(
            "select y.quote, count(*) as positions, sum(p.volume * y.contract_size * p.open_price) as notional"
            " from core.positions p join copy_trading.subscriptions s on s.tenant_id = p.tenant_id and s.id = p.origin_id"
            " join core.symbols y on y.tenant_id = p.tenant_id and y.id = p.symbol_id"
            " where p.origin = 'copy' and p.closed_ts_ms is null and s.status <> 'stopped' group by y.quote order by y.quote"
        )
    ).all()
    items = [ExposureItem(_("Active subscriptions"), following or 0)]
    items += [
        ExposureItem(
            _("Open copied positions, {currency}", currency=row.quote), row.positions, Decimal(row.notional), row.quote
        )
        for row in rows
    ]
    remaining = sum(row.positions for row in rows)
    return Exposure(tuple(items), (WIND_DOWN,), remaining)


def leave(session: TenantSession, _choice: str) -> None:
    """Pause every subscription with the reason *module*; it holds until its follower resumes after the module came back."""
    session.execute(
        text(
            "update copy_trading.subscriptions set reasons = reasons | :reason, status = 'paused'"
            " where status in ('active', 'paused') and reasons & :reason = 0"
        ),
        {"reason": int(Pause.MODULE)},
    )


def enter(session: TenantSession) -> None:
    """Turning on restarts nothing by itself, also where the platform had drained the module without asking it."""
    leave(session, "")
