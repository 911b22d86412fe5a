"""Plugins of this installation: list them and why any is left out, lift a quarantine, take one's tables out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from core.settings import load_settings

if TYPE_CHECKING:
    from core.settings import Settings
    from tenants.db import Database


@click.group(help=__doc__, invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    if context.invoked_subcommand is None:
        context.invoke(list_plugins)


@command.command("list")
@click.option("--trace", is_flag=True, help="Show what a plugin that is left out has raised.")
@click.option("--no-database", is_flag=True, help="Leave tables and quarantines out: needs no servers.")
def list_plugins(trace: bool, no_database: bool) -> None:
    """List the installed plugins: what each brings, and why any is left out."""
    from core.runtime import load_runtime

    runtime = load_runtime()
    quarantines: list[str] = []
    if not no_database:
        from core.addresses import resolve
        from core.runtime.migrating import fitting

        with _database() as (settings, database):
            runtime = fitting(resolve(settings), runtime)
            quarantines = _quarantines(database)
    for plugin in runtime.plugins.values():
        click.echo(f"{plugin.key} {plugin.manifest.version}: {plugin.manifest.title} ({plugin.source.distribution})")
        counts = {
            "pages and API": sum(len(getattr(plugin.routes, area)) for area in ("admin", "portal", "api")),
            "jobs": len(plugin.jobs),
            "handlers": len(plugin.subscriptions),
            "reactors": len(plugin.reactors),
            "fragments": len(plugin.slots),
            "order checks": len(plugin.order_checks),
            "venues": len(plugin.venues),
        }
        click.echo("  " + (", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing"))
    for rejected in runtime.rejected:
        click.echo(click.style(f"{rejected.source} is left out: {rejected.reason}", fg="red"))
        if trace and rejected.trace:
            click.echo(rejected.trace)
    for line in quarantines:
        click.echo(click.style(line, fg="yellow"))
    if not runtime.plugins and not runtime.rejected:
        click.echo("No plugins are installed.")


@command.command()
@click.argument("key")
@click.option("--tenant", help="Key of the tenant; without it the quarantine for all tenants is lifted.")
def release(key: str, tenant: str | None) -> None:
    """Lift the quarantine of the plugin KEY. Its module stays off until it is switched on."""
    from sqlalchemy import text

    from core.runtime.quarantine import lift
    from tenants.services.actor import OPERATOR

    with _database() as (_, database), database.system() as session:
        tenant_id = None
        if tenant is not None:
            tenant_id = session.scalar(text("select id from tenants.tenants where key = :key"), {"key": tenant})
            if tenant_id is None:
                raise click.ClickException(f"there is no tenant {tenant!r}")
        if not lift(session, key, tenant_id, OPERATOR):
            raise click.ClickException(f"{key} is in no such quarantine")
    click.echo(f"{key} is released; switch it on where it is wanted")


@command.command()
@click.argument("key")
@click.confirmation_option(
    prompt="This deletes all data of the plugin, for all tenants. Is there a backup, and are you sure?"
)
def drop(key: str) -> None:
    """Take the tables of the plugin KEY out, with all that is in them. It must be uninstalled already."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    from core.addresses import resolve
    from core.runtime.loading import installed
    from core.runtime.migrating import drop_plugin

    if any(found.source.name == key for found in installed()):
        raise click.ClickException(
            f"{key} is still installed: uninstall its distribution first, or it makes its tables anew"
        )
    with _database() as (settings, _):
        engine = create_engine(resolve(settings).owner, poolclass=NullPool)
        try:
            with engine.begin() as connection:
                drop_plugin(connection, key)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
        finally:
            engine.dispose()
    click.echo(f"the tables of {key} are gone")


def _quarantines(database: Database) -> list[str]:
    from sqlalchemy import text

    with database.system() as session:
        rows = session.execute(
            text(
                "select q.plugin, q.reason, t.key from core.quarantines q left join tenants.tenants t on t.id = q.tenant_id"
                " where q.lifted_at is null order by q.since"
            )
        )
        return [f"{row.plugin} is in quarantine for {row.key or 'all tenants'}: {row.reason}" for row in rows]


@contextmanager
def _database() -> Iterator[tuple[Settings, Database]]:
    from core.addresses import resolve
    from core.servers import serving
    from tenants.db import Database

    with serving(load_settings(), progress=lambda line: click.echo(f"  {line}", err=True)) as settings:
        addresses = resolve(settings)
        database = Database(addresses.app, addresses.system, pooled=False)
        try:
            yield settings, database
        finally:
            database.dispose()
