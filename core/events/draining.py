"""Draining: a handler is given what is new in a stream, and its cursor moves in the transaction of its effects."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.events import parking, reading
from core.jobs.context import Context
from core.jobs.queues import Queues, WakeUp
from core.runtime import Handler
from core.runtime.gate import Contribution, Gate, PluginError
from core.runtime.states import may_run, module_state
from core.sdk.declarations import EventView
from tenants.db import TenantSession

if TYPE_CHECKING:
    import redis

BUDGET_S: Final = 30.0
"""Time for one batch of a handler."""
TURN_S: Final = 2.0
"""After so long a drain lets others have the worker, and queues itself anew."""
_PASSING_TRIES: Final = 8

_LOCK: Final = text("""
select seq, parked, coalesce(retry_at > now(), false) as waits from core.handler_cursors
where tenant_id = :tenant and handler = :handler and stream = :stream and shard = :shard for update skip locked
""")
# A stream is read from its beginning; events older than the module are passed over.
_START: Final = text("""
insert into core.handler_cursors (tenant_id, handler, stream, shard) values (:tenant, :handler, :stream, :shard)
on conflict do nothing returning seq
""")
# All shards of a stream have a cursor. A new one starts where the first is, since its subjects have only now come to be;
# one whose subjects are gone goes along, or it would hold up whoever waits for all.
_SPREAD: Final = text("""
with first as (
  insert into core.handler_cursors (tenant_id, handler, stream, shard) values (:tenant, :handler, :stream, 0)
  on conflict do nothing
), gone as (
  update core.handler_cursors c set seq = greatest(c.seq, s.last_seq), parked = false, failures = 0, retry_at = null
  from core.event_streams s
  where s.tenant_id = c.tenant_id and s.stream = c.stream and c.tenant_id = :tenant and c.handler = :handler
    and c.stream = :stream and c.shard >= :count and c.seq < s.last_seq
)
insert into core.handler_cursors (tenant_id, handler, stream, shard, seq)
select :tenant, :handler, :stream, shard, coalesce((
  select seq from core.handler_cursors where tenant_id = :tenant and handler = :handler and stream = :stream and shard = 0), 0)
from generate_series(1, :count - 1) as shard on conflict do nothing
""")
_MOVE: Final = text("""
update core.handler_cursors set seq = :seq, failures = 0, retry_at = null, error = null
where tenant_id = :tenant and handler = :handler and stream = :stream and shard = :shard
""")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Names a cursor."""

    tenant_id: UUID
    handler: Handler
    stream: str
    shard: int = 0

    @property
    def keys(self) -> dict[str, object]:
        """The cursor's row."""
        return {
            "tenant": self.tenant_id,
            "handler": self.handler.key,
            "stream": self.stream,
            "shard": self.shard,
        }

    def wake_up(self) -> WakeUp:
        """What wakes a drain of it."""
        return wake_up(self.tenant_id, self.handler, self.stream, self.shard)


def wake_up(tenant_id: UUID, handler: Handler, stream: str, shard: int = 0) -> WakeUp:
    """What wakes a drain of a handler's cursor."""
    payload = {"tenant": str(tenant_id), "handler": handler.key, "stream": stream, "shard": shard}
    key = f"drain:{tenant_id.hex}:{handler.key}:{shard}:{stream}"
    return WakeUp(handler.subscription.queue, tenant_id, payload, key)


