"""The web application: one process of it serves every brokerage of the installation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from litestar import Litestar, Request, Router
from litestar.config.app import AppConfig
from litestar.datastructures import Headers
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.openapi.config import OpenAPIConfig
from litestar.types import ControllerRouterHandler

from core.web import languages, public
from core.web.admin import ADMIN_ROUTES
from core.web.answers import error_handlers
from core.web.api import API_ROUTES
from core.web.api.openapi import Description
from core.web.api.schema import FormSchemaPlugin
from core.web.assets import Assets
from core.web.gate import Gate
from core.web.guards import Guard
from core.web.live.hub import Hub
from core.web.mounting import plugin_routers
from core.web.operator.app import create_operator_app
from core.web.operator.entering import is_operator_host
from core.web.operator.page import OperatorPage
from core.web.page import Kit, WebPage
from core.web.portal import PORTAL_ROUTES
from core.web.templating import STATIC, Templates

if TYPE_CHECKING:
    from core.platform import Platform

__all__ = ["create_app"]

MAX_FORM_BYTES = 2_000_000
P = TypeVar("P", bound=WebPage)


def create_app(platform: Platform) -> Litestar:
    """The application of a platform. Nothing is opened before the server starts it.

    Synchronous handlers and services run in an executor of the process's own, as large as the database pool: a request
    never waits for a connection while it holds a thread that another needs.
    """
    plugins = platform.runtime.plugins.values()
    assets = Assets(STATIC, {plugin.key: plugin.static for plugin in plugins if plugin.static})
    templates = Templates(assets, {plugin.key: plugin.templates for plugin in plugins if plugin.templates})
    kit = Kit(platform, templates, Description(lambda: describe()))
    hub = Hub(platform)

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        with ThreadPoolExecutor(platform.database.pool_size, thread_name_prefix="web") as executor:
            asyncio.get_running_loop().set_default_executor(executor)
            await asyncio.get_running_loop().run_in_executor(None, platform.start, "web")
            async with hub.running():
                yield
            await asyncio.get_running_loop().run_in_executor(None, platform.close)

    def application(
        routes: Sequence[ControllerRouterHandler], kind: type[Litestar] = Litestar, **more: Any
    ) -> Litestar:
        return kind(
            route_handlers=routes,
            dependencies={"web": Provide(_page_of(kit, WebPage)), "hub": Provide(_constant(hub), sync_to_thread=False)},
            guards=[Guard(platform)],
            exception_handlers=error_handlers(kit),
            request_max_body_size=MAX_FORM_BYTES,
            logging_config=None,  # the process's own: see core.logs
            **more,
        )

    def probe(routes: Sequence[ControllerRouterHandler]) -> Litestar:
        return application(routes, openapi_config=None)

    def describe() -> Litestar:
        # An application of its own, which is never served: Litestar's would answer with every module to everybody.
        routes: list[ControllerRouterHandler] = [
            api(),
            *(router for router in plugin_routers(platform.runtime, probe) if router.include_in_schema),
        ]
        about = OpenAPIConfig(title="API", version="1", use_handler_docstrings=True)
        return application(routes, openapi_config=about, plugins=[FormSchemaPlugin()])

    own: list[ControllerRouterHandler] = [
        public.static_route(assets),
        *public.ROUTES,
        *languages.ROUTES,
        Router("/admin", route_handlers=ADMIN_ROUTES, include_in_schema=False),
        Router("/", route_handlers=PORTAL_ROUTES, include_in_schema=False),
        api(),
    ]
    application_of_brokerages = application(
        [*own, *plugin_routers(platform.runtime, probe)],
        _Surfaces,
        lifespan=[lifespan],
        on_app_init=[_first_of_all(platform)],
        openapi_config=None,
    )
    assert isinstance(application_of_brokerages, _Surfaces)  # noqa: S101 - it was made of that kind
    operators = create_operator_app(kit, assets, _page_of(kit, OperatorPage), MAX_FORM_BYTES)
    application_of_brokerages.operators = operators
    application_of_brokerages.operator_host = platform.settings.operator_host
    return application_of_brokerages


class _Surfaces(Litestar):
    """The brokerages' application, which hands what comes to the operators' host on to theirs: no route is shared."""

    operators: Litestar
    operator_host: str

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request on the surface that its host names."""
        host = Headers.from_scope(scope).get("host", "") if scope["type"] == "http" else ""
        if is_operator_host(host, self.operator_host):
            await self.operators(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def api() -> Router:
    """The core's own part of the API."""
    return Router("/api/v1", route_handlers=API_ROUTES)


def _first_of_all(platform: Platform) -> Any:
    def add(config: AppConfig) -> AppConfig:
        config.middleware = [
            DefineMiddleware(Gate, snapshot=platform.snapshot, https=platform.settings.https),
            *config.middleware,
        ]
        return config

    return add


def _constant(value: Hub) -> Any:
    def give() -> Hub:
        return value

    return give


def _page_of(kit: Kit, kind: type[P]) -> Callable[[Request[Any, Any, Any]], Awaitable[P]]:
    async def page(request: Request[Any, Any, Any]) -> P:
        form: Mapping[str, Sequence[str]] = {}
        if request.method not in ("GET", "HEAD") and request.content_type[0] in (
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        ):
            sent = await request.form()
            form = {key: sent.getall(key) for key in sent}
        return kind(kit, request, form)

    return page
