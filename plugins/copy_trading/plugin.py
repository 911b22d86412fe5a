"""The module as the platform sees it: what it declares, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

from core.sdk import (
    ExposureReport,
    ExtensionError,
    HealthCheck,
    Job,
    JobContext,
    Manifest,
    NavigationEntry,
    Permission,
    Routes,
    Subscription,
    hookimpl,
)
from core.sdk.demo import Demo
from core.sdk.text import _
from plugins.copy_trading import health
from plugins.copy_trading.demo import SETTINGS, play, prepare
from plugins.copy_trading.hooks import SizingModeSpec
from plugins.copy_trading.replication.arrivals import take_arrivals
from plugins.copy_trading.replication.handlers import on_closes, on_opens, retry_parked
from plugins.copy_trading.replication.read import shard_count
from plugins.copy_trading.replication.stops import on_stop_changes
from plugins.copy_trading.rules.modes import MODES, SizingMode
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.services import (
    bulk,
    follower_figures,
    leaving,
    observing,
    reconciling,
    rehearsing,
    risk,
    watching,
)
from plugins.copy_trading.services.fees import charge
from plugins.copy_trading.services.finishing import finish_stops
from plugins.copy_trading.web.routes import routes

KEY = "copy_trading"
_STAFF = ("owner", "admin", "risk")


class CopyTrading:
    """Masters, followers, and the replication between them."""

    @hookimpl
    def manifest(self) -> Manifest:
        """Who the module is."""
        return Manifest(
            key=KEY,
            title=_("Copy Trading"),
            summary=_("Customers copy the trades of master traders, in proportion or at fixed sizes."),
            version=version("tradeyard"),
            support="https://example.com/tradeyard",
            needs=("account_types", "symbols"),
        )

    @hookimpl
    def settings(self) -> type[BaseModel]:
        """Defaults and bounds of a tenant."""
        return CopyTradingSettings

    @hookimpl
    def permissions(self) -> Sequence[Permission]:
        """What staff and customers may do."""
        return (
            Permission(f"{KEY}.masters.view", _("See master traders and their followers"), groups=(*_STAFF, "support")),
            Permission(
                f"{KEY}.masters.manage", _("Approve, grant, pause and deactivate master traders"), groups=_STAFF
            ),
            Permission(f"{KEY}.followers.manage", _("Pause and stop followers' copies"), groups=_STAFF),
            Permission(f"{KEY}.copy", _("Copy master traders"), "customer"),
            Permission(f"{KEY}.apply", _("Apply to become a master trader"), "customer"),
        )

    @hookimpl
    def routes(self) -> Routes:
        """Pages and API."""
        return routes()

    @hookimpl
    def navigation(self) -> Sequence[NavigationEntry]:
        """Trading → Master Traders for staff; Copy Trading for customers."""
        return (
            NavigationEntry(
                "admin", _("Trading"), _("Master Traders"), "masters", "users-group", f"{KEY}.masters.view", 40
            ),
            NavigationEntry(
                "portal", _("Copy Trading"), _("Master traders"), "masters", "users-group", f"{KEY}.copy", 40
            ),
            NavigationEntry("portal", _("Copy Trading"), _("My copies"), "copies", "copy", f"{KEY}.copy", 41),
            NavigationEntry("portal", _("Copy Trading"), _("Become a master"), "apply", "trophy", f"{KEY}.apply", 42),
        )

    @hookimpl
    def subscriptions(self) -> Sequence[Subscription]:
        """A master's fills, read twice: closes go ahead and run in every state of the module, opens follow."""
        return (
            # Each event is a booking for the whole shard, so a few of them are enough for one transaction.
            Subscription(
                "closes", on_closes, watched_only=True, shards=shard_count, queue="critical", batch=16, reduces=True
            ),
            Subscription("opens", on_opens, watched_only=True, shards=shard_count, queue="trading", batch=8),
            Subscription(
                "stops",
                on_stop_changes,
                types=("position_changed",),
                watched_only=True,
                shards=shard_count,
                queue="critical",
                reduces=True,
            ),
            # Figures follow each fill and each payment; they need no event of while the module was off, for they are looked up.
            Subscription(
                "figures", observing.on_events, types=("fills", "account_changed"), watched_only=True, queue="bulk"
            ),
        )

    @hookimpl
    def jobs(self) -> Sequence[Job]:
        """Retries, ends of stops, the equity curve, the risk scan."""
        return (
            Job("retry_parked", retry_parked, queue="critical", every_s=10, reduces=True),
            Job("take_arrivals", take_arrivals, queue="critical", every_s=5, reduces=True),
            Job("finish_stops", _finish_stops, queue="critical", every_s=10, reduces=True),
            Job("equity_points", observing.look_at_all, queue="bulk", every_s=15),
            Job(bulk.JOB, bulk.run, queue="critical", reduces=True),
            Job("follower_figures", follower_figures.refresh_all, queue="bulk", every_s=30),
            Job("thin_points", observing.thin_points, queue="bulk", every_s=6 * 3600),
            Job("risk_scan", risk.scan, queue="critical", every_s=30, reduces=True),
            Job(rehearsing.JOB, rehearsing.run, queue="bulk", timeout_s=300),
            Job("reconcile", reconciling.reconcile, queue="bulk", every_s=120, reduces=True),
            Job("watch_masters", watching.watch, every_s=60),
            Job("performance_fees", _performance_fees, queue="bulk", every_s=60, reduces=True),
        )

    @hookimpl
    def exposure(self) -> ExposureReport:
        """What a tenant would leave behind: it winds down."""
        return ExposureReport(leaving.measure, leaving.leave, leaving.enter)

    @hookimpl
    def extension_points(self) -> Sequence[type]:
        """Sizing modes of other plugins."""
        return (SizingModeSpec,)

    @hookimpl
    def extensions(self, collected: Mapping[str, Mapping[str, Any]]) -> None:
        """Takes in the sizing modes of other plugins; one that does not fit is refused with its plugin."""
        taken: list[SizingMode] = []
        MODES.set(())
        for plugin, modes in collected.get("sizing_modes", {}).items():
            try:
                MODES.set([*taken, *modes])
            except (AttributeError, TypeError, ValueError) as error:
                raise ExtensionError(plugin, f"its sizing modes do not fit: {error}") from error
            taken += modes

    @hookimpl
    def health(self) -> Sequence[HealthCheck]:
        """Followers whose copies cannot be booked."""
        return (HealthCheck("copies", health.parked_copies),)

    @hookimpl
    def demo(self) -> Demo:
        """A master who trades and followers who copy, in the demo brokerages."""
        return Demo(prepare, play, SETTINGS)


def _finish_stops(ctx: JobContext, _payload: Mapping[str, Any]) -> None:
    finish_stops(ctx)


def _performance_fees(ctx: JobContext, _payload: Mapping[str, Any]) -> None:
    charge(ctx)
