"""The page that says what every setting, state and figure means."""

from __future__ import annotations

from litestar import get
from litestar.response import Response

from core.sdk.web import Web


@get("/reference", opt={"permission": "copy_trading.masters.view"}, sync_to_thread=True)
def admin_reference(web: Web) -> Response[str]:
    """For staff."""
    return web.render("reference.html", limits=web.settings().leverage_limits, title="Copy Trading")


@get("/reference", opt={"permission": "copy_trading.copy"}, sync_to_thread=True)
def portal_reference(web: Web) -> Response[str]:
    """For customers."""
    return web.render("reference.html", limits=web.settings().leverage_limits, title="Copy Trading")


ADMIN = [admin_reference]
PORTAL = [portal_reference]
