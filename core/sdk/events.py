"""Events for plugins: reading a stream again, for handlers that retry or look ahead.

Handlers get what is new by themselves (``Subscription``); this is for the rest.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from core.events.models import Event, HandlerCursor
from core.sdk.declarations import EventView
from tenants.db import TenantSession

__all__ = ["account_stream", "handler_position", "read_events"]


def account_stream(account_id: object) -> str:
    """The stream of a watched account's fills."""
    return f"account:{account_id}"


def read_events(
    session: TenantSession, stream: str, *, after: int, types: Collection[str] = ("fills",), limit: int | None = None
) -> list[EventView]:
    """The events of a stream with numbers above ``after``, in their order; at most ``limit`` of them."""
    rows = session.execute(
        select(Event.id, Event.stream, Event.stream_seq, Event.type, Event.payload)
        .where(Event.stream == stream, Event.stream_seq > after, Event.type.in_(types))
        .order_by(Event.stream_seq)
        .limit(limit)
    )
    return [EventView(*row) for row in rows]


def handler_position(session: TenantSession, handler: str, stream: str, shard: int = 0) -> int:
    """The number up to which a handler (``plugin.name``) has worked off a stream, as committed; 0 before it has begun."""
    found = session.scalar(
        select(HandlerCursor.seq).where(
            HandlerCursor.handler == handler, HandlerCursor.stream == stream, HandlerCursor.shard == shard
        )
    )
    return found or 0
