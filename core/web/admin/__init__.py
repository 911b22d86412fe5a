"""The back office: pages of a brokerage's staff."""

from litestar.types import ControllerRouterHandler

from core.web.admin import (
    alerts,
    audit_log,
    components,
    customer_acts,
    customers,
    dashboard,
    funds,
    product_settings,
    products,
    roles,
    settings,
    staff,
    trading,
)
from core.web.live.route import live_route
from core.web.notification_pages import AdminNotifications
from core.web.password_pages import password_routes
from core.web.profile_pages import AdminProfile, email_routes
from core.web.security_pages import AdminSecurity
from core.web.signing import AdminSignIn
from core.web.statements import ADMIN_STATEMENTS
from core.web.token_pages import AdminTokens

__all__ = ["ADMIN_ROUTES"]

ADMIN_ROUTES: list[ControllerRouterHandler] = [
    AdminSignIn,
    *password_routes("admin"),
    live_route(),
    *dashboard.ROUTES,
    *alerts.ROUTES,
    *products.ROUTES,
    *product_settings.ROUTES,
    *settings.ROUTES,
    *trading.ROUTES,
    *ADMIN_STATEMENTS,
    *customers.ROUTES,
    *customer_acts.ROUTES,
    *funds.ROUTES,
    *roles.ROUTES,
    *staff.ROUTES,
    AdminTokens,
    AdminSecurity,
    AdminProfile,
    AdminNotifications,
    *email_routes("admin"),
    *audit_log.ROUTES,
    *components.ROUTES,
]
