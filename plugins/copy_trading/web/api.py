"""The API of followers: find masters, try settings, follow, and command one's copies. The same services as the pages."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import get, post, put
from pydantic import BaseModel
from sqlalchemy import select

from core.sdk.data import TenantSession
from core.sdk.jobs import run_state
from core.sdk.web import FromPath, FromQuery, JSONBody, NotFoundError, RefusedError, Web
from plugins.copy_trading.models import Subscription
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.states import By, IllegalMoveError, Pause
from plugins.copy_trading.services import following, invites, lists, mastering, mocking, rehearsing
from plugins.copy_trading.services.eligible import follow_problem
from plugins.copy_trading.services.fee_lines import asked_fee, fee_entries
from plugins.copy_trading.services.fidelity import fidelity_of
from plugins.copy_trading.services.master_lists import SORTS, MasterQuery, page_of_masters
from plugins.copy_trading.services.own_copies import OwnCopy, own_copies, own_copy
from plugins.copy_trading.services.previewing import preview
from plugins.copy_trading.services.stopping import stop as stop_copies
from plugins.copy_trading.web.portal_dry_run import own_run

_COPY: dict[str, Any] = {"permission": "copy_trading.copy"}
_PUBLIC = (
    "id", "name", "about", "currency", "followers", "follower_cap", "fee_percent", "assets", "win_rate", "profit_factor",
    "trades", "index_return", "drawdown", "sharpe", "leverage", "risk", "risk_level", "provisional", "since",
)  # fmt: skip
_OWN = (
    "id", "kind", "master", "account", "currency", "status", "mode", "pnl", "realised", "floating", "open_copies", "skips",
    "fees_paid", "created_at", "stopped_at",
)  # fmt: skip
_SORTS = frozenset(SORTS) - {"account", "status", "visibility", "total_pnl"}


class Follow(BaseModel):
    """A follow. ``confirmed`` says that the risk notice and the fee have been read and accepted; a mock one needs neither.

    ``seen_fee`` is the fee that was shown, in percent; ``paper`` the money that a mock copy begins with.
    """

    master_id: UUID
    account_id: UUID
    confirmed: bool = False
    choices: Choices = Choices()
    invite_code: str = ""
    seen_fee: Decimal | None = None
    mock: bool = False
    paper: Decimal | None = None


class Trial(BaseModel):
    """Settings to be tried on an account."""

    account_id: UUID
    choices: Choices = Choices()
    invite_code: str = ""


class Stop(BaseModel):
    """How a copy is left: ``close_all`` or ``keep``."""

    choice: str


class Convert(BaseModel):
    """From paper to live, with what a follow has to confirm."""

    confirmed: bool
    seen_fee: Decimal | None = None
    invite_code: str = ""


@get("/masters", opt=_COPY, sync_to_thread=True, summary="Masters that may be followed")
def masters(
    web: Web,
    search: FromQuery[str] = "",
    sort: FromQuery[str] = "name",
    most_risk: FromQuery[int | None] = None,
    most_drawdown: FromQuery[Decimal | None] = None,
    least_return: FromQuery[Decimal | None] = None,
) -> list[dict[str, Any]]:
    """Public, active masters with their figures; percentages as 0–100. ``-`` before ``sort`` turns the order around."""
    key = sort.lstrip("-")
    if key not in _SORTS:
        raise RefusedError("unknown_sort", f"Sort by one of {', '.join(sorted(_SORTS))}.")
    query = MasterQuery(
        search=search, findable=True, sort=key, descending=sort.startswith("-"),
        most_risk=most_risk, most_drawdown=most_drawdown, least_return=least_return,
    )  # fmt: skip
    with web.session() as session:
        return [{name: getattr(row, name) for name in _PUBLIC} for row in page_of_masters(session, query).rows]


@get("/masters/{master_id:uuid}", opt=_COPY, sync_to_thread=True, summary="One master")
def master(web: Web, master_id: FromPath[UUID], invite: FromQuery[str] = "") -> dict[str, Any]:
    """A public, active master, or a private one with a good invite code; anybody else is 404."""
    with web.session() as session:
        _visible(session, master_id, invite)
        [line] = lists.masters(session, only=[master_id])
        fee = asked_fee(web.settings(), mastering.get(session, master_id))
    return {name: getattr(line, name) for name in _PUBLIC} | {"fee_percent": fee}


def _visible(session: TenantSession, master_id: UUID, invite: str) -> None:
    row = mastering.get(session, master_id)
    if row.status != "active" or not (row.public or invites.opens(session, master_id, invite)):
        raise NotFoundError


def _tryable(web: Web, session: TenantSession, master_id: UUID, data: Trial) -> None:
    """The gates of a follow, asked before anything is tried."""
    _visible(session, master_id, data.invite_code)
    problem = follow_problem(session, web.person_id, data.account_id, mastering.get(session, master_id))
    if problem is not None:
        raise RefusedError("not_eligible", problem)


@post("/masters/{master_id:uuid}/preview", opt=_COPY, sync_to_thread=True, status_code=200, summary="Try settings now")
def try_settings(web: Web, master_id: FromPath[UUID], data: JSONBody[Trial]) -> dict[str, Any]:
    """What the master's last trades would become on an account with these settings; nothing is written."""
    with web.session() as session:
        _tryable(web, session, master_id, data)
        return asdict(preview(session, web.settings(), master_id, data.account_id, data.choices))


