"""Installed modules: versions, states, health, errors, quarantines."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response

from core.operator import modules
from core.runtime import LoadedPlugin
from core.web.operator.asking import ask
from core.web.operator.page import OperatorPage, Page
from core.web.refusals import NotFoundError
from tenants.text import _

__all__ = ["ROUTES"]


@get("/modules", sync_to_thread=True)
def listing(web: Page) -> Response[str]:
    """All installed modules, and those that could not be loaded."""
    runtime = web.kit.platform.runtime
    with web.system() as session:
        rows = modules.listed(session, runtime)
        standing = modules.quarantines(session, standing=True)
    return web.render(
        "operator/modules.html", rows=rows, standing=standing, rejected=runtime.rejected, title=_("Modules")
    )


@get("/modules/{key:str}", sync_to_thread=True)
def detail(web: Page, key: FromPath[str]) -> Response[str]:
    """One module: where it is on, what it brings, its quarantines and errors."""
    plugin = _plugin(web, key)
    with web.system() as session:
        row = next(item for item in modules.listed(session, web.kit.platform.runtime) if item.plugin.key == key)
        found = modules.quarantines(session, key)
        faults = modules.faults(session, key, 20)
    return web.render(
        "operator/module.html", row=row, plugin=plugin, quarantines=found, faults=faults, title=plugin.manifest.title
    )


@get("/modules/{key:str}/health", sync_to_thread=True)
def health(web: Page, key: FromPath[str]) -> Response[str]:
    """The health checks at each brokerage; a part of the page, since they may take their time."""
    platform = web.kit.platform
    found = modules.health(platform.database, platform.gate, _plugin(web, key))
    return web.render("operator/module_health.html", checked=found)


@get("/modules/{key:str}/lift", sync_to_thread=True)
def ask_lift(web: Page, key: FromPath[str]) -> Response[str]:
    """What lifting a quarantine means."""
    plugin, brokerage = _plugin(web, key), web.query.get("brokerage", "")
    title = (
        _("Lift the quarantine of {module} at {brokerage}?", module=plugin.manifest.title, brokerage=brokerage)
        if brokerage
        else _("Lift the quarantine of {module} for all?", module=plugin.manifest.title)
    )
    return ask(
        web,
        title,
        f"/modules/{key}/lift" + (f"?brokerage={brokerage}" if brokerage else ""),
        _("Lift"),
        text=_("Its errors so far are forgiven. The module stays as it is until staff switch it on."),
        danger=False,
    )


@post("/modules/{key:str}/lift", sync_to_thread=True, status_code=200)
def lift(web: Page, key: FromPath[str]) -> Response[Any]:
    """Lift it."""
    plugin = _plugin(web, key)
    with web.system() as session:
        lifted = modules.lift(session, key, web.query.get("brokerage") or None, web.sent("reason"), web.who)
    if not lifted:
        return web.leave_for(f"/modules/{key}", notice=_("It had been lifted already."), tone="secondary")
    return web.leave_for(
        f"/modules/{key}", notice=_("The quarantine of {module} is lifted.", module=plugin.manifest.title)
    )


def _plugin(web: OperatorPage, key: str) -> LoadedPlugin:
    plugin = web.kit.platform.runtime.get(key)
    if plugin is None:
        raise NotFoundError(key)
    return plugin


ROUTES = [listing, detail, health, ask_lift, lift]
