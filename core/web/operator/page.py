"""What a handler of the operators' surface is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeAlias

from litestar.di import NamedDependency

from core.web.navigation import Link, Section, active_link
from core.web.operator.visit import OperatorVisit
from core.web.page import WebPage
from core.web.view import THEME_COOKIE, Reader, View, brand_of, theme_of
from tenants.db import SystemSession
from tenants.text import _

__all__ = ["OperatorPage", "Page"]

_SECTIONS = (
    ("", (("Overview", "/", "layout-dashboard"),)),
    (
        _("Platform"),
        (
            (_("Brokerages"), "/brokerages", "building-bank"),
            (_("Modules"), "/modules", "puzzle"),
        ),
    ),
    (
        _("Running"),
        (
            (_("Queues and lanes"), "/running", "activity"),
            (_("Standing still"), "/standing-still", "player-pause"),
            (_("Recent errors"), "/errors", "bug"),
        ),
    ),
    (
        _("Operators"),
        (
            (_("Log"), "/log", "history"),
            (_("Your sign-in"), "/sign-in-settings", "shield-lock"),
        ),
    ),
)


class OperatorPage(WebPage):
    """One request to the operators' surface. It has no brokerage, and no session of one."""

    visit: OperatorVisit

    def session(self) -> NoReturn:
        """There is none here. :raises LookupError: always."""
        raise LookupError("an operator's page has no brokerage's session: use system()")

    @contextmanager
    def system(self) -> Iterator[SystemSession]:
        """A transaction across brokerages."""
        with self.kit.platform.database.system() as session:
            yield session

    def sent(self, name: str) -> str:
        """The last value of a form's field, without spaces around it; empty where it was not sent."""
        values = self.form.get(name) or [""]
        return str(values[-1]).strip()

    def _view(self, flashes: tuple[Any, ...]) -> View:
        visit, operator = self.visit, self.visit.operator
        return View(
            surface="operator",
            brand=brand_of(visit.tenant),
            language=visit.language,
            direction=self.formatter.direction,
            theme=theme_of(self.request.cookies.get(THEME_COOKIE), visit.tenant.brand.theme),
            nonce=visit.nonce,
            csrf=visit.csrf,
            path=self.path,
            request_id=visit.request_id,
            user=None if operator is None else Reader(operator.name, operator.email),
            navigation=() if operator is None else _navigation(self.path),
            flashes=flashes,
        )


def _navigation(path: str) -> tuple[Section, ...]:
    active = active_link([href for _label, links in _SECTIONS for _name, href, _icon in links], path)
    return tuple(
        Section(str(label), tuple(Link(str(name), href, icon, href == active) for name, href, icon in links))
        for label, links in _SECTIONS
    )


Page: TypeAlias = NamedDependency[OperatorPage]
"""How handlers ask for it: ``web: Page``."""