@post("/masters/{master_id:uuid}/dry-run", opt=_COPY, sync_to_thread=True, status_code=202, summary="Try 90 days")
def dry_run(web: Web, master_id: FromPath[UUID], data: JSONBody[Trial]) -> dict[str, Any]:
    """Queue a dry run over the master's last 90 days; ask for it by its id."""
    with web.session() as session:
        _tryable(web, session, master_id, data)
        return {"id": rehearsing.start(session, web.person_id, master_id, data.account_id, data.choices)}


@get("/masters/{master_id:uuid}/dry-run/{run_id:uuid}", opt=_COPY, sync_to_thread=True, summary="A dry run")
def dry_run_state(web: Web, master_id: FromPath[UUID], run_id: FromPath[UUID]) -> dict[str, Any]:
    """How far a dry run is, and its result once it is done."""
    with web.session() as session:
        state = own_run(run_state(session, run_id), web.person_id, master_id)
    return {"id": state.id, "status": state.status, "done": state.done, "total": state.total, "result": state.result}


@get("/copies", opt=_COPY, sync_to_thread=True, summary="My copies")
def copies(web: Web) -> list[dict[str, Any]]:
    """The customer's subscriptions, running ones first, stopped and mock ones too."""
    with web.session() as session:
        return [_out(row) for row in own_copies(session, web.settings().leverage_limits, web.person_id)]


@get("/copies/{copy_id:uuid}", opt=_COPY, sync_to_thread=True, summary="One copy with its settings")
def copy(web: Web, copy_id: FromPath[UUID]) -> dict[str, Any]:
    """One copy, its settings as the follow takes them, and its fee."""
    with web.session() as session:
        own = _mine(web, session, copy_id)
        choices = following.choices_of(_row(session, copy_id))
    return _out(own) | {"choices": choices.model_dump(mode="json"), "fee": asdict(own.fee) if own.fee else None}


@post("/copies", opt=_COPY, sync_to_thread=True, summary="Follow a master")
def follow(web: Web, data: JSONBody[Follow]) -> dict[str, Any]:
    """Start copying, live or on paper; refused with 409 where a gate or a bound holds."""
    who: dict[str, Any] = {
        "customer_id": web.person_id, "account_id": data.account_id, "master_id": data.master_id, "choices": data.choices,
        "invite_code": data.invite_code,
    }  # fmt: skip
    with web.session() as session:
        if data.mock:
            made = mocking.start(session, web.settings(), **who, paper=data.paper)
        else:
            made = following.follow(session, web.settings(), **who, confirmed=data.confirmed, seen_fee=data.seen_fee)
        after = {"master": str(data.master_id), "mock": made.mock}
        web.audit(session, "copy.follow", f"subscription:{made.id}", after=after)
        return {"id": made.id, "status": made.status, "kind": "mock" if made.mock else "live"}


@put("/copies/{copy_id:uuid}/settings", opt=_COPY, sync_to_thread=True, summary="Change the settings")
def change(web: Web, copy_id: FromPath[UUID], data: JSONBody[Choices]) -> dict[str, Any]:
    """New settings in the place of the old; they hold from the master's next opening order."""
    with web.session() as session:
        _mine(web, session, copy_id)
        row = _row(session, copy_id)
        before = following.choices_of(row).model_dump(mode="json")
        following.change(session, web.settings(), row, data)
        after = following.choices_of(row).model_dump(mode="json")
        web.audit(session, "copy.settings", f"subscription:{copy_id}", before=before, after=after)
        return after


@post("/copies/{copy_id:uuid}/pause", opt=_COPY, sync_to_thread=True, status_code=200, summary="Pause copying")
def pause(web: Web, copy_id: FromPath[UUID]) -> dict[str, Any]:
    """Nothing new is copied; closes still follow the master."""
    with web.session() as session:
        _mine(web, session, copy_id)
        following.pause(session, [copy_id], Pause.FOLLOWER)
        web.audit(session, "copy.pause", f"subscription:{copy_id}")
        return _out(_mine(web, session, copy_id))