@dataclass(slots=True)
class Drainer:
    """Drains cursors.

    :ivar services: the queues and the Redis client that handlers' contexts use.
    """

    gate: Gate
    queues: Queues
    redis: redis.Redis

    def drain(self, cursor: Cursor) -> int:
        """Hand over all that is new, batch after batch, until nothing is left or somebody else has the cursor.

        A batch that fails is halved, so that events before a bad one go through; the bad one is tried again with growing
        pauses and then parked (see :mod:`core.events.parking`). Returns how many events were handled.
        """
        if cursor.shard == 0 and cursor.handler.subscription.shards is not None and not self._spread(cursor):
            return 0
        subscription, handled, passing = cursor.handler.subscription, 0, 0
        size, until = subscription.batch, time.monotonic() + TURN_S
        while True:
            taken: list[int] = []
            try:
                count = self._step(cursor, size, taken)
            except (PluginError, DBAPIError) as raised:
                error = self._blame(cursor, raised)
                if error.passing and passing < _PASSING_TRIES:
                    passing += 1
                    time.sleep(random.uniform(0, 0.02 * passing))  # noqa: S311 - jitter, not a secret
                elif taken and taken[0] > 1 and not error.passing:
                    size = max(1, taken[0] // 2)
                else:
                    self.gate.record(error)
                    parking.failed(self.gate.database, cursor.keys, cursor.handler, error)
                    return handled
                continue
            if count is None:
                return handled
            handled, passing = handled + count, 0
            if count < size and not self._goes_on(cursor):
                return handled
            size = min(subscription.batch, size * 2)
            if time.monotonic() > until:
                self.queues.wake([cursor.wake_up()])
                return handled

    def _step(self, cursor: Cursor, size: int, taken: list[int]) -> int | None:
        """One transaction; how many events it handled, none where it may not run or another has the cursor."""
        handler, subscription = cursor.handler, cursor.handler.subscription
        with self.gate.database.tenant(cursor.tenant_id) as session:
            state = module_state(session, handler.plugin, hold=True)
            if not may_run(state, reduces=subscription.reduces):
                return None
            seq = _lock(session, cursor)
            if seq is None and self._start(cursor):
                seq = _lock(session, cursor)
            if seq is None:
                return None
            batch = reading.next_batch(session, handler, cursor.stream, seq, size)
            taken.append(len(batch.rows))
            if batch.rows:
                events = [EventView(row.id, cursor.stream, row.stream_seq, row.type, row.payload) for row in batch.rows]
                context = Context(session, self.gate.runtime.plugins[handler.plugin], state, self.queues, self.redis)

                def work() -> None:
                    subscription.handle(context, events, cursor.shard)
                    session.flush()

                self.gate.call(_contribution(handler), cursor.tenant_id, work, BUDGET_S)
            if batch.upto > seq:
                session.execute(_MOVE, {**cursor.keys, "seq": batch.upto})
            return len(batch.rows)

    def _spread(self, cursor: Cursor) -> bool:
        """Wake the other shards of a stream, and start those that are new; false where the handler may not run."""
        handler, shards = cursor.handler, cursor.handler.subscription.shards
        assert shards is not None  # noqa: S101 - the caller has looked
        try:
            with self.gate.database.tenant(cursor.tenant_id) as session:
                state = module_state(session, handler.plugin)
                if not may_run(state, reduces=handler.subscription.reduces):
                    return False
                contribution = Contribution(handler.plugin, "shards", handler.subscription.name)
                count = self.gate.call(contribution, cursor.tenant_id, lambda: shards(session, cursor.stream), BUDGET_S)
                session.execute(_SPREAD, {**cursor.keys, "count": max(1, count)})
        except PluginError as error:
            self.gate.record(error)
            parking.failed(self.gate.database, cursor.keys, handler, error)
            return False
        self.queues.wake(wake_up(cursor.tenant_id, handler, cursor.stream, shard) for shard in range(1, count))
        return True

    def _start(self, cursor: Cursor) -> bool:
        """Make the cursor in a transaction of its own, for others would wait for one that has not committed; whether it is new."""
        with self.gate.database.tenant(cursor.tenant_id) as session:
            return session.execute(_START, cursor.keys).first() is not None

    def _goes_on(self, cursor: Cursor) -> bool:
        """Whether something came in since. Asked after the cursor is free again: whoever skipped it while it was locked
        had committed its events before, so they are seen here."""
        with self.gate.database.tenant(cursor.tenant_id) as session:
            return reading.is_behind(session, cursor.handler, cursor.stream, cursor.shard)

    @staticmethod
    def _blame(cursor: Cursor, raised: PluginError | DBAPIError) -> PluginError:
        if isinstance(raised, PluginError):
            return raised
        # A constraint that is checked at the commit speaks up outside the gate.
        return PluginError(_contribution(cursor.handler), cursor.tenant_id, raised)


def _contribution(handler: Handler) -> Contribution:
    return Contribution(handler.plugin, "handler", handler.subscription.name)


def _lock(session: TenantSession, cursor: Cursor) -> int | None:
    """The position of the cursor, locked; none where there is none, where it is another's, parked, or waits for its next try."""
    row = session.execute(_LOCK, cursor.keys).first()
    return None if row is None or row.parked or row.waits else int(row.seq)
