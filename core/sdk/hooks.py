"""The hooks: one place that says what a plugin can contribute.

Every hook is a declaration: synchronous, called once at start on each plugin alone, returning data. A plugin that raises
or returns something else is rejected with the reason; the platform and the other plugins go on without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    import click
    from pydantic import BaseModel

    from core.lanes.reactor import Reactor
    from core.sdk.declarations import (
        ExposureReport,
        HealthCheck,
        Job,
        Manifest,
        NavigationEntry,
        OrderCheck,
        Permission,
        Routes,
        Slot,
        Subscription,
    )
    from core.sdk.demo import Demo
    from core.venues.port import Venue

PROJECT = "tradeyard"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class PluginSpec:
    """All hooks of the contract. Only ``manifest`` is required."""

    @hookspec
    def manifest(self) -> Manifest:  # type: ignore[empty-body]
        """Who the plugin is."""

    @hookspec
    def settings(self) -> type[BaseModel]:  # type: ignore[empty-body]
        """The model of the tenant's settings; each field with a default, a title and a description."""

    @hookspec
    def permissions(self) -> Sequence[Permission]:  # type: ignore[empty-body]
        """Permissions that the plugin's pages and actions ask for."""

    @hookspec
    def routes(self) -> Routes:  # type: ignore[empty-body]
        """Pages and API."""

    @hookspec
    def navigation(self) -> Sequence[NavigationEntry]:  # type: ignore[empty-body]
        """Links to the pages."""

    @hookspec
    def slots(self) -> Sequence[Slot]:  # type: ignore[empty-body]
        """Fragments of the core's pages."""

    @hookspec
    def jobs(self) -> Sequence[Job]:  # type: ignore[empty-body]
        """Background jobs."""

    @hookspec
    def subscriptions(self) -> Sequence[Subscription]:  # type: ignore[empty-body]
        """Handlers of events."""

    @hookspec
    def reactors(self) -> Sequence[Reactor]:  # type: ignore[empty-body]
        """Price-driven subjects."""

    @hookspec
    def exposure(self) -> ExposureReport:  # type: ignore[empty-body]
        """What a tenant would leave behind, and how it is left."""

    @hookspec
    def order_checks(self) -> Sequence[OrderCheck]:  # type: ignore[empty-body]
        """Pre-trade checks, which may only tighten."""

    @hookspec
    def venues(self) -> Mapping[str, Venue]:  # type: ignore[empty-body]
        """Execution venues by key."""

    @hookspec
    def health(self) -> Sequence[HealthCheck]:  # type: ignore[empty-body]
        """Health checks."""

    @hookspec
    def cli(self) -> click.Group:  # type: ignore[empty-body]
        """Commands under the plugin's key."""

    @hookspec
    def demo(self) -> Demo:  # type: ignore[empty-body]
        """The plugin's part of the demo brokerages."""

    @hookspec
    def extension_points(self) -> Sequence[type]:  # type: ignore[empty-body]
        """Classes with hook specifications of the plugin's own, which other plugins may implement."""

    @hookspec
    def extensions(self, collected: Mapping[str, Mapping[str, Any]]) -> None:
        """Receives, once all plugins are loaded, what the others returned for its own hooks: hook → plugin key → value."""
