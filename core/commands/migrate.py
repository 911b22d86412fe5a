"""Bring the database to the newest schema."""

import click

from core.settings import load_settings


@click.command(help=__doc__)
def command() -> None:
    from core.addresses import resolve
    from core.preparation import prepare
    from core.servers import serving

    with serving(load_settings(), progress=lambda line: click.echo(f"  {line}")) as settings:
        runtime = prepare(settings)
        for rejected in runtime.rejected:
            click.echo(f"  plugin {rejected.source.name} is left out: {rejected.reason}")
        click.echo(f"the database {resolve(settings).database!r} has the newest schema")
