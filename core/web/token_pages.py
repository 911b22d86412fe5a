"""API tokens: made, shown once, listed, revoked. Each person has their own, on both surfaces."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.response import Response
from pydantic import BaseModel, Field

from core.web.forms import Form, form_for, parse_form
from core.web.own import own_tabs, person_of
from core.web.page import Page
from core.web.refusals import NotFoundError
from core.web.tables import Action, Column, Empty, Table
from tenants.services import tokens
from tenants.services.errors import InvalidError
from tenants.text import _

__all__ = ["AdminTokens", "PortalTokens"]

_DAYS = {"30": _("30 days"), "90": _("90 days"), "365": _("A year"), "never": _("No expiry")}
_COLUMNS = (
    Column("name", _("Token"), "custom", heading=True),
    Column("scopes", _("May"), "custom"),
    Column("last_used_at", _("Last used"), "ago"),
    Column("expires_at", _("Expires"), "custom"),
    Column("created_at", _("Made"), "day", wide="md"),
)


_SHORT = {"read": _("Read"), "trade": _("Trade"), "manage": _("Manage")}
_SCOPES = {
    "read": _("Read everything that you can see"),
    "trade": _("Trade: place, change and cancel orders; start, pause and stop what the products offer"),
    "manage": _("Manage: everything else that you may do"),
}


class NewToken(BaseModel):
    """What a token is to be."""

    name: Annotated[str, Field(title=_("Name"), description=_("What will use it."), min_length=1, max_length=60)]
    scopes: Annotated[
        list[Literal["read", "trade", "manage"]],
        Field(
            title=_("It may"),
            min_length=1,
            json_schema_extra={"labels": _SCOPES},
        ),
    ] = ["read"]
    life: Annotated[
        Literal["30", "90", "365", "never"], Field(title=_("Expires after"), json_schema_extra={"labels": _DAYS})
    ] = "90"


class _Tokens(Controller):
    """The pages of a surface."""

    home = "/settings/tokens"

    @get("/settings/tokens", sync_to_thread=True)
    def listing(self, web: Page) -> Response[str]:
        """The person's tokens."""
        return self._list(web)

    @get("/settings/tokens/new", sync_to_thread=True)
    def ask(self, web: Page) -> Response[str]:
        """What the new token is to be."""
        return self._form(web, form_for(NewToken))

    @post("/settings/tokens/new", sync_to_thread=True, status_code=200)
    def make(self, web: Page) -> Response[Any]:
        """Make it, and show it this once."""
        parsed = parse_form(NewToken, web.form)
        if parsed.value is None:
            return self._form(web, parsed.form, status=422)
        wanted = parsed.value
        ends = None if wanted.life == "never" else datetime.now(UTC) + timedelta(days=int(wanted.life))
        try:
            with web.session() as session:
                _row, token = tokens.make_token(
                    session, person_of(session, web), wanted.name, wanted.scopes, web.who, expires_at=ends
                )
        except InvalidError as error:
            return self._form(web, parsed.form.with_errors({error.field: str(error)}), status=422)
        return web.render(
            "settings/token_made.html", token=token, name=wanted.name, home=self.home, title=_("The token is made")
        )

    @get("/settings/tokens/{token_id:uuid}/revoke", sync_to_thread=True)
    def ask_revoke(self, web: Page, token_id: FromPath[UUID]) -> Response[str]:
        """Which token would be revoked."""
        with web.session() as session:
            mine = {row.id: row.name for row in tokens.tokens_of(session, person_of(session, web))}
        if token_id not in mine:
            raise NotFoundError(str(token_id))
        return web.render(
            "settings/token_revoke.html",
            action=f"{self.home}/{token_id}/revoke",
            name=mine[token_id],
            title=_("Revoke token"),
        )

    @post("/settings/tokens/{token_id:uuid}/revoke", sync_to_thread=True, status_code=200)
    def revoke(self, web: Page, token_id: FromPath[UUID]) -> Response[Any]:
        """Revoke it."""
        with web.session() as session:
            tokens.revoke_token(session, person_of(session, web), token_id, web.who)
        return web.leave_for(self.home, notice=_("The token is revoked."))

    def _list(self, web: Page) -> Response[str]:
        with web.session() as session:
            rows = tokens.tokens_of(session, person_of(session, web))
        new = Action(_("New token"), f"{self.home}/new", "plus", dialog=True)
        table = Table(
            "tokens", _COLUMNS, rows, path=web.path, caption=_("API tokens"),
            actions=lambda row: (Action(_("Revoke"), f"{self.home}/{row.id}/revoke", "trash", dialog=True, danger=True),),
            empty=Empty(_("No tokens"), _("Make one for a program that should call the API for you."), "key", new),
        )  # fmt: skip
        return web.render(
            "settings/tokens.html",
            table=table,
            home=self.home,
            scopes=_SHORT,
            tabs=own_tabs(web),
            title=_("API tokens"),
        )

    def _form(self, web: Page, form: Form, status: int = 200) -> Response[str]:
        return web.render("settings/token_new.html", status=status, form=form, home=self.home, title=_("New token"))


class AdminTokens(_Tokens):
    """Staff's own."""

    path = "/"
    home = "/admin/settings/tokens"


class PortalTokens(_Tokens):
    """Customers' own."""

    path = "/"
