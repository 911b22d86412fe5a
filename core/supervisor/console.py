"""What `tradeyard up` tells on the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click


class Console:
    """Progress, then the addresses. On a terminal a step in progress is shown and replaced; elsewhere lines follow lines."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._open = False

    def line(self, text: str = "") -> None:
        """A line of its own."""
        self._close()
        click.echo(text)

    def note(self, text: str) -> None:
        """Something that happened while all was running."""
        self.line(f"{click.style(time.strftime('%H:%M:%S'), dim=True)}  {text}")

    def progress(self, text: str) -> None:
        """What is being done at the moment; gone when the next thing is told."""
        if self._live:
            self._close()
            click.echo(click.style(f"  … {text}", dim=True), nl=False)
            self._open = True

    @contextmanager
    def step(self, doing: str, done: str) -> Iterator[None]:
        """A step that takes a while, with its time when it is done (seconds)."""
        self.progress(doing)
        began = time.monotonic()
        yield
        self._close()
        taken = click.style(f"{time.monotonic() - began:.1f} s", dim=True)
        click.echo(f"  {click.style('✓', fg='green')} {done}  {taken}")

    def _close(self) -> None:
        if self._open:
            click.echo("\r\033[K", nl=False)
            self._open = False
