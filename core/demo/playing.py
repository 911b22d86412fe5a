"""The process that keeps the demo alive: its people trade by hand, and the modules look after their part."""

from __future__ import annotations

import logging
import random
import signal
from threading import Event
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from core.demo.cast import BROKERAGES, Brokerage
from core.demo.scene import scene_of, with_modules
from core.demo.trading import trade
from tenants.models import Tenant

if TYPE_CHECKING:
    from core.platform import Platform

_log = logging.getLogger("tradeyard.demo")

TURN_S = 4.0
MODULES_EVERY = 4
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


def _open_brokerages(platform: Platform) -> list[tuple[UUID, Brokerage]]:
    with platform.database.system() as session:
        found = dict(session.execute(select(Tenant.key, Tenant.id).where(Tenant.status == "active")).all())
    return [(found[brokerage.key], brokerage) for brokerage in BROKERAGES if brokerage.key in found]
