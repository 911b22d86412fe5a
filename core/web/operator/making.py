"""Making a brokerage: the same service as ``tradeyard tenant create``."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import available_timezones

from litestar import get, post
from litestar.response import Response
from pydantic import BaseModel, Field

from core.operator import brokerages
from core.supervisor.welcome import address
from core.web.forms import Form, form_for, parse_form
from core.web.operator.page import OperatorPage, Page
from tenants.services.errors import InvalidError
from tenants.services.making import NewTenant
from tenants.text import _, languages

__all__ = ["ROUTES"]


class NewBrokerage(BaseModel):
    """What a brokerage is made of."""

    name: Annotated[str, Field(title=_("Name"), description=_("As customers read it."), max_length=120)]
    key: Annotated[
        str,
        Field(
            title=_("Short name"),
            description=_("For commands: lower-case letters, digits and hyphens. It never changes."),
            max_length=40,
            json_schema_extra={"placeholder": "acme"},
        ),
    ]
    hosts: Annotated[
        list[str],
        Field(
            title=_("Hosts"),
            description=_("Host names that lead here, the main one first, with commas between them."),
            min_length=1,
            json_schema_extra={"placeholder": "trade.acme.example"},
        ),
    ]
    legal_entity: Annotated[str, Field(title=_("Legal entity"), max_length=120)] = ""
    owner_email: Annotated[
        str,
        Field(title=_("E-mail of the first owner"), max_length=254, json_schema_extra={"widget": "email"}),
    ]
    owner_name: Annotated[str, Field(title=_("Name of the first owner"), max_length=120)] = "Owner"
    currencies: Annotated[
        list[str],
        Field(title=_("Currencies"), description=_("The main one first."), min_length=1),
    ] = Field(default_factory=lambda: ["USD"])
    language: Annotated[str, Field(title=_("Language"))] = "en"
    time_zone: Annotated[str, Field(title=_("Time zone"))] = "UTC"


@get("/brokerages/new", sync_to_thread=True)
def ask(web: Page) -> Response[str]:
    """The form."""
    return _draw(web, form_for(NewBrokerage, choices=_choices()))


@post("/brokerages/new", sync_to_thread=True, status_code=200)
def make(web: Page) -> Response[Any]:
    """Make it, and show the owner's address, once."""
    parsed = parse_form(NewBrokerage, web.form, choices=_choices())
    if parsed.value is None:
        return _draw(web, parsed.form, status=422)
    wanted = parsed.value
    new = NewTenant(
        wanted.key,
        wanted.name,
        wanted.hosts,
        wanted.owner_email,
        wanted.owner_name,
        legal_entity=wanted.legal_entity,
        language=wanted.language,
        time_zone=wanted.time_zone,
        currencies=wanted.currencies,
    )
    settings = web.kit.platform.settings
    try:
        made = brokerages.make(web.kit.platform.database, settings, new, web.who)
    except InvalidError as error:
        field = {"host": "hosts", "email": "owner_email", "currency": "currencies"}.get(error.field, error.field)
        return _draw(web, parsed.form.with_errors({field: str(error)}), status=422)
    host = wanted.hosts[0].strip().lower()
    return web.render(
        "operator/brokerage_made.html",
        wanted=wanted,
        invitation=address(settings, host, f"/admin/invitation/{made.invitation}"),
        admin=address(settings, host, "/admin"),
        title=_("{name} is ready", name=wanted.name),
    )


def _choices() -> dict[str, list[tuple[str, str]]]:
    zones = sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")
    return {"time_zone": [(zone, zone.replace("_", " ")) for zone in zones], "language": list(languages().items())}


def _draw(web: OperatorPage, form: Form, status: int = 200) -> Response[str]:
    return web.render("operator/brokerage_new.html", status=status, form=form, title=_("Make a brokerage"))


ROUTES = [ask, make]
