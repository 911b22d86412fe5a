"""Settings → Product Configs: which modules the brokerage has, in which state, with which settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response
from pydantic import SecretStr

from core.runtime import LoadedPlugin
from core.runtime.calls import Health, check_health
from core.runtime.gate import PluginError
from core.runtime.modules import Missing, impact, missing, toggle_off, toggle_on
from core.sdk.declarations import Exposure
from core.web.audit_words import Change, action_text, changes_of, name_text
from core.web.forms import Form, form_for, parse_form
from core.web.page import Page
from core.web.refusals import NotFoundError
from tenants.models import AuditEntry, ProductConfig
from tenants.services import audit, products
from tenants.services.errors import TenantsError
from tenants.snapshot import wait_acknowledged
from tenants.text import _

__all__ = ["ROUTES"]

_VIEW: dict[str, Any] = {"permission": "products.view"}
_MANAGE: dict[str, Any] = {"permission": "products.manage"}
LIST = "/admin/settings/products"
_SHOWN = 8


@dataclass(frozen=True)
class Row:
    """A module as the list shows it."""

    plugin: LoadedPlugin
    config: ProductConfig
    missing: Sequence[Missing]
    remaining: Exposure
    health: Sequence[Health]


@dataclass(frozen=True)
class Past:
    """A change of the module: what was done, by whom, with which values before and after."""

    entry: AuditEntry
    title: str
    changes: Sequence[Change]
    more: int
    """Changes beyond those shown."""


@get("/settings/products", opt=_VIEW, sync_to_thread=True)
def listing(web: Page) -> Response[str]:
    """All installed modules."""
    rejected = web.kit.platform.runtime.rejected if web.may("developers.view") else ()
    return web.render("admin/products.html", rows=_rows(web), rejected=rejected, title=_("Product Configs"))


@get("/settings/products/{key:str}", opt=_VIEW, sync_to_thread=True)
def detail(web: Page, key: FromPath[str]) -> Response[str]:
    """A module's settings, health and history."""
    plugin = _plugin(web, key)
    with web.session() as session:
        values = products.settings_of(session, key)
    return _detail(web, plugin, form_for(plugin.settings, values))


@post("/settings/products/{key:str}", opt=_MANAGE, sync_to_thread=True, status_code=200)
def save(web: Page, key: FromPath[str]) -> Response[Any]:
    """Save a module's settings."""
    plugin = _plugin(web, key)
    with web.session() as session:
        stored = products.settings_of(session, key)
    # An empty password field means that the secret stays as it is.
    secret = frozenset(n for n, info in plugin.settings.model_fields.items() if info.annotation is SecretStr)
    keep = {name: stored[name] for name in secret if name in stored}
    parsed = parse_form(plugin.settings, web.form, keep=keep)
    if parsed.value is None:
        return _detail(web, plugin, parsed.form, status=422)
    values = parsed.value.model_dump(mode="json") | {n: _revealed(getattr(parsed.value, n)) for n in secret}
    version = int((web.form.get("version") or ["0"])[-1])
    try:
        with web.session() as session:
            products.set_settings(session, key, values, web.who, expected_version=version or None, secret=secret)
    except TenantsError as error:
        return _detail(web, plugin, parsed.form.with_errors({}, str(error)), status=422)
    return web.leave_for(
        f"{LIST}/{key}", **_said(web, _("The settings of {title} are saved.", title=plugin.manifest.title))
    )


@get("/settings/products/{key:str}/switch", opt=_MANAGE, sync_to_thread=True)
def ask(web: Page, key: FromPath[str]) -> Response[str]:
    """The question before a switch: what is missing, or what it touches and how to leave it."""
    return _question(web, _plugin(web, key))


@post("/settings/products/{key:str}/switch", opt=_MANAGE, sync_to_thread=True, status_code=200)
def turn(web: Page, key: FromPath[str]) -> Response[Any]:
    """Switch a module on or off. Answers when the processes have acknowledged it, or names those that have not."""
    plugin = _plugin(web, key)
    target = (web.form.get("target") or [""])[-1]
    if target not in ("on", "off"):
        raise NotFoundError(target)
    leave = (web.form.get("leave") or [""])[-1] or None
    version = int((web.form.get("version") or ["-1"])[-1])
    expected = version if version >= 0 else None
    try:
        with web.session() as session:
            if target == "on":
                change = toggle_on(session, key, web.who, expected_version=expected)
            else:
                change = toggle_off(session, key, leave, web.who, expected_version=expected)
    except TenantsError as error:
        return _question(web, plugin, error=str(error), status=409)
    except PluginError as error:
        web.kit.platform.gate.record(error)
        text = _(
            "{title} could not be switched on: it failed on its way. The failure is noted for its maker.",
            title=plugin.manifest.title,
        )
        return _question(web, plugin, error=text, status=409)
    title = plugin.manifest.title
    said = {
        "on": _("{title} is on. What was paused waits for its owners to resume it.", title=title),
        "off": _("{title} is off.", title=title),
        "draining": _("{title} is winding down. It is off by itself once nothing is left.", title=title),
        "halted": _("{title} is halted by the operator of the platform.", title=title),
    }[change.after]
    return web.leave_for(LIST, **_said(web, said))


