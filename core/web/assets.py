"""Static files under addresses that change with their content, so that browsers may keep them for ever."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

__all__ = ["Asset", "Assets"]

_TYPES = {
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
_COMPRESSED = ("text/", "application/json", "image/svg+xml")
OWN = "core"


@dataclass(frozen=True)
class Asset:
    """A file as it is sent: raw and, where it pays, gzip."""

    content_type: str
    raw: bytes
    packed: bytes | None


class Assets:
    """The core's static files and every plugin's, by name: ``css/base.css``, or ``copy_trading/app.js`` for a plugin's.

    All files of one owner share one digest, so that modules and style sheets may refer to their neighbours by relative
    addresses. The digest is taken once, at start.
    """

    def __init__(self, own: Path, plugins: Mapping[str, Path] | None = None) -> None:
        self._roots = {OWN: own, **(plugins or {})}
        self._digests = {owner: _digest(root) for owner, root in self._roots.items()}
        self.read = lru_cache(maxsize=512)(self._read)

    def url(self, name: str) -> str:
        """The address of a file. A name that starts with a plugin's key belongs to that plugin."""
        owner, _, rest = name.partition("/")
        if owner in self._roots and owner != OWN:
            return f"/static/{self._digests[owner]}/{owner}/{rest}"
        return f"/static/{self._digests[OWN]}/{OWN}/{name}"

    def current(self, digest: str, owner: str) -> bool:
        """Whether an address carries today's digest, and its answer may be kept for ever."""
        return self._digests.get(owner) == digest

    def _read(self, owner: str, name: str) -> Asset | None:
        root = self._roots.get(owner)
        if root is None:
            return None
        path = (root / name).resolve()
        if not path.is_relative_to(root.resolve()) or not path.is_file():
            return None
        raw = path.read_bytes()
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        small = gzip.compress(raw, 9, mtime=0) if kind.startswith(_COMPRESSED) and len(raw) > 1024 else None
        return Asset(kind + ("; charset=utf-8" if kind.startswith("text/") else ""), raw, small)


def _digest(root: Path) -> str:
    seen = hashlib.blake2b(digest_size=6)
    for path in sorted(root.rglob("*")) if root.is_dir() else ():
        if path.is_file():
            seen.update(str(path.relative_to(root)).encode() + b"\0")
            seen.update(path.read_bytes())
    return seen.hexdigest()
