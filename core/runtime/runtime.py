"""The loaded plugins, and lookups of what they contribute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from core.runtime.records import Handler, LoadedPlugin, Rejected
from core.sdk.declarations import Job, NavigationEntry, OrderCheck, Permission, Slot
from core.sdk.reactors import Reactor

if TYPE_CHECKING:
    from core.venues.port import Venue


class Runtime:
    """What all plugins together contribute; immutable, the same in every process.

    :ivar plugins: by key, in the order of the keys.
    :ivar rejected: plugins that the platform goes on without, with reasons.
    """

    def __init__(self, plugins: Iterable[LoadedPlugin] = (), rejected: Iterable[Rejected] = ()) -> None:
        self.plugins: Mapping[str, LoadedPlugin] = MappingProxyType(
            {plugin.key: plugin for plugin in sorted(plugins, key=lambda plugin: plugin.key)}
        )
        self.rejected: tuple[Rejected, ...] = tuple(rejected)

    def without(self, rejected: Iterable[Rejected]) -> Runtime:
        """The same runtime after plugins were rejected that had been loaded (their tables lack policies, say)."""
        more = tuple(rejected)
        gone = {item.source.name for item in more}
        kept = [plugin for key, plugin in self.plugins.items() if key not in gone]
        return Runtime(kept, (*self.rejected, *more))

    def get(self, key: str) -> LoadedPlugin | None:
        """A plugin, none where it is not loaded."""
        return self.plugins.get(key)

    def job(self, plugin: str, name: str) -> Job | None:
        """A job, none where its plugin is not loaded or has none of that name."""
        found = self.plugins.get(plugin)
        return found.jobs.get(name) if found else None

    @cached_property
    def handlers(self) -> Mapping[str, Handler]:
        """All handlers of events by the key of their cursors (``plugin.name``)."""
        return MappingProxyType(
            {
                handler.key: handler
                for plugin in self.plugins.values()
                for handler in (Handler(plugin.key, item) for item in plugin.subscriptions.values())
            }
        )

    def handlers_of(self, event_type: str) -> tuple[Handler, ...]:
        """The handlers that want events of a type."""
        return self._handlers_by_type.get(event_type, ())

    @cached_property
    def _handlers_by_type(self) -> Mapping[str, tuple[Handler, ...]]:
        types = {name for handler in self.handlers.values() for name in handler.subscription.types}
        return {
            name: tuple(handler for handler in self.handlers.values() if name in handler.subscription.types)
            for name in types
        }

    def reactor(self, plugin: str, name: str) -> Reactor | None:
        """A reactor, none where its plugin is not loaded or has none of that name."""
        found = self.plugins.get(plugin)
        return found.reactors.get(name) if found else None

    def slots(self, place: str) -> tuple[tuple[LoadedPlugin, Slot], ...]:
        """Fragments for a place of the core's pages, in their order."""
        found = [(plugin, slot) for plugin in self.plugins.values() for slot in plugin.slots if slot.place == place]
        return tuple(sorted(found, key=lambda item: (item[1].order, item[0].key, item[1].title)))

    def navigation(self, area: str) -> tuple[tuple[LoadedPlugin, NavigationEntry], ...]:
        """Links of an area, in their order."""
        found = [
            (plugin, entry) for plugin in self.plugins.values() for entry in plugin.navigation if entry.area == area
        ]
        return tuple(sorted(found, key=lambda item: (item[1].order, item[0].key)))

    @cached_property
    def order_checks(self) -> tuple[tuple[LoadedPlugin, OrderCheck], ...]:
        """All pre-trade checks."""
        return tuple((plugin, check) for plugin in self.plugins.values() for check in plugin.order_checks)

    @cached_property
    def venues(self) -> Mapping[str, tuple[LoadedPlugin, Venue]]:
        """Plugins' venues by ``plugin.name``, as a symbol's ``venue`` carries it."""
        return MappingProxyType(
            {
                f"{plugin.key}.{name}": (plugin, venue)
                for plugin in self.plugins.values()
                for name, venue in plugin.venues.items()
            }
        )

    @cached_property
    def permissions(self) -> tuple[tuple[str, Permission], ...]:
        """All permissions with the key of their plugin."""
        return tuple((plugin.key, item) for plugin in self.plugins.values() for item in plugin.permissions)
