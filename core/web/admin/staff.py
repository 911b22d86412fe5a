"""Settings → Staff & roles: who works here, in which roles, and what each may on top of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response
from pydantic import BaseModel, Field

from core.web.admin.access import access_of, take_rulings
from core.web.admin.audit_log import WORDS, entries_table
from core.web.admin.customer_acts import Reason
from core.web.devices import device_of
from core.web.forms import Form, form_for, parse_form
from core.web.mails import send_after, write_invitation
from core.web.page import Page
from core.web.reading.people import list_staff
from core.web.refusals import NotFoundError
from core.web.sign_ins import sessions_table
from core.web.tables import Action, Column, Filter, Table, TableQuery
from tenants.db import TenantSession
from tenants.models import Staff
from tenants.services import groups, people, second_factor, sessions
from tenants.services.errors import InvalidError, TenantsError
from tenants.text import Text, _, _n

__all__ = ["ROUTES", "TABS", "uuids"]

_VIEW: dict[str, Any] = {"permission": "staff.view"}
_MANAGE: dict[str, Any] = {"permission": "staff.manage"}
_STAFF = (
    Column("name", _("Name"), sort=True, sub="email", href=lambda row: f"/admin/staff/{row.id}", heading=True),
    Column("groups", _("Roles")),
    Column("status", _("Status"), "status", sort=True),
    Column("second_factor", _("Second factor"), "flag", wide="md"),
    Column("last_sign_in_at", _("Last sign-in"), "ago", sort=True),
)
_SEARCH = Filter("search", _("Name or e-mail"), "search")
_STATUSES = (("active", _("Active")), ("invited", _("Invited")), ("blocked", _("Deactivated")))
TABS = (("staff", _("Staff"), "/admin/staff"), ("roles", _("Roles"), "/admin/staff/roles"))


class Colleague(BaseModel):
    """Who is invited to work here."""

    name: Annotated[str, Field(title=_("Full name"), min_length=2, max_length=120)]
    email: Annotated[str, Field(title=_("E-mail"), max_length=254, json_schema_extra={"widget": "email"})]
    roles: Annotated[
        list[str],
        Field(title=_("Roles"), description=_("What they may. You can hand out only what you may do yourself.")),
    ] = []


@get("/staff", opt=_VIEW, sync_to_thread=True)
def staff(web: Page) -> Response[str]:
    """Everybody who works for the brokerage."""
    with web.session() as session:
        roles = tuple((str(group.id), group.name) for group in groups.groups(session))
        filters = (
            _SEARCH,
            Filter("group", _("Role"), "select", roles),
            Filter("status", _("Status"), "select", _STATUSES),
        )
        query = TableQuery.read(web.query, _STAFF, filters)
        found = list_staff(session, query)
    manages = web.may("staff.manage")
    invite = Action(_("Invite a colleague"), "/admin/staff/invite", "user-plus", dialog=True, primary=True)
    table = Table("staff", _STAFF, found.rows, query, found.total, web.path, filters=filters, caption=_("Staff"))
    return web.render(
        "admin/staff.html", table=table, tabs=TABS, actions=[invite] if manages else [],
        required=web.visit.tenant.staff_second_factor, title=_("Staff"),
    )  # fmt: skip


@get("/staff/invite", opt=_MANAGE, sync_to_thread=True)
def ask_colleague(web: Page) -> Response[str]:
    """Whom to invite, and into which roles."""
    return _colleague(web, form_for(Colleague, choices=_roles(web)))


@post("/staff/invite", opt=_MANAGE, sync_to_thread=True, status_code=200)
def invite(web: Page) -> Response[Any]:
    """Invite them by mail."""
    parsed = parse_form(Colleague, web.form, choices=_roles(web))
    if parsed.value is None:
        return _colleague(web, parsed.form, status=422)
    wanted = parsed.value
    try:
        with web.session() as session:
            invited = people.invite_staff(session, wanted.email, wanted.name, uuids(wanted.roles), web.who)
            send_after(web, session, write_invitation(web, invited.person, invited.token))
            made = invited.person.id
    except InvalidError as error:
        return _colleague(web, parsed.form.with_errors({error.field: str(error)}), status=422)
    except TenantsError as error:
        return _colleague(web, parsed.form.with_errors({}, str(error)), status=409)
    return web.leave_for(_page(made), notice=_("An invitation is on its way to {email}.", email=wanted.email))


@get("/staff/{staff_id:uuid}", opt=_VIEW, sync_to_thread=True)
def member(web: Page, staff_id: FromPath[UUID]) -> Response[str]:
    """One member of staff."""
    return _member(web, staff_id, web.query.get("tab", "roles"))


@post("/staff/{staff_id:uuid}/roles", opt=_MANAGE, sync_to_thread=True, status_code=200)
def set_roles(web: Page, staff_id: FromPath[UUID]) -> Response[Any]:
    """Put them into exactly the roles that are ticked."""
    _person(web, staff_id)
    try:
        with web.session() as session:
            groups.set_groups(session, staff_id, uuids(web.form.get("roles", ())), web.who)
    except TenantsError as error:
        return _member(web, staff_id, "roles", str(error), 409)
    return web.leave_for(_page(staff_id), notice=_("The roles are saved; they count from the next click."))


@post("/staff/{staff_id:uuid}/access", opt=_MANAGE, sync_to_thread=True, status_code=200)
def set_access(web: Page, staff_id: FromPath[UUID]) -> Response[Any]:
    """Grant and deny on top of the roles."""
    _person(web, staff_id)
    try:
        with web.session() as session:
            changed = take_rulings(web, session, people.staff_member(session, staff_id), web.form)
    except TenantsError as error:
        return _member(web, staff_id, "access", str(error), 409)
    said = (
        _n("{count} permission is changed.", "{count} permissions are changed.", changed)
        if changed
        else _("Nothing was changed.")
    )
    return web.leave_for(f"{_page(staff_id)}?tab=access", notice=said, tone="green" if changed else "secondary")


@get("/staff/{staff_id:uuid}/block", opt=_MANAGE, sync_to_thread=True)
def ask_block(web: Page, staff_id: FromPath[UUID]) -> Response[str]:
    """What deactivating does."""
    return _question(web, staff_id, "block", form_for(Reason))


@post("/staff/{staff_id:uuid}/block", opt=_MANAGE, sync_to_thread=True, status_code=200)
def block(web: Page, staff_id: FromPath[UUID]) -> Response[Any]:
    """Shut them out at once."""
    _person(web, staff_id)
    parsed = parse_form(Reason, web.form)
    if parsed.value is None:
        return _question(web, staff_id, "block", parsed.form, status=422)
    try:
        with web.session() as session:
            person = people.staff_member(session, staff_id)
            people.block(session, person, web.who, parsed.value.reason)
    except TenantsError as error:
        return _question(web, staff_id, "block", parsed.form.with_errors({}, str(error)), status=409)
    return web.leave_for(_page(staff_id), notice=_("{name} is deactivated and signed out.", name=person.name))


@get("/staff/{staff_id:uuid}/{verb:str}", opt=_MANAGE, sync_to_thread=True)
def ask(web: Page, staff_id: FromPath[UUID], verb: FromPath[str]) -> Response[str]:
    """What activating, inviting again or removing the second factor does."""
    if verb not in ("unblock", "invite", "second-factor"):
        raise NotFoundError(verb)
    return _question(web, staff_id, verb)


@post("/staff/{staff_id:uuid}/unblock", opt=_MANAGE, sync_to_thread=True, status_code=200)
def unblock(web: Page, staff_id: FromPath[UUID]) -> Response[Any]:
    """Let them in again."""
    with web.session() as session:
        person = people.staff_member(session, staff_id)
        people.unblock(session, person, web.who)
    return web.leave_for(_page(staff_id), notice=_("{name} can sign in again.", name=person.name))


@post("/staff/{staff_id:uuid}/invite", opt=_MANAGE, sync_to_thread=True, status_code=200)
def invite_again(web: Page, staff_id: FromPath[UUID]) -> Response[Any]:
    """Send a new invitation; the former one stops working."""
    with web.session() as session:
        person = people.staff_member(session, staff_id)
        invited = people.invite_again(session, person, web.who)
        send_after(web, session, write_invitation(web, person, invited.token))
    return web.leave_for(_page(staff_id), notice=_("An invitation is on its way to {email}.", email=person.email))


@post("/staff/{staff_id:uuid}/second-factor", opt=_MANAGE, sync_to_thread=True, status_code=200)
def remove_factor(web: Page, staff_id: FromPath[UUID]) -> Response[Any]:
    """Take away a second factor whose device is lost."""
    with web.session() as session:
        person = people.staff_member(session, staff_id)
        second_factor.remove(session, person, web.who)
        sessions.revoke_all(session, person)
    return web.leave_for(_page(staff_id), notice=_("The second factor of {name} is removed.", name=person.name))


@get("/staff/{staff_id:uuid}/sessions/{session_id:uuid}/revoke", opt=_MANAGE, sync_to_thread=True)
def ask_sign_out(web: Page, staff_id: FromPath[UUID], session_id: FromPath[UUID]) -> Response[str]:
    """Whether to end one sign-in."""
    person = _person(web, staff_id)
    action = f"{_page(staff_id)}/sessions/{session_id}/revoke"
    return web.render("settings/session_revoke.html", action=action, name=person.name, all=False, title=_("Sign out"))


@post("/staff/{staff_id:uuid}/sessions/{session_id:uuid}/revoke", opt=_MANAGE, sync_to_thread=True, status_code=200)
def sign_out(web: Page, staff_id: FromPath[UUID], session_id: FromPath[UUID]) -> Response[Any]:
    """End it."""
    with web.session() as session:
        sessions.revoke_session(session, people.staff_member(session, staff_id), session_id, web.who)
    return web.leave_for(f"{_page(staff_id)}?tab=sessions", notice=_("That browser is signed out."))


def uuids(texts: Sequence[str]) -> list[UUID]:
    """:raises NotFoundError: for what cannot be an identifier."""
    try:
        return [UUID(text) for text in texts if text]
    except ValueError:
        raise NotFoundError("an identifier") from None


def _member(web: Page, staff_id: UUID, tab: str, error: str = "", status: int = 200) -> Response[str]:
    own = [("roles", _("Roles")), ("access", _("Permissions")), ("sessions", _("Sign-ins"))]
    if web.may("audit.view"):
        own.append(("activity", _("Activity")))
    if tab not in dict(own):
        raise NotFoundError(tab)
    with web.session() as session:
        person = people.staff_member(session, staff_id)
        owner = groups.is_owner(session, staff_id)
        context = _tab(web, session, person, tab)
    return web.render(
        "admin/staff_member.html", status=status, person=person, owner=owner, tab=tab, error=error, words=WORDS,
        tabs=[(key, title, f"{_page(staff_id)}?tab={key}") for key, title in own], device_of=device_of,
        manages=web.may("staff.manage"), actions=_actions(web, person), title=person.name, **context,
    )  # fmt: skip


def _tab(web: Page, session: TenantSession, person: Staff, tab: str) -> dict[str, Any]:
    if tab == "roles":
        mine = groups.members(session).get(person.id, frozenset())
        roles = groups.groups(session)
        return {"roles": roles, "mine": mine, "purposes": {role.id: Text(role.description, {}) for role in roles}}
    if tab == "access":
        return {"access": access_of(web, session, person)}
    if tab == "activity":
        return {"table": entries_table(web, session, (person.id,), keep={"tab": "activity"})}
    current = web.visit.person.session_id if web.visit.person and person.id == web.person_id else None
    base = f"{_page(person.id)}/sessions"
    return {"table": sessions_table(web, session, person, base, manages=web.may("staff.manage"), current=current)}


def _actions(web: Page, person: Staff) -> list[Action]:
    if not web.may("staff.manage"):
        return []
    base, found = _page(person.id), []
    if person.totp_confirmed_at is not None and person.id != web.person_id:
        found.append(Action(_("Remove second factor"), f"{base}/second-factor", "shield-lock", dialog=True))
    if person.status == "invited":
        found.append(Action(_("Send the invitation again"), f"{base}/invite", "mail", dialog=True))
    if person.status == "blocked":
        found.append(Action(_("Activate"), f"{base}/unblock", "lock-open", dialog=True, primary=True))
    elif person.id != web.person_id:
        found.append(Action(_("Deactivate"), f"{base}/block", "ban", dialog=True, danger=True))
    return found


def _question(web: Page, staff_id: UUID, verb: str, form: Form | None = None, status: int = 200) -> Response[str]:
    person = _person(web, staff_id)
    return web.render(
        "admin/staff_question.html", status=status, verb=verb, person=person, form=form, title=person.name
    )


def _colleague(web: Page, form: Form, status: int = 200) -> Response[str]:
    return web.render("admin/staff_invite.html", status=status, form=form, title=_("Invite a colleague"))


def _roles(web: Page) -> dict[str, list[tuple[str, str]]]:
    with web.session() as session:
        return {"roles": [(str(group.id), group.name) for group in groups.groups(session)]}


def _person(web: Page, staff_id: UUID) -> Staff:
    with web.session() as session:
        return people.staff_member(session, staff_id)


def _page(staff_id: UUID) -> str:
    return f"/admin/staff/{staff_id}"


ROUTES = [
    staff, ask_colleague, invite, member, set_roles, set_access, ask_block, block, ask, unblock, invite_again, remove_factor,
    ask_sign_out, sign_out,
]  # fmt: skip
