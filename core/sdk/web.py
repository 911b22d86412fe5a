"""Pages for plugins.

A page is a Litestar handler: a plain ``def`` with ``sync_to_thread=True`` that takes ``web: Web`` and does its work over
``web.session()``. Who may see it is said by the handler's options: ``opt={"permission": "copy_trading.masters.view"}``;
the module's state, the tenant and the sign-in are checked before it runs.

Pages are made of the same parts as the platform's own: templates extend ``layout`` (a variable every page is given), fill
its block ``content`` and use the components under ``ui``; Admin → Developers → Components shows all of them with their source.
Other parameters say where they come from: ``bot_id: FromPath[UUID]``, ``page: FromQuery[int] = 1``, ``data: JSONBody[Model]``.
A handler of the area ``api`` returns plain data, which is sent as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Response

from core.web.charts import Candle, Chart, Line, Marker, Series, levels_of
from core.web.formats import current_formatter
from core.web.forms import Field, Form, Parsed, form_for, parse_form
from core.web.refusals import NotFoundError, RefusedError
from core.web.tables import Action, Column, Empty, Filter, Table, TableQuery
from tenants.db import TenantSession

__all__ = [
    "Action",
    "Candle",
    "Chart",
    "Column",
    "Empty",
    "Field",
    "Filter",
    "Form",
    "FromPath",
    "FromQuery",
    "JSONBody",
    "Line",
    "Marker",
    "NotFoundError",
    "Parsed",
    "RefusedError",
    "Series",
    "Table",
    "TableQuery",
    "Web",
    "current_formatter",
    "form_for",
    "levels_of",
    "parse_form",
]


class WebProtocol(Protocol):
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

    @property
    def surface(self) -> str:
        """``admin``, ``portal`` or ``api``."""
        ...

    @property
    def path(self) -> str:
        """The path of the request, for tables and tabs that link to their own page."""
        ...

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters, the last value of each."""
        ...

    def query_list(self, name: str) -> list[str]:
        """All values of a query parameter, such as the rows chosen for a bulk action."""
        ...

    @property
    def form(self) -> Mapping[str, Sequence[str]]:
        """The submitted form, as ``parse_form`` reads it; empty for other requests."""
        ...

    def url(self, path: str = "") -> str:
        """An address of the plugin in this area: ``url("masters")`` is ``/admin/copy-trading/masters``."""
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

    def render(self, template: str, /, *, status: int = 200, **context: Any) -> Response[str]:
        """A page or fragment, drawn here and now; ``template`` is relative to the plugin's ``templates`` folder.

        Give ``status=422`` for a form that is shown again with its errors.
        """
        ...

    def csv(self, name: str, columns: Sequence[Column], rows: Iterable[Any]) -> Response[str]:
        """The rows (mappings or objects, read by the columns' keys) as a download; give all pages, not one.

        Decimals are raw, times are UTC. A table offers it by ``Table(export=…)``.
        """
        ...

    def redirect(self, path: str, *, notice: str | None = None) -> Response[Any]:
        """After an action: go to a page (relative to the plugin's prefix) and say what was done. Closes an open dialog."""
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


if TYPE_CHECKING:
    Web: TypeAlias = NamedDependency[WebProtocol]
    """How a handler asks for it: ``web: Web``."""
else:
    # Litestar would check the value against the protocol on each request, and evaluate every property of it for that.
    Web = NamedDependency[Any]
