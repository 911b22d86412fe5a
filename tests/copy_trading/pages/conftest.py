"""Fixtures of the pages' tests: the two brokerages of the web's tests, with this module on in both."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from core.runtime import Runtime, load_runtime
from core.runtime.loading import Candidate
from core.runtime.records import Source
from plugins.copy_trading.plugin import CopyTrading
from plugins.copy_trading.services import mastering
from tests.web.conftest import browser, client, modules, platform, world
from tests.web.world import World

__all__ = ["browser", "client", "modules", "nora", "platform", "runtime", "world"]


@pytest.fixture
def runtime() -> Runtime:
    """The module alone."""
    found = load_runtime([Candidate(Source("copy_trading", "", "tradeyard", ""), lambda: CopyTrading)])
    assert "copy_trading" in found.plugins, found.rejected
    return found


@pytest.fixture
def nora(world: World) -> Iterator[UUID]:
    """A master of the north: Ann's account."""
    ann = world.north.customers["ann"]
    assert ann.account is not None
    with world.platform.database.tenant(world.north.tenant_id) as session:
        made = mastering.grant(session, account_id=ann.account, name="Nora Master", by="test")
    yield made.id
