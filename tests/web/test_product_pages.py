"""Product Configs: what is missing leads to where it is put right, and every change can be read with its values."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import text

from core.runtime import Runtime, load_runtime
from tenants.services import products
from tenants.services.actor import OPERATOR
from tests.web.world import Brokerage, Browser, World

Fresh = Callable[[Brokerage], Browser]
LIST = "/admin/settings/products"
PAGE = f"{LIST}/copy_trading"


@pytest.fixture
def runtime() -> Runtime:
    """With the modules of the installation."""
    return load_runtime()


@pytest.fixture
def modules() -> tuple[str, ...]:
    """None is on yet."""
    return ()


def test_a_module_is_set_up_switched_changed_and_its_history_read(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    with world.platform.database.tenant(world.north.tenant_id) as session:
        session.execute(text("update core.symbols set status = 'disabled'"))
        session.execute(text("update core.account_types set status = 'disabled'"))
    for path in (LIST, PAGE, f"{PAGE}/switch"):
        shown = owner.get(path).text
        for href in ("/admin/settings/account-types", "/admin/settings/symbols"):
            assert re.search(rf'<a href="{href}">An active', shown), (path, href)
            assert owner.get(href).status_code == 200
    assert owner.post(f"{PAGE}/switch", PAGE, {"target": "on"}).status_code == 409
    with world.platform.database.tenant(world.north.tenant_id) as session:
        session.execute(text("update core.symbols set status = 'active'"))
        session.execute(text("update core.account_types set status = 'active'"))
    assert owner.post(f"{PAGE}/switch", PAGE, {"target": "on"}).status_code == 303

    shown = owner.get(PAGE).text
    sent = dict(re.findall(r'<input class="form-control[^"]*"[^>]* name="([a-z_.]+)" value="([^"]*)"', shown))
    number = next(key for key, value in sent.items() if value.isdigit() and int(value) > 2)
    version = re.search(r'name="version" value="(\d+)"', shown)
    assert version
    selects = dict(re.findall(r'<select[^>]* name="([a-z_.]+)"[^§]*?<option value="([^"]*)" selected', shown))
    data = {**sent, **selects, number: str(int(sent[number]) - 1), "version": version[1]}
    saved = owner.post(PAGE, data=data)
    assert saved.status_code == 303, saved.text[:2000]
    shown = owner.get(PAGE).text
    history = shown[shown.index("Who changed what") :]
    assert re.search(r'<dt>State</dt><dd translate="no"><del>off</del>.*?on</dd>', history, re.S)
    assert "owner@north.example" in history
    assert f">{int(sent[number]) - 1}</dd>" in history
    assert owner.post(PAGE, data=data).status_code == 422  # somebody has changed it meanwhile

    with world.platform.database.system() as session:
        products.allow(session, world.north.tenant_id, "bot_trading", False, OPERATOR)
    assert "Your plan does not include this module" in owner.get(f"{LIST}/bot_trading").text
    assert owner.post(f"{LIST}/bot_trading/switch", LIST, {"target": "on"}).status_code == 409
    support = browser(world.north).sign_in("support")
    assert 'type="submit">Save' not in support.get(PAGE).text
    assert support.post(f"{PAGE}/switch", "/admin", {"target": "off"}).status_code == 404
