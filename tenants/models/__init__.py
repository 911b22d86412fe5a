"""Tables of the tenants' schema."""

from tenants.models.api_token import ApiToken
from tenants.models.audit import AuditEntry
from tenants.models.brand import Brand
from tenants.models.customer import Customer
from tenants.models.login_attempt import LoginAttempt
from tenants.models.mail_choice import MailChoice
from tenants.models.notification import Notification
from tenants.models.permission import Group, GroupMember, GroupPermission, PermissionRow, Ruling
from tenants.models.person import Person
from tenants.models.person_ticket import PersonTicket
from tenants.models.process import Process, SnapshotState
from tenants.models.product_config import ProductConfig
from tenants.models.recovery_code import RecoveryCode
from tenants.models.staff import Staff
from tenants.models.tenant import SCHEMA, Tenant, TenantHost
from tenants.models.web_session import WebSession

__all__ = [
    "SCHEMA",
    "ApiToken",
    "AuditEntry",
    "Brand",
    "Customer",
    "Group",
    "GroupMember",
    "GroupPermission",
    "LoginAttempt",
    "MailChoice",
    "Notification",
    "PermissionRow",
    "Person",
    "PersonTicket",
    "Process",
    "ProductConfig",
    "RecoveryCode",
    "Ruling",
    "SnapshotState",
    "Staff",
    "Tenant",
    "TenantHost",
    "WebSession",
]
