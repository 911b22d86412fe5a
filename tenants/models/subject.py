"""What belongs to one person, who is either staff or a customer."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped
from sqlalchemy.schema import SchemaItem

from tenants.db.base import tenant_key


class OfPerson:
    """Mixed into rows that belong to exactly one person of the tenant."""

    staff_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]

    @property
    def person_id(self) -> UUID:
        """The identifier of the staff member or the customer."""
        found = self.staff_id or self.customer_id
        if found is None:
            raise ValueError("this row belongs to nobody yet: set staff_id or customer_id")
        return found


def person_constraints() -> tuple[SchemaItem, ...]:
    """The constraints of :class:`OfPerson`: both keys stay in the tenant, and exactly one is set."""
    return (
        CheckConstraint("num_nonnulls(staff_id, customer_id) = 1", name="one_person"),
        tenant_key("tenants.staff", "staff_id", ondelete="CASCADE"),
        tenant_key("tenants.customers", "customer_id", ondelete="CASCADE"),
    )
