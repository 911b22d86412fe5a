"""The Jinja environment that draws every page of the core and of plugins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader as Choice
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined, Template
from markupsafe import Markup

from core.web.assets import Assets
from core.web.formats import Formatter, Number, bind_formatter, current_formatter
from core.web.icons import Icons
from core.web.tables import cell
from core.web.tones import side_label, status_label, status_tone
from tenants.text import _, _c, _n, languages

__all__ = ["STATIC", "TEMPLATES", "Components", "Templates"]

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
_UI = ("page", "cards", "values", "table", "form", "dialog", "chart", "live")


class Components:
    """Every macro of ``templates/ui`` under one name: ``ui.table(...)``, ``ui.money(...)``."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._macros: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if not self._macros:
            for part in _UI:
                module = self._environment.get_template(f"ui/{part}.html").module
                self._macros |= {key: value for key, value in vars(module).items() if not key.startswith("_")}
        try:
            return self._macros[name]
        except KeyError:
            raise AttributeError(
                f"there is no component ui.{name}; the page Components in the admin lists them"
            ) from None


class Templates:
    """Draws templates. A plugin's templates live under its key: ``copy_trading/masters.html``."""

    def __init__(self, assets: Assets, plugins: Mapping[str, Path] | None = None) -> None:
        loaders = PrefixLoader({key: FileSystemLoader(path) for key, path in (plugins or {}).items()})
        environment = Environment(
            loader=Choice([FileSystemLoader(TEMPLATES), loaders]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=["jinja2.ext.do"],
        )
        icons = Icons(STATIC / "vendor" / "icons" / "outline.json")
        environment.globals.update(
            ui=Components(environment),
            static=assets.url,
            icon=icons.draw,
            cell=cell,
            languages=languages,
            now=_now,
            sections=_sections,
            _=_,
            _n=_n,
            _c=_c,
        )
        environment.filters.update(_filters())
        environment.tests["number"] = _is_number
        self.icons = icons
        self.environment = environment

    def render(self, name: str, context: Mapping[str, Any], formatter: Formatter) -> str:
        """The template's text for one reader."""
        with bind_formatter(formatter):
            return self.environment.get_template(name).render(context)

    def block(self, name: str, block: str, context: Mapping[str, Any], formatter: Formatter) -> str:
        """One block of a template alone: what an htmx request wants of a page."""
        template: Template = self.environment.get_template(name)
        with bind_formatter(formatter):
            frame = template.new_context(dict(context))
            return str(Markup("").join(template.blocks[block](frame)))


def _now() -> datetime:
    return datetime.now(UTC)


def _sections(fields: Any) -> list[tuple[str, list[Any]]]:
    """Form fields in runs of the same section."""
    return [(name, list(run)) for name, run in groupby(fields, key=lambda field: field.section)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _sign(value: Number | None) -> str:
    """``up``, ``down`` or an empty text: which colour a change is written in."""
    if value is None or value == "":
        return ""
    amount = float(value)
    return "up" if amount > 0 else "down" if amount < 0 else ""


def _ago(value: datetime | int | None) -> str:
    """How long ago in its largest unit: ``3 min ago``."""
    if value is None:
        return "–"
    then = datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int) else value
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    seconds = (_now() - then).total_seconds()
    if seconds < 5:
        return str(_("just now"))
    return str(_("{span} ago", span=current_formatter().span(seconds).split(" ")[0]))


def _initials(name: str) -> str:
    parts = [part for part in name.replace("@", " ").split() if part]
    return "".join(part[0] for part in parts[:2]).upper() or "?"


def _filters() -> dict[str, Callable[..., Any]]:
    def through(method: str) -> Callable[..., Any]:
        return lambda value, *args, **kwargs: getattr(current_formatter(), method)(value, *args, **kwargs)

    named = {
        name: through(name)
        for name in ("number", "money", "price", "percent", "compact", "moment", "day", "clock", "iso", "span")
    }
    return {
        **named,
        "sign": _sign,
        "ago": _ago,
        "tone": status_tone,
        "status_label": status_label,
        "side_label": side_label,
        "said": str,
        "initials": _initials,
    }
