"""What several of the settings' pages need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar.response import Response

from core.web.page import Page
from core.web.refusals import NotFoundError
from tenants.snapshot import wait_acknowledged
from tenants.text import _

__all__ = ["BASE", "COMPANY", "company_tabs", "field", "ids_of", "leave_known", "plain", "trimmed"]

BASE = "/admin/settings"
COMPANY = f"{BASE}/company"
_TABS = (
    ("company", _("Company"), COMPANY),
    ("brand", _("Brand"), f"{COMPANY}/brand"),
    ("domains", _("Domains"), f"{COMPANY}/domains"),
    ("currencies", _("Currencies"), f"{COMPANY}/currencies"),
)
MAX_BULK = 500


def company_tabs() -> Sequence[tuple[str, str, str, None]]:
    """The pages about the company itself, as ``ui.tabs`` takes them."""
    return [(key, label, href, None) for key, label, href in _TABS]


def leave_known(web: Page, target: str, notice: str) -> Response[Any]:
    """Go on once every process knows the change (or after two seconds), so that the next page shows it."""
    wait_acknowledged(web.kit.platform.database)
    return web.leave_for(target, notice=notice)


def field(web: Page, name: str) -> str:
    """The last value of a submitted field that is text; an empty text without one."""
    sent = [value for value in web.form.get(name, ()) if isinstance(value, str)]
    return sent[-1].strip() if sent else ""


def ids_of(texts: Sequence[str]) -> list[UUID]:
    """Identifiers that a bulk action has sent. :raises NotFoundError: for none, or for what is no identifier."""
    try:
        found = [UUID(text) for text in list(dict.fromkeys(texts))[:MAX_BULK]]
    except ValueError:
        raise NotFoundError("ids") from None
    if not found:
        raise NotFoundError("ids")
    return found


def plain(value: Decimal | None) -> str:
    """A number with every digit that means something and no zeros behind them."""
    return "" if value is None else format(value.normalize() + 0, "f")


def trimmed(values: Mapping[str, object]) -> dict[str, object]:
    """Values for a form, decimals without the zeros behind them that the database keeps."""
    return {key: Decimal(plain(value)) if isinstance(value, Decimal) else value for key, value in values.items()}
