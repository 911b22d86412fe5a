"""People for plugins: what customers may do, many at once."""

from tenants.services.permissions import customers_holding

__all__ = ["customers_holding"]
