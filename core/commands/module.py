"""What the operator rules about a brokerage's modules: allow, forbid, halt, end a halt, lift a quarantine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from core.settings import load_settings

if TYPE_CHECKING:
    from tenants.db import Database


@click.group(help=__doc__)
def command() -> None:
    pass


@command.command()
@click.argument("tenant")
@click.argument("module")
def allow(tenant: str, module: str) -> None:
    """The brokerage's plan has the module: its staff may switch it on."""
    _allow(tenant, module, allowed=True)
    click.echo(f"{tenant} may have {module}")


@command.command()
@click.argument("tenant")
@click.argument("module")
def forbid(tenant: str, module: str) -> None:
    """The brokerage's plan does not have the module: it cannot be switched on. One that is on stays so."""
    _allow(tenant, module, allowed=False)
    click.echo(f"{tenant} cannot switch {module} on any more")


@command.command()
@click.argument("tenant")
@click.argument("module")
@click.option("--reason", required=True, help="Shown to the brokerage's staff and kept in its audit log.")
def halt(tenant: str, module: str, reason: str) -> None:
    """Stop everything a module does for a brokerage, closes by the system too: positions are then closed by hand only."""
    from core.operator import modules
    from tenants.services.actor import OPERATOR

    with _installation(module) as database:
        modules.halt(database, tenant, module, reason, OPERATOR)
    click.echo(f"{module} is halted at {tenant}: nothing it holds is closed by the system")


@command.command("end-halt")
@click.argument("tenant")
@click.argument("module")
@click.option("--reason", required=True, help="Kept in the brokerage's audit log.")
def end_halt(tenant: str, module: str, reason: str) -> None:
    """Let a halted module wind down again; the brokerage's staff switch it on when they want to."""
    from core.operator import modules
    from tenants.services.actor import OPERATOR

    with _installation(module) as database:
        modules.end_halt(database, tenant, module, reason, OPERATOR)
    click.echo(f"{module} drains at {tenant}")


@command.command("lift-quarantine")
@click.argument("module")
@click.option(
    "--tenant", default=None, help="The brokerage's short name; without one the quarantine for all is lifted."
)
@click.option("--reason", required=True, help="Kept in the operators' log.")
def lift_quarantine(module: str, tenant: str | None, reason: str) -> None:
    """End a module's quarantine; the brokerages' staff switch it on when they want to."""
    from core.operator import modules
    from tenants.services.actor import OPERATOR

    with _installation(module) as database, database.system() as session:
        if not modules.lift(session, module, tenant, reason, OPERATOR):
            raise click.ClickException(f"{module} is not in quarantine{f' at {tenant}' if tenant else ' for all'}")
    click.echo(f"the quarantine of {module} is lifted")


def _allow(tenant: str, module: str, *, allowed: bool) -> None:
    from core.operator import brokerages
    from tenants.services.actor import OPERATOR

    with _installation(module) as database, database.system() as session:
        brokerages.set_plan(session, tenant, {module: allowed}, OPERATOR)


@contextmanager
def _installation(module: str) -> Iterator[Database]:
    """The database. Once the change has committed, waits until every process has it and names the others."""
    from core.addresses import resolve
    from core.preparation import prepare
    from core.servers import serving
    from tenants.db import Database
    from tenants.services.errors import TenantsError
    from tenants.snapshot import wait_acknowledged

    with serving(load_settings(), progress=lambda line: click.echo(f"  {line}", err=True)) as settings:
        runtime = prepare(settings)
        if module not in runtime.plugins:
            raise click.ClickException(
                f"There is no module {module}; installed are {', '.join(runtime.plugins) or 'none'}."
            )
        addresses = resolve(settings)
        database = Database(addresses.app, addresses.system, pooled=False)
        try:
            yield database
            for process in wait_acknowledged(database):
                click.echo(f"  process {process.pid} ({process.kind}) has not taken it in yet", err=True)
        except TenantsError as error:
            raise click.ClickException(str(error)) from None
        finally:
            database.dispose()
