"""Tabler's outline icons, drawn inline by name, from the package's own node list."""

from __future__ import annotations

import json
from functools import cached_property, lru_cache
from pathlib import Path

from markupsafe import Markup, escape

__all__ = ["Icons"]

_TURNING = frozenset({"arrow-left", "arrow-right", "chevron-left", "chevron-right", "logout"})
"""Icons that point along the line: they turn around where text runs from right to left."""


class Icons:
    """Icons by Tabler's names. An unknown name draws a plain square rather than failing a page."""

    def __init__(self, nodes: Path) -> None:
        self._path = nodes
        self.draw = lru_cache(maxsize=1024)(self._draw)

    @cached_property
    def _nodes(self) -> dict[str, list[tuple[str, dict[str, str]]]]:
        if not self._path.is_file():
            return {}
        loaded: dict[str, list[tuple[str, dict[str, str]]]] = json.loads(self._path.read_text("utf-8"))
        return loaded

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    def _draw(self, name: str, classes: str = "", label: str = "") -> Markup:
        """The icon as inline SVG: decoration unless ``label`` names it to screen readers."""
        nodes = self._nodes.get(name) or [("rect", {"x": "5", "y": "5", "width": "14", "height": "14", "rx": "2"})]
        shapes = Markup("").join(
            Markup("<{} {}/>").format(tag, Markup(" ").join(Markup('{}="{}"').format(k, v) for k, v in attrs.items()))
            for tag, attrs in nodes
        )
        role = Markup('role="img" aria-label="{}"').format(escape(label)) if label else Markup('aria-hidden="true"')
        return Markup(
            '<svg class="icon {}" width="20" height="20" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
            ' stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>'
        ).format(f"{classes} ui-turns".lstrip() if name in _TURNING else classes, role, shapes)
