"""Worker and scheduler processes of tests: ``python -m tests.jobs.process worker|scheduler SETTINGS QUEUE…``."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from core import worker
from core.jobs import scheduler
from core.platform import Platform
from core.sdk import EventView, Job, Subscription
from core.settings import load_settings
from tests.runtime.build import Probe, mark, platform_of


def handle(context: Any, events: Sequence[EventView], shard: int) -> None:
    """Mark each event slowly, so that a kill meets a transaction under way."""
    for event in events:
        mark(context.session, "seen", event.stream, shard, event.seq)
        time.sleep(0.002)
    context.enqueue("work", {"stream": events[0].stream, "n": events[-1].seq})


def work(context: Any, payload: Mapping[str, Any]) -> None:
    mark(context.session, "job", payload["stream"], 0, payload["n"])
    time.sleep(0.002)


def probe() -> Probe:
    """The plugin that all processes of a test have."""
    return Probe(
        jobs=[Job("work", work)],
        subscriptions=[Subscription("seen", handle, types=("ping",), batch=5, shards=lambda _session, _stream: 2)],
    )


def settings_text(settings: Any) -> str:
    """Settings as an argument."""
    values = settings.model_dump(mode="json")
    return json.dumps({**values, "secret": settings.secret.get_secret_value(), "smtp_url": ""})


def build(text: str) -> Platform:
    values = json.loads(text)
    return platform_of(load_settings({}, **{key: value for key, value in values.items() if value is not None}), probe())


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    with build(sys.argv[2]) as platform:
        if sys.argv[1] == "worker":
            worker.main(platform, sys.argv[3:])
        else:
            scheduler.main(platform)
