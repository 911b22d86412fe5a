"""Tables of the tenants' schema."""

from tenants.models.customer import Customer
from tenants.models.product_config import ProductConfig
from tenants.models.tenant import SCHEMA, Tenant, TenantHost

__all__ = ["SCHEMA", "Customer", "ProductConfig", "Tenant", "TenantHost"]
