"""Carries orders to plugins' venues and back, for all tenants, beside whatever else the process does."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from core.runtime.gate import Contribution
from core.venues.delivery import deliver
from core.venues.port import HOUSE, Venue, VenueAnswer, VenueOrder

if TYPE_CHECKING:
    from core.platform import Platform
    from core.runtime.gate import Gate

BUDGET_S: Final = 10.0
"""Time that a venue has for an answer; after it the order counts as unanswered."""
_log = logging.getLogger(__name__)


class GatedVenue:
    """A plugin's venue behind the gate: timed, and its errors counted."""

    def __init__(self, gate: Gate, plugin: str, name: str, venue: Venue) -> None:
        self._gate, self._venue = gate, venue
        self._contribution = Contribution(plugin, "venue", name)
        self.patience_s = venue.patience_s

    def submit(self, order: VenueOrder) -> VenueAnswer:
        """See `Venue`. Raises `PluginError`."""
        return self._gate.call(self._contribution, order.tenant_id, lambda: self._venue.submit(order), BUDGET_S)

    def look_up(self, client_id: str) -> VenueAnswer | None:
        """See `Venue`. Raises `PluginError`."""
        return self._gate.call(self._contribution, None, lambda: self._venue.look_up(client_id), BUDGET_S)

    def cancel(self, client_id: str) -> VenueAnswer:
        """See `Venue`. Raises `PluginError`."""
        return self._gate.call(self._contribution, None, lambda: self._venue.cancel(client_id), BUDGET_S)


def deliver_everywhere(platform: Platform) -> int:
    """Work on the venues' orders of all tenants once; gives how many orders that were."""
    venues: dict[str, Venue] = {
        key: GatedVenue(platform.gate, plugin.key, key, venue)
        for key, (plugin, venue) in platform.runtime.venues.items()
    }
    if not venues:
        return 0
    with platform.database.system() as session:
        tenants = session.scalars(
            text(
                "select distinct tenant_id from core.orders"
                " where venue <> :house and status in ('pending', 'unknown', 'resting') order by tenant_id"
            ),
            {"house": HOUSE},
        ).all()
    return sum(deliver(platform.database, tenant_id, venues) for tenant_id in tenants)


class Courier:
    """Runs rounds of `deliver_everywhere` in a thread of its own, one at a time: a slow venue holds up nothing else."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def start_round(self, platform: Platform) -> None:
        """Begin a round unless one is under way."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._round, args=(platform,), name="venues", daemon=True)
            self._thread.start()

    def join(self, timeout_s: float | None = None) -> None:
        """Wait for the round that is under way."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    @staticmethod
    def _round(platform: Platform) -> None:
        try:
            deliver_everywhere(platform)
        except Exception:  # noqa: BLE001 - a round that fails must not end the courier; it is logged with its trace
            _log.exception("a round of the venues' orders failed; the next one goes on")
