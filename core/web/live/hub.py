"""The hub of a process: messages from Redis and quotes from the database, each made into bytes once, for all its open pages.

Losing Redis loses messages, never a page: the hub connects again by itself, and tells the pages to look again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID

import redis.asyncio as aioredis
from redis.exceptions import RedisError

from core.live import CHANNEL_PREFIX
from core.web.live.listener import Group, Listener, encode_event, encode_html
from core.web.live.quotes import QuoteBoard

if TYPE_CHECKING:
    from core.platform import Platform

__all__ = ["Hub"]

_log = logging.getLogger("tradeyard.web.live")
QUOTES_S = 0.2
"""Seconds between looks at the current quotes, while a page waits for any."""


class Hub:
    """All open streams of this process."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._board = QuoteBoard(platform)
        self._listeners: dict[UUID, set[Listener]] = defaultdict(set)
        self._numbers = count()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the hub going for as long as the application runs."""
        tasks = [
            asyncio.create_task(self._messages(), name="live messages"),
            asyncio.create_task(self._quotes(), name="live quotes"),
        ]
        try:
            yield
        finally:
            for listener in list(self._all()):
                listener.close()
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task

    @asynccontextmanager
    async def listen(
        self, tenant_id: UUID, topics: frozenset[str], quotes_of: Group | None = None
    ) -> AsyncIterator[Listener]:
        """A page's stream, known to the hub while it is open."""
        listener = Listener(tenant_id, topics, quotes_of)
        self._listeners[tenant_id].add(listener)
        if quotes_of:
            for message in self._board.present(quotes_of):
                listener.put("quotes-now", message)
        try:
            yield listener
        finally:
            self._listeners[tenant_id].discard(listener)

    @property
    def open_streams(self) -> int:
        """How many pages listen."""
        return sum(1 for _ in self._all())

    def _all(self) -> list[Listener]:
        return [listener for group in self._listeners.values() for listener in group]

    async def _messages(self) -> None:
        wait_s = 0.5
        while True:
            try:
                async with (
                    aioredis.Redis.from_url(self._platform.addresses.redis, socket_timeout=None) as client,
                    client.pubsub() as pubsub,
                ):
                    await pubsub.psubscribe(CHANNEL_PREFIX + "*")
                    wait_s = 0.5
                    self._broadcast_look_again()
                    async for message in pubsub.listen():
                        if message["type"] == "pmessage":
                            self.deliver(message["channel"], message["data"])
            except (RedisError, OSError) as error:
                _log.warning("live messages are interrupted, trying again in %.1f s: %s", wait_s, error)
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, 5.0)

    def deliver(self, channel: bytes | str, payload: bytes | str) -> None:
        """Hand a message to the tenant's pages that wait for its topic."""
        name = channel.decode() if isinstance(channel, bytes) else channel
        try:
            tenant_id = UUID(name.removeprefix(CHANNEL_PREFIX))
            message = json.loads(payload)
            topic, data = str(message["topic"]), dict(message.get("data") or {})
        except (ValueError, KeyError, TypeError):
            _log.warning("a live message on %s could not be read", name)
            return
        waiting = [listener for listener in self._listeners.get(tenant_id, ()) if topic in listener.topics]
        if not waiting:
            return
        html = data.get("html")
        # A person's own topic has their identifier in it, and the page knows whose it is: its event has a plain name.
        event = "notifications" if topic.startswith("notifications:") else topic
        ready = encode_html(str(html)) if html else encode_event(event, data)
        key = f"{topic}/{data['key']}" if "key" in data else f"{topic}/{next(self._numbers)}" if html else topic
        for listener in waiting:
            listener.put(key, ready)

    def _broadcast_look_again(self) -> None:
        ready = encode_event("look-again", {})
        for listener in self._all():
            listener.put("look-again", ready)

    async def _quotes(self) -> None:
        while True:
            await asyncio.sleep(QUOTES_S)
            wanted: dict[Group, list[Listener]] = defaultdict(list)
            for listener in self._all():
                if listener.quotes_of:
                    wanted[listener.quotes_of].append(listener)
            if not wanted:
                self._board.forget()
                continue
            try:
                changed = await asyncio.get_running_loop().run_in_executor(None, self._board.look, frozenset(wanted))
            except Exception:  # noqa: BLE001 - whatever the database or a row may raise
                # A page without quotes for a moment is better than a process without a hub.
                _log.warning("quotes could not be read", exc_info=True)
                await asyncio.sleep(2)
                continue
            for group, by_symbol in changed.items():
                for listener in wanted[group]:
                    for code, message in by_symbol.items():
                        listener.put(f"quotes/{code}", message)
