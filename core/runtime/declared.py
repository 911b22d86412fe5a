"""Reads what a plugin declares, and refuses what does not fit the contract."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from litestar import Controller, Router
from litestar.handlers import BaseRouteHandler
from pydantic import BaseModel, ValidationError

from core.runtime.facade import PluginHooks, RejectionError
from core.sdk.declarations import (
    ExposureReport,
    HealthCheck,
    Job,
    Manifest,
    NavigationEntry,
    OrderCheck,
    Permission,
    QueueClass,
    Routes,
    Slot,
    Subscription,
)
from core.sdk.demo import Demo
from core.sdk.version import API_VERSION

T = TypeVar("T")

NEEDS = ("account_types", "symbols")
PLACES = ("admin.dashboard", "admin.account.tab", "admin.customer.tab", "portal.dashboard", "portal.account.tab")
QUEUES = get_args(QueueClass)
RESERVED = frozenset(
    (  # noqa: SIM905 - a list would take forty lines
        "account accounts admin api bench brand chart core customers developers email events forgot frontend healthz"
        " history invitation ledger live me migrate module notifications openapi_json operator orders plugins portal"
        " positions product_configs public quotes register replay reset schema second_factor settings sign_in sign_out"
        " staff statements static symbols tenant tenants texts trade up worker"
    ).split()
)
"""Keys that would hide schemas, commands or addresses of the platform's own."""

_KEY = re.compile(r"[a-z][a-z0-9_]{1,39}\Z")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}\Z")


class NoSettings(BaseModel):
    """The settings of a plugin that has none."""


def read_manifest(hooks: PluginHooks, entry_name: str) -> Manifest:
    """The manifest, checked: the key fits, and the plugin was made for this version of the contract."""
    if not hooks.has("manifest"):
        raise RejectionError(
            "it has no hook `manifest`: an entry point names a class (or object) with @hookimpl methods"
        )
    manifest = _typed("manifest", hooks.call("manifest"), Manifest)
    if not _KEY.match(manifest.key) or manifest.key in RESERVED or manifest.key.startswith("pg_"):
        raise RejectionError(
            f"the key {manifest.key!r} is reserved or not made of 2–40 lower-case letters, digits, underscores"
        )
    if manifest.key != entry_name:
        raise RejectionError(
            f"its entry point is named {entry_name!r} and its key is {manifest.key!r}: make them the same"
        )
    if not (isinstance(manifest.api, tuple) and len(manifest.api) == 2):
        raise RejectionError(f"`api` must be (major, minor), not {manifest.api!r}")
    if manifest.api[0] != API_VERSION[0] or manifest.api[1] > API_VERSION[1]:
        raise RejectionError(
            f"it was made for version {_dotted(manifest.api)} of the contract and this platform has"
            f" {_dotted(API_VERSION)}: install a version of either that fits"
        )
    if not manifest.title or not manifest.version:
        raise RejectionError("the manifest needs a title and a version")
    for need in manifest.needs:
        if need not in NEEDS:
            raise RejectionError(f"`needs` names {need!r}; known are {', '.join(NEEDS)}")
    return manifest


def read_settings(hooks: PluginHooks) -> type[BaseModel]:
    """The settings model; a tenant that has set nothing uses its defaults, so there must be some."""
    if not hooks.has("settings"):
        return NoSettings
    model = hooks.call("settings")
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise RejectionError(f"the hook 'settings' must return a pydantic model class, not {_kind(model)}")
    try:
        model()
    except ValidationError as error:
        fields = ", ".join(".".join(str(part) for part in item["loc"]) for item in error.errors())
        raise RejectionError(f"each setting needs a valid default; these have none: {fields}") from error
    return model


def read_permissions(hooks: PluginHooks, key: str) -> tuple[Permission, ...]:
    """Permissions, whose keys begin with the plugin's."""
    permissions = _sequence(hooks, "permissions", Permission)
    for permission in permissions:
        if not permission.key.startswith(f"{key}."):
            raise RejectionError(f"the permission {permission.key!r} must begin with '{key}.'")
    _distinct("permission", (permission.key for permission in permissions))
    return permissions


def read_routes(hooks: PluginHooks) -> Routes:
    """Pages and API: route handlers, controllers and routers."""
    if not hooks.has("routes"):
        return Routes()
    routes = _typed("routes", hooks.call("routes"), Routes)
    for area in ("admin", "portal", "api"):
        for handler in getattr(routes, area):
            fits = isinstance(handler, BaseRouteHandler | Router) or (
                isinstance(handler, type) and issubclass(handler, Controller)
            )
            if not fits:
                raise RejectionError(
                    f"routes.{area} holds {_kind(handler)}; put route handlers, controllers or routers there"
                )
    for kind, path in routes.origins.items():
        if "{id}" not in path or path.startswith("/"):
            raise RejectionError(
                f"routes.origins[{kind!r}] is a path below the plugin's own with {{id}} in it, not {path!r}"
            )
    return Routes(tuple(routes.admin), tuple(routes.portal), tuple(routes.api), dict(routes.origins))


def read_navigation(hooks: PluginHooks) -> tuple[NavigationEntry, ...]:
    """Links of the navigation."""
    entries = _sequence(hooks, "navigation", NavigationEntry)
    for entry in entries:
        if entry.area not in ("admin", "portal"):
            raise RejectionError(
                f"the navigation entry {entry.label!r} has the area {entry.area!r}; use admin or portal"
            )
    return entries


def read_slots(hooks: PluginHooks) -> tuple[Slot, ...]:
    """Fragments for the core's pages."""
    slots = _sequence(hooks, "slots", Slot)
    for slot in slots:
        if slot.place not in PLACES:
            raise RejectionError(f"the slot {slot.title!r} is for {slot.place!r}; places are {', '.join(PLACES)}")
        _plain(f"render of the slot {slot.title!r}", slot.render)
    return slots


