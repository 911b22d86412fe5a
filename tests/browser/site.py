"""The demo's two brokerages behind two web processes, and people who look at them in a real browser."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, ConsoleMessage, Page
from pydantic import SecretStr

from core.platform import Platform
from core.settings import Settings

SHOTS = os.environ.get("TRADEYARD_TEST_SHOTS", "")
"""A folder: every page that a test looks at is kept there as a picture."""
STAFF = ("owner", "admin", "risk", "support")
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}


@dataclass
class Site:
    """Addresses of the web processes, and what people sign in with."""

    platform: Platform
    ports: list[int]
    password: str

    def url(self, brokerage: str, path: str = "/", process: int = 0) -> str:
        """An address at one of the web processes."""
        return f"http://{brokerage}.localhost:{self.ports[process]}{path}"


@dataclass
class Visitor:
    """Somebody with a browser of their own at one brokerage."""

    site: Site
    brokerage: str
    context: BrowserContext
    page: Page
    messages: list[str] = field(default_factory=list)
    """What the browser's console has complained of."""

    def go(self, path: str, process: int = 0) -> int:
        """Open a page; the status of its answer."""
        answer = self.page.goto(self.site.url(self.brokerage, path, process))
        assert answer is not None
        return answer.status

    def sign_in(self, who: str) -> Visitor:
        """Sign in as staff by role, or as one of the demo's customers."""
        self.go("/admin/sign-in" if who in STAFF else "/sign-in")
        # By name: the labels are in the brokerage's language.
        self.page.locator("input[name=email]").fill(f"{who}@{self.brokerage}.example")
        self.page.locator("input[name=password]").fill(self.site.password)
        self.page.locator("main button[type=submit]").first.click()
        self.page.wait_for_url(lambda address: "sign-in" not in address)
        return self

    def shot(self, name: str) -> None:
        """Keep a picture, where somebody wants them."""
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(SHOTS) / f"{self.brokerage}-{name}.png", full_page=True)

    def wider_than_the_screen(self) -> bool:
        """Whether the page scrolls sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@contextmanager
def visiting(
    site: Site,
    chromium: Chromium,
    brokerage: str,
    *,
    size: str = "desktop",
    dark: bool = False,
    examined: bool = False,
    language: str = "en",
) -> Iterator[Visitor]:
    """A browser without a past. Messages of its console are gathered, but not those of answers that a test asks for.

    :param language: what the browser has chosen, whatever the brokerage's own is.
    :param examined: a tool of the test's own may run in the pages, which their policy would refuse.
    """
    width, height = SIZES[size]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce", bypass_csp=examined
    )
    # Cookies know no ports: one choice holds for all processes.
    context.add_cookies(
        [
            {"name": "theme", "value": "dark" if dark else "light", "url": site.url(brokerage)},
            {"name": "language", "value": language, "url": site.url(brokerage)},
        ]
    )
    visitor = Visitor(site, brokerage, context, context.new_page())

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            visitor.messages.append(f"{message.type}: {message.text}")

    visitor.page.on("console", heard)
    visitor.page.on("pageerror", lambda error: visitor.messages.append(f"error: {error}"))
    try:
        yield visitor
    finally:
        context.close()


@contextmanager
def serving(settings: Settings, folder: Path, processes: int = 2) -> Iterator[list[int]]:
    """Web processes over the same database; their ports."""
    plain = {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in settings}
    path = folder / "settings.json"
    path.write_text(json.dumps(plain, default=str), "utf-8")
    ports = [_free_port() for _ in range(processes)]
    log = (folder / "web.log").open("w")
    started = [
        subprocess.Popen([sys.executable, "-m", "tests.browser.serving", str(path), str(port)], stdout=log, stderr=log)
        for port in ports
    ]
    try:
        for port, process in zip(ports, started, strict=True):
            _wait(port, process, folder / "web.log")
        yield ports
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(timeout=20)
        log.close()


def ask(url: str, **headers: str) -> tuple[int, str]:
    """Status and body of an answer without a browser. Names below ``localhost`` are ours: not every resolver knows them."""
    parts = urlsplit(url)
    connection = HTTPConnection("127.0.0.1", parts.port or 80, timeout=20)
    try:
        connection.request("GET", parts.path, headers={"Host": parts.netloc, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the web process ended:\n{log.read_text('utf-8')}")
        try:
            if ask(f"http://aurora.localhost:{port}/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the web process does not answer:\n{log.read_text('utf-8')}")
