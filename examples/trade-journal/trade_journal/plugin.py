"""The plugin as the platform sees it: what it declares, asked once at start."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from core.sdk import Job, Manifest, NavigationEntry, Permission, Routes, Subscription, hookimpl
from trade_journal import journal, pages
from trade_journal.models import KEY
from trade_journal.settings import JournalSettings


class TradeJournal:
    """Counts fills and keeps customers' notes."""

    @hookimpl
    def manifest(self) -> Manifest:
        """Who we are."""
        return Manifest(
            key=KEY,
            title="Trade Journal",
            summary="Customers see how often they trade and note what they thought of it.",
            version="1.0.0",
            support="https://example.com/trade-journal",
            needs=("account_types",),
            core_revision="0001",
        )

    @hookimpl
    def settings(self) -> type[BaseModel]:
        """What a tenant sets."""
        return JournalSettings

    @hookimpl
    def permissions(self) -> Sequence[Permission]:
        """Who may do what; groups and customers hold these from the start."""
        return (
            Permission(
                f"{KEY}.notes.view", "See how often accounts trade", groups=("owner", "admin", "risk", "support")
            ),
            Permission(f"{KEY}.notes.write", "Keep a trade journal", "customer"),
        )

    @hookimpl
    def routes(self) -> Routes:
        """Pages and API."""
        return pages.routes()

    @hookimpl
    def navigation(self) -> Sequence[NavigationEntry]:
        """A link for customers and one for staff."""
        return (
            NavigationEntry("portal", "Trading", "Trade journal", "", "notebook", f"{KEY}.notes.write", 80),
            NavigationEntry("admin", "Trading", "Trade journal", "", "notebook", f"{KEY}.notes.view", 80),
        )

    @hookimpl
    def subscriptions(self) -> Sequence[Subscription]:
        """Fills, all of them: those from before a pause of the module too, once it is on again."""
        return (Subscription("fills", journal.count_fills, types=("fills_booked",), queue="default", catch_up=True),)

    @hookimpl
    def jobs(self) -> Sequence[Job]:
        """Once a day."""
        return (Job("forget", journal.forget, queue="bulk", every_s=24 * 60 * 60),)
