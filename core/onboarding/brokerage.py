"""A new brokerage by one call: the tenant, its account types, and a symbol for each instrument of the platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from core.onboarding.defaults import DEFAULT_TYPES, NewAccountType, add_account_type, add_symbols
from core.trading.models import AccountType, Instrument
from tenants.db import Database
from tenants.services.actor import Actor
from tenants.services.making import MadeTenant, NewTenant, make_tenant


def make_brokerage(
    database: Database, new: NewTenant, actor: Actor, *, types: Sequence[NewAccountType] = DEFAULT_TYPES
) -> MadeTenant:
    """Make a tenant that can take customers at once. Account types are in its main currency.

    :raises tenants.services.errors.InvalidError: for what cannot be taken, such as a key or host in use.
    """
    with database.system() as session:
        made = make_tenant(session, new, actor)
        instruments = session.scalars(select(Instrument).order_by(Instrument.feed, Instrument.feed_symbol)).all()
    # In the tenant's own session, where its policies hold. Should this fail, the tenant is there and has no account
    # types yet, as its set-up page says.
    with database.tenant(made.tenant_id) as tenant:
        if tenant.scalar(select(AccountType.id).limit(1)) is None:
            add_symbols(tenant, instruments, actor)
            for kind in types:
                add_account_type(tenant, replace(kind, currency=new.currencies[0].strip().upper()), actor)
    return made
