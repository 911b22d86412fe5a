"""Drive a price file through the running stack in lockstep: each quote's consequences are settled before the next."""

import json
import sys
import time
from pathlib import Path

import click

from core.settings import load_settings


@click.command(help=__doc__)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tenant", required=True, help="Short name of the brokerage.")
@click.option("--symbol", required=True, help="Code of its symbol.")
@click.option(
    "--price",
    type=click.Choice(["close", "ohlc", "ticks"]),
    help="How rows become quotes: each bar's close, its four prices in order, or ticks as they are."
    " Default: ticks for a file of ticks, close for one of bars.",
)
@click.option("--round", "rounding", is_flag=True, help="Take prices off the tick to the nearest instead of refusing.")
@click.option("--spread", default=0, help="Ticks between bid and ask, laid around the prices of trade bars.")
@click.option("--discard", is_flag=True, help="Give up a replay of another file that was broken off.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    file: Path, tenant: str, symbol: str, price: str | None, rounding: bool, spread: int, discard: bool, as_json: bool
) -> None:
    from core.feeds.columns import PriceFileError
    from core.feeds.replay_target import ReplayError
    from core.feeds.replaying import Wish, replay
    from core.platform import build_platform
    from core.servers import serving

    wish = Wish(file, tenant, symbol, price, rounding=rounding, spread=spread, discard=discard)
    told = _Progress(silent=as_json)
    started = time.monotonic()
    try:
        with serving(load_settings()) as settings, build_platform(settings) as platform:
            quotes = replay(platform, wish, told)
    except (PriceFileError, ReplayError) as error:
        told.end()
        raise click.ClickException(str(error)) from None
    seconds = time.monotonic() - started
    told.end()
    if as_json:
        click.echo(json.dumps({"quotes": quotes, "seconds": round(seconds, 3)}))
    else:
        click.echo(f"{quotes:,} quotes in {seconds:.1f} s; everything they caused is settled")


class _Progress:
    """A line that is written over on a terminal, and a line for each tenth elsewhere."""

    def __init__(self, *, silent: bool) -> None:
        self._silent, self._on_terminal = silent, sys.stderr.isatty()
        self._tenth, self._open = -1, False

    def __call__(self, done: int, count: int) -> None:
        tenth = 10 * done // count
        if self._silent or (not self._on_terminal and tenth == self._tenth):
            return
        self._tenth, self._open = tenth, self._on_terminal
        line = f"{done:>9,} of {count:,} quotes ({100 * done // count} %)"
        click.echo(f"\r{line}" if self._on_terminal else line, nl=not self._on_terminal, err=True)

    def end(self) -> None:
        """Leave the line."""
        if self._open:
            click.echo(err=True)
