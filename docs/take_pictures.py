"""Take the pictures of the README and the guides from a running demo: `make run` in one terminal, `make pictures` in another.

Wait some minutes first, so that the masters have been copied and the bots have traded. A brokerage named Harbour is made
for the picture of the setup checklist, if there is none yet.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from core.demo.password import demo_password
from core.settings import load_settings

FOLDER = Path(__file__).parent / "pictures"
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@dataclass(frozen=True)
class Picture:
    """A page to be taken.

    :ivar clicks: selectors that are clicked one after the other once the page is there.
    """

    name: str
    brokerage: str
    who: str
    path: str
    width: int = 1280
    height: int = 800
    dark: bool = False
    clicks: tuple[str, ...] = ()


_MASTER = ("#masters tbody a.ui-cell-link",)
PICTURES = (
    Picture("mission-control", "aurora", "owner", "/admin/bot-trading/mission-control", 1440, 860),
    Picture("portal-trade", "meridian", "trader", "/trade", height=900, dark=True),
    Picture("portal-phone", "meridian", "bots", "/bot-trading", 390, 780, dark=True),
    Picture("setup", "harbour", "owner", "/admin/settings/setup", height=900),
    Picture("product-configs", "aurora", "owner", "/admin/settings/products", height=560),
    Picture("master-traders", "aurora", "owner", "/admin/copy-trading/masters", height=560),
    Picture("master", "aurora", "owner", "/admin/copy-trading/masters", height=900, clicks=_MASTER),
    Picture(
        "followers", "aurora", "owner", "/admin/copy-trading/masters", 1440, 660,
        clicks=(*_MASTER, ".ui-tabs a[href*=followers]"),
    ),
    Picture("bot-stats", "aurora", "owner", "/admin/bot-trading/stats", 1440, 860),
    Picture("brand", "aurora", "owner", "/admin/settings/company/brand", height=760),
    Picture("bot", "aurora", "bots", "/bot-trading", height=900, clicks=("main a[href*='/bot-trading/bots/']",)),
)  # fmt: skip


def main() -> None:
    """Sign in to the demo brokerages and photograph each page."""
    settings = load_settings()
    told = settings.data_dir / "run" / "up.json"
    if not told.exists():
        sys.exit("nothing runs here: start it with `make run` first")
    port = json.loads(told.read_text(encoding="utf-8"))["port"]
    chromium = next((path for path in CHROMIUM if Path(path).exists()), None)
    wanted = [picture for picture in PICTURES if not sys.argv[1:] or picture.name in sys.argv[1:]]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for picture in wanted:
            base = f"http://{picture.brokerage}.{settings.base_domain}:{port}"
            _take(browser, base, demo_password(settings), picture)
        browser.close()


def _take(browser: Browser, base: str, password: str, picture: Picture) -> None:
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme="dark" if picture.dark else "light",
        device_scale_factor=1.5,
    )
    # The guides are in English, whatever the brokerage speaks; its colours are its own.
    context.add_cookies([{"name": "language", "value": "en", "url": base}])
    page = context.new_page()
    if picture.brokerage == "harbour":
        _enter_harbour(page, base, password)
    _sign_in(page, base, password, picture)
    page.goto(base + picture.path)
    for selector in picture.clicks:
        page.locator(selector).first.click()
        page.wait_for_load_state()
    page.wait_for_timeout(1500)
    page.screenshot(path=FOLDER / f"{picture.name}.png")
    context.close()


def _sign_in(page: Page, base: str, password: str, picture: Picture) -> None:
    page.goto(base + ("/admin/sign-in" if picture.path.startswith("/admin") else "/sign-in"))
    if not page.locator("input[name=password]").count():
        return
    page.fill("input[name=email]", f"{picture.who}@{picture.brokerage}.example")
    page.fill("input[name=password]", password)
    page.click("main form button[type=submit]")
    page.wait_for_url(lambda address: "sign-in" not in address)


def _enter_harbour(page: Page, base: str, password: str) -> None:
    """Make a brand-new brokerage and accept its owner's invitation; one that is there already stays."""
    host = base.removeprefix("http://").partition(":")[0]
    command = [
        str(Path(sys.executable).parent / "tradeyard"), "tenant", "create", "harbour", "Harbour Securities",
        "--host", host, "--owner-email", "owner@harbour.example", "--owner-name", "Helena Brandt",
    ]  # fmt: skip
    made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    invitation = re.search(r"(/admin/invitation/\S+)", made.stdout)
    if invitation is None:
        return
    page.goto(base + invitation[1])
    for field in page.locator("input[type=password]").all():
        field.fill(password)
    page.click("main form button[type=submit]")
    page.wait_for_load_state()


if __name__ == "__main__":
    main()
