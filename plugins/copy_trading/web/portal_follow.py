"""Portal: follow a master — risk notice and fee first, the settings with the tenant's bounds, and what they would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from litestar import get, post
from litestar.response import Response
from pydantic import BaseModel, Field

from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import Form, FromPath, RefusedError, Web, form_for, parse_form
from plugins.copy_trading.models import Master, Subscription
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.services import following, lists, mocking
from plugins.copy_trading.services.eligible import OwnAccount, follow_problem, own_accounts
from plugins.copy_trading.services.fee_lines import asked_fee
from plugins.copy_trading.services.master_lists import MasterLine
from plugins.copy_trading.services.previewing import preview
from plugins.copy_trading.web import choosing
from plugins.copy_trading.web.compared import compared
from plugins.copy_trading.web.portal_apply import account_label
from plugins.copy_trading.web.portal_masters import COPY, invite_of, visible
from plugins.copy_trading.web.words import REASONS, remedy


class Start(BaseModel):
    """What a follow needs besides the settings."""

    account: str = Field(
        title=_("Account"), description=_("The account that copies; it must be of the master's position mode.")
    )
    kind: Literal["live", "mock"] = Field(
        default="live",
        title=_("Kind of copy"),
        json_schema_extra={
            "widget": "radio",
            "labels": {
                "live": _("Live: with the money of this account"),
                "mock": _("Mock: on paper, with every decision and no order"),
            },
        },
    )
    paper: Decimal | None = Field(
        default=None,
        gt=0,
        title=_("Paper money"),
        description=_("For a mock copy alone. Leave it empty to begin with this account's equity."),
    )
    confirmed: bool = Field(default=False, title=_("I have read the risk notice and accept the fee"))


@dataclass(frozen=True, slots=True)
class Scene:
    """What the form of a follow stands on."""

    master: MasterLine
    fee: Decimal
    accounts: Sequence[OwnAccount]
    problems: Mapping[UUID, str]
    """Why an account cannot follow this master, by account."""
    symbols: Sequence[str]

    @property
    def usable(self) -> list[OwnAccount]:
        """Accounts that may follow."""
        return [one for one in self.accounts if one.id not in self.problems]


def scene_of(web: Web, session: TenantSession, master_id: UUID) -> Scene:
    """A master that this customer may see, with the customer's accounts."""
    row: Master = visible(web, session, master_id)
    [line] = lists.masters(session, only=[master_id])
    accounts = own_accounts(session, web.person_id)
    problems = {
        one.id: problem
        for one in accounts
        if (problem := follow_problem(session, web.person_id, one.id, row)) is not None
    }
    fee = asked_fee(web.settings(), row)
    return Scene(line, fee, accounts, problems, choosing.symbols_of(session, row.account_id))


def start_form(scene: Scene, values: Mapping[str, Any] | None = None) -> Form:
    """The account and the confirmation."""
    usable = scene.usable
    start = dict(values or {}) or ({"account": str(usable[0].id)} if usable else {})
    return form_for(Start, start, choices={"account": [(str(one.id), account_label(one)) for one in usable]})


@get("/masters/{master_id:uuid}/follow", opt=COPY, sync_to_thread=True)
def ask_follow(web: Web, master_id: FromPath[UUID]) -> Response[str]:
    """The form of a follow, with the tenant's defaults and bounds."""
    with web.session() as session:
        scene = scene_of(web, session, master_id)
    return _page(web, scene, choosing.new_form(web.settings(), scene.symbols), start_form(scene))


@post("/masters/{master_id:uuid}/follow", opt=COPY, sync_to_thread=True, status_code=200)
def follow(web: Web, master_id: FromPath[UUID]) -> Response[Any]:
    """Start copying."""
    settings: CopyTradingSettings = web.settings()
    with web.session() as session:
        scene = scene_of(web, session, master_id)
    parsed = choosing.read(settings, web.form, scene.symbols)
    start = parse_form(Start, web.form)
    again = start_form(scene, start.raw)
    account = chosen_account(web, scene)
    if parsed.value is None or start.value is None or account is None:
        wrong = {} if account else {"account": _("Choose one of your accounts.")}
        return _page(web, scene, parsed.form, again.with_errors(wrong), status=422)
    try:
        with web.session() as session:
            made = _begin(web, session, master_id, account, parsed.value, start.value)
            after = {"master": str(master_id), "mock": made.mock, "settings": parsed.value.model_dump(mode="json")}
            web.audit(session, "copy.follow", f"subscription:{made.id}", after=after)
            copy_id, mock = made.id, made.mock
    except RefusedError as error:
        problems = {key: str(value) for key, value in error.detail.items()}
        form = parsed.form.with_errors(problems)
        return _page(web, scene, form, again.with_errors({}, error.message), status=422)
    name = scene.master.name
    said = _("You copy {master} now. The next trade is the first that is copied.", master=name)
    if mock:
        said = _("You copy {master} on paper now. No order is sent.", master=name)
    return web.redirect(f"copies/{copy_id}", notice=said)


def _begin(
    web: Web, session: TenantSession, master_id: UUID, account: OwnAccount, choices: Choices, start: Start
) -> Subscription:
    who: dict[str, Any] = {
        "customer_id": web.person_id,
        "account_id": account.id,
        "master_id": master_id,
        "choices": choices,
        "invite_code": invite_of(web),
    }
    if start.kind == "mock":
        return mocking.start(session, web.settings(), **who, paper=start.paper)
    return following.follow(session, web.settings(), **who, confirmed=start.confirmed, seen_fee=seen_fee(web))


@post("/masters/{master_id:uuid}/preview", opt=COPY, sync_to_thread=True, status_code=200)
def show_preview(web: Web, master_id: FromPath[UUID]) -> Response[str]:
    """What the master's last trades would become on the chosen account with these settings: a fragment."""
    settings: CopyTradingSettings = web.settings()
    with web.session() as session:
        scene = scene_of(web, session, master_id)
        account = chosen_account(web, scene)
        parsed = choosing.read(settings, web.form, scene.symbols)
        shown = None
        if account is not None and parsed.value is not None:
            shown = preview(session, settings, master_id, account.id, parsed.value)
    return web.render(
        "portal/preview.html",
        preview=shown,
        account=account,
        errors=[(field.label, field.error) for field in parsed.form.fields if field.error],
        reasons=REASONS,
        remedy=remedy,
        compared=compared,
    )


def chosen_account(web: Web, scene: Scene) -> OwnAccount | None:
    """The account chosen in the form, of those that may follow."""
    wanted = (list(web.form.get("account", ())) or [""])[-1]
    return next((one for one in scene.usable if str(one.id) == wanted), None)


def seen_fee(web: Web) -> Decimal | None:
    """The fee that stood on the page that was confirmed; none where it is not said."""
    said = (list(web.form.get("seen_fee", ())) or [""])[-1]
    try:
        return Decimal(said)
    except ArithmeticError:
        return None


def _page(web: Web, scene: Scene, form: Form, start: Form, status: int = 200) -> Response[str]:
    settings: CopyTradingSettings = web.settings()
    return web.render(
        "portal/follow.html",
        status=status,
        master=scene.master,
        fee=scene.fee,
        scene=scene,
        form=form,
        start=start,
        notice=settings.notice,
        version=settings.risk_notice_version,
        invite=invite_of(web),
        title=_("Copy {master}", master=scene.master.name),
    )


ROUTES = [ask_follow, follow, show_preview]
