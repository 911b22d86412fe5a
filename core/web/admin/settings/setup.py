"""Settings → Setup: the New Tenant Setup Checklist."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.response import Response

from core.offering.setup import open_steps, setup_steps
from core.web.page import Page
from tenants.text import _

__all__ = ["ROUTES"]


@get("/settings/setup", opt={"permission": "company.view"}, sync_to_thread=True)
def setup(web: Page) -> Response[Any]:
    """What there is to decide, in order, with what is decided."""
    with web.session() as session:
        steps = setup_steps(session, web.kit.platform.runtime)
    return web.render("admin/settings/setup.html", steps=steps, left=open_steps(steps), title=_("Setup"))


ROUTES = [setup]