def _question(web: Page, plugin: LoadedPlugin, error: str = "", status: int = 200) -> Response[str]:
    with web.session() as session:
        config = products.config(session, plugin.key)
        lacking = missing(session, plugin.key)
        exposure = impact(session, plugin.key) if config.state in ("on", "draining") else Exposure()
    target = "off" if config.state == "on" else "on"
    return web.render(
        "admin/product_switch.html", status=status, plugin=plugin, config=config, missing=lacking, exposure=exposure,
        target=target, error=error, items=_items(exposure), title=plugin.manifest.title,
    )  # fmt: skip


def _items(exposure: Exposure) -> list[tuple[str, str]]:
    shown = []
    for item in exposure.items:
        amount = f" · {item.notional:,.2f} {item.currency or ''}".rstrip() if item.notional is not None else ""
        shown.append((item.label, f"{item.count}{amount}"))
    return shown


def _rows(web: Page) -> list[Row]:
    platform = web.kit.platform
    rows = []
    for plugin in platform.runtime.plugins.values():
        with web.session() as session:
            config = products.config(session, plugin.key)
            lacking = missing(session, plugin.key) if config.state in ("off", "draining") else ()
            remaining = impact(session, plugin.key) if config.state in ("draining", "halted") else Exposure()
        health = check_health(platform.gate, web.tenant_id, plugin) if config.state == "on" else ()
        rows.append(Row(plugin, config, lacking, remaining, health))
    return rows


def _detail(web: Page, plugin: LoadedPlugin, form: Form, status: int = 200) -> Response[str]:
    with web.session() as session:
        config = products.config(session, plugin.key)
        entries, total = audit.search(session, audit.AuditFilter(object_kind="product", object_id=plugin.key), limit=20)
        lacking = missing(session, plugin.key) if config.state in ("off", "draining") else ()
        remaining = impact(session, plugin.key) if config.state in ("draining", "halted") else Exposure()
    health = check_health(web.kit.platform.gate, web.tenant_id, plugin)
    return web.render(
        "admin/product.html", status=status, plugin=plugin, config=config, form=form, health=health, missing=lacking,
        remaining=_items(remaining), history=[_past(plugin, entry) for entry in entries], total=total,
        may_change=web.may("products.manage"), title=plugin.manifest.title,
    )  # fmt: skip


def _past(plugin: LoadedPlugin, entry: AuditEntry) -> Past:
    """A change in words: settings by the titles of their fields, and what was left at its default is left out."""
    found = changes_of(entry)
    if entry.action == "product.settings":
        usual = plugin.settings().model_dump(mode="json")
        after = entry.after or {}
        same = {name_text(key) for key in after if key not in (entry.before or {}) and after[key] == usual.get(key)}
        titles = {name_text(key): info.title for key, info in plugin.settings.model_fields.items() if info.title}
        found = [replace(one, name=titles.get(one.name, one.name)) for one in found if one.name not in same]
    return Past(entry, action_text(entry.action), found[:_SHOWN], max(0, len(found) - _SHOWN))


def _said(web: Page, text: str) -> Mapping[str, Any]:
    """What to say once the change has gone round; names the processes that have not acknowledged it in two seconds."""
    lagging = wait_acknowledged(web.kit.platform.database)
    if not lagging:
        return {"notice": text}
    names = ", ".join(f"{item.kind} {item.pid}" for item in lagging)
    late = _("{said} Not yet acknowledged by: {names}. They follow within seconds.", said=text, names=names)
    return {"notice": late, "tone": "yellow"}


def _plugin(web: Page, key: str) -> LoadedPlugin:
    plugin = web.kit.platform.runtime.get(key)
    if plugin is None:
        raise NotFoundError(key)
    return plugin


def _revealed(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


ROUTES = [listing, detail, save, ask, turn]
