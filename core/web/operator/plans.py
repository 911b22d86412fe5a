"""A brokerage's plan: which modules it may switch on."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response

from core.operator import brokerages
from core.web.operator.asking import acknowledged
from core.web.operator.brokerages import brokerage_of
from core.web.operator.page import Page
from tenants.text import _

__all__ = ["ROUTES"]


@get("/brokerages/{key:str}/plan", sync_to_thread=True)
def show(web: Page, key: FromPath[str]) -> Response[str]:
    """Which modules it has, and which are on."""
    row = brokerage_of(web, key)
    plugins = list(web.kit.platform.runtime.plugins.values())
    return web.render("operator/plan.html", row=row, plugins=plugins, title=_("Plan of {name}", name=row.name))


@post("/brokerages/{key:str}/plan", sync_to_thread=True, status_code=200)
def save(web: Page, key: FromPath[str]) -> Response[Any]:
    """Change it."""
    row = brokerage_of(web, key)
    wanted = set(web.form.get("modules", ()))
    with web.system() as session:
        allowed = {module: module in wanted for module in web.kit.platform.runtime.plugins}
        changed = brokerages.set_plan(session, key, allowed, web.who)
    if not changed:
        return web.leave_for(f"/brokerages/{key}", notice=_("The plan stays as it was."), tone="secondary")
    return acknowledged(web, f"/brokerages/{key}", _("The plan of {name} is changed.", name=row.name))


ROUTES = [show, save]
