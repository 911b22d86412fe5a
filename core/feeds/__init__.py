"""Where prices come from, and the numbered quotes that they become."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.platform import Platform


def main(platform: Platform) -> None:
    """The feed process: quotes of all instruments whose feed is to be had here, until SIGTERM or SIGINT."""
    from core.feeds.publisher import main as publish

    publish(platform)
