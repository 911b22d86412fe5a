"""OpenAPI: a brokerage reads of what it has, and of nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any

from litestar import Litestar, get
from litestar.response import Response

from core.web.page import Page

__all__ = ["ROUTES", "Description"]

_PREFIX = "/api/v1/"


@get("/openapi.json", opt={"sign_in": False}, sync_to_thread=True, include_in_schema=False)
def schema(web: Page) -> Response[str]:
    """The description of the API as this brokerage has it."""
    plugins = web.kit.platform.runtime.plugins
    off = frozenset(plugin.path for key, plugin in plugins.items() if not web.visit.tenant.is_on(key))
    text = web.kit.description.text(off, web.visit.tenant.name)
    return Response(text, media_type="application/json", headers={"cache-control": "no-store"})


class Description:
    """The description of the whole API, made when it is first asked for, and what each brokerage may read of it."""

    def __init__(self, application: Callable[[], Litestar]) -> None:
        self._application = application
        self.text = lru_cache(maxsize=64)(self._text)

    @cached_property
    def whole(self) -> dict[str, Any]:
        """All paths of the core and of all plugins."""
        found: dict[str, Any] = json.loads(json.dumps(self._application().openapi_schema.to_schema(), default=str))
        return found

    def _text(self, off: frozenset[str], title: str) -> str:
        """Without the modules in ``off`` (as addresses name them), kept for each set of modules and name."""
        paths = {path: item for path, item in self.whole.get("paths", {}).items() if _module(path) not in off}
        schemas: Mapping[str, Any] = self.whole.get("components", {}).get("schemas", {})
        used = _reachable(paths, schemas)
        shown = {
            **self.whole,
            "info": {"title": f"{title} API", "version": self.whole["info"]["version"]},
            "servers": [{"url": "/"}],
            "paths": paths,
            "tags": [{"name": tag} for tag in sorted(_tags(paths))],
            "components": {
                "schemas": {name: shape for name, shape in schemas.items() if name in used},
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            },
            "security": [{"token": []}],
        }
        return json.dumps(shown, indent=1)


def _tags(paths: Mapping[str, Any]) -> set[str]:
    operations = [operation for item in paths.values() for operation in item.values() if isinstance(operation, dict)]
    return {tag for operation in operations for tag in operation.get("tags", ())}


def _module(path: str) -> str:
    return path.removeprefix(_PREFIX).split("/")[0] if path.startswith(_PREFIX) else ""


def _reachable(paths: Mapping[str, Any], schemas: Mapping[str, Any]) -> frozenset[str]:
    """Names of schemas that the paths refer to, directly or through others."""
    found: set[str] = set()
    waiting = list(_references(paths))
    while waiting:
        name = waiting.pop()
        if name not in found and name in schemas:
            found.add(name)
            waiting += _references(schemas[name])
    return frozenset(found)


def _references(node: Any) -> Iterable[str]:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield reference.rpartition("/")[2]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


ROUTES = [schema]
