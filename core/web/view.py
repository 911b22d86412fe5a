"""What every template is given besides its own context: the brand, the person, the navigation, the secrets of the page."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field

from core.runtime import Runtime
from core.web.brand import css_url, icon_url, logo_urls
from core.web.navigation import Link, Section
from core.web.visit import Visit
from tenants.snapshot import TenantView
from tenants.text import _

__all__ = ["NOTICE_COOKIE", "Flash", "View", "brand_of", "read_notice", "standing_of", "theme_of", "write_notice"]

NOTICE_COOKIE, THEME_COOKIE = "notice", "theme"
_TONES = frozenset({"green", "red", "yellow", "blue", "secondary"})


@dataclass(frozen=True)
class Flash:
    """A short message, shown once."""

    text: str
    tone: str = "green"


@dataclass(frozen=True)
class BrandFace:
    """The brokerage's face on a page."""

    name: str
    legal_name: str
    css_url: str
    icon_url: str
    logo_url: str
    logo_dark_url: str
    tagline: str
    support_email: str


@dataclass(frozen=True)
class Reader:
    """Who reads the page."""

    name: str
    email: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Standing:
    """Something about the whole brokerage that each page says until it is over."""

    title: str
    text: str
    tone: str = "danger"


@dataclass(frozen=True)
class View:
    """Everything the layouts need. Lives for one render."""

    surface: str
    brand: BrandFace
    language: str
    direction: str
    theme: str
    nonce: str
    csrf: str
    path: str
    request_id: str
    user: Reader | None = None
    navigation: tuple[Section, ...] = ()
    flashes: tuple[Flash, ...] = field(default=())
    standing: tuple[Standing, ...] = ()
    unread: int = 0
    """Messages that the reader has not read."""
    topics: list[str] = field(default_factory=list)
    """What the page's one stream is to carry; parts of the page add to it while they are drawn."""

    @property
    def home(self) -> str:
        """The surface's first page."""
        return "/admin" if self.surface == "admin" else "/"

    @property
    def place(self) -> str:
        """What stands below the name, where the name alone does not say which surface it is."""
        return {"admin": _("Back office"), "operator": _("Operator")}.get(self.surface, "")

    @property
    def sign_out_url(self) -> str:
        """Where the form of the menu goes."""
        return "/admin/sign-out" if self.surface == "admin" else "/sign-out"

    @property
    def live_url(self) -> str:
        """Where the surface's streams come from."""
        return "/admin/live" if self.surface == "admin" else "/live"


def brand_of(tenant: TenantView) -> BrandFace:
    """The brokerage's face."""
    light, dark = logo_urls(tenant)
    return BrandFace(
        name=tenant.name,
        legal_name=tenant.legal_entity,
        css_url=css_url(tenant),
        icon_url=icon_url(tenant),
        logo_url=light,
        logo_dark_url=dark,
        tagline=tenant.brand.tagline,
        support_email=tenant.brand.support_email,
    )


def standing_of(visit: Visit, runtime: Runtime) -> tuple[Standing, ...]:
    """What the platform's operator has ruled about the brokerage: suspended, or a module halted."""
    if visit.signed_in is None:
        return ()
    found = []
    if visit.tenant.status == "suspended":
        text = _("Customers cannot come in and nothing is opened. What is open is looked after, and closes go on.")
        found.append(Standing(_("This brokerage is suspended"), text))
    for key, module in visit.tenant.modules.items():
        plugin = runtime.get(key)
        if module.state != "halted" or plugin is None:
            continue
        text = (
            _(
                "It opens nothing and closes nothing by itself: what it holds is closed by hand. Reason: {reason}",
                reason=module.reason,
            )
            if module.reason
            else _("It opens nothing and closes nothing by itself: what it holds is closed by hand.")
        )
        found.append(Standing(_("{module} is halted", module=plugin.manifest.title), text))
    return tuple(found)


def reader_of(visit: Visit) -> Reader | None:
    """The person in the corner of the page, with the links of their menu."""
    if visit.person is None:
        return None
    start = "/admin/settings" if visit.area == "admin" else "/settings"
    links = (
        Link(_("Profile"), f"{start}/profile", "user-circle"),
        Link(_("Security"), f"{start}/security", "shield-lock"),
        Link(_("API tokens"), f"{start}/tokens", "key"),
    )
    return Reader(visit.person.name, visit.person.email, links)


def theme_of(cookie: str | None, brand_theme: str) -> str:
    """``light``, ``dark`` or ``auto``: the reader's choice, else the brokerage's."""
    return cookie if cookie in ("light", "dark", "auto") else brand_theme


def write_notice(text: str, tone: str = "green") -> str:
    """A message for the next page, as a cookie's value."""
    return base64.urlsafe_b64encode(json.dumps([str(text)[:400], tone]).encode()).decode()


def read_notice(value: str | None) -> tuple[Flash, ...]:
    """The message that the page before left; nothing where the cookie is not ours."""
    if not value:
        return ()
    try:
        text, tone = json.loads(base64.urlsafe_b64decode(value.encode()))
    except (ValueError, binascii.Error, TypeError):
        return ()
    return (Flash(str(text)[:400], tone if tone in _TONES else "secondary"),)
