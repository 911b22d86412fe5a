"""Settings → Company: who the brokerage is, how customers come, and how staff sign in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from litestar import get, post
from litestar.response import Response
from pydantic import BaseModel, Field
from sqlalchemy import text

from core.web.admin.settings.parts import COMPANY, company_tabs, leave_known
from core.web.forms import Form, form_for, parse_form
from core.web.page import Page
from tenants.db import TenantSession
from tenants.services import branding, company
from tenants.services.branding import BrandChange
from tenants.services.errors import InvalidError
from tenants.text import _, languages

__all__ = ["ROUTES"]

_VIEW: dict[str, Any] = {"permission": "company.view"}
_MANAGE: dict[str, Any] = {"permission": "company.manage"}


class Company(BaseModel):
    """Who the brokerage is."""

    name: Annotated[
        str,
        Field(
            title=_("Name"), min_length=1, max_length=120, description=_("In mails, page titles and beside the logo.")
        ),
    ]
    legal_entity: Annotated[
        str,
        Field(
            title=_("Legal entity"),
            max_length=120,
            description=_("Who customers have their contract with; at the foot of every page."),
        ),
    ] = ""
    language: Annotated[
        str,
        Field(
            title=_("Language"),
            description=_("Of people who have chosen none of their own."),
            json_schema_extra={"widget": "select"},
        ),
    ]
    time_zone: Annotated[
        str, Field(title=_("Time zone"), description=_("Of times on pages, of statements and of swaps at midnight."))
    ]


class Registration(BaseModel):
    """How customers come, and where they get help."""

    registration: Annotated[
        Literal["open", "invited"],
        Field(
            title=_("Who may register"),
            json_schema_extra={
                "widget": "radio",
                "labels": {
                    "open": _("Anybody: staff verify them before they trade"),
                    "invited": _("Only who is invited by staff"),
                },
            },
        ),
    ] = "open"
    support_email: Annotated[
        str,
        Field(
            title=_("Support address"),
            max_length=254,
            description=_("Shown to customers who need help."),
            json_schema_extra={"widget": "email", "placeholder": "help@example.com"},
        ),
    ] = ""


class SignIn(BaseModel):
    """How staff sign in."""

    staff_second_factor: Annotated[
        bool,
        Field(title=_("Staff need a second factor"), description=_("Who has none sets one up at the next sign-in.")),
    ] = False


@get("/settings/company", opt=_VIEW, sync_to_thread=True)
def page(web: Page) -> Response[str]:
    """The company's settings."""
    return _page(web)


@post("/settings/company", opt=_MANAGE, sync_to_thread=True, status_code=200)
def save_company(web: Page) -> Response[Any]:
    """Change name, legal entity, language and time zone."""
    parsed = parse_form(Company, web.form, choices=_choices(web))
    if parsed.value is None:
        return _page(web, company_form=parsed.form, status=422)
    try:
        with web.session() as session:
            company.change_company(session, web.who, **parsed.value.model_dump())
    except InvalidError as error:
        return _page(web, company_form=parsed.form.with_errors({error.field: str(error)}), status=422)
    return leave_known(web, COMPANY, _("The company is saved."))


@post("/settings/company/registration", opt=_MANAGE, sync_to_thread=True, status_code=200)
def save_registration(web: Page) -> Response[Any]:
    """Change how customers come."""
    parsed = parse_form(Registration, web.form)
    if parsed.value is None:
        return _page(web, registration_form=parsed.form, status=422)
    wanted = parsed.value
    try:
        with web.session() as session:
            company.change_company(session, web.who, registration=wanted.registration)
            branding.change_brand(session, BrandChange(support_email=wanted.support_email), web.who)
    except InvalidError as error:
        name = "support_email" if error.field == "email" else error.field
        return _page(web, registration_form=parsed.form.with_errors({name: str(error)}), status=422)
    return leave_known(web, COMPANY, _("Customers’ registration is saved."))


@post("/settings/company/sign-in", opt=_MANAGE, sync_to_thread=True, status_code=200)
def save_sign_in(web: Page) -> Response[Any]:
    """Change how staff sign in."""
    parsed = parse_form(SignIn, web.form)
    wanted = parsed.value or SignIn()
    with web.session() as session:
        company.change_company(session, web.who, staff_second_factor=wanted.staff_second_factor)
    said = _("Staff need a second factor from their next sign-in on.")
    return leave_known(web, COMPANY, said if wanted.staff_second_factor else _("Staff may sign in without one."))


def _choices(web: Page) -> Mapping[str, Sequence[tuple[str, str]]]:
    known = dict(languages())
    known.setdefault(web.visit.tenant.language, web.visit.tenant.language)
    return {
        "language": sorted(known.items(), key=lambda item: item[1]),
        "time_zone": [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())],
    }


def _without_second_factor(session: TenantSession) -> int:
    query = text("select count(*) from tenants.staff where status = 'active' and totp_confirmed_at is null")
    return int(session.execute(query).scalar_one())


def _page(
    web: Page, *, company_form: Form | None = None, registration_form: Form | None = None, status: int = 200
) -> Response[str]:
    with web.session() as session:
        of, look = company.tenant(session), branding.brand(session)
        bare = _without_second_factor(session)
    stored = {name: getattr(of, name) for name in Company.model_fields}
    return web.render(
        "admin/settings/company.html", status=status, base=COMPANY, tabs=company_tabs(), title=_("Company"),
        company_form=company_form or form_for(Company, stored, choices=_choices(web)),
        registration_form=registration_form
        or form_for(Registration, {"registration": of.registration, "support_email": look.support_email}),
        sign_in_form=form_for(SignIn, {"staff_second_factor": of.staff_second_factor}),
        bare=bare, key=of.key, may_change=web.may("company.manage"),
    )  # fmt: skip


ROUTES = [page, save_company, save_registration, save_sign_in]
