"""What is known of a plugin once it has been looked at: loaded, or rejected with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


@dataclass(frozen=True, slots=True)
class Source:
    """Where a plugin comes from: the name of its entry point, what it points to, and the distribution that has it."""

    name: str
    target: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} = {self.target} ({self.distribution} {self.version})"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A plugin that the platform goes on without. ``reason`` says what is wrong and how to mend it; ``trace`` may be empty."""

    source: Source
    reason: str
    trace: str = ""


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """Everything that a plugin declared, read once at start and never changed.

    :ivar plugin: the object whose hooks were called.
    :ivar folder: the folder of the plugin's module, where ``templates``, ``static`` and ``migrations`` may lie.
    """

    source: Source
    plugin: object
    folder: Path
    manifest: Manifest
    settings: type[BaseModel]
    permissions: tuple[Permission, ...]
    routes: Routes
    navigation: tuple[NavigationEntry, ...]
    slots: tuple[Slot, ...]
    jobs: Mapping[str, Job]
    subscriptions: Mapping[str, Subscription]
    reactors: Mapping[str, Reactor]
    exposure: ExposureReport | None
    order_checks: tuple[OrderCheck, ...]
    venues: Mapping[str, Venue]
    health: tuple[HealthCheck, ...]
    cli: click.Group | None
    extension_points: tuple[type, ...]
    demo: Demo | None = None

    @property
    def key(self) -> str:
        """The plugin's key, which is also the name of its database schema."""
        return self.manifest.key

    @property
    def path(self) -> str:
        """The key as addresses carry it."""
        return self.manifest.key.replace("_", "-")

    @property
    def templates(self) -> Path | None:
        """Folder of the templates, none where there is none."""
        return self._folder("templates")

    @property
    def static(self) -> Path | None:
        """Folder of the static files, none where there is none."""
        return self._folder("static")

    @property
    def locale(self) -> Path | None:
        """The folder of its catalogs of texts, if it has one."""
        return self._folder("locale")

    @property
    def migrations(self) -> Path | None:
        """Folder of the migrations, none where the plugin has no tables."""
        return self._folder("migrations")

    def _folder(self, name: str) -> Path | None:
        folder = self.folder / name
        return folder if folder.is_dir() else None


@dataclass(frozen=True, slots=True)
class Handler:
    """A subscription with the plugin that declared it."""

    plugin: str
    subscription: Subscription

    @property
    def key(self) -> str:
        """The name of its cursors, such as ``copy_trading.closes``."""
        return f"{self.plugin}.{self.subscription.name}"


Extensions = Mapping[str, Mapping[str, Any]]
"""Hook of an extension point → key of the plugin that implements it → what it returned."""
