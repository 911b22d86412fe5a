"""Every link of every role leads somewhere: no error, no complaint of the browser, nothing that axe finds serious,
and no page that another role, customer or brokerage should have kept to itself.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.crawl import AXE, Crawl, crawl, fetched, follow
from tests.browser.site import SIZES, STAFF, Site, visiting

pytestmark = pytest.mark.browser

CUSTOMERS = ("master", "follower", "bots", "trader")


@pytest.fixture(scope="module")
def walks(site: Site, chromium: Any) -> dict[str, Crawl]:
    """What each role of a brokerage is shown, on a desktop."""
    if not AXE.is_file():
        pytest.skip("axe-core is not here: `npm ci --ignore-scripts` fetches it")
    found = {}
    for who in (*STAFF, *CUSTOMERS):
        with visiting(site, chromium, "aurora", examined=True) as visitor:
            visitor.sign_in(who)
            start = "/admin" if who in STAFF else "/"
            # The owner's pages are drawn and examined: those of other staff are the same or fewer.
            if who in STAFF and who != "owner":
                found[who] = follow(visitor, start)
            else:
                found[who] = crawl(visitor, start, examine=True, shots=f"{who}-desktop")
    return found


@pytest.mark.parametrize("who", [*STAFF, *CUSTOMERS])
def test_every_link_leads_to_a_page_without_a_fault(walks: dict[str, Crawl], who: str) -> None:
    assert not walks[who].wrong, "\n".join(walks[who].wrong)
    assert len(walks[who].seen) > 12, sorted(walks[who].seen)


@pytest.mark.parametrize("who", ["owner", "follower", "bots"])
def test_on_a_phone_in_the_dark_in_german(site: Site, chromium: Any, who: str) -> None:
    with visiting(site, chromium, "meridian", size="phone", dark=True, examined=True, language="de") as visitor:
        assert visitor.page.viewport_size == {"width": SIZES["phone"][0], "height": SIZES["phone"][1]}
        visitor.sign_in(who)
        found = crawl(visitor, "/admin" if who in STAFF else "/", examine=True, shots=f"{who}-phone-dark")
    assert not found.wrong, "\n".join(found.wrong)


def test_what_a_role_is_not_shown_it_cannot_open_either(site: Site, chromium: Any, walks: dict[str, Crawl]) -> None:
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


def test_a_customers_own_pages_are_nobody_elses(site: Site, chromium: Any, walks: dict[str, Crawl]) -> None:
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
