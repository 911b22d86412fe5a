"""The API of masters: apply, and manage what is one's own. The same services as the pages."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import get, post, put
from pydantic import BaseModel, Field

from core.sdk.web import FromPath, FromQuery, JSONBody, NotFoundError, Web
from plugins.copy_trading.models import InviteCode
from plugins.copy_trading.services import applying, earning, invites, lists, mastering
from plugins.copy_trading.services.eligible import own_accounts
from plugins.copy_trading.services.profiles import Profile
from plugins.copy_trading.web.portal_mine import own_master

_APPLY: dict[str, Any] = {"permission": "copy_trading.apply"}
_MASTER = (
    "id", "account_id", "account", "currency", "name", "about", "status", "public", "follower_cap", "fee_percent",
    "followers", "assets", "win_rate", "profit_factor", "trades", "index_return", "drawdown", "sharpe", "risk", "since",
)  # fmt: skip
_APPLICATION = (
    "id", "master_id", "account_id", "account", "name", "about", "public", "follower_cap", "fee_percent", "status",
    "criteria", "met", "reason", "created_at", "decided_at",
)  # fmt: skip


class ProfileIn(BaseModel):
    """What a master says of themselves and asks for."""

    name: str = Field(min_length=2, max_length=60)
    about: str = Field(default="", max_length=300)
    public: bool = True
    follower_cap: int | None = Field(default=None, ge=1)
    fee_percent: Decimal = Field(default=Decimal(0), ge=0)

    def profile(self) -> Profile:
        """As the services take it."""
        return Profile(self.name, self.about, self.public, self.follower_cap, self.fee_percent)


class ApplicationIn(ProfileIn):
    """An application for an account."""

    account_id: UUID


class InviteIn(BaseModel):
    """A new invite code."""

    note: str = Field(default="", max_length=60)
    max_uses: int | None = Field(default=None, ge=1, le=10_000)
    expires_at: datetime | None = None


@get("/criteria", opt=_APPLY, sync_to_thread=True, summary="The criteria with an account's figures")
def criteria(web: Web, account_id: FromQuery[UUID]) -> list[dict[str, Any]]:
    """What the brokerage asks of masters, and how the account stands."""
    with web.session() as session:
        if account_id not in {one.id for one in own_accounts(session, web.person_id)}:
            raise NotFoundError
        return [asdict(line) for line in applying.criteria(session, web.settings(), account_id)]


@get("/applications", opt=_APPLY, sync_to_thread=True, summary="My applications")
def applications(web: Web) -> list[dict[str, Any]]:
    """The customer's applications, the newest first."""
    with web.session() as session:
        rows = applying.applications(session, customer_id=web.person_id)
    return [{name: getattr(row, name) for name in _APPLICATION} for row in rows]


@post("/applications", opt=_APPLY, sync_to_thread=True, summary="Apply to become a master")
def apply(web: Web, data: JSONBody[ApplicationIn]) -> dict[str, Any]:
    """Apply for an account; refused with 409 where a gate holds."""
    with web.session() as session:
        made = applying.apply(
            session,
            web.settings(),
            customer_id=web.person_id,
            account_id=data.account_id,
            profile=data.profile(),
        )
        after = {"status": made.status, "account": str(data.account_id), "met": made.met}
        web.audit(session, "master.apply", f"master:{made.master_id}", after=after)
        return {"id": made.id, "master_id": made.master_id, "status": made.status, "criteria": made.criteria}


@post(
    "/applications/{application_id:uuid}/withdraw", opt=_APPLY, sync_to_thread=True, status_code=200, summary="Withdraw"
)
def withdraw(web: Web, application_id: FromPath[UUID]) -> dict[str, Any]:
    """Take an application back."""
    with web.session() as session:
        row = applying.withdraw(session, web.person_id, application_id)
        web.audit(session, "master.withdraw", f"master:{row.master_id}", before={"status": "pending"})
        return {"id": row.id, "status": row.status}


@get("/mine", opt=_APPLY, sync_to_thread=True, summary="My masters")
def mine(web: Web) -> list[dict[str, Any]]:
    """The customer's own masters with their figures; percentages as 0–100."""
    with web.session() as session:
        rows = lists.masters(session, customer_id=web.person_id)
    return [{name: getattr(row, name) for name in _MASTER} for row in rows]


@put("/mine/{master_id:uuid}", opt=_APPLY, sync_to_thread=True, summary="Change my master page")
def change(web: Web, master_id: FromPath[UUID], data: JSONBody[ProfileIn]) -> dict[str, Any]:
    """Name, description, visibility, cap and fee in the place of the old ones."""
    with web.session() as session:
        own_master(session, web, master_id)
        master = mastering.get(session, master_id, lock=True)
        mastering.change_profile(session, web.settings(), master, data.profile())
        after = data.model_dump(mode="json")
        web.audit(session, "master.profile", f"master:{master_id}", after=after)
        return {"id": master_id, **after}


@get("/mine/{master_id:uuid}/followers", opt=_APPLY, sync_to_thread=True, summary="My followers")
def followers(web: Web, master_id: FromPath[UUID]) -> list[dict[str, Any]]:
    """Followers without their names."""
    with web.session() as session:
        own_master(session, web, master_id)
        return [asdict(row) for row in earning.copiers(session, master_id)]


@get("/mine/{master_id:uuid}/earnings", opt=_APPLY, sync_to_thread=True, summary="My earnings")
def earnings(web: Web, master_id: FromPath[UUID]) -> list[dict[str, Any]]:
    """Performance fees that have come in, the newest first."""
    with web.session() as session:
        own_master(session, web, master_id)
        return [asdict(row) for row in earning.earnings(session, master_id)]


@get("/mine/{master_id:uuid}/invites", opt=_APPLY, sync_to_thread=True, summary="My invite codes")
def codes(web: Web, master_id: FromPath[UUID]) -> list[dict[str, Any]]:
    """All codes, the newest first."""
    with web.session() as session:
        own_master(session, web, master_id)
        return [_code(one) for one in invites.codes(session, master_id)]


@post("/mine/{master_id:uuid}/invites", opt=_APPLY, sync_to_thread=True, summary="Make an invite code")
def invite(web: Web, master_id: FromPath[UUID], data: JSONBody[InviteIn]) -> dict[str, Any]:
    """A new code; times without a zone are UTC."""
    until = data.expires_at
    if until is not None and until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    with web.session() as session:
        master = own_master(session, web, master_id)
        code = invites.make(session, master, note=data.note, max_uses=data.max_uses, expires_at=until)
        web.audit(session, "master.invite", f"master:{master_id}", after={"max_uses": data.max_uses})
        return _code(code)


@post("/mine/{master_id:uuid}/invites/{code_id:uuid}/revoke", opt=_APPLY, sync_to_thread=True, status_code=200,
      summary="Revoke an invite code")  # fmt: skip
def revoke(web: Web, master_id: FromPath[UUID], code_id: FromPath[UUID]) -> dict[str, Any]:
    """Make a code worthless; who has used it stays."""
    with web.session() as session:
        own_master(session, web, master_id)
        code = invites.revoke(session, master_id, code_id)
        web.audit(session, "master.invite_revoke", f"master:{master_id}", before={"code": code.code})
        return _code(code)


def _code(code: InviteCode) -> dict[str, Any]:
    kept = ("id", "code", "note", "uses", "max_uses", "expires_at", "created_at")
    return {name: getattr(code, name) for name in kept} | {"state": invites.state(code)}


ROUTES = [
    criteria, applications, apply, withdraw, mine, change, followers, earnings, codes, invite, revoke,
]  # fmt: skip
