"""Every link of every role leads somewhere: no error, no complaint of the browser, nothing that axe finds serious,
and no page that another role, customer or brokerage should have kept to itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.browser.crawl import AXE, Crawl, crawl, fetched
from tests.browser.site import SIZES, STAFF, Site, visiting

pytestmark = pytest.mark.browser

CUSTOMERS = ("master", "follower", "bots", "trader")


@dataclass
class Walks:
    """What each role of a brokerage is shown, on a desktop; each walks once, when it is first asked for."""

    site: Site
    chromium: Any
    drawn: dict[str, set[str]] = field(default_factory=lambda: {"/": set(), "/admin": set()})
    done: dict[str, Crawl] = field(default_factory=dict)

    def __getitem__(self, who: str) -> Crawl:
        if who not in self.done:
            start = start_of(who)
            with visiting(self.site, self.chromium, "aurora", examined=True) as visitor:
                visitor.sign_in(who)
                self.done[who] = crawl(visitor, start, self.drawn[start], shots=f"{who}-desktop")
        return self.done[who]


@pytest.fixture(scope="module")
def walks(site: Site, chromium: Any) -> Walks:
    if not AXE.is_file():
        pytest.skip("axe-core is not here: `npm ci --ignore-scripts` fetches it")
    return Walks(site, chromium)


@pytest.fixture(scope="module")
def drawn_on_a_phone() -> set[str]:
    return set()


def start_of(who: str) -> str:
    """The first page of the surface that somebody signs in to."""
    return "/admin" if who in STAFF else "/"


@pytest.mark.parametrize("who", [*STAFF, *CUSTOMERS])
def test_every_link_leads_to_a_page_without_a_fault(walks: Walks, who: str) -> None:
    assert not walks[who].wrong, "\n".join(walks[who].wrong)
    assert len(walks[who].seen) > 12, sorted(walks[who].seen)


@pytest.mark.parametrize("who", ["owner", "follower", "bots"])
def test_on_a_phone_in_the_dark_in_german(
    site: Site, chromium: Any, walks: Walks, drawn_on_a_phone: set[str], who: str
) -> None:
    with visiting(site, chromium, "meridian", size="phone", dark=True, examined=True, language="de") as visitor:
        assert visitor.page.viewport_size == {"width": SIZES["phone"][0], "height": SIZES["phone"][1]}
        visitor.sign_in(who)
        found = crawl(visitor, start_of(who), drawn_on_a_phone, shots=f"{who}-phone-dark")
    assert not found.wrong, "\n".join(found.wrong)


def test_what_a_role_is_not_shown_it_cannot_open_either(site: Site, chromium: Any, walks: Walks) -> None:
    """Whatever the owner reaches answers others with a page of theirs or with 404, never with an error or a leak."""
    kept: dict[str, int] = {}
    for who in ("risk", "support"):
        with visiting(site, chromium, "aurora") as visitor:
            visitor.sign_in(who)
            for kind, href in walks["owner"].seen.items():
                status = fetched(visitor, href)[0]
                assert status in (0, 200, 404), (who, href, status)
                if status == 404:
                    kept[who] = kept.get(who, 0) + 1
                    assert kind not in walks[who].seen, (who, href)
    assert kept["support"] > kept["risk"] > 0


def test_a_customers_own_pages_are_nobody_elses(site: Site, chromium: Any, walks: Walks) -> None:
    tried = 0
    for other, brokerage in (("trader", "aurora"), ("follower", "meridian")):
        with visiting(site, chromium, brokerage) as visitor:
            visitor.sign_in(other)
            for who in ("master", "follower", "bots"):
                for kind, href in walks[who].seen.items():
                    if "{id}" not in kind.partition("?")[0] or (brokerage == "aurora" and kind in walks[other].seen):
                        continue
                    tried += 1
                    status = fetched(visitor, href)[0]
                    assert status == 404, (other, brokerage, href, status)
    assert tried > 10
