"""Events that wait for their handlers: list them, and let a parked stream go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from core.settings import load_settings

if TYPE_CHECKING:
    from core.platform import Platform


@click.group(help=__doc__, invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    if context.invoked_subcommand is None:
        context.invoke(waiting)


@command.command()
@click.option("--trace", is_flag=True, help="Show the whole error of each.")
def waiting(trace: bool) -> None:
    """List the streams in which events wait for a handler."""
    from core.events.reading import pending

    with _platform() as platform:
        keys = {tenant.id: tenant.key for tenant in platform.snapshot.current.tenants.values()}
        found = pending(platform.database, platform.runtime)
    for item in found:
        state = "parked" if item.parked else f"failed {item.failures} times" if item.failures else "waiting"
        click.echo(f"{keys.get(item.tenant_id, item.tenant_id)} {item.handler} {item.stream} {item.shard}: {state}")
        if item.error:
            click.echo(item.error if trace else f"  {item.error.strip().splitlines()[-1]}")
    if not found:
        click.echo("Nothing waits.")


@command.command()
@click.argument("tenant")
@click.argument("handler")
@click.argument("stream")
@click.argument("shard", type=int, default=0)
@click.option("--skip", is_flag=True, help="Leave the event out that failed. What it should have done is not done.")
def resume(tenant: str, handler: str, stream: str, shard: int, skip: bool) -> None:
    """Let a parked STREAM of a HANDLER go on, named as the list names them."""
    from core.events.parking import resume as let_go_on

    with _platform() as platform:
        found = platform.snapshot.current.by_key(tenant)
        known = platform.runtime.handlers.get(handler)
        if found is None or known is None:
            raise click.ClickException(f"there is no {'tenant ' + tenant if found is None else 'handler ' + handler}")
        with platform.database.tenant(found.id) as session:
            if not let_go_on(session, known, stream, shard, skip=skip):
                raise click.ClickException(f"{handler} has no stream {stream} {shard} there")
    click.echo("It goes on within a second, where workers run.")


@contextmanager
def _platform() -> Iterator[Platform]:
    from core.platform import build_platform
    from core.servers import serving

    with (
        serving(load_settings(), progress=lambda line: click.echo(f"  {line}", err=True)) as settings,
        build_platform(settings) as platform,
    ):
        yield platform
