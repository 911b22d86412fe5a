"""Start everything: servers, web, workers, lanes, scheduler and prices; Ctrl-C stops it."""

from pathlib import Path
from typing import Any

import click

from core.settings import load_settings


@click.command(help=__doc__)
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on; if it is taken, another is found.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder to keep everything in.")
@click.option(
    "--prices",
    "feed_prices",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV or Parquet file of ticks or bars to play.",
)
@click.option("--speed", "feed_speed", type=float, help="How many times faster than real time prices are played.")
@click.option(
    "--feed", type=click.Choice(["demo", "file", "synthetic", "live", "none"]), help="Where prices come from."
)
@click.option("--fleeting", is_flag=True, hidden=True, help="For tests: a crash of the machine may lose the data.")
def command(fleeting: bool, **given: Any) -> None:
    from core.supervisor.console import Console
    from core.supervisor.up import up

    options = {name: value for name, value in given.items() if value is not None}
    if "feed_prices" in options:
        options.setdefault("feed", "file")
    up(load_settings(**options), Console(), durable=not fleeting)
