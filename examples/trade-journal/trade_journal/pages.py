"""The journal's pages and API. The module's state, the tenant and the permission are checked before any of them runs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response import Response
from pydantic import BaseModel, Field

from core.sdk import Routes
from core.sdk.web import Column, Empty, Table, Web, form_for, parse_form
from trade_journal import journal

WRITE: dict[str, Any] = {"permission": "trade_journal.notes.write"}
VIEW: dict[str, Any] = {"permission": "trade_journal.notes.view"}


class NewNote(BaseModel):
    """The form of a note."""

    account: UUID = Field(title="Account")
    text: str = Field(title="What did you think?", min_length=1, json_schema_extra={"widget": "textarea"})


@get("/", opt=WRITE, sync_to_thread=True)
def mine(web: Web) -> Response[str]:
    """The customer's own journal."""
    return _mine(web)


@post("/", opt=WRITE, sync_to_thread=True, status_code=200)
def note(web: Web) -> Response[Any]:
    """Keep a note."""
    with web.session() as session:
        choices = [(str(row.id), row.number) for row in journal.accounts(session, web.person_id)]
    parsed = parse_form(NewNote, web.form, choices={"account": choices})
    longest = web.settings().longest_note
    if parsed.value is None:
        return _mine(web, parsed.form, 422)
    if len(parsed.value.text) > longest:
        return _mine(web, parsed.form.with_errors({"text": f"At most {longest} characters."}), 422)
    with web.session() as session:
        journal.write(session, web.person_id, parsed.value.account, parsed.value.text)
    return web.redirect("", notice="The note is in your journal.")


@get("/", opt=VIEW, sync_to_thread=True)
def everyone(web: Web) -> Response[str]:
    """Every account's trading, for staff."""
    with web.session() as session:
        table = _table(journal.accounts(session))
    return web.render("staff.html", table=table, title="Trade journal")


@get("/accounts", opt=WRITE, sync_to_thread=True)
def for_programs(web: Web) -> list[dict[str, Any]]:
    """The same for programs: accounts with the number of their fills and notes."""
    with web.session() as session:
        rows = journal.accounts(session, web.person_id)
    return [{"id": str(row.id), "number": row.number, "fills": row.fills, "notes": row.notes} for row in rows]


def routes() -> Routes:
    """All of them, by area."""
    return Routes(admin=[everyone], portal=[mine, note], api=[for_programs])


def _mine(web: Web, form: Any = None, status: int = 200) -> Response[str]:
    with web.session() as session:
        rows = journal.accounts(session, web.person_id)
        written = journal.notes(session, web.person_id)
    form = form or form_for(NewNote, choices={"account": [(str(row.id), row.number) for row in rows]})
    return web.render(
        "journal.html",
        status=status,
        title="Trade journal",
        table=_table(rows),
        form=form if rows else None,
        notes=written,
    )


def _table(rows: Any) -> Table:
    columns = (
        Column("number", "Account", heading=True),
        Column("fills", "Fills", "number", digits=0),
        Column("notes", "Notes", "number", digits=0),
        Column("last_fill_at", "Last fill", "ago"),
    )
    empty = Empty("No accounts yet", "An account's fills are counted from its first trade on.", "notebook")
    return Table("journal", columns, rows, caption="Accounts", empty=empty)
