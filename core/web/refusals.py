"""What a page or a service may raise to answer something other than success."""

from __future__ import annotations

from typing import Any

__all__ = ["ModuleUnavailableError", "NotFoundError", "RefusedError", "SignInError"]


class NotFoundError(Exception):
    """Raise it where the object does not exist for this person: the answer is 404."""


class RefusedError(Exception):
    """Raise it where an action is refused: the answer is 409 with the code and a text that names the remedy."""

    def __init__(self, code: str, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.detail = code, message, detail


class SignInError(Exception):
    """Nobody is signed in: browsers are sent to the sign-in page and back."""


class ModuleUnavailableError(Exception):
    """A module or a brokerage is out of order for now: the answer is a calm 503."""
