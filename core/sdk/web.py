"""Pages for plugins.

A page is a Litestar handler: a plain ``def`` with ``sync_to_thread=True`` that takes ``web: Web`` and does its work over
``web.session()``. Who may see it is said by the handler's options: ``opt={"permission": "copy_trading.masters.view"}``;
the module's state, the tenant and the sign-in are checked before it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol
from uuid import UUID

from litestar.response import Response, Template

from tenants.db import TenantSession


class Web(Protocol):
    """What a page is given besides its parameters."""

    @property
    def tenant_id(self) -> UUID: ...

    @property
    def person_id(self) -> UUID:
        """The staff member or the customer who is signed in."""
        ...

    @property
    def actor(self) -> str:
        """The person's e-mail address, for audit entries and reasons."""
        ...

    def may(self, permission: str) -> bool:
        """Whether the person holds a permission."""
        ...

    def session(self) -> AbstractContextManager[TenantSession]:
        """A transaction of the tenant."""
        ...

    def settings(self) -> Any:
        """The tenant's settings of the plugin."""
        ...

    def render(self, template: str, /, **context: Any) -> Template:
        """A page or fragment; ``template`` is relative to the plugin's ``templates`` folder."""
        ...

    def redirect(self, path: str, *, notice: str | None = None) -> Response[Any]:
        """After an action: go to a page (relative to the plugin's prefix) and say what was done."""
        ...

    def audit(
        self,
        session: TenantSession,
        action: str,
        subject: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Write an audit entry in the transaction of the action."""
        ...


class NotFoundError(Exception):
    """Raise it where the object does not exist for this person: the answer is 404."""


class RefusedError(Exception):
    """Raise it where an action is refused: the answer is 409 with the code and a text that names the remedy."""

    def __init__(self, code: str, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.detail = code, message, detail