@post("/copies/{copy_id:uuid}/resume", opt=_COPY, sync_to_thread=True, status_code=200, summary="Resume copying")
def resume(web: Web, copy_id: FromPath[UUID]) -> dict[str, Any]:
    """Lifts the customer's own pause and the module's; staff's stays."""
    with web.session() as session:
        _mine(web, session, copy_id)
        following.resume_copying(session, [copy_id], By.FOLLOWER)
        web.audit(session, "copy.resume", f"subscription:{copy_id}")
        return _out(_mine(web, session, copy_id))


@post("/copies/{copy_id:uuid}/stop", opt=_COPY, sync_to_thread=True, status_code=200, summary="Stop copying")
def stop(web: Web, copy_id: FromPath[UUID], data: JSONBody[Stop]) -> dict[str, Any]:
    """End a copy for good; asking again changes nothing."""
    try:
        with web.session() as session:
            _mine(web, session, copy_id)
            stop_copies(session, [copy_id], data.choice)
            web.audit(session, "copy.stop", f"subscription:{copy_id}", after={"choice": data.choice})
            return _out(_mine(web, session, copy_id))
    except IllegalMoveError as error:
        raise RefusedError("choice_missing", str(error)) from None


@post("/copies/{copy_id:uuid}/convert", opt=_COPY, sync_to_thread=True, summary="From paper to live")
def convert(web: Web, copy_id: FromPath[UUID], data: JSONBody[Convert]) -> dict[str, Any]:
    """End a mock copy and follow live with its settings."""
    with web.session() as session:
        _mine(web, session, copy_id)
        made = mocking.convert(
            session, web.settings(), _row(session, copy_id), confirmed=data.confirmed, seen_fee=data.seen_fee,
            invite_code=data.invite_code,
        )  # fmt: skip
        web.audit(session, "copy.convert", f"subscription:{made.id}", before={"mock": str(copy_id)})
        return {"id": made.id, "status": made.status, "kind": "live"}


@get("/copies/{copy_id:uuid}/skips", opt=_COPY, sync_to_thread=True, summary="What was not copied, and why")
def skips(web: Web, copy_id: FromPath[UUID]) -> list[dict[str, Any]]:
    """Skip records, the newest first: reason, both values compared, the setting that would have let it through."""
    with web.session() as session:
        _mine(web, session, copy_id)
        rows = lists.skips(session, subscription_id=copy_id)
    return [{key: value for key, value in asdict(row).items() if key not in ("customer", "account")} for row in rows]


@get("/copies/{copy_id:uuid}/fidelity", opt=_COPY, sync_to_thread=True, summary="Copies beside the master's positions")
def fidelity(web: Web, copy_id: FromPath[UUID]) -> dict[str, Any]:
    """Expected against real size, price and P&L of each copy, and the parts of the gap."""
    with web.session() as session:
        own = _mine(web, session, copy_id)
        found = fidelity_of(session, own.id, own.line.account_id, own.currency, mock=own.line.mock)
    return asdict(found) | {"percent": found.percent}


@get("/copies/{copy_id:uuid}/fees", opt=_COPY, sync_to_thread=True, summary="Performance fees of a copy")
def fees(web: Web, copy_id: FromPath[UUID]) -> list[dict[str, Any]]:
    """Every reckoning, the newest first."""
    with web.session() as session:
        _mine(web, session, copy_id)
        rows = fee_entries(session, subscription_id=copy_id)
    hidden = ("customer", "account", "credited", "master_currency")
    return [{key: value for key, value in asdict(row).items() if key not in hidden} for row in rows]


def _mine(web: Web, session: TenantSession, copy_id: UUID) -> OwnCopy:
    return own_copy(session, web.settings().leverage_limits, web.person_id, copy_id)


def _row(session: TenantSession, copy_id: UUID) -> Subscription:
    return session.scalars(select(Subscription).where(Subscription.id == copy_id)).one()


def _out(own: OwnCopy) -> dict[str, Any]:
    line = own.line
    more = {"master_id": line.master_id, "account_id": line.account_id, "reasons": line.reasons, "copied_pnl": own.pnl}
    return {name: getattr(own, name) for name in _OWN} | more


ROUTES = [
    masters, master, try_settings, dry_run, dry_run_state, copies, copy, follow, change, pause, resume, stop, convert, skips,
    fidelity, fees,
]  # fmt: skip
