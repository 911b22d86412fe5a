"""Who one is and how pages are written for one, on both surfaces; and a new address, which is confirmed by mail."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from pydantic import BaseModel, Field

from core.web.choices import countries, language_choices, time_zones
from core.web.forms import Form, form_for, parse_form
from core.web.mails import send_after, write_email_change, write_email_changed
from core.web.own import base_of, own_tabs, person_of
from core.web.page import Page
from core.web.refusals import NotFoundError
from tenants.models import Customer
from tenants.services import profile, tickets
from tenants.services.errors import InvalidError, NotAllowedError, TenantsError
from tenants.services.sessions import Surface, surface_of
from tenants.text import _

__all__ = ["AdminProfile", "PortalProfile", "email_routes"]

_OPEN: dict[str, Any] = {"sign_in": False}
Choices = dict[str, list[tuple[str, str]]]


class StaffProfile(BaseModel):
    """What staff say of themselves."""

    name: Annotated[
        str, Field(title=_("Full name"), min_length=1, max_length=120, json_schema_extra={"autocomplete": "name"})
    ]
    language: Annotated[str, Field(title=_("Language"), description=_("Of pages and mails."))] = ""
    time_zone: Annotated[str, Field(title=_("Time zone"), description=_("In which times are written."))] = ""


class CustomerProfile(StaffProfile):
    """What customers say of themselves."""

    phone: Annotated[str, Field(title=_("Telephone"), max_length=30, json_schema_extra={"autocomplete": "tel"})] = ""
    country: Annotated[str, Field(title=_("Country"), json_schema_extra={"autocomplete": "country"})] = ""


class NewAddress(BaseModel):
    """The address to be, and the password."""

    email: Annotated[
        str,
        Field(title=_("New e-mail"), max_length=254, json_schema_extra={"widget": "email", "autocomplete": "email"}),
    ]
    password: Annotated[
        str,
        Field(
            title=_("Your password now"),
            max_length=200,
            json_schema_extra={"widget": "password", "autocomplete": "current-password"},
        ),
    ]


class _Profile(Controller):
    """The pages of a surface."""

    @get("/settings/profile", sync_to_thread=True)
    def show(self, web: Page) -> Response[str]:
        """The form."""
        with web.session() as session:
            person = person_of(session, web)
            values: dict[str, Any] = {
                "name": person.name,
                "language": person.language or "",
                "time_zone": person.time_zone or "",
            }
            if isinstance(person, Customer):
                values |= {"phone": person.phone, "country": person.country}
        return _page(web, form_for(_model(web), values, choices=_choices(web)))

    @post("/settings/profile", sync_to_thread=True, status_code=200)
    def save(self, web: Page) -> Response[Any]:
        """Save it."""
        parsed = parse_form(_model(web), web.form, choices=_choices(web))
        if parsed.value is None:
            return _page(web, parsed.form, status=422)
        wanted = parsed.value
        extra = {"phone": wanted.phone, "country": wanted.country} if isinstance(wanted, CustomerProfile) else {}
        try:
            with web.session() as session:
                profile.change_profile(
                    session, person_of(session, web), web.who, name=wanted.name, language=wanted.language or None,
                    time_zone=wanted.time_zone or None, **extra,
                )  # fmt: skip
        except InvalidError as error:
            return _page(web, parsed.form.with_errors({error.field: str(error)}), status=422)
        return web.leave_for(f"{base_of(web)}/settings/profile", notice=_("Your profile is saved."))

    @get("/settings/profile/email", sync_to_thread=True)
    def ask_email(self, web: Page) -> Response[str]:
        """Which address."""
        return _email(web, form_for(NewAddress))

    @post("/settings/profile/email", sync_to_thread=True, status_code=200)
    def send_email(self, web: Page) -> Response[Any]:
        """Send a link there that confirms it."""
        parsed = parse_form(NewAddress, web.form)
        if parsed.value is None:
            return _email(web, parsed.form, status=422)
        wanted = parsed.value
        try:
            with web.session() as session:
                person = person_of(session, web)
                token = profile.request_email_change(session, person, wanted.email, wanted.password, web.who)
                send_after(web, session, write_email_change(web, person, wanted.email.strip().lower(), token))
        except InvalidError as error:
            return _email(web, parsed.form.with_errors({error.field: str(error)}), status=422)
        except NotAllowedError as error:
            return _email(web, parsed.form.with_errors({}, str(error)), status=409)
        said = _("A link is on its way to {email}. Your address changes when you open it.", email=wanted.email.strip())
        return web.leave_for(f"{base_of(web)}/settings/profile", notice=said)


class AdminProfile(_Profile):
    """Staff's own."""

    path = "/"


class PortalProfile(_Profile):
    """Customers' own."""

    path = "/"


def email_routes(surface: Surface) -> list[ControllerRouterHandler]:
    """The page of the link in the mail: asks once more, since programs that read mails open links too."""

    @get("/email/{token:str}", opt=_OPEN, sync_to_thread=True)
    def show(web: Page, token: FromPath[str]) -> Response[Any]:
        return _confirm(web, surface, token)

    @post("/email/{token:str}", opt=_OPEN, sync_to_thread=True, status_code=200)
    def take(web: Page, token: FromPath[str]) -> Response[Any]:
        with web.session() as session:
            found = tickets.open_ticket(session, token, "email")
            if found is None or surface_of(found[1]) != surface:
                raise NotFoundError("no such link here")
        try:
            with web.session() as session:
                person, former = profile.confirm_email(session, token)
                send_after(web, session, write_email_changed(web, person, former))
        except NotAllowedError as error:
            raise NotFoundError(str(error)) from None
        except TenantsError as error:
            return _confirm(web, surface, token, str(error), 409)
        said = _("Your address is {email} now.", email=person.email)
        return web.leave_for(f"{base_of(web)}/settings/profile", notice=said)

    return [show, take]


def _confirm(web: Page, surface: Surface, token: str, error: str = "", status: int = 200) -> Response[Any]:
    with web.session() as session:
        found = tickets.open_ticket(session, token, "email")
        email = found[0].new_email if found is not None and surface_of(found[1]) == surface else None
    return web.render(
        "sign/email.html",
        status=status if email else 404,
        email=email,
        error=error,
        action=web.path,
        title=_("New address"),
    )


def _model(web: Page) -> type[StaffProfile]:
    return StaffProfile if web.surface == "admin" else CustomerProfile


def _choices(web: Page) -> Choices:
    usual = web.visit.tenant
    names = dict(language_choices())
    as_usual = _("As the brokerage: {value}", value=names.get(usual.language, usual.language))
    return {
        "language": [("", str(as_usual)), *names.items()],
        "time_zone": [("", str(_("As the brokerage: {value}", value=usual.time_zone))), *time_zones()],
        "country": [("", "–"), *countries(web.visit.language)],
    }


def _page(web: Page, form: Form, status: int = 200) -> Response[str]:
    return web.render(
        "settings/profile.html", status=status, form=form, base=base_of(web), tabs=own_tabs(web), title=_("Profile")
    )


def _email(web: Page, form: Form, status: int = 200) -> Response[str]:
    return web.render(
        "settings/email.html", status=status, form=form, base=base_of(web), title=_("Change your address")
    )
