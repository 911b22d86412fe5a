"""Random tokens that only their receiver holds; the database has their hashes."""

from __future__ import annotations

import hashlib
import secrets


def new_token(prefix: str = "") -> str:
    """A token with 256 random bits, safe in addresses and headers."""
    return f"{prefix}{secrets.token_urlsafe(32)}"


def token_hash(token: str) -> bytes:
    """SHA-256 of a token. Random 256 bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()
