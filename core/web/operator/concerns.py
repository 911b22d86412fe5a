"""What an operator should look at now, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.operator.brokerages import Brokerage
from core.operator.failures import Counts
from core.operator.running import LaneRow, ProcessRow, QueueRow
from core.runtime import Runtime
from core.web.formats import current_formatter
from tenants.text import _, _n

__all__ = ["Concern", "concerns"]

SLOW_S = 30.0
"""Seconds for which a due job may wait before somebody is told."""


@dataclass(frozen=True)
class Concern:
    """Something to look at, and where. ``tone``: ``danger`` or ``warning``."""

    title: str
    text: str
    href: str
    tone: str


def concerns(
    runtime: Runtime,
    numbers: Counts,
    lanes: Sequence[LaneRow],
    queues: Sequence[QueueRow],
    processes: Sequence[ProcessRow],
    brokerages: Sequence[Brokerage],
) -> list[Concern]:
    """All of them, the worst first."""
    found = [*_of_lanes(lanes), *_of_work(queues, processes), *_of_modules(runtime, numbers, brokerages)]
    return sorted(found, key=lambda concern: concern.tone)


def _of_lanes(lanes: Iterable[LaneRow]) -> Iterator[Concern]:
    for lane in lanes:
        if lane.instruments and lane.state == "failed":
            text = _("No process works on it: its prices stand still, and no stop of its instruments fires.")
            yield Concern(_("Lane {lane} has stopped", lane=lane.id), text, "/running", "danger")
        elif lane.state == "behind":
            text = _("{count} quotes wait to be worked off.", count=lane.lag)
            yield Concern(_("Lane {lane} is behind", lane=lane.id), text, "/running", "warning")


def _of_work(queues: Iterable[QueueRow], processes: Iterable[ProcessRow]) -> Iterator[Concern]:
    if not any(process.kind == "worker" and process.alive for process in processes):
        text = _("Copies, closes by the system and schedules wait until one runs.")
        yield Concern(_("No worker runs"), text, "/running", "danger")
    if any(queue.woken is None for queue in queues):
        text = _("Work goes on from the database alone, more slowly.")
        yield Concern(_("Redis is away"), text, "/running", "warning")
    for queue in queues:
        if queue.oldest_s is not None and queue.oldest_s > SLOW_S:
            text = _("The oldest job has waited for {time}.", time=current_formatter().span(queue.oldest_s))
            yield Concern(_("The queue {queue} is slow", queue=queue.name), text, "/running", "warning")


def _of_modules(runtime: Runtime, numbers: Counts, brokerages: Iterable[Brokerage]) -> Iterator[Concern]:
    if numbers.quarantines:
        title = _n("{count} quarantine", "{count} quarantines", numbers.quarantines)
        yield Concern(title, _("A module failed too often and was taken out of service."), "/modules", "danger")
    for brokerage in brokerages:
        for key, module in brokerage.modules.items():
            if module.state == "halted":
                plugin = runtime.get(key)
                named = plugin.manifest.title if plugin else key
                title = _("{module} is halted at {brokerage}", module=named, brokerage=brokerage.name)
                yield Concern(title, module.reason, f"/brokerages/{brokerage.key}", "danger")
    if numbers.standing_still:
        title = _n("{count} thing stands still", "{count} things stand still", numbers.standing_still)
        text = _("Jobs, streams of events or subjects of lanes wait until somebody has looked.")
        yield Concern(title, text, "/standing-still", "warning")
