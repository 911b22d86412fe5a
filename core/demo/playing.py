"""The process that keeps the demo alive: its people trade by hand, and the modules look after their part."""

from __future__ import annotations

import logging
import random
import signal
from threading import Event
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core.demo.cast import BROKERAGES, Brokerage
from core.demo.scene import scene_of, with_modules
from core.demo.trading import trade
from tenants.models import Tenant

if TYPE_CHECKING:
    from core.platform import Platform

_log = logging.getLogger("tradeyard.demo")

TURN_S = 3.0
_LOOK_S, _LOOKS = 0.06, 40
MODULES_EVERY = 2
"""Turns between two looks of the modules."""


def main(platform: Platform) -> None:
    """Play until SIGTERM or SIGINT."""
    over = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: over.set())
    # Not for secrets: the demo may be as predictable as it likes.
    chance = random.Random()  # noqa: S311
    turn = 0
    while not over.wait(TURN_S):
        try:
            _wait_for_prices(platform, over)
            play(platform, chance, modules=turn % MODULES_EVERY == 0)
        except DBAPIError as error:
            _log.warning("the database is out of reach, trying again: %s", error.orig)
        turn += 1


def play(platform: Platform, chance: random.Random, *, modules: bool) -> None:
    """One turn at each demo brokerage that has prices and is open."""
    for tenant_id, brokerage in _open_brokerages(platform):
        with platform.database.tenant(tenant_id) as session:
            scene = scene_of(session, brokerage)
            if not scene.prices:
                continue
            trade(session, scene, chance)
        if modules:
            with_modules(platform, tenant_id, brokerage, "play")


def _wait_for_prices(platform: Platform, over: Event) -> None:
    """Until new prices have come and all of them are there, or none came for a while.

    Who copies a trade has the time to the next price for it, since the age of a signal counts in the feed's time; with
    recorded days a price is hours younger than the one before.
    """
    before, still, moved = _numbers(platform), 0, False
    for _ in range(_LOOKS):
        if over.wait(_LOOK_S):
            return
        now = _numbers(platform)
        still = still + 1 if now == before else 0
        if still >= 2 and moved:
            return
        moved = moved or now != before
        before = now


def _numbers(platform: Platform) -> int:
    with platform.database.system() as session:
        return int(session.scalar(text("select coalesce(sum(seq), 0) from core.quotes")) or 0)


def _open_brokerages(platform: Platform) -> list[tuple[UUID, Brokerage]]:
    with platform.database.system() as session:
        found = dict(session.execute(select(Tenant.key, Tenant.id).where(Tenant.status == "active")).all())
    return [(found[brokerage.key], brokerage) for brokerage in BROKERAGES if brokerage.key in found]
