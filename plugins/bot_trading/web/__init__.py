"""Pages and API of bot trading."""

from plugins.bot_trading.web.admin import admin_routes
from plugins.bot_trading.web.api import api_routes
from plugins.bot_trading.web.portal import portal_routes

__all__ = ["admin_routes", "api_routes", "portal_routes"]
