"""The relay: once events have committed, it wakes a drain for each handler that wants them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.events.draining import wake_up
from core.jobs.queues import Queues
from core.runtime import Runtime


class Relay:
    """Wakes the handlers of what has been emitted. See :class:`core.events.emitting.Waker`."""

    def __init__(self, runtime: Runtime, queues: Queues) -> None:
        self._runtime, self._queues = runtime, queues

    def wake(self, tenant_id: UUID, new: Sequence[tuple[str, str]]) -> None:
        """Queue a wake-up for each handler and stream. The drain finds out whether the module's state lets it run."""
        pairs = {
            (handler.key, stream): handler
            for stream, event_type in new
            for handler in self._runtime.handlers_of(event_type)
            if not handler.subscription.watched_only or stream.startswith("account:")
        }
        self._queues.wake(wake_up(tenant_id, handler, stream) for (_, stream), handler in pairs.items())
