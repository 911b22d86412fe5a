"""One open page: what it waits for, and what waits to be sent to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

__all__ = ["FLUSH_S", "HEARTBEAT_S", "Group", "Listener", "encode_event", "encode_html"]

FLUSH_S = 0.15
"""At most this often (seconds) a browser is sent what has gathered: 6 to 7 times a second."""
HEARTBEAT_S = 15.0
MAX_PENDING = 500
"""Messages that may wait for one slow browser; then it is told to look again instead."""


def encode_event(name: str, data: Any) -> bytes:
    """An event with JSON data, as bytes that go to any number of browsers."""
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'), default=str)}\n\n".encode()


def encode_html(html: str) -> bytes:
    """HTML that the page's script swaps in."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines() or [""])
    return f"{lines}\n".encode()


class Group(NamedTuple):
    """Everybody in it sees the same quotes, written in the same way."""

    tenant_id: UUID
    account_type_id: UUID
    language: str
    time_zone: str


@dataclass(eq=False)
class Listener:
    """The stream of one page. ``topics`` are names of messages."""

    tenant_id: UUID
    topics: frozenset[str]
    quotes_of: Group | None = None
    """Whose quotes it wants."""
    pending: dict[str, bytes] = field(default_factory=dict)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    def put(self, key: str, message: bytes) -> None:
        """Leave a message. A newer one under the same key takes the place of one that has not been sent."""
        if len(self.pending) >= MAX_PENDING and key not in self.pending:
            self.pending = {"look-again": encode_event("look-again", {})}
        self.pending[key] = message
        self.wake.set()

    def close(self) -> None:
        """End the stream."""
        self.closed = True
        self.wake.set()

    async def stream(self) -> AsyncIterator[bytes]:
        """The bytes to send, until the browser goes away or the process ends."""
        yield b"retry: 2000\n: connected\n\n"
        while not self.closed:
            try:
                await asyncio.wait_for(self.wake.wait(), HEARTBEAT_S)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            self.wake.clear()
            ready, self.pending = self.pending, {}
            if ready:
                yield b"".join(ready.values())
                await asyncio.sleep(FLUSH_S)
