"""Settings → API tokens of the person who is signed in."""

from core.web.token_pages import token_routes

__all__ = ["ROUTES"]

ROUTES = token_routes("/admin")
