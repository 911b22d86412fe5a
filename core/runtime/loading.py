"""Finds the installed plugins and reads each of them alone: a broken one is named, rejected, and harms nobody else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import click

from core.lanes.reactor import Reactor
from core.runtime import declared
from core.runtime.alarm import OverBudgetError, time_limit
from core.runtime.facade import HOOKS, PluginHooks, RejectionError, raised
from core.runtime.records import LoadedPlugin, Rejected, Source
from core.runtime.runtime import Runtime
from core.sdk.declarations import ExtensionError, Manifest
from core.venues.port import Venue

GROUP = "tradeyard.plugins"
OWN = "tradeyard"
"""Our own distribution is looked at first, so that nobody takes the key of a module that is part of it."""

IMPORT_SECONDS = 60.0


@dataclass(slots=True)
class Candidate:
    """A plugin on its way in. ``load`` returns the class, object or module that its entry point names."""

    source: Source
    load: Callable[[], object]
    plugin: object = None
    manifest: Manifest | None = None
    points: tuple[type, ...] = ()
    hooks: PluginHooks | None = None
    loaded: LoadedPlugin | None = None
    answers: dict[str, Any] = field(default_factory=dict)


def load_runtime(candidates: Iterable[Candidate] | None = None) -> Runtime:
    """Read all installed plugins (or ``candidates``), each alone, and return those that fit with the list of those that do not."""
    rejected: list[Rejected] = []
    found = list(installed() if candidates is None else candidates)
    found = _each(found, _open, rejected)
    found = _without_duplicates(found, rejected)
    found = _with_requirements(found, rejected)
    found = _each(found, _points, rejected)
    owners = _owners(found, rejected)
    found = [candidate for candidate in found if not _is_rejected(candidate, rejected)]
    found = _each(found, lambda candidate: _read(candidate, owners), rejected)
    found = _with_requirements(found, rejected)
    found = _deliver(found, owners, rejected)
    return Runtime([candidate.loaded for candidate in found if candidate.loaded is not None], rejected)


def installed() -> list[Candidate]:
    """The entry points of the group, in a fixed order: our own distribution's first, then by distribution and name."""
    candidates = [Candidate(_source(point), point.load) for point in entry_points(group=GROUP)]
    return sorted(
        candidates, key=lambda item: (item.source.distribution != OWN, item.source.distribution, item.source.name)
    )


def _source(point: EntryPoint) -> Source:
    dist = point.dist
    return Source(point.name, point.value, dist.name if dist else "", dist.version if dist else "")


def _each(candidates: list[Candidate], step: Callable[[Candidate], None], rejected: list[Rejected]) -> list[Candidate]:
    """Do ``step`` for each candidate; those it rejects leave the list."""
    kept = []
    for candidate in candidates:
        try:
            step(candidate)
        except RejectionError as rejection:
            rejected.append(Rejected(candidate.source, rejection.reason, rejection.trace))
        else:
            kept.append(candidate)
    return kept


def _open(candidate: Candidate) -> None:
    """Import the plugin, make its object and read its manifest."""
    try:
        with time_limit(IMPORT_SECONDS):
            named = candidate.load()
            candidate.plugin = named() if isinstance(named, type) else named
    except OverBudgetError:
        raise RejectionError(f"its import took longer than {IMPORT_SECONDS:g} s") from None
    except (Exception, SystemExit) as error:
        raise raised("its import", error) from error
    candidate.manifest = declared.read_manifest(PluginHooks(candidate.plugin), candidate.source.name)


def _points(candidate: Candidate) -> None:
    candidate.points = declared.read_classes(PluginHooks(candidate.plugin), "extension_points")


def _without_duplicates(candidates: list[Candidate], rejected: list[Rejected]) -> list[Candidate]:
    first: dict[str, Candidate] = {}
    for candidate in candidates:
        key = candidate.source.name
        if key in first:
            reason = f"the key {key!r} is taken by {first[key].source}: uninstall one of the two"
            rejected.append(Rejected(candidate.source, reason))
        else:
            first[key] = candidate
    return list(first.values())


def _with_requirements(candidates: list[Candidate], rejected: list[Rejected]) -> list[Candidate]:
    """Those whose required plugins are all there, looked at again until nobody leaves."""
    while True:
        keys = {candidate.source.name for candidate in candidates}
        missing = {
            candidate.source: [key for key in candidate.manifest.requires if key not in keys]
            for candidate in candidates
            if candidate.manifest is not None
        }
        leaving = {source: names for source, names in missing.items() if names}
        if not leaving:
            return candidates
        for source, names in leaving.items():
            rejected.append(Rejected(source, f"it requires {', '.join(names)}, not installed or itself rejected"))
        candidates = [candidate for candidate in candidates if candidate.source not in leaving]


