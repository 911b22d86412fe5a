"""Settings → Product Settings: what the switch of a module does, and every setting of every module, from their own models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import get
from litestar.response import Response

from core.runtime import LoadedPlugin
from core.web.forms import Field, form_for
from core.web.page import Page
from tenants.services import products
from tenants.text import _

__all__ = ["PATH", "ROUTES"]

PATH = "/admin/settings/product-settings"

STATES = {
    "on": _("Its pages, navigation and API are there; everything runs."),
    "draining": _(
        "Switched off with something left: its pages are gone, nothing new opens, closes go on. It is off by itself once"
        " nothing is left."
    ),
    "off": _("Its pages, navigation and API are absent. Nothing of it runs but what reduces risk."),
    "halted": _(
        "Stopped by the operator of the platform, with a reason: nothing of it runs, and what is open is closed by hand alone."
    ),
}
NEEDS = {"account_types": _("Account types"), "symbols": _("Symbols")}


@dataclass(frozen=True)
class Line:
    """A setting: what it is called and means, what it starts with, what is set, and its bounds or choices."""

    name: str
    meaning: str
    default: str
    value: str
    bounds: str

    @property
    def changed(self) -> bool:
        """Whether the brokerage has set something else than the default."""
        return self.value != self.default


@dataclass(frozen=True)
class Section:
    """A module with its settings."""

    plugin: LoadedPlugin
    state: str
    needs: Sequence[str]
    lines: Sequence[Line]


@get("/settings/product-settings", opt={"permission": "products.view"}, sync_to_thread=True)
def page(web: Page) -> Response[str]:
    """The reference of Product Configs."""
    with web.session() as session:
        states = products.states(session)
        values = {key: products.settings_of(session, key) for key in web.kit.platform.runtime.plugins}
    sections = [
        Section(
            plugin,
            states.get(key, "off"),
            [NEEDS.get(need, need) for need in plugin.manifest.needs],
            lines_of(plugin, values[key]),
        )
        for key, plugin in web.kit.platform.runtime.plugins.items()
    ]
    return web.render("admin/product_settings.html", sections=sections, states=STATES, title=_("Product Settings"))


def lines_of(plugin: LoadedPlugin, values: Mapping[str, Any]) -> list[Line]:
    """Every setting of a module, in the order of its form."""
    starts = {item.name: item for item in form_for(plugin.settings).fields}
    lines = []
    for item in form_for(plugin.settings, plugin.settings.model_validate(values)).fields:
        if item.kind == "password":
            continue
        lines.append(Line(item.label, item.help, _written(starts[item.name]), _written(item), _bounds(item, plugin)))
    return lines


def _written(item: Field) -> str:
    if item.kind == "switch":
        return _("on") if item.value else _("off")
    labels = dict(item.choices)
    values = item.value if isinstance(item.value, tuple) else (item.value,)
    text = ", ".join(str(labels.get(value, value)) for value in values if value not in ("", None))
    return f"{text} {item.unit}".strip() if text else "–"


def _bounds(item: Field, plugin: LoadedPlugin) -> str:
    if item.choices:
        return ", ".join(str(label) for _value, label in item.choices)
    info = plugin.settings.model_fields.get(item.name)
    marks = info.metadata if info is not None else []
    low = f"{'>' if any(hasattr(mark, 'gt') for mark in marks) else '≥'} {item.min}" if item.min else ""
    high = f"{'<' if any(hasattr(mark, 'lt') for mark in marks) else '≤'} {item.max}" if item.max else ""
    return ", ".join(end for end in (low, high) if end)


ROUTES = [page]
