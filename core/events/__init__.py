"""Events: the outbox in which they are written, and the handlers that work them off."""

from core.events.outbox import NewEvent, emit

__all__ = ["NewEvent", "emit"]
