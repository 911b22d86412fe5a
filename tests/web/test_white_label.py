"""White label: a brokerage's portal, its mails and its headers name the brokerage alone, and settings make two of them differ."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.runtime import Runtime, load_runtime
from tests.web.world import Brokerage, Browser, World

Fresh = Callable[[Brokerage], Browser]
PLATFORM = "tradeyard"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def runtime() -> Runtime:
    """With every module of the installation, on in both brokerages."""
    return load_runtime()


def _links(text: str) -> Iterator[str]:
    for found in re.findall(r'(?:href|src|hx-get)="(/[^"#]*)"', text):
        yield found.replace("&amp;", "&")


def _said(answer: Any) -> str:
    """All that an answer says: status line apart, headers with their names, and the body."""
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    return f"{head}\n{answer.text}".lower()


def _crawl(browser: Browser, starts: tuple[str, ...], inside: Callable[[str], bool]) -> dict[str, Any]:
    """Every page that links lead to, each address once whatever its query."""
    found: dict[str, Any] = {}
    waiting = list(starts)
    while waiting:
        path = waiting.pop()
        bare = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "#", path.partition("?")[0])
        if bare in found or not inside(path):
            continue
        found[bare] = answer = browser.get(path)
        if answer.headers.get("content-type", "").startswith("text/html"):
            waiting += _links(answer.text)
    return found


def test_the_platforms_name_is_nowhere_on_a_portal(world: World, browser: Fresh) -> None:
    ann = browser(world.north).sign_in("ann")
    seen = _crawl(ann, ("/", "/nowhere", "/api/v1/openapi.json"), lambda path: not path.startswith("/admin"))
    assert len(seen) > 25, sorted(seen)
    assert {path for path, answer in seen.items() if answer.status_code >= 500} == set()
    assert {path for path, answer in seen.items() if PLATFORM in _said(answer)} == set()
    titles = {
        re.search(r"<title>(.*?)</title>", answer.text, re.S)[1] for answer in seen.values() if "<title>" in answer.text
    }  # type: ignore[index]
    assert len(titles) > 8
    assert all(title.endswith("North Markets") for title in titles), titles
    visitor = browser(world.north)
    for path in ("/sign-in", "/register", "/forgot", "/invitation/x", "/admin/sign-in", "/admin/forgot", "/nowhere"):
        assert PLATFORM not in _said(visitor.get(path)), path


def test_nor_in_the_back_office_of_who_is_no_developer(world: World, browser: Fresh) -> None:
    risk = browser(world.north).sign_in("risk")
    seen = _crawl(risk, ("/admin",), lambda path: path.startswith("/admin"))
    assert len(seen) > 15, sorted(seen)
    assert {path for path, answer in seen.items() if PLATFORM in _said(answer)} == set()


def test_nor_in_scripts_and_styles() -> None:
    own = [*(ROOT / "core" / "web" / "static").rglob("*"), *ROOT.glob("plugins/*/static/**/*")]
    files = [path for path in own if path.suffix in (".js", ".css", ".svg") and "vendor" not in path.parts]
    assert len(files) > 12
    assert [str(path) for path in files if PLATFORM in path.read_text("utf-8").lower()] == []


def test_nor_in_a_mail(world: World, browser: Fresh, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        browser(world.north).post("/forgot", data={"email": "ann@north.example"})
        owner = browser(world.north).sign_in("owner")
        asked = {"name": "Cara Customer", "email": "cara@north.example"}
        assert owner.post("/admin/customers/invite", "/admin/customers", asked).status_code in (200, 303)
    mails = [record.getMessage() for record in caplog.records if record.getMessage().startswith("mail to ")]
    assert len(mails) == 2, caplog.text
    for mail in mails:
        assert PLATFORM not in mail.lower()
        assert "from North Markets" in mail


def test_two_brokerages_look_like_two_products_from_settings_alone(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    brand = {
        "primary_light": "#0a7d4f", "primary_dark": "#34d399", "accent_light": "#7c2d12", "accent_dark": "#fdba74",
        "theme": "dark", "tagline": "Grow with us",
    }  # fmt: skip
    assert owner.post("/admin/settings/company/brand", data=brand).status_code == 303
    about = {"name": "Fernwood", "legal_entity": "Fernwood AG", "language": "en", "time_zone": "Europe/Zurich"}
    assert owner.post("/admin/settings/company", data=about).status_code == 303
    world.platform.snapshot.refresh()

    def face(brokerage: Brokerage) -> tuple[str, ...]:
        visitor = browser(brokerage)
        page = visitor.get("/sign-in").text
        found = re.search(r'<html lang="(\w+)".*? data-theme="(\w+)"', page, re.S)
        sheet, icon = re.search(r'href="(/brand/[^"]*\.css)"', page), re.search(r'rel="icon" href="([^"]+)"', page)
        title, foot = (
            re.search(r"<title>(.*?)</title>", page),
            re.search(r'class="ui-plain-foot">(.*?)</footer>', page, re.S),
        )
        assert found
        assert sheet
        assert icon
        assert title
        assert foot
        return found[2], visitor.get(sheet[1]).text, visitor.get(icon[1]).text, title[1], foot[1].strip()

    north, south = face(world.north), face(world.south)
    assert all(one != other for one, other in zip(north, south, strict=True)), (north, south)
    assert "#0a7d4f" in north[1]
    assert north[3].endswith("Fernwood")
    assert north[4].startswith("Fernwood AG")
