"""Brokerages of this installation: create, list, hosts, suspend, resume."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from core.settings import load_settings

if TYPE_CHECKING:
    from core.settings import Settings
    from tenants.db import Database


@click.group(help=__doc__)
def command() -> None:
    pass


@command.command()
@click.argument("key")
@click.argument("name")
@click.option(
    "--host", "hosts", multiple=True, required=True, help="Host name; may be given again, the main one first."
)
@click.option("--owner-email", required=True, help="The first owner's e-mail address.")
@click.option("--owner-name", default="Owner", show_default=True)
@click.option("--legal-entity", default="", help="The company's name in law.")
@click.option(
    "--currency", "currencies", multiple=True, default=("USD",), show_default=True, help="The main one first."
)
@click.option("--time-zone", default="UTC", show_default=True)
@click.option("--language", default="en", show_default=True)
def create(
    key: str,
    name: str,
    hosts: tuple[str, ...],
    owner_email: str,
    owner_name: str,
    legal_entity: str,
    currencies: tuple[str, ...],
    time_zone: str,
    language: str,
) -> None:
    """Make a brokerage with account types and symbols, ready for customers; KEY is its short name."""
    from core.operator import brokerages
    from tenants.services.actor import OPERATOR
    from tenants.services.making import NewTenant

    new = NewTenant(
        key,
        name,
        hosts,
        owner_email,
        owner_name,
        legal_entity=legal_entity,
        currencies=currencies,
        time_zone=time_zone,
        language=language,
    )
    with _database() as (settings, database):
        made = brokerages.make(database, settings, new, OPERATOR)
    scheme = "https" if settings.https else "http"
    port = "" if settings.https else f":{settings.port}"
    click.echo(f"{name} is ready at {scheme}://{hosts[0]}{port}/")
    click.echo(f"{owner_email} sets a password within seven days at")
    click.echo(f"  {scheme}://{hosts[0]}{port}/admin/invitation/{made.invitation}")


@command.command("list")
def list_() -> None:
    """All brokerages."""
    from sqlalchemy import select

    from tenants.models import Tenant
    from tenants.services.company import hosts

    with _database() as (_, database), database.system() as session:
        for tenant in session.scalars(select(Tenant).order_by(Tenant.key)):
            names = ", ".join(host.host for host in hosts(session, tenant.id))
            click.echo(f"{tenant.key:<20} {tenant.status:<10} {tenant.name}  {names}")


@command.command("add-host")
@click.argument("key")
@click.argument("host")
@click.option("--main", is_flag=True, help="Addresses in mails name this one from now on.")
def add_host(key: str, host: str, main: bool) -> None:
    """Let a brokerage be reached under one more host name."""
    from core.operator import brokerages
    from tenants.services.actor import OPERATOR

    with _database() as (settings, database), database.system() as session:
        brokerages.add_host(session, settings, key, host, OPERATOR, main=main)
    click.echo(f"{key} answers at {host}")


@command.command("remove-host")
@click.argument("key")
@click.argument("host")
def remove_host(key: str, host: str) -> None:
    """Take a host name from a brokerage."""
    from core.operator import brokerages
    from tenants.services.actor import OPERATOR

    with _database() as (_, database), database.system() as session:
        brokerages.remove_host(session, key, host, OPERATOR)
    click.echo(f"{key} no longer answers at {host}")


@command.command()
@click.argument("key")
@click.option("--reason", required=True, help="Goes into the brokerage's audit log.")
def suspend(key: str, reason: str) -> None:
    """Close a brokerage's doors; what is open keeps being looked after."""
    from core.operator import brokerages
    from tenants.services.actor import OPERATOR

    with _database() as (_, database), database.system() as session:
        brokerages.suspend(session, key, reason, OPERATOR)
    click.echo(f"{key} is suspended")


@command.command()
@click.argument("key")
def resume(key: str) -> None:
    """Open a suspended brokerage's doors again."""
    from core.operator import brokerages
    from tenants.services.actor import OPERATOR

    with _database() as (_, database), database.system() as session:
        brokerages.resume(session, key, "", OPERATOR)
    click.echo(f"{key} is open")


@contextmanager
def _database() -> Iterator[tuple[Settings, Database]]:
    """The installation's database at this version; refusals by rule are told without a traceback."""
    from core.addresses import resolve
    from core.preparation import prepare
    from core.servers import serving
    from tenants.db import Database
    from tenants.services.errors import TenantsError

    with serving(load_settings(), progress=lambda line: click.echo(f"  {line}", err=True)) as settings:
        prepare(settings)
        addresses = resolve(settings)
        database = Database(addresses.app, addresses.system, pooled=False)
        try:
            yield settings, database
        except TenantsError as error:
            raise click.ClickException(str(error)) from None
        finally:
            database.dispose()
