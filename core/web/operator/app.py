"""The application that answers on the operators' host."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Litestar, Request, Router
from litestar.config.app import AppConfig
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.types import ControllerRouterHandler

from core.web import public
from core.web.answers import error_handlers
from core.web.assets import Assets
from core.web.operator import (
    brokerages,
    failures,
    making,
    modules,
    operators_log,
    overview,
    plans,
    running,
    signing,
    your_sign_in,
)
from core.web.operator.entering import OperatorGate, OperatorGuard
from core.web.operator.page import OperatorPage
from core.web.page import Kit

__all__ = ["create_operator_app"]

Provider = Callable[[Request[Any, Any, Any]], Awaitable[OperatorPage]]


def create_operator_app(kit: Kit, assets: Assets, page: Provider, max_body: int) -> Litestar:
    """An application without a life of its own: whoever serves it starts and ends the platform."""
    platform = kit.platform
    settings = platform.settings

    def first_of_all(config: AppConfig) -> AppConfig:
        gate = DefineMiddleware(
            OperatorGate, snapshot=platform.snapshot, https=settings.https, host=settings.operator_host
        )
        config.middleware = [gate, *config.middleware]
        return config

    routes: list[ControllerRouterHandler] = [
        public.static_route(assets),
        *public.FACE_ROUTES,
        signing.OperatorSignIn,
        *overview.ROUTES,
        *brokerages.ROUTES,
        *making.ROUTES,
        *plans.ROUTES,
        *modules.ROUTES,
        *running.ROUTES,
        *failures.ROUTES,
        *operators_log.ROUTES,
        *your_sign_in.ROUTES,
    ]
    return Litestar(
        # Below one router, which registers all methods of an address together.
        route_handlers=[Router("/", route_handlers=routes)],
        dependencies={"web": Provide(page)},
        guards=[OperatorGuard(platform)],
        exception_handlers=error_handlers(kit, OperatorPage),
        request_max_body_size=max_body,
        logging_config=None,
        openapi_config=None,
        on_app_init=[first_of_all],
    )
