"""Settings → Company → Brand: colours that can be read, logo and icon, theme; seen on both surfaces before they are saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Response
from pydantic import BaseModel, Field

from core.web.admin.settings.parts import COMPANY, company_tabs, field, leave_known
from core.web.brand import properties
from core.web.forms import Form, form_for, parse_form
from core.web.page import Page
from core.web.refusals import NotFoundError
from tenants.services import branding
from tenants.services.branding import BrandChange, Legibility
from tenants.services.errors import InvalidError
from tenants.text import Text, _

__all__ = ["ROUTES"]

BASE = f"{COMPANY}/brand"
_VIEW: dict[str, Any] = {"permission": "company.view"}
_MANAGE: dict[str, Any] = {"permission": "brand.manage"}
_COLOUR: dict[str, Any] = {"widget": "color", "section": _("Colours")}
_LOOK: dict[str, Any] = {"section": _("Look")}
_IMAGES: dict[branding.ImageName, tuple[Text, Text]] = {
    "logo": (_("Logo"), _("On light ground. At most 600 × 160 pixels are kept; a transparent PNG looks best.")),
    "logo_dark": (_("Logo on dark ground"), _("Where the other cannot be read; without it the logo is used.")),
    "favicon": (_("Icon"), _("In the browser’s tab, 64 × 64 pixels. Without one: your initial in your colour.")),
}


def _colour(title: Text, description: Text) -> Any:
    return Field(title=title, max_length=7, description=description, json_schema_extra=_COLOUR)


class Colours(BaseModel):
    """A brand's colours, theme and line."""

    primary_light: Annotated[str, _colour(_("Main colour, light"), _("Buttons, links and what is chosen."))]
    primary_dark: Annotated[str, _colour(_("Main colour, dark"), _("The same in the dark theme."))]
    accent_light: Annotated[str, _colour(_("Second colour, light"), _("Highlights beside it."))]
    accent_dark: Annotated[str, _colour(_("Second colour, dark"), _("The same in the dark theme."))]
    theme: Annotated[
        Literal["auto", "light", "dark"],
        Field(
            title=_("Theme"),
            description=_("Of visitors who have not chosen."),
            json_schema_extra={
                **_LOOK,
                "labels": {"auto": _("As their device"), "light": _("Light"), "dark": _("Dark")},
            },
        ),
    ] = "auto"
    tagline: Annotated[
        str,
        Field(
            title=_("Line below the name"),
            max_length=120,
            description=_("On the pages before signing in."),
            json_schema_extra=_LOOK,
        ),
    ] = ""


@dataclass(frozen=True)
class Checked:
    """A colour as it would be read."""

    name: str
    label: str
    value: str
    seen: Legibility | None


@get("/settings/company/brand", opt=_VIEW, sync_to_thread=True)
def page(web: Page) -> Response[str]:
    """The brand, and what it looks like."""
    with web.session() as session:
        look = branding.brand(session)
        stored = {name: getattr(look, name) for name in Colours.model_fields}
    return _page(web, form_for(Colours, stored))


@post("/settings/company/brand", opt=_MANAGE, sync_to_thread=True, status_code=200)
def save(web: Page) -> Response[Any]:
    """Change colours, theme and line. A colour that cannot be read is refused with the nearest that can."""
    parsed = parse_form(Colours, web.form)
    if parsed.value is None:
        return _page(web, parsed.form, 422)
    try:
        with web.session() as session:
            branding.change_brand(session, BrandChange(**parsed.value.model_dump()), web.who)
    except InvalidError as error:
        return _page(web, parsed.form.with_errors({error.field: str(error)}), 422)
    return leave_known(web, BASE, _("The brand is saved."))


@post("/settings/company/brand/preview", opt=_MANAGE, sync_to_thread=True, status_code=200)
def preview(web: Page) -> Response[str]:
    """How the colours as chosen can be read, and the custom properties they give."""
    values = {name: field(web, name) for name in branding.COLOURS}
    form = form_for(Colours, values)
    checked = [Checked(name, form[name].label, value, _seen(name, value)) for name, value in values.items()]
    grounds = {
        ground: properties(values[f"primary_{ground}"], values[f"accent_{ground}"], ground)
        for ground in ("light", "dark")
        if all(item.seen for item in checked if item.name.endswith(ground))
    }
    return web.render("admin/settings/brand_preview.html", checked=checked, grounds=grounds, title="")


@post("/settings/company/brand/images/{name:str}", opt=_MANAGE, sync_to_thread=True, status_code=200)
def image(web: Page, name: FromPath[str]) -> Response[Any]:
    """Replace an image by an upload, or remove it."""
    wanted = next((known for known in _IMAGES if known == name), None)
    if wanted is None:
        raise NotFoundError(name)
    label = _IMAGES[wanted][0]
    data: bytes | None = None
    if field(web, "remove") != "on":
        uploads: list[Any] = [sent for sent in web.form.get("image", ()) if isinstance(sent, UploadFile)]
        data = uploads[-1].file.read() if uploads else b""
    try:
        with web.session() as session:
            branding.set_image(session, wanted, data, web.who)
    except InvalidError as error:
        with web.session() as session:
            look = branding.brand(session)
            stored = {key: getattr(look, key) for key in Colours.model_fields}
        return _page(web, form_for(Colours, stored), 422, {wanted: str(error)})
    said = _("{image} is removed.", image=label) if data is None else _("{image} is saved.", image=label)
    return leave_known(web, BASE, said)


def _seen(name: str, value: str) -> Legibility | None:
    try:
        return (
            branding.legibility(value.lower(), name.rsplit("_", 1)[-1]) if len(value) == 7 and value[0] == "#" else None
        )
    except ValueError:
        return None


def _page(web: Page, form: Form, status: int = 200, problems: dict[str, str] | None = None) -> Response[str]:
    with web.session() as session:
        look = branding.brand(session)
        have = {name: getattr(look, f"{name}_digest") for name in _IMAGES}
    return web.render(
        "admin/settings/brand.html", status=status, form=form, base=BASE, tabs=company_tabs(), images=_IMAGES, have=have,
        problems=problems or {}, may_change=web.may("brand.manage"), title=_("Brand"),
    )  # fmt: skip


ROUTES = [page, save, preview, image]
