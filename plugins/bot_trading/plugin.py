"""Bot Trading: bots that trade on customers' accounts by strategies that the brokerage allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.sdk import (
    ExposureReport,
    HealthCheck,
    Job,
    Manifest,
    NavigationEntry,
    Permission,
    Routes,
    Slot,
    Subscription,
    hookimpl,
)
from core.sdk.declarations import ExtensionError
from core.sdk.demo import Demo
from core.sdk.reactors import Reactor
from core.sdk.text import _
from plugins.bot_trading.demo import demo_of
from plugins.bot_trading.hooks import StrategySpec
from plugins.bot_trading.jobs import BotJobs
from plugins.bot_trading.reactor import BotReactor
from plugins.bot_trading.registry import own_strategies
from plugins.bot_trading.services.leaving import exposure_of
from plugins.bot_trading.services.moving import MODULE
from plugins.bot_trading.settings import BotTradingSettings
from plugins.bot_trading.web import admin_routes, api_routes, portal_routes
from plugins.bot_trading.web.admin_access import access_slot
from plugins.bot_trading.web.permissions import KILL, LAUNCH, MANAGE, RULE, VIEW

__all__ = ["BotTrading"]


class BotTrading:
    """The plugin."""

    def __init__(self) -> None:
        self._strategies = own_strategies()
        self._jobs = BotJobs(self._strategies)

    @hookimpl
    def manifest(self) -> Manifest:
        return Manifest(
            key=MODULE,
            title=_("Bot Trading"),
            summary=_("Customers run automated bots on their trading accounts; staff watch and intervene."),
            version="0.1.0",
            support="The Tradeyard founders",
            needs=("account_types", "symbols"),
        )

    @hookimpl
    def settings(self) -> type[BaseModel]:
        return BotTradingSettings

    @hookimpl
    def permissions(self) -> Sequence[Permission]:
        return (
            Permission(VIEW, _("See bots"), groups=("owner", "admin", "risk", "support")),
            Permission(MANAGE, _("Pause, resume and stop bots"), groups=("owner", "admin", "risk")),
            Permission(KILL, _("Halt all bots at once"), groups=("owner", "admin", "risk")),
            Permission(RULE, _("Say which customer may run which strategy"), groups=("owner", "admin")),
            Permission(LAUNCH, _("Run bots"), audience="customer"),
        )

    @hookimpl
    def routes(self) -> Routes:
        return Routes(
            admin=admin_routes(self._strategies),
            portal=portal_routes(self._strategies),
            api=api_routes(self._strategies),
            origins={"bot": "bots/{id}"},
        )

    @hookimpl
    def navigation(self) -> Sequence[NavigationEntry]:
        return (
            NavigationEntry(
                "admin", "Trading", _("Bot Stats"), "stats", icon="chart-histogram", permission=VIEW, order=60
            ),
            NavigationEntry(
                "admin", "Trading", _("Bot Mission Control"), "mission-control", icon="robot", permission=VIEW, order=61
            ),
            NavigationEntry("portal", "Trading", _("Bots"), "", icon="robot", permission=LAUNCH, order=60),
        )

    @hookimpl
    def slots(self) -> Sequence[Slot]:
        return (access_slot(self._strategies),)

    @hookimpl
    def jobs(self) -> Sequence[Job]:
        return self._jobs.jobs()

    @hookimpl
    def subscriptions(self) -> Sequence[Subscription]:
        return self._jobs.subscriptions()

    @hookimpl
    def reactors(self) -> Sequence[Reactor]:
        return (BotReactor(self._strategies),)

    @hookimpl
    def exposure(self) -> ExposureReport:
        return exposure_of(self._strategies)

    @hookimpl
    def health(self) -> Sequence[HealthCheck]:
        return (HealthCheck("commands", _commands_wait),)

    @hookimpl
    def demo(self) -> Demo:
        return demo_of(self._strategies)

    @hookimpl
    def extension_points(self) -> Sequence[type]:
        return (StrategySpec,)

    @hookimpl
    def extensions(self, collected: Mapping[str, Mapping[str, Any]]) -> None:
        for plugin, strategies in collected.get("strategies", {}).items():
            try:
                for strategy in strategies:
                    self._strategies.add(strategy)
            except (AttributeError, TypeError, ValueError) as error:
                raise ExtensionError(plugin, f"its strategies do not fit: {error}") from error


def _commands_wait(session: Session) -> str | None:
    waiting = session.scalar(
        text(
            "select count(*) from bot_trading.commands where status = 'stored' and created_at < now() - interval '1 minute'"
        )
    )
    return f"{waiting} commands on bots have waited for more than a minute" if waiting else None
