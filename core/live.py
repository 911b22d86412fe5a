"""Telling live pages that something changed. Messages pass through Redis and may be lost: pages show what the database says.

Each tenant has one channel. A message is JSON: ``topic`` and ``data``. Where ``data`` has ``html``, browsers swap it in;
otherwise they get an event named as the topic, on which a part of a page asks for itself again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import redis

__all__ = ["CHANNEL_PREFIX", "CLIENT", "channel", "publish"]

CHANNEL_PREFIX = "live:"
CLIENT = "core.live.client"
"""Under this name a session's ``info`` may hold the client to publish with."""
_log = logging.getLogger(__name__)


def channel(tenant_id: UUID) -> str:
    """The tenant's channel."""
    return f"{CHANNEL_PREFIX}{tenant_id}"


def publish(client: redis.Redis, tenant_id: UUID, topic: str, data: Mapping[str, Any] | None = None) -> None:
    """Send a message to the tenant's open pages. Never raises: what is not delivered is seen at the next look."""
    try:
        client.publish(channel(tenant_id), json.dumps({"topic": topic, "data": dict(data or {})}, default=str))
    except redis.RedisError as error:
        _log.warning("a live message was lost: %s", error)
