"""Every word that a page says by itself is marked for translation: in a language that puts brackets around each marked text,
nothing but the brokerage's own data stands outside of brackets."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import pytest
from babel import Locale
from litestar.testing import TestClient
from sqlalchemy import text

from core.platform import Platform
from tenants import text as texts
from tenants.text import languages
from tests.browser.crawl import LEAVING, kind_of
from tests.web.demo import OURS, client, module_settings, platform, signed_in

__all__ = ["client", "module_settings", "platform"]

SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-tip", "data-label")
# Written the same in every language here: units, months of dates, and what is quoted from programs.
SAME = """Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec min lot lots pip pips TradingView Lightweight Charts Bearer OpenAPI
https http localhost example Markdown"""
# What the library of languages says, which is no text of ours.
NAMES = [
    *(re.sub("[/_]", " ", zone) for zone in available_timezones()),
    *(str(name) for name in Locale("en").territories.values()),
    *(str(name) for name in Locale("en").currencies.values()),
    *languages().values(),
    *("English", "Deutsch"),
    *Locale("en").months["format"]["wide"].values(),
]
COMMON = frozenset(re.findall(r"[^\W\d_]+", " ".join([SAME, *NAMES])))


class _Marked(dict[str, str]):
    """A catalog that says everything in brackets."""

    def get(self, key: str, _default: Any = None) -> str:  # type: ignore[override]
        return f"⟦{key.rpartition(chr(4))[2]}⟧"


class _Words(HTMLParser):
    """What a person reads or hears of a page, but for code and what the page says of other languages."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.links: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if (
            tag in ("script", "style", "code", "pre", "time", "svg", "noscript")
            or named.get("translate") == "no"
            or ("lang" in named and tag != "html")
        ):
            self._silent.append(tag)
        if tag == "a" and (named.get("href") or "").startswith("/") and "download" not in named:
            self.links.append(str(named["href"]))
        self.found += [str(named[name]) for name in SPOKEN if named.get(name) and not self._silent]

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.found.append(data)


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(texts, "_catalog", lambda _tag: texts._Catalog(_Marked(), lambda count: int(count != 1)))
    yield


@pytest.fixture(scope="module")
def data(platform: Platform) -> list[str]:
    """What the brokerages themselves have written, the longest first."""
    with platform.database.system() as session:
        columns = session.execute(
            text(
                "select table_schema, table_name, column_name from information_schema.columns where data_type = 'text'"
                " and table_schema not in ('pg_catalog', 'information_schema') and column_name in"
                " ('name', 'title', 'legal_entity', 'code', 'feed_symbol', 'email', 'nickname', 'label', 'actor', 'actor_name', 'host',"
                " 'key', 'about', 'description', 'tagline', 'support_email', 'note', 'number', 'address', 'user_agent', 'base', 'quote',"
                " 'currency', 'feed', 'action', 'object_kind', 'city', 'country', 'time_zone')"
            )
        ).all()
        found: set[str] = set()
        for schema, table, column in columns:
            rows = session.scalars(
                text(f'select distinct "{column}" from "{schema}"."{table}" where "{column}" <> \'\'')  # noqa: S608 - of the catalogue
            )
            found |= {str(row) for row in rows}
    for plugin in platform.runtime.plugins.values():
        found |= {plugin.manifest.support, plugin.source.distribution, "testclient"}
    return sorted(found, key=len, reverse=True)


def outside(phrase: str, data: list[str]) -> set[str]:
    """The words of a phrase that are neither marked nor data."""
    left = phrase
    while True:
        inner = re.sub(r"⟦[^⟦⟧]*⟧", " ", left)
        if inner == left:
            break
        left = inner
    for known in data:
        if known in left:
            left = left.replace(known, " ")
    left = re.sub(r"[\w.+-]+@[\w.-]+|[a-z_]+\.[a-z_.]+|/[\w/-]+", " ", left)
    return {word for word in re.findall(r"[^\W\d_]{3,}", left) if word not in COMMON and not word.isupper()}


@pytest.mark.parametrize("who", ["owner", "master", "follower", "bots", "trader"])
def test_nothing_is_said_outside_of_the_catalogs(
    platform: Platform, client: TestClient[Any], data: list[str], marked: None, who: str
) -> None:
    browser = signed_in(platform, client, who)
    waiting = deque(["/admin" if who == "owner" else "/"])
    seen: set[str] = set()
    wrong: dict[str, str] = {}
    while waiting:
        href = waiting.popleft().partition("#")[0]
        kind = kind_of(href)
        if kind in seen or href.startswith(LEAVING) or re.search(r"\.(csv|json)\Z", urlsplit(href).path):
            continue
        seen.add(kind)
        answer = browser.get(href)
        if answer.status_code != 200 or not answer.headers["content-type"].startswith("text/html"):
            continue
        words = _Words()
        words.feed(answer.text)
        waiting.extend(words.links)
        if "/developers/" in href:
            continue
        for phrase in words.found:
            if found := outside(phrase, data):
                wrong.setdefault(" ".join(phrase.split())[:120], f"{kind}: {sorted(found)}")
    assert OURS and len(seen) > 10
    assert not wrong, "\n".join(f"{phrase!r} on {where}" for phrase, where in wrong.items())
