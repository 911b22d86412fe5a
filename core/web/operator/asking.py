"""What the surface's actions have in common: a question with its consequences, then the action, then what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar.response import Response

from core.web.operator.page import OperatorPage
from core.web.refusals import NotFoundError
from tenants.services.errors import TenantsError
from tenants.snapshot import wait_acknowledged
from tenants.text import _, _n

__all__ = ["acknowledged", "ask", "found_or_404", "refused"]


def ask(
    web: OperatorPage,
    title: str,
    action: str,
    submit: str,
    *,
    text: str = "",
    items: Sequence[tuple[str, object]] = (),
    note: str = "",
    reason: bool = True,
    danger: bool = True,
    error: str = "",
    status: int = 200,
) -> Response[str]:
    """The dialog that asks before anything happens."""
    return web.render(
        "operator/ask.html",
        status=status,
        title=title,
        action=action,
        submit=submit,
        text=text,
        items=list(items),
        note=note,
        reason=reason,
        danger=danger,
        error=error,
    )


def acknowledged(web: OperatorPage, target: str, text: str) -> Response[Any]:
    """After a change that every process must know: wait until they do, and name how many have not."""
    lagging = wait_acknowledged(web.kit.platform.database)
    if not lagging:
        return web.leave_for(target, notice=text)
    late = _n(
        "{text} {count} process has not taken it in yet.", "{text} {count} processes have not taken it in yet.",
        len(lagging), text=text,
    )  # fmt: skip
    return web.leave_for(target, notice=late, tone="yellow")


def refused(error: TenantsError) -> str:
    """What a service refused, for the dialog."""
    return str(error) or _("This was not done.")


def found_or_404(found: Any, what: str) -> Any:
    """The object. :raises NotFoundError: where there is none."""
    if found is None:
        raise NotFoundError(what)
    return found
