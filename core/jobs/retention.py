"""Retention: what nobody needs any more is deleted, in small portions."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from core.events.reading import pending
from core.operator.retention import prune as prune_operators
from tenants.services.retention import prune

if TYPE_CHECKING:
    from core.platform import Platform

EVENTS_DAYS: Final = 7
"""Events are kept so long, and longer while a handler has yet to read them."""
RUNS_DAYS: Final = 7
FAULTS_DAYS: Final = 30
PORTION: Final = 5000
"""Most rows deleted in one transaction."""

_EVENTS: Final = text("""
delete from core.events where (tenant_id, id) in (
  select e.tenant_id, e.id from core.events e
  where e.at < now() - make_interval(days => :days) and not exists (
    select from unnest(cast(:tenants as uuid[]), cast(:streams as text[])) w (tenant_id, stream)
    where w.tenant_id = e.tenant_id and w.stream = e.stream)
  limit :portion)
""")
_RUNS: Final = text("""
delete from core.job_runs where (tenant_id, id) in (
  select tenant_id, id from core.job_runs
  where queued_at < now() - make_interval(days => :days) and status in ('done', 'failed') limit :portion)
""")
_FAULTS: Final = text("delete from core.plugin_faults where at < now() - make_interval(days => :days)")

_log = logging.getLogger(__name__)


def retain(platform: Platform) -> int:
    """Delete a portion of old events, finished runs and faults; how many rows went.

    A stream behind which somebody waits (a parked one, too) keeps all its events.
    """
    waiting = pending(platform.database, platform.runtime)
    with platform.database.system() as session:
        gone = 0
        for statement, values in (
            (
                _EVENTS,
                {
                    "days": EVENTS_DAYS,
                    "tenants": [item.tenant_id for item in waiting],
                    "streams": [item.stream for item in waiting],
                    "portion": PORTION,
                },
            ),
            (_RUNS, {"days": RUNS_DAYS, "portion": PORTION}),
            (_FAULTS, {"days": FAULTS_DAYS}),
        ):
            gone += session.execute(statement, values).rowcount  # type: ignore[attr-defined]  # a delete gives a CursorResult
        gone += prune(session) + prune_operators(session)
    if gone:
        _log.info("retention deleted %d rows", gone)
    return gone
