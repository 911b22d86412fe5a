"""Refusals of the module's services, with the remedy in their text."""

from __future__ import annotations

from core.sdk.web import NotFoundError, RefusedError

__all__ = ["NotFoundError", "RefusedError"]
