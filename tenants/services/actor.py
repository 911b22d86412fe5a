"""Who does something, for the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

ActorKind = Literal["staff", "customer", "operator", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody (or the platform itself) who acts.

    :ivar id: the staff member's or the customer's identifier; none for the operator and the system.
    :ivar name: how the log names them: the e-mail address, or what part of the system it is.
    :ivar address: the network address of the request, empty where there is none.
    :ivar request_id: ties the entry to the request's log lines.
    """

    kind: ActorKind
    name: str
    id: UUID | None = None
    address: str = ""
    request_id: str = ""


SYSTEM = Actor("system", "system")
"""The platform acting by itself."""
OPERATOR = Actor("operator", "platform operator")
"""The installation's operator at the command line."""
