"""Modules' fragments in named places of the core's pages: as far as the module is on and the reader may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from core.runtime import LoadedPlugin
from core.runtime.gate import Contribution, PluginError
from core.sdk.declarations import Slot
from core.web.page import Page

__all__ = ["Fragment", "available_slots", "render_slots"]

BUDGET_S = 2.0


@dataclass(frozen=True)
class Fragment:
    """A module's fragment, drawn. ``body`` is none where it failed: the page says so in its place and goes on."""

    key: str
    title: str
    body: Markup | None


def available_slots(web: Page, place: str) -> list[tuple[str, str]]:
    """Key and title of each fragment that the reader gets in a place, without drawing any: the tabs of a page."""
    return [(f"{plugin.key}-{index}", slot.title) for index, plugin, slot in _slots(web, place)]


def render_slots(web: Page, place: str, context: Mapping[str, Any] | None = None, *, only: str = "") -> list[Fragment]:
    """The fragments of a place. One that has nothing to show is left out; one that fails harms no other."""
    gate = web.kit.platform.gate
    found = []
    for index, plugin, slot in _slots(web, place):
        key = f"{plugin.key}-{index}"
        if only and key != only:
            continue

        def draw(plugin: LoadedPlugin = plugin, slot: Slot = slot) -> Markup | None:
            with web.session() as session:
                answer = slot.render(session, {"person_id": web.person_id, "surface": web.surface, **(context or {})})
            if answer is None:
                return None
            name, values = answer
            return Markup(web.text(f"{plugin.key}/{name}", **values))  # noqa: S704 - drawn by Jinja, which has escaped it

        try:
            body = gate.call(Contribution(plugin.key, "slot", slot.title), web.tenant_id, draw, BUDGET_S)
        except PluginError as error:
            gate.record(error)
            found.append(Fragment(key, slot.title, None))
            continue
        if body is not None:
            found.append(Fragment(key, slot.title, body))
    return found


def _slots(web: Page, place: str) -> list[tuple[int, LoadedPlugin, Slot]]:
    return [
        (index, plugin, slot)
        for index, (plugin, slot) in enumerate(web.kit.platform.runtime.slots(place))
        if web.visit.tenant.is_on(plugin.key) and (slot.permission is None or web.may(slot.permission))
    ]
