"""The New Tenant Setup Checklist: what a brokerage has to decide before customers trade, in order.

Nothing is ticked: each step's state is computed from what there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Row, text

from core.offering.currencies import currency_rows
from core.runtime import Runtime
from core.runtime.modules import missing
from tenants.db import TenantSession
from tenants.models import Brand, Tenant
from tenants.services import products
from tenants.services.branding import COLOURS, brand
from tenants.services.company import tenant
from tenants.snapshot.model import PLAIN_BRAND
from tenants.text import _, _n

__all__ = ["Step", "open_steps", "setup_steps"]

StepState = Literal["done", "todo", "waiting"]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the checklist.

    :ivar state: ``done``; ``todo``: somebody has to decide; ``waiting``: a step before it comes first.
    :ivar text: what there is, or what is missing. :ivar needed_by: what depends on it.
    :ivar href: where it is put right. :ivar permission: what that page asks for.
    """

    key: str
    title: str
    state: StepState
    text: str
    needed_by: str
    href: str
    permission: str


_COUNTS = text(
    """
    select
      (select count(*) from tenants.hosts where tenant_id = :tenant) as hosts,
      (select count(*) from core.account_types where status = 'active') as types,
      (select count(*) from core.account_types t where t.status = 'active' and exists (
         select from core.account_type_symbols e join core.symbols s on (s.tenant_id, s.id) = (e.tenant_id, e.symbol_id)
         where (e.tenant_id, e.account_type_id) = (t.tenant_id, t.id) and e.enabled and s.status = 'active')) as types_that_trade,
      (select count(*) from core.symbols where status = 'active') as symbols,
      (select count(*) from core.symbols s join core.quotes q on q.instrument_id = s.instrument_id
         where s.status = 'active') as quoted,
      (select count(*) from tenants.staff where status <> 'blocked') as staff,
      (select count(*) from tenants.customers) as customers
    """
)


def setup_steps(session: TenantSession, runtime: Runtime) -> Sequence[Step]:
    """The steps in order."""
    of, look = tenant(session), brand(session)
    counts = session.execute(_COUNTS, {"tenant": session.tenant_id}).one()
    return (
        _company(of),
        _brand(look, counts),
        _currencies(session),
        _account_types(counts),
        _symbols(counts),
        _staff(counts),
        _registration(of, look, counts),
        _products(session, runtime),
    )


def open_steps(steps: Sequence[Step]) -> int:
    """How many are not done."""
    return sum(1 for step in steps if step.state != "done")


def _company(of: Tenant) -> Step:
    done = bool(of.legal_entity)
    return Step(
        "company", _("Company"), "done" if done else "todo",
        _("{entity}, times in {zone}.", entity=of.legal_entity, zone=of.time_zone)
        if done else _("The legal entity is missing: who your customers have their contract with."),
        _("Names in mails and at the foot of the portal, the days of statements and swaps."),
        "/admin/settings/company", "company.manage",
    )  # fmt: skip


def _brand(look: Brand, counts: Row[tuple[int, ...]]) -> Step:
    plain = all(getattr(look, name) == getattr(PLAIN_BRAND, name) for name in COLOURS)
    done = bool(look.logo_digest) or not plain
    domains = _n("{count} domain.", "{count} domains.", counts.hosts)
    return Step(
        "brand", _("Brand and domains"), "done" if done else "todo",
        _("Your own look. {domains}", domains=domains)
        if done else _("Still in the plain colours, without a logo. {domains}", domains=domains),
        _("How both surfaces and mails look, and where customers find you."),
        "/admin/settings/company/brand", "brand.manage",
    )  # fmt: skip


def _currencies(session: TenantSession) -> Step:
    rows = currency_rows(session)
    lost = [row.code for row in rows if row.unconverted and row.account_types]
    codes = ", ".join(row.code for row in rows)
    return Step(
        "currencies", _("Currencies"), "todo" if lost else "done",
        _("No symbol converts into {codes}: accounts in it cannot trade everything.", codes=", ".join(lost))
        if lost else _("Reports in {main}; accounts in {codes}.", main=rows[0].code, codes=codes),
        _("What account types can be held in, and how profits are converted."),
        "/admin/settings/company/currencies", "company.manage",
    )  # fmt: skip


def _account_types(counts: Row[tuple[int, ...]]) -> Step:
    if not counts.types:
        said: str = _("There is no account type that customers can open.")
    elif not counts.types_that_trade:
        said = _("No account type has an active symbol enabled.")
    else:
        said = _n("{count} type that customers can open.", "{count} types that customers can open.", counts.types)
    return Step(
        "account_types", _("Account types"), "done" if counts.types_that_trade else "todo", said,
        _("Opening accounts, and switching modules on."),
        "/admin/settings/account-types", "settings.account_types",
    )  # fmt: skip


def _symbols(counts: Row[tuple[int, ...]]) -> Step:
    if not counts.symbols:
        said: str = _("No symbol is active: nothing can be traded.")
    elif not counts.quoted:
        said = _("No prices have come in yet for any active symbol.")
    else:
        said = _n("{count} active symbol, {quoted} with prices.", "{count} active symbols, {quoted} with prices.",
                  counts.symbols, quoted=counts.quoted)  # fmt: skip
    return Step(
        "symbols", _("Symbols"), "done" if counts.quoted else "todo", said,
        _("Trading of every kind, and switching modules on."),
        "/admin/settings/symbols", "settings.symbols",
    )  # fmt: skip


def _staff(counts: Row[tuple[int, ...]]) -> Step:
    done = counts.staff > 1
    return Step(
        "staff", _("Staff and roles"), "done" if done else "todo",
        _n("{count} person with a role.", "{count} people with roles.", counts.staff)
        if done else _("The owner is alone: invite a second person, so that nobody is locked out."),
        _("Verifying customers, risk and support."),
        "/admin/staff", "staff.manage",
    )  # fmt: skip


def _registration(of: Tenant, look: Brand, counts: Row[tuple[int, ...]]) -> Step:
    if not look.support_email:
        state, said = "todo", _("Say where customers get help: the support address is missing.")
    elif of.registration == "open":
        state, said = "done", _("Anybody may register; staff verify them. Help: {email}.", email=look.support_email)
    elif counts.customers:
        state, said = "done", _("By invitation only. Help: {email}.", email=look.support_email)
    else:
        state, said = "todo", _("By invitation only, and nobody is invited yet.")
    return Step(
        "registration", _("Customers’ registration"), "done" if state == "done" else "todo", said,
        _("Customers, and with them everything they do."),
        "/admin/customers" if of.registration == "invited" and look.support_email else "/admin/settings/company#registration",
        "company.manage",
    )  # fmt: skip


def _products(session: TenantSession, runtime: Runtime) -> Step:
    states = products.states(session)
    on = [plugin.manifest.title for key, plugin in runtime.plugins.items() if states.get(key) == "on"]
    lacking = [key for key in runtime.plugins if states.get(key) != "on" and missing(session, key)]
    state: StepState = (
        "done" if on or not runtime.plugins else "waiting" if len(lacking) == len(runtime.plugins) else "todo"
    )
    if on:
        said: str = _("On: {titles}.", titles=", ".join(on))
    elif state == "waiting":
        said = _("Account types and symbols come first.")
    else:
        said = _("No module is on.") if runtime.plugins else _("The platform has no modules installed.")
    return Step(
        "products", _("Products"), state, said,
        _("What customers find in the portal besides trading by hand."),
        "/admin/settings/products", "products.view",
    )  # fmt: skip
