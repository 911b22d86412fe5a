"""Settings → Staff & roles → Roles: permission groups, made, changed and removed; the built-in ones stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response
from pydantic import BaseModel, Field

from core.web.admin.access import by_module
from core.web.admin.staff import TABS
from core.web.forms import Form, form_for, parse_form
from core.web.page import Page
from core.web.tables import Action, Column, Table
from tenants.db import TenantSession
from tenants.models import Group
from tenants.services import groups, permissions
from tenants.services.builtin import OWNER
from tenants.services.errors import InvalidError, TenantsError
from tenants.text import Text, _

__all__ = ["ROUTES"]

_VIEW: dict[str, Any] = {"permission": "staff.view"}
_MANAGE: dict[str, Any] = {"permission": "staff.manage"}
_COLUMNS = (
    Column("name", _("Role"), "custom", href=lambda row: f"/admin/staff/roles/{row.id}", heading=True),
    Column("members", _("Members"), "number"),
    Column("permissions", _("Permissions"), "number"),
)


class Role(BaseModel):
    """How a role is called."""

    name: Annotated[str, Field(title=_("Name"), min_length=1, max_length=60)]
    description: Annotated[str, Field(title=_("What it is for"), max_length=200)] = ""


@dataclass(frozen=True)
class RoleRow:
    """A role in the list."""

    id: UUID
    name: str
    description: str
    builtin: bool
    members: int
    permissions: int


@get("/staff/roles", opt=_VIEW, sync_to_thread=True)
def roles(web: Page) -> Response[str]:
    """All roles."""
    with web.session() as session:
        rows = _rows(session)
    new = Action(_("New role"), "/admin/staff/roles/new", "plus", primary=True)
    table = Table("roles", _COLUMNS, rows, path=web.path, caption=_("Roles"))
    return web.render(
        "admin/roles.html", table=table, tabs=TABS, actions=[new] if web.may("staff.manage") else [], title=_("Roles")
    )


@get("/staff/roles/new", opt=_MANAGE, sync_to_thread=True)
def ask(web: Page) -> Response[str]:
    """How it is called, and what it holds."""
    return _editor(web, None, form_for(Role), frozenset())


@post("/staff/roles/new", opt=_MANAGE, sync_to_thread=True, status_code=200)
def make(web: Page) -> Response[Any]:
    """Make it."""
    parsed, wanted = parse_form(Role, web.form), _ticked(web)
    if parsed.value is None:
        return _editor(web, None, parsed.form, wanted, status=422)
    try:
        with web.session() as session:
            made = groups.make_group(session, parsed.value.name, wanted, web.who, parsed.value.description)
    except InvalidError as error:
        return _editor(web, None, parsed.form.with_errors({error.field: str(error)}), wanted, status=422)
    except TenantsError as error:
        return _editor(web, None, parsed.form.with_errors({}, str(error)), wanted, status=409)
    return web.leave_for("/admin/staff/roles", notice=_("The role {name} is made.", name=made.name))


@get("/staff/roles/{group_id:uuid}", opt=_VIEW, sync_to_thread=True)
def role(web: Page, group_id: FromPath[UUID]) -> Response[str]:
    """One role with what it holds."""
    with web.session() as session:
        found = groups.group(session, group_id)
        held = groups.group_permissions(session, group_id)
    return _editor(web, found, form_for(Role, _named(found)), held)


@post("/staff/roles/{group_id:uuid}", opt=_MANAGE, sync_to_thread=True, status_code=200)
def change(web: Page, group_id: FromPath[UUID]) -> Response[Any]:
    """Change it: who is in it has the new permissions from the next click on."""
    with web.session() as session:
        found = groups.group(session, group_id)
        hidden = groups.group_permissions(session, group_id) - _shown(web, session)
    wanted = _ticked(web) | hidden
    parsed = parse_form(Role, web.form, keep=_named(found))
    if parsed.value is None:
        return _editor(web, found, parsed.form, wanted, status=422)
    try:
        with web.session() as session:
            if found.key is None:
                groups.describe_group(session, group_id, parsed.value.name, parsed.value.description, web.who)
            groups.set_group_permissions(session, group_id, wanted, web.who)
    except InvalidError as error:
        return _editor(web, found, parsed.form.with_errors({error.field: str(error)}), wanted, status=422)
    except TenantsError as error:
        return _editor(web, found, parsed.form.with_errors({}, str(error)), wanted, status=409)
    return web.leave_for(
        f"/admin/staff/roles/{group_id}", notice=_("The role is saved; it counts from the next click.")
    )


@get("/staff/roles/{group_id:uuid}/remove", opt=_MANAGE, sync_to_thread=True)
def ask_remove(web: Page, group_id: FromPath[UUID]) -> Response[str]:
    """Who would lose what."""
    with web.session() as session:
        groups.group(session, group_id)
        row = next(row for row in _rows(session) if row.id == group_id)
    return web.render("admin/role_remove.html", row=row, title=row.name)


@post("/staff/roles/{group_id:uuid}/remove", opt=_MANAGE, sync_to_thread=True, status_code=200)
def remove(web: Page, group_id: FromPath[UUID]) -> Response[Any]:
    """Remove it."""
    with web.session() as session:
        groups.remove_group(session, group_id, web.who)
    return web.leave_for("/admin/staff/roles", notice=_("The role is removed."))


def _rows(session: TenantSession) -> list[RoleRow]:
    members = groups.members(session)
    return [
        RoleRow(
            group.id,
            group.name,
            Text(group.description, {}) if group.description else "",
            group.key is not None,
            sum(1 for of in members.values() if group.id in of),
            len(groups.group_permissions(session, group.id)),
        )
        for group in groups.groups(session)
    ]


def _shown(web: Page, session: TenantSession) -> frozenset[str]:
    """The permissions that the page offers: those of modules that are off are kept as they are."""
    return frozenset(row.key for _title, rows in by_module(web, permissions.known(session, "staff")) for row in rows)


def _ticked(web: Page) -> frozenset[str]:
    return frozenset(key for key in web.form.get("permissions", ()) if key)


def _named(group: Group) -> dict[str, str]:
    return {"name": group.name, "description": group.description}


def _editor(web: Page, group: Group | None, form: Form, held: frozenset[str], status: int = 200) -> Response[str]:
    with web.session() as session:
        known = [
            row for row in permissions.known(session, "staff") if not row.key.startswith(("ownership.", "billing."))
        ]
    sections = [
        (title, [(row.key, Text(row.title, {}), Text(row.description, {}) if row.description else "") for row in rows])
        for title, rows in by_module(web, known)
    ]
    fixed = group is not None and group.key == OWNER
    return web.render(
        "admin/role.html", status=status, group=group, form=form, held=held, sections=sections, fixed=fixed,
        manages=web.may("staff.manage"), title=group.name if group else _("New role"),
    )  # fmt: skip


ROUTES = [roles, ask, make, role, change, ask_remove, remove]
