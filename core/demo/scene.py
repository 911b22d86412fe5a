"""A demo brokerage as its modules are shown it."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from sqlalchemy import text

from core.demo.cast import Brokerage
from core.runtime.states import module_state
from core.sdk.demo import DemoCustomer, DemoScene
from tenants.db import TenantSession
from tenants.services import products

if TYPE_CHECKING:
    from core.platform import Platform

_log = logging.getLogger("tradeyard.demo")


def scene_of(session: TenantSession, brokerage: Brokerage) -> DemoScene:
    """The brokerage's customers with their first account, its symbols, and the middle prices there are."""
    parts = {brokerage.email(guest.login): guest.part for guest in brokerage.customers}
    people = session.execute(
        text(
            "select distinct on (c.email) c.id, c.name, c.email, a.id as account_id from tenants.customers c"
            " join core.accounts a on a.tenant_id = c.tenant_id and a.customer_id = c.id"
            " where c.email = any(:emails) and c.status = 'verified' and a.status = 'active'"
            " order by c.email, a.number"
        ),
        {"emails": list(parts)},
    ).all()
    found = {row.email: DemoCustomer(row.id, row.account_id, row.name, row.email, parts[row.email]) for row in people}
    rows = session.execute(
        text(
            "select s.code, s.id, s.tick, q.bid, q.ask from core.symbols s"
            " left join core.quotes q on q.instrument_id = s.instrument_id where s.status = 'active' order by s.code"
        )
    ).all()
    return DemoScene(
        customers=tuple(found[email] for email in parts if email in found),
        symbols={row.code: row.id for row in rows},
        prices={row.code: Decimal(row.bid + row.ask) / 2 * row.tick for row in rows if row.bid is not None},
    )


def with_modules(platform: Platform, tenant_id: UUID, brokerage: Brokerage, what: Literal["prepare", "play"]) -> None:
    """Let each module that is on do its part. One that fails is logged, and the demo goes on without it."""
    for plugin in platform.runtime.plugins.values():
        if plugin.demo is None:
            continue
        try:
            with platform.database.tenant(tenant_id) as session:
                if module_state(session, plugin.key) == "on":
                    settings = plugin.settings.model_validate(products.settings_of(session, plugin.key))
                    getattr(plugin.demo, what)(session, scene_of(session, brokerage), settings)
        except Exception:  # noqa: BLE001 - a module's demo may fail in any way, and nothing else may suffer
            _log.exception("the demo of %s at %s failed", plugin.key, brokerage.key)
