"""The rules that a plugin keeps beyond what it is loaded by. Authors run them in their own CI::

from core.sdk.testing.conformance import check_plugin

def test_the_plugin_keeps_the_rules() -> None:
    check_plugin("trade_journal")
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from litestar import Controller, Router
from litestar.handlers import BaseRouteHandler

from core.runtime import LoadedPlugin, load_runtime

__all__ = ["ConformanceError", "check_plugin", "problems"]

_OURS = ("core", "tenants", "plugins")
_MARKUP = {
    re.compile(r"<script(?![^>]*\bsrc=)", re.I): "an inline script, which the content security policy refuses",
    re.compile(r"\s(on[a-z]+|hx-on[:a-z-]*)\s*=", re.I): "an inline handler, which the content security policy refuses",
    re.compile(r"<(script|link|img|iframe)[^>]+(src|href)=[\"']?(https?:)?//", re.I): "something from another host",
}


class ConformanceError(AssertionError):
    """A plugin breaks rules; the text names each."""


def check_plugin(key: str) -> None:
    """Refuse a plugin that breaks a rule.

    :raises ConformanceError: naming every broken rule, or why the plugin is not loaded at all.
    """
    runtime = load_runtime()
    plugin = runtime.get(key)
    if plugin is None:
        reasons = [item.reason for item in runtime.rejected if item.source.name == key]
        raise ConformanceError(f"{key} is not loaded: {'; '.join(reasons) or 'it is not installed'}")
    found = list(problems(plugin))
    if found:
        raise ConformanceError(f"{key} breaks {len(found)} rules:\n- " + "\n- ".join(found))


def problems(plugin: LoadedPlugin) -> Iterator[str]:
    """What is wrong with a plugin, a sentence each."""
    yield from _words(plugin)
    yield from _permissions(plugin)
    yield from _imports(plugin)
    yield from _templates(plugin)


def _words(plugin: LoadedPlugin) -> Iterator[str]:
    if not plugin.manifest.summary or not plugin.manifest.support:
        yield "the manifest has no summary or no support address"
    for name, field in plugin.settings.model_fields.items():
        if not field.title or not field.description:
            yield f"the setting {name} has no title or no description: people see both"
    for permission in plugin.permissions:
        if not permission.title:
            yield f"the permission {permission.key} has no title"


def _permissions(plugin: LoadedPlugin) -> Iterator[str]:
    known = {permission.key for permission in plugin.permissions}
    for entry in plugin.navigation:
        if entry.permission and entry.permission.startswith(f"{plugin.key}.") and entry.permission not in known:
            yield f"the navigation entry {entry.label!r} asks for {entry.permission}, which is not declared"
    for area in ("admin", "portal", "api"):
        for name, options in _handlers(getattr(plugin.routes, area), {}):
            wanted = options.get("permission")
            if wanted is None:
                yield f"the {area} route {name} names no permission: anybody signed in may call it"
            for key in [wanted] if isinstance(wanted, str) else wanted or ():
                if key.startswith(f"{plugin.key}.") and key not in known:
                    yield f"the {area} route {name} asks for {key}, which is not declared"


def _handlers(routes: Any, options: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for route in routes:
        if isinstance(route, BaseRouteHandler):
            name = getattr(route.fn, "__name__", str(route))
            yield name, {**options, **route.opt}
        elif isinstance(route, Router):
            registered = [handler for found in route.routes for handler in getattr(found, "route_handlers", ())]
            yield from _handlers(dict.fromkeys(registered), {**options, **route.opt})
        elif isinstance(route, type) and issubclass(route, Controller):
            own = [value for value in vars(route).values() if isinstance(value, BaseRouteHandler)]
            yield from _handlers(own, {**options, **(getattr(route, "opt", None) or {})})


def _imports(plugin: LoadedPlugin) -> Iterator[str]:
    package = type(plugin.plugin).__module__.rpartition(".")[0]
    for path in sorted(plugin.folder.rglob("*.py")):
        for module in _imported(path):
            root = module.partition(".")[0]
            if root not in _OURS or module == package or module.startswith(f"{package}."):
                continue
            published = re.fullmatch(r"plugins\.\w+\.sdk(\..*)?", module)
            if not (module == "core.sdk" or module.startswith("core.sdk.") or published):
                yield f"{path.relative_to(plugin.folder)} imports {module}; of the platform, plugins import core.sdk alone"


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _templates(plugin: LoadedPlugin) -> Iterator[str]:
    for path in sorted(plugin.templates.rglob("*.html")) if plugin.templates else ():
        written = path.read_text(encoding="utf-8")
        for pattern, what in _MARKUP.items():
            if pattern.search(written):
                yield f"{path.relative_to(plugin.folder)} has {what}"
