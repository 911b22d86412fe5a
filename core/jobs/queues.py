"""The queues: one for each class and tenant, served in turns, so that one tenant's flood delays nobody else's job.

A job in a queue is a wake-up: what is to be done lies in the database. So Redis may be away, be emptied or lose a job; the
sweep wakes again.

For each class there is a ring of the tenants that have jobs waiting (a sorted set, the longest unserved first), a counter
that gives out turns, and a bell on which idle workers wait. A worker takes the first tenant's oldest job and sends the
tenant to the end of the ring, in one script: no state can leak when a worker is killed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import redis
from rq import Queue
from rq.serializers import JSONSerializer

CLASSES: Final = ("critical", "trading", "default", "bulk")
SERVICE: Final = "core.jobs.queues"
"""Under this name a session's ``info`` may hold the queues; without them a run waits for the sweep."""
FUNCTION: Final = "core.jobs.runner.run"
QUEUED_S: Final = 600
"""A wake-up older than this is worth nothing; the sweep has long woken anew."""
AGAIN_S: Final = 20
"""While a wake-up is younger than this and has not begun, another of the same is not queued."""
AWAY_S: Final = 1.0
"""After a failure nothing is queued for so long."""

_log = logging.getLogger(__name__)

_PUSH: Final = """
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  redis.call('ZADD', KEYS[1], redis.call('INCR', KEYS[2]), ARGV[1])
end
redis.call('RPUSH', KEYS[3], 1)
redis.call('LTRIM', KEYS[3], -64, -1)
"""
_TAKE: Final = """
while true do
  local first = redis.call('ZRANGE', KEYS[1], 0, 0)
  if #first == 0 then return false end
  local key = ARGV[1] .. first[1]
  local job = redis.call('LPOP', key)
  if job and redis.call('LLEN', key) > 0 then
    redis.call('ZADD', KEYS[1], redis.call('INCR', KEYS[2]), first[1])
  else
    redis.call('ZREM', KEYS[1], first[1])
  end
  if job then return {key, job} end
end
"""


@dataclass(frozen=True, slots=True)
class WakeUp:
    """Something that a worker should look at.

    :ivar queue: the class.
    :ivar key: names what is woken; another wake-up of the same key is not queued while one waits. None queues always.
    :ivar payload: plain JSON data for the runner.
    """

    queue: str
    tenant_id: UUID
    payload: Mapping[str, Any]
    key: str | None = None


def queue_name(queue: str, tenant_id: UUID) -> str:
    """The RQ queue of a class and tenant."""
    return f"{queue}:{tenant_id.hex}"


def lane_queue(lane: int) -> str:
    """The RQ queue of a lane, which has one worker of its own."""
    return f"lane-{lane}"


class Queues:
    """Where wake-ups go in."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._away_until = 0.0
        self._push = client.register_script(_PUSH)
        self._take = client.register_script(_TAKE)

    def wake(self, wake_ups: Iterable[WakeUp]) -> None:
        """Queue wake-ups in one round trip (two where keys are given). Never raises: while Redis is away the sweep has them."""
        items = list(wake_ups)
        if not items or time.monotonic() < self._away_until:
            return
        try:
            fresh = self._fresh(items)
            if fresh:
                with self._redis.pipeline(transaction=False) as pipe:
                    for item in fresh:
                        self._enqueue(item, pipe)
                    pipe.execute()
        except redis.RedisError as error:
            # A server that hangs must cost one commit a time-out, not each of them.
            self._away_until = time.monotonic() + AWAY_S
            _log.warning("%d wake-ups wait for the sweep: %s", len(items), error)

    def begun(self, key: str) -> None:
        """A wake-up is being looked at: what comes from now on needs another. Call it before reading."""
        try:
            self._redis.delete(_again_key(key))
        except redis.RedisError as error:
            # The mark expires by itself.
            _log.info("a wake-up's mark stays: %s", error)

    def wake_lane(self, lane: int) -> bool:
        """Queue a lane's next slice unless one waits already; false when Redis is away."""
        try:
            queue = Queue(lane_queue(lane), connection=self._redis, serializer=JSONSerializer)
            if not queue.count:
                queue.enqueue_call(
                    FUNCTION, args=({"lane": lane},), timeout=-1, result_ttl=0, failure_ttl=60, ttl=QUEUED_S
                )
        except redis.RedisError as error:
            _log.warning("lane %d's next slice waits for the scheduler: %s", lane, error)
            return False
        return True

    def take(self, queue: str) -> tuple[str, str] | None:
        """The queue's key and the id of the job that is next by turns, none where none waits.

        :raises redis.RedisError: when Redis is away.
        """
        taken: Any = self._take(keys=[_ring(queue), _turn(queue)], args=[_queue_prefix(queue)])
        return (_text(taken[0]), _text(taken[1])) if taken else None

    def take_plain(self, name: str) -> tuple[str, str] | None:
        """The key and the id of the next job of a queue without tenants, none where none waits.

        :raises redis.RedisError: when Redis is away.
        """
        key = f"{Queue.redis_queue_namespace_prefix}{name}"
        taken: Any = self._redis.lpop(key)
        return (key, _text(taken)) if taken else None

    def wait(self, queues: Sequence[str], seconds: float) -> None:
        """Wait until something comes into one of the classes, at most ``seconds``."""
        self._redis.blpop([_bell(queue) for queue in queues], timeout=seconds)

    def waiting(self, queue: str) -> int:
        """How many jobs of a class wait, for people and tests."""
        ring = self._redis.zrange(_ring(queue), 0, -1)
        return sum(int(self._redis.llen(_queue_prefix(queue) + _text(tenant))) for tenant in ring)

    def _fresh(self, items: list[WakeUp]) -> list[WakeUp]:
        keyed = [item for item in items if item.key is not None]
        if not keyed:
            return items
        with self._redis.pipeline(transaction=False) as pipe:
            for item in keyed:
                pipe.set(_again_key(str(item.key)), 1, nx=True, ex=AGAIN_S)
            marked = dict(zip((id(item) for item in keyed), pipe.execute(), strict=True))
        return [item for item in items if item.key is None or marked[id(item)]]

    def _enqueue(self, item: WakeUp, pipe: Any) -> None:
        queue = Queue(queue_name(item.queue, item.tenant_id), connection=self._redis, serializer=JSONSerializer)
        # RQ asks for the server's version at each new queue otherwise, a round trip that nothing here depends on.
        queue.redis_server_version = (6, 2, 0)
        # The runner has limits of its own; results and failures are kept in the database.
        queue.enqueue_call(
            FUNCTION,
            args=(dict(item.payload),),
            timeout=-1,
            result_ttl=0,
            failure_ttl=60,
            ttl=QUEUED_S,
            description=FUNCTION,
            pipeline=pipe,
        )
        self._push(
            keys=[_ring(item.queue), _turn(item.queue), _bell(item.queue)], args=[item.tenant_id.hex], client=pipe
        )


def _ring(queue: str) -> str:
    return f"tradeyard:ring:{queue}"


def _turn(queue: str) -> str:
    return f"tradeyard:turn:{queue}"


def _bell(queue: str) -> str:
    return f"tradeyard:bell:{queue}"


def _again_key(key: str) -> str:
    return f"tradeyard:woken:{key}"


def _queue_prefix(queue: str) -> str:
    return f"{Queue.redis_queue_namespace_prefix}{queue}:"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
