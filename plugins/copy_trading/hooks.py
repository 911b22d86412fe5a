"""The hook of copy trading's own, which other plugins implement."""

from __future__ import annotations

from collections.abc import Sequence

from core.sdk import hookspec
from plugins.copy_trading.rules.modes import SizingMode

__all__ = ["SizingModeSpec"]


class SizingModeSpec:
    """Sizing modes of other plugins."""

    @hookspec
    def sizing_modes(self) -> Sequence[SizingMode]:  # type: ignore[empty-body]  # a specification has no body
        """Ways to size copies that followers may choose; each with a key of its own."""