def read_jobs(hooks: PluginHooks) -> Mapping[str, Job]:
    """Jobs by name."""
    jobs = _named(hooks, "jobs", Job)
    for job in jobs.values():
        _plain(f"the job {job.name!r}", job.run)
        if (
            job.queue not in QUEUES
            or job.timeout_s < 1
            or job.retries < 0
            or (job.every_s is not None and job.every_s < 1)
        ):
            raise RejectionError(
                f"the job {job.name!r} needs a queue of {', '.join(QUEUES)}, a timeout of 1 s or more,"
                " no less than 0 retries, and an interval of 1 s or more or none"
            )
    return jobs


def read_subscriptions(hooks: PluginHooks) -> Mapping[str, Subscription]:
    """Handlers of events by name."""
    subscriptions = _named(hooks, "subscriptions", Subscription)
    for subscription in subscriptions.values():
        _plain(f"the handler {subscription.name!r}", subscription.handle)
        if subscription.queue not in QUEUES or subscription.batch < 1 or not subscription.types:
            raise RejectionError(
                f"the subscription {subscription.name!r} needs a queue of {', '.join(QUEUES)}, a batch of 1 or more"
                " and at least one event type"
            )
        if isinstance(subscription.types, str):
            raise RejectionError(f"`types` of {subscription.name!r} is a text; make it a tuple of event types")
    return subscriptions


def read_exposure(hooks: PluginHooks) -> ExposureReport | None:
    """How the module tells what it holds, none if it holds nothing."""
    if not hooks.has("exposure"):
        return None
    report = _typed("exposure", hooks.call("exposure"), ExposureReport)
    for name in ("measure", "leave", "enter"):
        _plain(f"exposure.{name}", getattr(report, name))
    return report


def read_checks(hooks: PluginHooks) -> tuple[OrderCheck, ...]:
    """Pre-trade checks."""
    checks = _named(hooks, "order_checks", OrderCheck)
    for check in checks.values():
        _plain(f"the order check {check.name!r}", check.check)
    return tuple(checks.values())


def read_health(hooks: PluginHooks) -> tuple[HealthCheck, ...]:
    """Health checks."""
    checks = _named(hooks, "health", HealthCheck)
    for check in checks.values():
        _plain(f"the health check {check.name!r}", check.check)
    return tuple(checks.values())


def read_demo(hooks: PluginHooks) -> Demo | None:
    """The plugin's part of the demo, none if it has none."""
    if not hooks.has("demo"):
        return None
    demo = _typed("demo", hooks.call("demo"), Demo)
    for name in ("prepare", "play"):
        _plain(f"demo.{name}", getattr(demo, name))
    return demo


def read_protocols(hooks: PluginHooks, hook: str, protocol: Any) -> Mapping[str, Any]:
    """Objects by name that behave as ``protocol`` says: reactors (which carry their name) or venues (a mapping)."""
    if not hooks.has(hook):
        return MappingProxyType({})
    value = hooks.call(hook)
    if isinstance(value, Mapping):
        named = dict(value)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        named = {str(getattr(item, "name", "")): item for item in value}
        if len(named) != len(value):
            raise RejectionError(f"two of {hook!r} bear the same name")
    else:
        raise RejectionError(f"the hook {hook!r} returned {_kind(value)}")
    for name, item in named.items():
        if not isinstance(item, protocol):
            parts = {*dir(protocol), *getattr(protocol, "__annotations__", {})}
            missing = sorted(part for part in parts if not part.startswith("_") and not hasattr(item, part))
            raise RejectionError(f"{_kind(item)} in {hook!r} lacks {', '.join(missing)} of {protocol.__name__}")
        if not _NAME.match(name):
            raise RejectionError(f"the name {name!r} in {hook!r} must be lower-case letters, digits and underscores")
    return MappingProxyType(named)


def read_classes(hooks: PluginHooks, hook: str) -> tuple[type, ...]:
    """Classes, such as those with hook specifications."""
    return _sequence(hooks, hook, type)


def _sequence(hooks: PluginHooks, hook: str, kind: type[T]) -> tuple[T, ...]:
    if not hooks.has(hook):
        return ()
    value = hooks.call(hook)
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise RejectionError(f"the hook {hook!r} must return a sequence of {kind.__name__}, not {_kind(value)}")
    for item in value:
        _typed(hook, item, kind)
    return tuple(value)


def _named(hooks: PluginHooks, hook: str, kind: type[T]) -> Mapping[str, T]:
    items = _sequence(hooks, hook, kind)
    names = [str(getattr(item, "name", None)) for item in items]
    for name in names:
        if not _NAME.match(name):
            raise RejectionError(f"the name {name!r} in {hook!r} must be lower-case letters, digits and underscores")
    _distinct(hook, names)
    return MappingProxyType(dict(zip(names, items, strict=True)))


def _typed(hook: str, value: Any, kind: type[T]) -> T:
    if not isinstance(value, kind):
        raise RejectionError(f"the hook {hook!r} must return {kind.__name__}, not {_kind(value)}")
    return value


def _distinct(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise RejectionError(f"{what}: {name!r} is declared twice")
        seen.add(name)


def _plain(what: str, function: Callable[..., Any]) -> None:
    if not callable(function):
        raise RejectionError(f"{what} is {_kind(function)}, which cannot be called")
    if inspect.iscoroutinefunction(function):
        raise RejectionError(f"{what} is `async def`; services are synchronous: make it `def`")


def _kind(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"{type(value).__name__} {str(value)[:60]!r}"


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
