"""The roll-over for all tenants, from time to time: charges what is due and finds nothing otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from core.trading.services.swaps import charge_swaps

if TYPE_CHECKING:
    from core.platform import Platform


def roll_over(platform: Platform) -> int:
    """Book the swaps that are due, a short transaction for each thousand accounts; gives how many accounts were charged."""
    with platform.database.system() as session:
        tenants = session.scalars(
            text(
                "select distinct p.tenant_id from core.positions p"
                " join core.symbols s on s.tenant_id = p.tenant_id and s.id = p.symbol_id"
                " where p.closed_ts_ms is null and (s.swap_long <> 0 or s.swap_short <> 0) order by p.tenant_id"
            )
        ).all()
    charged = 0
    for tenant_id in tenants:
        while not platform.stopping.is_set():
            with platform.database.tenant(tenant_id) as session:
                done = charge_swaps(session)
            if not done:
                break
            charged += done
    return charged
