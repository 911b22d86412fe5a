"""The one function that is ever queued: it finds out what is woken and has it done."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from core.events.draining import Cursor, Drainer
from core.jobs.runs import Runs
from core.lanes import run_slice

if TYPE_CHECKING:
    from core.platform import Platform

PLATFORM: ContextVar[Platform] = ContextVar("platform")
"""The platform of the worker that is running the function; RQ hands over nothing but the payload."""

PAUSE_S: Final = 0.5
_log = logging.getLogger(__name__)


def run(payload: Mapping[str, Any]) -> None:
    """Do what a wake-up asks for: ``{"tenant", "handler", "stream", "shard"}``, ``{"tenant", "run"}`` or ``{"lane"}``."""
    platform = PLATFORM.get()
    if "lane" in payload:
        run_lane(platform, int(payload["lane"]))
        return
    tenant_id = UUID(payload["tenant"])
    if "run" in payload:
        run_id = UUID(payload["run"])
        platform.queues.begun(f"run:{run_id}")
        Runs(platform.gate, platform.queues, platform.redis, platform.snapshot.process_id).run(tenant_id, run_id)
        return
    handler = platform.runtime.handlers.get(payload["handler"])
    if handler is None:
        _log.warning("a wake-up for %s, which is not installed here", payload["handler"])
        return
    cursor = Cursor(tenant_id, handler, payload["stream"], int(payload["shard"]))
    platform.queues.begun(str(cursor.wake_up().key))
    Drainer(platform.gate, platform.queues, platform.redis).drain(cursor)


def run_lane(platform: Platform, lane: int) -> None:
    """Own a lane for a slice and queue the next. Where another process has the lane, or the database is away, after a pause."""
    try:
        owned = run_slice(platform, lane, platform.settings.lane_slice_seconds, platform.stopping.is_set)
    except SQLAlchemyError as error:
        _log.warning("lane %d cannot reach the database: %s", lane, error)
        owned = False
    if not owned:
        platform.stopping.wait(PAUSE_S)
    if not platform.stopping.is_set():
        platform.queues.wake_lane(lane)
