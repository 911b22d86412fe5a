"""A running application over two brokerages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from core.app import create_app
from core.platform import Platform, build_platform
from core.preparation import prepare
from core.runtime import Runtime
from core.settings import Settings
from tests.web.world import Brokerage, Browser, World, build_world


@pytest.fixture
def runtime() -> Runtime:
    """The modules of the installation: none, for pages of the platform's own. Tests of modules override it."""
    return Runtime()


@pytest.fixture
def modules(runtime: Runtime) -> tuple[str, ...]:
    """The modules that are on in both brokerages."""
    return tuple(runtime.plugins)


@pytest.fixture
def platform(settings: Settings, runtime: Runtime) -> Iterator[Platform]:
    prepare(settings, runtime)
    with build_platform(settings, runtime) as built:
        yield built


@pytest.fixture
def world(platform: Platform, modules: tuple[str, ...]) -> World:
    return build_world(platform, modules)


@pytest.fixture
def client(world: World) -> Iterator[TestClient[Any]]:
    with TestClient(create_app(world.platform), base_url=f"http://{world.north.host}") as opened:
        yield opened


@pytest.fixture
def browser(client: TestClient[Any], world: World) -> Callable[[Brokerage], Browser]:
    """A fresh browser at a brokerage: no cookies of another's."""

    def fresh(brokerage: Brokerage) -> Browser:
        client.cookies.clear()
        return Browser(client, brokerage)

    return fresh
