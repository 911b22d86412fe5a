"""Making the demo brokerages where the database has no brokerage yet, and completing them at each start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from core.demo.cast import BROKERAGES, Brokerage
from core.demo.instruments import ensure_instruments
from core.demo.logos import icon, logo
from core.demo.password import demo_password
from core.demo.scene import with_modules
from core.onboarding import add_symbols, make_brokerage, open_account
from core.operator import people
from core.operator.models import Operator
from core.runtime.modules import missing, toggle_on
from core.settings import Settings
from core.trading.models import AccountType, Instrument
from core.trading.services import deposit
from tenants.db import Database, TenantSession, new_id
from tenants.models import Customer, GroupMember, Staff, Tenant
from tenants.services import branding, groups, products
from tenants.services.actor import Actor
from tenants.services.making import NewTenant
from tenants.services.passwords import hash_password, verify_password

if TYPE_CHECKING:
    from core.platform import Platform

DEMO = Actor("operator", "demo")
OPERATOR_EMAIL = "operator@tradeyard.example"


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody to sign in as. `password` is none where it has been changed since the demo was made."""

    brokerage: str
    host: str
    path: str
    role: str
    email: str
    password: str | None


class DemoPassword:
    """The password that all people of the demo share, and one hash of it for all of them: hashing costs."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tried: dict[str, bool] = {}

    @cached_property
    def hashed(self) -> str:
        """Its hash."""
        made = hash_password(self.text)
        self._tried[made] = True
        return made

    def opens(self, stored: str | None) -> bool:
        """Whether a stored hash is of it."""
        if stored is not None and stored not in self._tried:
            self._tried[stored] = verify_password(stored, self.text)
        return stored is not None and self._tried[stored]


def seed(platform: Platform) -> list[SignIn]:
    """Make or complete the demo brokerages and say who may sign in; none where the database has other brokerages only.

    Safe at each start, also after one that was cut short: what is there is left alone, whatever has become of it.
    """
    database, settings = platform.database, platform.settings
    with database.system() as session:
        tenants = dict(session.execute(select(Tenant.key, Tenant.id)).all())
        ours = {brokerage.key for brokerage in BROKERAGES}
        if tenants and not tenants.keys() & ours:
            return []
        instruments = ensure_instruments(session, settings)
    password = DemoPassword(demo_password(settings))
    found: list[SignIn] = []
    for brokerage in BROKERAGES:
        host = f"{brokerage.key}.{settings.base_domain}"
        tenant_id = tenants.get(brokerage.key)
        if tenant_id is None and tenants.keys() <= ours:
            tenant_id = _make(database, brokerage, host)
        if tenant_id is not None:
            _complete(platform, tenant_id, brokerage, instruments, password)
            found += _sign_ins(database, tenant_id, brokerage, host, password)
    return [*found, *_operators(database, settings, password)] if found else []


def _operators(database: Database, settings: Settings, password: DemoPassword) -> list[SignIn]:
    """The platform's operator of the demo, made where there is none at all."""
    with database.system() as session:
        if not people.listed(session):
            people.create(session, OPERATOR_EMAIL, "Tove Operator", password.text, DEMO)
        stored = session.scalar(select(Operator.password_hash).where(Operator.email == OPERATOR_EMAIL))
    if stored is None:
        return []
    known = password.text if password.opens(stored) else None
    return [SignIn("Tradeyard", settings.operator_host, "/", "Operator", OPERATOR_EMAIL, known)]


def _make(database: Database, brokerage: Brokerage, host: str) -> UUID:
    new = NewTenant(
        brokerage.key,
        brokerage.name,
        [host],
        brokerage.email("owner"),
        brokerage.staff[0].name,
        legal_entity=brokerage.legal_entity,
        time_zone=brokerage.time_zone,
        language=brokerage.language,
    )
    return make_brokerage(database, new, DEMO, types=brokerage.types).tenant_id


def _complete(
    platform: Platform, tenant_id: UUID, brokerage: Brokerage, instruments: Sequence[Instrument], password: DemoPassword
) -> None:
    with platform.database.tenant(tenant_id) as session:
        add_symbols(session, instruments, DEMO)
        if session.scalar(select(Customer.id).limit(1)) is None:
            _dress(session, brokerage)
            _employ(session, brokerage, password.hashed)
            _invite(session, brokerage, password.hashed)
    for plugin in platform.runtime.plugins.values():
        # Only where nobody has ever decided on it: who switched a module off finds it off.
        with platform.database.tenant(tenant_id) as session:
            if (
                plugin.demo is not None
                and products.config(session, plugin.key).version == 0
                and not missing(session, plugin.key)
            ):
                toggle_on(session, plugin.key, DEMO)
                chosen = plugin.settings.model_validate(plugin.demo.settings)
                products.set_settings(session, plugin.key, chosen.model_dump(mode="json"), DEMO)
    with_modules(platform, tenant_id, brokerage, "prepare")


def _dress(session: TenantSession, brokerage: Brokerage) -> None:
    brand = brokerage.brand
    branding.change_brand(session, brand, DEMO)
    light, dark = brand.primary_light or "", brand.primary_dark or ""
    images: dict[branding.ImageName, bytes] = {
        "logo": logo(brokerage.name, light, ink="#111827", on="#ffffff"),
        "logo_dark": logo(brokerage.name, dark, ink="#f9fafb", on="#111827"),
        "favicon": icon(brokerage.name[0], light),
    }
    for name, image in images.items():
        branding.set_image(session, name, image, DEMO)


def _employ(session: TenantSession, brokerage: Brokerage, hashed: str) -> None:
    for member in brokerage.staff:
        if member.group == "owner":  # came with the tenant, invited
            owner = session.scalars(select(Staff).where(Staff.email == brokerage.email("owner"))).one()
            owner.status, owner.password_hash = "active", hashed
            session.flush()
            continue
        person = Staff(
            id=new_id(), email=brokerage.email(member.group), name=member.name, status="active", password_hash=hashed
        )
        session.add(person)
        session.flush()
        session.add(GroupMember(group_id=groups.by_key(session, member.group).id, staff_id=person.id))


def _invite(session: TenantSession, brokerage: Brokerage, hashed: str) -> None:
    types = dict(session.execute(select(AccountType.name, AccountType.id)).all())
    for guest in brokerage.customers:
        person = Customer(
            id=new_id(), email=brokerage.email(guest.login), name=guest.name, status="verified", password_hash=hashed
        )
        session.add(person)
        session.flush()
        account = open_account(session, person.id, types[guest.account_type], DEMO)
        deposit(session, account.id, guest.deposit, key="demo:first", actor=DEMO.name, note="Opening deposit")


def _sign_ins(
    database: Database, tenant_id: UUID, brokerage: Brokerage, host: str, password: DemoPassword
) -> list[SignIn]:
    with database.tenant(tenant_id) as session:
        owner = session.scalar(select(Staff.password_hash).where(Staff.email == brokerage.email("owner")))
        known = password.text if password.opens(owner) else None
    staff = [
        SignIn(brokerage.name, host, "/admin", member.group.title(), brokerage.email(member.group), known)
        for member in brokerage.staff
    ]
    parts = {"master": "Master", "follower": "Follower", "bots": "Bot trader", "trader": "Trader"}
    customers = [
        SignIn(brokerage.name, host, "/", parts[guest.part], brokerage.email(guest.login), known)
        for guest in brokerage.customers
        if guest.shown
    ]
    return [*staff, *customers]
