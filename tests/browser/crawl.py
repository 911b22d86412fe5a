"""Following every link that a person is shown: one page for each kind of address, looked at in a real browser."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from tests.browser.site import Visitor

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_LINKS = """() => [...document.querySelectorAll('a[href]')].map(e => e.getAttribute('href')).filter(h => h.startsWith('/'))"""
_FILE = re.compile(r"\.(csv|json)\Z")
# What only orders, pages or narrows a list is the same page; a tab or a tool is another.
_SAME = frozenset(
    {
        "sort",
        "page",
        "size",
        "search",
        "ids",
        "account",
        "symbol",
        "month",
        "since",
        "until",
        "from",
        "to",
        "step",
        "source",
        "back",
    }
)
LEAVING = ("/sign-out", "/admin/sign-out", "/static/", "/language/")


@dataclass
class Crawl:
    """What was found on the way."""

    seen: dict[str, str] = field(default_factory=dict)
    """One address for each kind."""
    links: set[str] = field(default_factory=set)
    """Every address that was shown, as it was written."""
    wrong: list[str] = field(default_factory=list)


_PAGE = """href => fetch(href, { redirect: 'manual' }).then(async r => {
  const page = new DOMParser().parseFromString(await r.text(), 'text/html');
  return [r.status, [...page.querySelectorAll('a[href]')].map(e => e.getAttribute('href')).filter(h => h.startsWith('/'))];
})"""


def kind_of(href: str) -> str:
    """The kind of an address: identifiers stand for any, and what only arranges a list counts for nothing."""
    parts = urlsplit(href)
    kept = sorted(
        f"{key}={_ID.sub('{id}', value)}" for key, value in parse_qsl(parts.query) if key.split("-")[-1] not in _SAME
    )
    return _ID.sub("{id}", parts.path) + ("?" + "&".join(kept) if kept else "")


def crawl(visitor: Visitor, start: str, drawn: set[str], *, shots: str = "", most: int = 250) -> Crawl:
    """Ask for one page of each kind of address that can be reached from ``start`` by links.

    :param drawn: kinds that somebody has looked at already: they are asked for and followed, but not drawn again. The others
        are drawn, examined by axe (the visitor must be ``examined``), and added.
    :param shots: a name under which pictures are kept, where somebody wants them.
    :raises AssertionError: where there is no end of it.
    """
    found = Crawl()
    waiting = deque([start])
    axe = AXE.read_text("utf-8")
    while waiting:
        href = waiting.popleft().partition("#")[0]
        found.links.add(href)
        kind = kind_of(href)
        if kind in found.seen or href.startswith(LEAVING):
            continue
        found.seen[kind] = href
        assert len(found.seen) <= most, f"more than {most} kinds of pages: {sorted(found.seen)[-20:]}"
        if _FILE.search(urlsplit(href).path):
            found.wrong += _file_faults(visitor, href)
        elif kind in drawn:
            status, links = visitor.page.evaluate(_PAGE, href)
            # 0 is a redirect, such as that of a notification to what it tells.
            found.wrong += [] if status in (0, 200) else [f"{href} answers {status}"]
            waiting.extend(links)
        else:
            drawn.add(kind)
            found.wrong += [f"{href}: {fault}" for fault in _drawn_faults(visitor, href, axe)]
            if shots:
                visitor.shot(f"{shots}-{re.sub(r'[^a-z0-9]+', '-', kind.lower()).strip('-') or 'home'}")
            waiting.extend(visitor.page.evaluate(_LINKS))
    return found


def _drawn_faults(visitor: Visitor, href: str, axe: str) -> list[str]:
    visitor.messages.clear()
    status = visitor.go(href)
    if status != 200:
        return [f"answers {status}"]
    found = [*visitor.messages, *_examined(visitor, axe)]
    if visitor.wider_than_the_screen():
        found.append("scrolls sideways")
    if visitor.page.locator("h1, h2").count() == 0:
        found.append("has no heading")
    return found


def _file_faults(visitor: Visitor, href: str) -> list[str]:
    status, kind = fetched(visitor, href)
    good = status == 200 and kind.startswith(("text/csv", "application/"))
    return [] if good else [f"{href} answers {status} {kind}"]


def fetched(visitor: Visitor, href: str) -> tuple[int, str]:
    """Status and content type of an address, asked for by the open page; status 0 for what leads elsewhere."""
    status, kind = visitor.page.evaluate(
        "href => fetch(href, { redirect: 'manual' }).then(r => [r.status, r.headers.get('content-type') ?? ''])", href
    )
    return int(status), str(kind)


def _examined(visitor: Visitor, axe: str) -> list[str]:
    visitor.page.evaluate(axe)
    found = visitor.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{item['id']}: {item['nodes'][0]['html'][:160]}"
        for item in found["violations"]
        if item["impact"] in ("serious", "critical")
    ]
