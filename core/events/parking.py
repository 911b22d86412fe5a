"""What becomes of a stream whose next event fails: it is tried again with growing pauses, then parked for a person to look.

A parked stream stands still, visible with its error; the handler's other streams go on. What reduces risk is never
parked: it is tried for ever, at most a minute apart, and alerted all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import text

from core.events import reading
from core.jobs.alerts import raise_alert
from core.runtime import Handler
from core.runtime.gate import PluginError
from tenants.db import Database, TenantSession

TRIES: Final = 6
PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 60.0
CODE: Final = "events_parked"

_FAILED: Final = text("""
insert into core.handler_cursors as c (tenant_id, handler, stream, shard, failures, retry_at, error)
values (:tenant, :handler, :stream, :shard, :counts, now() + make_interval(secs => :pause), :error)
on conflict (tenant_id, handler, stream, shard) do update set
  failures = c.failures + :counts, error = excluded.error,
  retry_at = now() + make_interval(secs => least(:longest, :pause * power(2, c.failures))),
  parked = c.parked or (:parks and c.failures + :counts >= :tries)
returning failures, parked
""")


def failed(database: Database, keys: Mapping[str, object], handler: Handler, error: PluginError) -> None:
    """Note that the next event of a cursor (named by ``keys``) has failed, after its transaction was rolled back."""
    with database.tenant(_tenant(keys)) as session:
        row = session.execute(
            _FAILED,
            {
                **keys,
                # A deadlock or a lost connection is nobody's fault, but it is no use to try again at once.
                "counts": 0 if error.passing else 1,
                "pause": PAUSE_S,
                "longest": LONGEST_PAUSE_S,
                "tries": TRIES,
                "parks": not handler.subscription.reduces,
                "error": error.trace,
            },
        ).one()
        if row.failures >= TRIES:
            stands = "stands still" if row.parked else "is tried again and again"
            raise_alert(
                session,
                handler.plugin,
                CODE,
                f"{handler.key} failed {row.failures} times on one event of {keys['stream']}; the stream {stands}."
                " Look at the error; when its cause is mended, resume the stream, or skip the event.",
                severity="critical" if handler.subscription.reduces else "warning",
                subject=f"{handler.key}:{keys['stream']}:{keys['shard']}",
                detail={"error": str(error), "trace": error.trace},
            )


def resume(session: TenantSession, handler: Handler, stream: str, shard: int = 0, *, skip: bool = False) -> bool:
    """Let a stream go on, from the event that failed or (``skip``) after it; whether there is such a cursor.

    The sweep wakes it. Its alert is closed.
    """
    names = {"handler": handler.key, "stream": stream, "shard": shard}
    where = "handler = :handler and stream = :stream and shard = :shard"
    seq = session.scalar(text(f"select seq from core.handler_cursors where {where} for update"), names)  # noqa: S608 - a constant
    if seq is None:
        return False
    if skip:
        seq = reading.next_batch(session, handler, stream, seq, 1).upto
    session.execute(
        text(
            "update core.handler_cursors set parked = false, failures = 0, retry_at = null, error = null,"  # noqa: S608 - a constant
            f" seq = :seq where {where}"
        ),
        {**names, "seq": seq},
    )
    session.execute(
        text(
            "update core.alerts set closed_at = now(), closed_by = 'resumed'"
            " where code = :code and subject = :subject and closed_at is null"
        ),
        {"code": CODE, "subject": f"{handler.key}:{stream}:{shard}"},
    )
    return True


def _tenant(keys: Mapping[str, object]) -> UUID:
    tenant_id = keys["tenant"]
    assert isinstance(tenant_id, UUID)  # noqa: S101 - Cursor.keys puts it there
    return tenant_id
