"""Pages in tests: the application in this process, as somebody signed in sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from litestar.testing import TestClient

from core.app import create_app
from core.platform import Platform
from core.web.visit import ADMIN_COOKIE, PORTAL_COOKIE

_CSRF = re.compile(r'name="_csrf" value="([0-9a-f]+)"')


@dataclass(frozen=True)
class Answer:
    """What came back. ``text`` is the page."""

    status: int
    text: str
    address: str

    def __contains__(self, words: str) -> bool:
        return words in self.text


class Browser:
    """Somebody's browser."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get(self, path: str) -> Answer:
        """A page; redirects are followed."""
        return _answer(self._client.get(path))

    def send(self, path: str, *, page: str | None = None, **fields: str | list[str]) -> Answer:
        """Send a form that ``page`` (by default ``path`` itself) shows."""
        token = _CSRF.search(self.get(page or path).text)
        return _answer(self._client.post(path, data={**fields, "_csrf": token[1] if token else ""}))


@contextmanager
def browsing(platform: Platform, host: str, token: str, *, staff: bool) -> Iterator[Browser]:
    """A browser at ``host`` that has the session ``token``. The application has a platform of its own, as its process would."""
    own = Platform(platform.settings, platform.addresses, platform.runtime)
    with TestClient(create_app(own), base_url=f"http://{host}") as client:
        client.cookies.set(ADMIN_COOKIE if staff else PORTAL_COOKIE, token)
        yield Browser(client)


def _answer(response: Any) -> Answer:
    return Answer(response.status_code, response.text, str(response.url))
