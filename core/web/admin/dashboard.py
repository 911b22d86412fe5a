"""The back office's first page."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from litestar import get
from litestar.response import Response
from sqlalchemy import text

from core.offering.setup import open_steps, setup_steps
from core.web.page import Page
from core.web.reading.alerts import open_alerts
from core.web.slots import render_slots
from core.web.tables import Action
from tenants.text import _

__all__ = ["ROUTES"]

_FIGURES = text(
    """
    select
      (select count(*) from tenants.customers) as customers,
      (select count(*) from tenants.customers where status = 'new') as new_customers,
      (select count(*) from core.accounts where status <> 'disabled') as accounts,
      (select count(*) from core.positions where closed_ts_ms is null) as positions,
      (select count(*) from core.orders where status in ('pending', 'resting', 'waiting', 'unknown')) as orders,
      (select count(*) from core.orders where placed_at > now() - interval '24 hours') as orders_today
    """
)
_BALANCES = text(
    "select a.currency, t.demo, sum(a.balance) as balance, sum(a.margin) as margin, count(*) as accounts from core.accounts a"
    " join core.account_types t on (t.tenant_id, t.id) = (a.tenant_id, a.account_type_id) group by 1, 2 order by 2, 3 desc"
)


@dataclass(frozen=True)
class Balance:
    """Money that customers hold in one currency."""

    currency: str
    demo: bool
    balance: Decimal
    margin: Decimal
    accounts: int


@get("/", sync_to_thread=True)
def dashboard(web: Page) -> Response[Any]:
    """What a member of staff sees first: as far as they may."""
    trading = web.may("trading.view")
    with web.session() as session:
        figures = session.execute(_FIGURES).one()
        balances = [Balance(*row) for row in session.execute(_BALANCES)] if trading else []
        alerts = open_alerts(session, 6)
        steps = setup_steps(session, web.kit.platform.runtime) if web.may("company.manage") else ()
    slots = render_slots(web, "admin.dashboard")
    return web.render(
        "admin/dashboard.html",
        figures=figures,
        balances=balances,
        alerts=alerts,
        alert_actions=(Action(_("All alerts"), "/admin/alerts", "bell-exclamation"),) if trading else (),
        slots=slots,
        steps=steps if open_steps(steps) else (),
        left=open_steps(steps),
        trading=trading,
        title=_("Dashboard"),
    )


ROUTES = [dashboard]
