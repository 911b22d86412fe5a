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
from core.web.page import Page
from core.web.refusals import NotFoundError
from core.web.tables import Action, Column, Empty, Table
from tenants.db import TenantSession
from tenants.models import Customer, Staff
from tenants.services import people, tokens
from tenants.services.errors import InvalidError

__all__ = ["AdminTokens", "PortalTokens"]

_DAYS = {"30": "30 days", "90": "90 days", "365": "A year", "never": "No expiry"}
_COLUMNS = (
    Column("name", "Token", "custom", heading=True),
    Column("scopes", "May", "custom"),
    Column("last_used_at", "Last used", "ago"),
    Column("expires_at", "Expires", "day"),
    Column("created_at", "Made", "day", wide="md"),
)


class NewToken(BaseModel):
    """What a token is to be."""

    name: Annotated[str, Field(title="Name", description="What will use it.", min_length=1, max_length=60)]
    scopes: Annotated[
        list[Literal["read", "trade", "manage"]],
        Field(
            title="It may",
            min_length=1,
            json_schema_extra={"labels": {"read": "Read", "trade": "Trade", "manage": "Manage"}},
        ),
    ] = ["read"]
    life: Annotated[
        Literal["30", "90", "365", "never"], Field(title="Expires after", json_schema_extra={"labels": _DAYS})
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
                _, token = tokens.make_token(
                    session, _person(session, web), wanted.name, wanted.scopes, web.who, expires_at=ends
                )
        except InvalidError as error:
            return self._form(web, parsed.form.with_errors({error.field: str(error)}), status=422)
        return web.render(
            "settings/token_made.html", token=token, name=wanted.name, home=self.home, title="The token is made"
        )

    @get("/settings/tokens/{token_id:uuid}/revoke", sync_to_thread=True)
    def ask_revoke(self, web: Page, token_id: FromPath[UUID]) -> Response[str]:
        """Which token would be revoked."""
        with web.session() as session:
            mine = {row.id: row.name for row in tokens.tokens_of(session, _person(session, web))}
        if token_id not in mine:
            raise NotFoundError(str(token_id))
        return web.render(
            "settings/token_revoke.html",
            action=f"{self.home}/{token_id}/revoke",
            name=mine[token_id],
            title="Revoke token",
        )

    @post("/settings/tokens/{token_id:uuid}/revoke", sync_to_thread=True, status_code=200)
    def revoke(self, web: Page, token_id: FromPath[UUID]) -> Response[Any]:
        """Revoke it."""
        with web.session() as session:
            tokens.revoke_token(session, _person(session, web), token_id, web.who)
        return web.leave_for(self.home, notice="The token is revoked.")

    def _list(self, web: Page) -> Response[str]:
        with web.session() as session:
            rows = tokens.tokens_of(session, _person(session, web))
        new = Action("New token", f"{self.home}/new", "plus", dialog=True)
        table = Table(
            "tokens", _COLUMNS, rows, path=web.path, caption="API tokens",
            actions=lambda row: (Action("Revoke", f"{self.home}/{row.id}/revoke", "trash", dialog=True, danger=True),),
            empty=Empty("No tokens", "Make one for a program that should call the API for you.", "key", new),
        )  # fmt: skip
        return web.render("settings/tokens.html", table=table, home=self.home, title="API tokens")

    def _form(self, web: Page, form: Form, status: int = 200) -> Response[str]:
        return web.render("settings/token_new.html", status=status, form=form, home=self.home, title="New token")


class AdminTokens(_Tokens):
    """Staff's own."""

    path = "/"
    home = "/admin/settings/tokens"


class PortalTokens(_Tokens):
    """Customers' own."""

    path = "/"


def _person(session: TenantSession, web: Page) -> Staff | Customer:
    if web.surface == "admin":
        return people.staff_member(session, web.person_id)
    return people.customer(session, web.person_id)
