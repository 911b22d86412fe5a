"""A person reads the pages in their own language: chosen, the browser's, or the brokerage's; programs get English."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from tenants import text as texts
from tenants.services.actor import OPERATOR
from tenants.services.company import change_company
from tests.web.world import Brokerage, Browser, World, token_of

Fresh = Callable[[Brokerage], Browser]
CATALOG = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Sign in"
msgstr "Entra"

msgid "Dashboard"
msgstr "Tauler"

msgid "There is nothing here"
msgstr "No hi ha res"
"""


@pytest.fixture
def catalan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    monkeypatch.setattr(texts, "_folders", dict(texts._folders))
    (tmp_path / "ca.po").write_text(CATALOG, encoding="utf-8")
    texts.add_catalogs(tmp_path)


def test_a_visitor_chooses_by_a_link_and_the_brokerage_decides_for_the_others(
    world: World, browser: Fresh, catalan: None
) -> None:
    visitor = browser(world.north)
    assert 'href="/language/ca?back=/sign-in"' in visitor.get("/sign-in").text
    chosen = visitor.get("/language/ca?back=/sign-in")
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/sign-in")
    assert ">Entra<" in visitor.get("/sign-in").text
    assert 'lang="ca"' in visitor.get("/sign-in").text
    assert ">Entra<" not in browser(world.north).get("/sign-in").text
    assert visitor.get("/language/xx").status_code == 404
    assert visitor.get("/language/ca?back=//elsewhere.example").headers["location"] == "/"


def test_a_brokerages_language_and_ones_own(world: World, browser: Fresh, catalan: None) -> None:
    with world.platform.database.tenant(world.south.tenant_id) as session:
        change_company(session, OPERATOR, language="ca")
    world.platform.snapshot.refresh()
    owner = browser(world.south).sign_in("owner")
    assert "Tauler" in owner.get("/admin").text
    assert "Tauler" not in browser(world.north).sign_in("owner").get("/admin").text


def test_programs_get_english(world: World, browser: Fresh, catalan: None) -> None:
    client = browser(world.north).client
    address = f"http://{world.north.host}/{{}}accounts/{uuid4()}"
    headers = {"authorization": f"Bearer {token_of(world, world.north, 'ann')}", "cookie": "language=ca"}
    assert client.get(address.format("api/v1/"), headers=headers).json()["title"] == "There is nothing here"
    visitor = browser(world.north)
    visitor.get("/language/ca")
    assert "No hi ha res" in visitor.get("/nowhere/at/all", accept="text/html").text
