"""Why a service refuses: each error has a code for programs and a text that names the remedy."""

from __future__ import annotations

from collections.abc import Sequence


class TenantsError(Exception):
    """A refusal by rule.

    :ivar code: stable, for problem details and tests.
    """

    code = "refused"


class InvalidError(TenantsError):
    """A value cannot be taken.

    :ivar field: the input's name.
    """

    code = "invalid"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class TakenError(InvalidError):
    """A name, a host or an e-mail address is in use."""

    code = "taken"


class NotFoundError(TenantsError):
    """There is no such thing in this tenant."""

    code = "not_found"


class ConflictError(TenantsError):
    """Somebody else changed it meanwhile: load it again and decide anew."""

    code = "conflict"


class LastOwnerError(TenantsError):
    """A tenant keeps at least one active owner."""

    code = "last_owner"


class TransitionError(TenantsError):
    """A module cannot go from its state to the one asked for."""

    code = "transition"


class NotAllowedError(TenantsError):
    """The tenant's plan does not allow the module, or the actor may not do this."""

    code = "not_allowed"


class RequirementsError(TenantsError):
    """What a module needs before it can be on.

    :ivar missing: keys of what is missing, as the module declares them.
    """

    code = "requirements"

    def __init__(self, module: str, missing: Sequence[str]) -> None:
        super().__init__(f"{module} needs first: {', '.join(missing)}")
        self.missing = tuple(missing)