def _owners(candidates: list[Candidate], rejected: list[Rejected]) -> Mapping[str, Candidate]:
    """Hook of an extension point → the plugin it belongs to. A name that somebody has already is refused."""
    owners: dict[str, Candidate] = {}
    for candidate in candidates:
        names = [name for point in candidate.points for name in vars(point) if _is_hook(point, name)]
        for name in names:
            if name in HOOKS or name in owners:
                holder = owners[name].source.name if name in owners else "the contract"
                rejected.append(Rejected(candidate.source, f"its own hook {name!r} bears the name of one of {holder}"))
                break
        else:
            owners.update(dict.fromkeys(names, candidate))
    return owners


def _is_hook(point: type, name: str) -> bool:
    return hasattr(getattr(point, name), "tradeyard_spec")


def _is_rejected(candidate: Candidate, rejected: list[Rejected]) -> bool:
    return any(item.source == candidate.source for item in rejected)


def _read(candidate: Candidate, owners: Mapping[str, Candidate]) -> None:
    """Everything a plugin declares, and what it returns for other plugins' hooks."""
    points = {point: None for owner in owners.values() for point in owner.points}
    hooks = candidate.hooks = PluginHooks(candidate.plugin, points)
    hooks.check_names()
    assert candidate.manifest is not None  # noqa: S101 - _open set it or rejected the plugin
    candidate.loaded = LoadedPlugin(
        source=candidate.source,
        plugin=candidate.plugin,
        folder=_folder(candidate.plugin),
        manifest=candidate.manifest,
        settings=declared.read_settings(hooks),
        permissions=declared.read_permissions(hooks, candidate.manifest.key),
        routes=declared.read_routes(hooks),
        navigation=declared.read_navigation(hooks),
        slots=declared.read_slots(hooks),
        jobs=declared.read_jobs(hooks),
        subscriptions=declared.read_subscriptions(hooks),
        reactors=declared.read_protocols(hooks, "reactors", Reactor),
        exposure=declared.read_exposure(hooks),
        order_checks=declared.read_checks(hooks),
        venues=declared.read_protocols(hooks, "venues", Venue),
        health=declared.read_health(hooks),
        demo=declared.read_demo(hooks),
        cli=_cli(hooks),
        extension_points=candidate.points,
    )
    candidate.answers = {hook: hooks.call(hook) for hook in owners if hooks.has(hook)}


def _cli(hooks: PluginHooks) -> click.Group | None:
    if not hooks.has("cli"):
        return None
    group = hooks.call("cli")
    if not isinstance(group, click.Group):
        raise RejectionError(f"the hook 'cli' must return a click.Group, not {type(group).__name__}")
    return group


def _deliver(candidates: list[Candidate], owners: Mapping[str, Candidate], rejected: list[Rejected]) -> list[Candidate]:
    """Hand each plugin what the others returned for its hooks. It may refuse one of them by name; that one is rejected."""
    by_key = {candidate.source.name: candidate for candidate in candidates}
    for owner in candidates:
        own = [hook for hook, holder in owners.items() if holder is owner]
        hooks = owner.hooks
        while hooks is not None and hooks.has("extensions") and own and owner.source.name in by_key:
            collected = {
                hook: MappingProxyType(
                    {key: item.answers[hook] for key, item in by_key.items() if hook in item.answers}
                )
                for hook in own
            }
            try:
                hooks.call("extensions", collected=MappingProxyType(collected))
                break
            except RejectionError as rejection:
                fault = rejection.__cause__
                blamed = fault.plugin if isinstance(fault, ExtensionError) else owner.source.name
                culprit = by_key.pop(blamed if blamed in by_key else owner.source.name)
                reason = f"{owner.source.name} refused it: {fault}" if culprit is not owner else rejection.reason
                rejected.append(Rejected(culprit.source, reason, rejection.trace))
    return _with_requirements([item for item in candidates if item.source.name in by_key], rejected)


def _folder(plugin: object) -> Path:
    module = plugin if isinstance(plugin, ModuleType) else sys.modules.get(type(plugin).__module__)
    file = getattr(module, "__file__", None)
    # A plugin without a file (made in memory) has no folders; an empty path would mean the working folder.
    return Path(file).resolve().parent if file else Path("/nonexistent")
