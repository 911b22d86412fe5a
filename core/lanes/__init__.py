"""Lanes: the one owner of each instrument's quotes, and what they fire."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.platform import Platform


def run_slice(platform: Platform, lane: int, seconds: float, stop: Callable[[], bool] = lambda: False) -> bool:
    """Work on a lane for so many seconds, or until `stop`; False at once where another process has it.

    What keeps the database out of reach is raised; the next slice begins from what was written.
    """
    return platform.lanes.lane(lane).run(seconds, stop)
