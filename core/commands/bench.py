"""Measure this machine: quotes, pages, and what the modules bring."""

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


@command.command()
@click.option("--rows", default=10_000, show_default=True, help="Rows behind each list.")
@click.option("--runs", default=21, show_default=True, help="Times that each page is asked for.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def pages(rows: int, runs: int, as_json: bool) -> None:
    """The cost of the first page of each list, over HTTP on an installation of its own."""
    from core.sdk.benchmarks import installation
    from core.web.bench.measuring import LIMIT_MS, measure

    with installation() as yard:
        result = measure(yard.platform, rows, runs)
    if as_json:
        click.echo(json.dumps(result.document(), indent=2))
        return
    click.echo(f"{'':<28}{'median':>9}{'slowest':>9}{'to floor':>9}{'kB':>7}   ms, {rows:,} rows")
    for page in (result.floor, *result.pages):
        ratio = page.median_ms / result.floor.median_ms
        mark = "  over the limit" if page.median_ms >= LIMIT_MS else ""
        click.echo(
            f"{page.name:<28}{page.median_ms:>9.1f}{page.slowest_ms:>9.1f}{ratio:>9.1f}{page.size / 1000:>7.0f}{mark}"
        )
    click.echo(f"limit: {LIMIT_MS:g} ms at the median")
