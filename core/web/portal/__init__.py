"""The portal: pages of a brokerage's customers."""

from litestar.types import ControllerRouterHandler

from core.web import acting
from core.web.live.route import live_route
from core.web.notification_pages import PortalNotifications
from core.web.password_pages import password_routes
from core.web.portal import accounts, history, overview, ticket, trade, working
from core.web.profile_pages import PortalProfile, email_routes
from core.web.security_pages import PortalSecurity
from core.web.signing import PortalSignIn, portal_registration
from core.web.statements import PORTAL_STATEMENTS
from core.web.token_pages import PortalTokens

__all__ = ["PORTAL_ROUTES"]

PORTAL_ROUTES: list[ControllerRouterHandler] = [
    PortalSignIn,
    *portal_registration(),
    *password_routes("portal"),
    live_route(),
    *overview.ROUTES,
    *accounts.ROUTES,
    *history.ROUTES,
    *trade.ROUTES,
    *ticket.ROUTES,
    *working.ROUTES,
    *PORTAL_STATEMENTS,
    PortalTokens,
    PortalSecurity,
    PortalProfile,
    PortalNotifications,
    *email_routes("portal"),
    acting.PortalActing,
]
