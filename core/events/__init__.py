"""Events: an outbox in the database, read by handlers with cursors; whatever wakes them may be lost."""

from core.events.emitting import NewEvent, emit

__all__ = ["NewEvent", "emit"]
