"""What is known of one request before its handler runs."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast
from uuid import UUID

from tenants.services.actor import Actor
from tenants.services.sessions import SignedIn
from tenants.services.tokens import TokenHolder
from tenants.snapshot import Snapshot, TenantView

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection

__all__ = ["Area", "Visit", "visit_of"]

Area = Literal["admin", "portal", "api"]
ADMIN_COOKIE, PORTAL_COOKIE, VISITOR_COOKIE, LANGUAGE_COOKIE = "staff_session", "session", "visitor", "language"


@dataclass
class Visit:
    """One request: whose brokerage, which surface, who, and the secrets its answer needs."""

    snapshot: Snapshot
    tenant: TenantView
    area: Area
    request_id: str
    address: str = ""
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    session_token: str = ""
    """The browser's session cookie of this surface, as sent; it may be stale."""
    visitor: str = ""
    """The secret of a browser that is not signed in, for its forms."""
    new_visitor: bool = False
    chosen_language: str = ""
    """The language that a browser without a sign-in has chosen."""
    person: SignedIn | None = None
    holder: TokenHolder | None = None

    @property
    def signed_in(self) -> SignedIn | TokenHolder | None:
        """Who it is, by browser or by token."""
        return self.person or self.holder

    @property
    def language(self) -> str:
        """The language of the answer: the reader's own, else the browser's choice, else the brokerage's."""
        return (self.person and self.person.language) or self.chosen_language or self.tenant.language

    @property
    def time_zone(self) -> str:
        """The zone in which times are written."""
        return (self.person and self.person.time_zone) or self.tenant.time_zone

    @property
    def person_id(self) -> UUID:
        """The staff member or customer.

        :raises LookupError: where nobody is signed in.
        """
        if self.signed_in is None:
            raise LookupError("nobody is signed in on this page; its route says sign_in: False")
        return self.signed_in.person_id

    @property
    def kind(self) -> str:
        """``staff`` or ``customer``; an empty text where nobody is signed in."""
        return self.signed_in.kind if self.signed_in else ""

    def may(self, permission: str) -> bool:
        """Whether the person holds a permission."""
        return self.signed_in is not None and permission in self.signed_in.permissions

    @property
    def known(self) -> bool:
        """Whether the browser's own sign-in is good."""
        return self.person is not None

    @property
    def csrf(self) -> str:
        """What a form of this browser must send back. It proves the cookie without containing it."""
        key = self.session_token if self.known else self.visitor
        if not key:
            self.visitor = key = secrets.token_urlsafe(24)
            self.new_visitor = True
        return hmac.new(key.encode(), b"form", hashlib.sha256).hexdigest()

    @property
    def actor(self) -> Actor:
        """The person as the audit log names them."""
        who = self.signed_in
        if who is None:
            raise LookupError("nobody is signed in on this page; its route says sign_in: False")
        return Actor(who.kind, who.email, who.person_id, self.address, self.request_id)


def visit_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Visit:
    """The visit that the middleware has put into the request."""
    return cast(Visit, connection.scope["state"]["visit"])
