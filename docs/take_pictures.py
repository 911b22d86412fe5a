"""Take the README's pictures from a running demo: `make run` in one terminal, `make pictures` in another.

Wait some minutes first, so that the masters have been copied and the bots have traded.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from core.demo.password import demo_password
from core.settings import load_settings

FOLDER = Path(__file__).parent / "pictures"
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

# name, brokerage's host, sign-in, where to sign in, page, width, height, colours
PICTURES = (
    ("mission-control", "aurora", "owner", "/admin", "/admin/bot-trading/mission-control", 1280, 720, "light"),
    ("portal-trade", "meridian", "trader", "/", "/trade", 1280, 900, "dark"),
    ("portal-phone", "meridian", "bots", "/", "/bot-trading", 390, 780, "dark"),
)


def main() -> None:
    """Sign in to the demo brokerages and photograph each page."""
    settings = load_settings()
    told = settings.data_dir / "run" / "up.json"
    if not told.exists():
        sys.exit("nothing runs here: start it with `make run` first")
    port = json.loads(told.read_text(encoding="utf-8"))["port"]
    chromium = next((path for path in CHROMIUM if Path(path).exists()), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for picture in PICTURES:
            _take(browser, demo_password(settings), settings.base_domain, port, *picture)
        browser.close()


def _take(
    browser: Browser,
    password: str,
    domain: str,
    port: int,
    name: str,
    brokerage: str,
    login: str,
    surface: str,
    page_path: str,
    width: int,
    height: int,
    colours: str,
) -> None:
    base = f"http://{brokerage}.{domain}:{port}"
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if colours == "dark" else "light",
        device_scale_factor=1.5,
    )
    page = context.new_page()
    page.goto(base + surface)
    page.fill("input[name=email]", f"{login}@{brokerage}.example")
    page.fill("input[name=password]", password)
    page.click("form button[type=submit]")
    page.wait_for_load_state("networkidle" if surface == "/admin" else "load")
    page.goto(base + page_path)
    page.wait_for_timeout(1500)
    page.screenshot(path=FOLDER / f"{name}.png")
    context.close()


if __name__ == "__main__":
    main()
