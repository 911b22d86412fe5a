"""The back office's first page."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from litestar import get
from litestar.response import Response
from sqlalchemy import text

from core.web.page import Page
from core.web.slots import render_slots

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
_ALERTS = text(
    "select id, source, code, severity, message, subject, at from core.alerts where closed_at is null"
    " order by case severity when 'critical' then 0 when 'warning' then 1 else 2 end, at desc limit 6"
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
        alerts = session.execute(_ALERTS).all()
    slots = render_slots(web, "admin.dashboard")
    return web.render(
        "admin/dashboard.html",
        figures=figures,
        balances=balances,
        alerts=alerts,
        slots=slots,
        trading=trading,
        title="Dashboard",
    )


ROUTES = [dashboard]
