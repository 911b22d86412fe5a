"""Measure this machine: quotes, and what the modules bring."""

import json
from importlib.metadata import entry_points

import click

GROUP = "tradeyard.benchmarks"
"""Entry points of modules' own benchmarks: each names a click command."""


class _Benchmarks(click.Group):
    """The core's benchmarks, and those that installed distributions declare."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *entry_points(group=GROUP).names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in entry_points(group=GROUP).names:
            return own
        found = entry_points(group=GROUP)[cmd_name].load()
        if not isinstance(found, click.Command):
            raise click.ClickException(f"the benchmark {cmd_name} is not a click command")
        return found


@click.group(cls=_Benchmarks, help=__doc__)
def command() -> None:
    pass


@command.command()
@click.option("--bots", default=100_000, show_default=True, help="Bots that wait for prices in the second measurement.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def quotes(bots: int, as_json: bool) -> None:
    """The cost of a quote that crosses nothing, with no bot and with many."""
    from core.lanes.benchmark import measure

    result = measure(bots)
    if as_json:
        click.echo(json.dumps(result.document(), indent=2))
        return
    click.echo(f"{'':<28}{'one by one':>12}{'in a batch':>12}   nanoseconds a quote")
    for title, costs in (
        ("four plain comparisons", result.floor),
        ("no bot", result.none),
        (f"{bots:,} bots", result.many),
    ):
        click.echo(f"{title:<28}{costs.one_ns:>12.1f}{costs.batch_ns:>12.2f}")
    click.echo(f"memory of the book: {result.bytes_per_bot:.0f} bytes a bot")
