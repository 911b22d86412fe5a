"""The lanes of one process, worked in slices: a job runs one slice and queues the next."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.events.reading import settled
from core.lanes.lane import Lane
from core.lanes.workers import LaneWorkers

if TYPE_CHECKING:
    from core.platform import Platform


class LaneHolder:
    """The lanes that this process has worked on; their books are kept from slice to slice."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._lanes: dict[int, Lane] = {}

    def lane(self, number: int) -> Lane:
        """A lane, made when first asked for."""
        known = self._lanes.get(number)
        if known is None:
            platform = self._platform
            known = self._lanes[number] = Lane(
                database=platform.database,
                redis=platform.redis,
                number=number,
                workers=LaneWorkers(platform.runtime, platform.gate),
                settled=partial(settled, platform.database, platform.runtime),
            )
        return known

    def release(self) -> None:
        """Give all lanes up, so that other processes may take them at once."""
        for lane in self._lanes.values():
            lane.release()
        self._lanes.clear()
