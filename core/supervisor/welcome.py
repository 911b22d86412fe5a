"""What is printed when everything runs: addresses and sign-ins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import click

from core.settings import Settings

if TYPE_CHECKING:
    from core.demo import SignIn

FEEDS = {
    "demo": "real daily prices of five stocks, four quotes a day, played at {speed:g} a second",
    "file": "{file}, {speed:g} times as fast as recorded",
    "synthetic": "synthetic: made up, not of any market",
    "live": "live from {exchange}",
    "none": "none",
}


def scheme(settings: Settings) -> str:
    """``http``, or ``https`` where a proxy in front speaks it."""
    return "https" if settings.https else "http"


def address(settings: Settings, host: str, path: str) -> str:
    """A page's address as a browser is given it."""
    port = "" if settings.https else f":{settings.port}"
    return f"{scheme(settings)}://{host}{port}{path}"


def welcome(settings: Settings, sign_ins: Sequence[SignIn]) -> list[str]:
    """Lines for the terminal. The demo's people share a password; who has changed theirs is marked."""
    lines = [""]
    for (name, host), group in groupby(sign_ins, key=lambda item: (item.brokerage, item.host)):
        lines.append(f"  {click.style(name, bold=True)}")
        people = list(group)
        operators = host == settings.operator_host
        for path, surface in (("/", "operator"),) if operators else (("/", "portal"), ("/admin", "admin")):
            lines.append(f"    {surface:8} {click.style(address(settings, host, path), fg='cyan', underline=True)}")
            lines += [_person(item) for item in people if item.path == path]
        lines.append("")
    if not sign_ins:
        lines += [
            f"  {address(settings, settings.base_domain, '/')}",
            "  Make a brokerage: tradeyard tenant create --help",
        ]
    passwords = sorted({item.password for item in sign_ins if item.password})
    lines += [f"  password {click.style(password, bold=True)}" for password in passwords]
    prices = FEEDS[settings.feed].format(
        speed=settings.feed_speed, file=settings.feed_prices, exchange=settings.feed_exchange
    )
    return [*lines, f"  prices   {prices}", ""]


def _person(sign_in: SignIn) -> str:
    changed = "" if sign_in.password else "(password changed since)"
    return f"             {sign_in.role:11} {sign_in.email:27} {changed}".rstrip()
