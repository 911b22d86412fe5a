"""Portal: the dry run of a follow — queued with the form's settings, watched while it counts, read when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response import Response

from core.sdk.jobs import RunState, run_state
from core.sdk.text import _
from core.sdk.web import Chart, FromPath, NotFoundError, Series, Web
from plugins.copy_trading.replication.orders import MODULE
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.services import rehearsing
from plugins.copy_trading.web import choosing
from plugins.copy_trading.web.compared import compared
from plugins.copy_trading.web.portal_follow import chosen_account, scene_of
from plugins.copy_trading.web.portal_masters import COPY
from plugins.copy_trading.web.words import REASONS, remedy


@post("/masters/{master_id:uuid}/dry-run", opt=COPY, sync_to_thread=True, status_code=200)
def begin(web: Web, master_id: FromPath[UUID]) -> Response[str]:
    """Queue a dry run with the settings of the form: a fragment that asks for itself until it is done."""
    settings: CopyTradingSettings = web.settings()
    with web.session() as session:
        scene = scene_of(web, session, master_id)
        account = chosen_account(web, scene)
        parsed = choosing.read(settings, web.form, scene.symbols)
        if account is None or parsed.value is None:
            errors = [(field.label, field.error) for field in parsed.form.fields if field.error]
            return web.render("portal/dry_run.html", state=None, errors=errors, href="")
        run_id = rehearsing.start(session, web.person_id, master_id, account.id, parsed.value)
        state = run_state(session, run_id)
    return _fragment(web, master_id, state)


@get("/masters/{master_id:uuid}/dry-run/{run_id:uuid}", opt=COPY, sync_to_thread=True)
def watch(web: Web, master_id: FromPath[UUID], run_id: FromPath[UUID]) -> Response[str]:
    """How far a dry run is, or what came of it."""
    with web.session() as session:
        state = own_run(run_state(session, run_id), web.person_id, master_id)
    return _fragment(web, master_id, state)


def own_run(state: RunState | None, customer_id: UUID, master_id: UUID) -> RunState:
    """A dry run of this customer over this master; any other run does not exist."""
    if state is None or state.job != f"{MODULE}.{rehearsing.JOB}":
        raise NotFoundError
    if (state.payload.get("customer"), state.payload.get("master")) != (str(customer_id), str(master_id)):
        raise NotFoundError
    return state


def _fragment(web: Web, master_id: UUID, state: RunState | None) -> Response[str]:
    assert state is not None  # noqa: S101 - it was queued in this transaction, or found
    if state.status != "done" or not state.result:
        href = web.url(f"masters/{master_id}/dry-run/{state.id}")
        return web.render("portal/dry_run.html", state=state, errors=(), href=href)
    return web.render(
        "portal/dry_run_result.html", reasons=REASONS, remedy=remedy, compared=compared, **shown(state.result)
    )


def shown(result: Mapping[str, Any]) -> dict[str, Any]:
    """A stored result as the template reads it: decimals again, with its chart."""
    amounts = ("start", "equity", "net", "commission", "fees", "drawdown")
    read = {**result, **{name: Decimal(result[name]) for name in amounts}}
    curve = [(int(at), value) for at, value in result["curve"]]
    gain = read["net"] / read["start"] * 100 if read["start"] else Decimal(0)
    return {
        "result": read,
        "gain": gain,
        "skipped": sum(one["count"] for one in result["skips"]),
        "chart": Chart(
            "dry-run-curve",
            [Series(curve, "baseline")],
            _("Your equity in the dry run"),
            unit=result["currency"],
            baseline=read["start"],
            height=180,
        ),
    }


ROUTES = [begin, watch]
