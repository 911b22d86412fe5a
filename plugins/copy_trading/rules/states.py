"""States of subscriptions and masters, and who may move them."""

from enum import IntFlag, StrEnum


class Pause(IntFlag):
    """Why a subscription is paused; reasons stack, and it copies again only when the last is lifted."""

    FOLLOWER = 1
    ADMIN = 2
    RISK = 4
    MASTER = 8
    MODULE = 16


class By(StrEnum):
    """Who asks for a change."""

    FOLLOWER = "follower"
    ADMIN = "admin"
    SYSTEM = "system"


_MAY_LIFT = {
    # After the module came back it is the follower who decides to copy again.
    By.FOLLOWER: Pause.FOLLOWER | Pause.MODULE,
    By.ADMIN: Pause.ADMIN | Pause.RISK,
    By.SYSTEM: Pause.MASTER | Pause.RISK,
}


class SubscriptionStatus(StrEnum):
    """``paused`` while any reason holds; ``stopping`` until the last position of a ``close_all`` is gone."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"


class MasterStatus(StrEnum):
    """``paused`` and ``deactivated`` masters have their closes mirrored and open nothing."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    DEACTIVATED = "deactivated"
    REJECTED = "rejected"


class IllegalMoveError(ValueError):
    """The state does not allow what was asked."""


_MASTER_MOVES = {
    MasterStatus.PENDING: {MasterStatus.ACTIVE, MasterStatus.REJECTED},
    MasterStatus.ACTIVE: {MasterStatus.PAUSED, MasterStatus.DEACTIVATED},
    MasterStatus.PAUSED: {MasterStatus.ACTIVE, MasterStatus.DEACTIVATED},
    MasterStatus.DEACTIVATED: {MasterStatus.ACTIVE},
    MasterStatus.REJECTED: {MasterStatus.PENDING, MasterStatus.ACTIVE},
}

LIVE = (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAUSED)
"""States in which a subscription still follows."""


def move_master(current: MasterStatus, wanted: MasterStatus) -> MasterStatus:
    """The master's new status; the same one again is no move. Raises :class:`IllegalMoveError`."""
    if wanted is not current and wanted not in _MASTER_MOVES[current]:
        raise IllegalMoveError(f"a master that is {current} cannot become {wanted}")
    return wanted


def status_of(current: SubscriptionStatus, reasons: Pause) -> SubscriptionStatus:
    """The status that the pause reasons give a live subscription; one that stops is beyond them."""
    if current not in LIVE:
        return current
    return SubscriptionStatus.PAUSED if reasons else SubscriptionStatus.ACTIVE


def pause(reasons: Pause, reason: Pause) -> Pause:
    """One more reason."""
    return reasons | reason


def resume(reasons: Pause, by: By) -> Pause:
    """The reasons that stay when ``by`` lifts all that are theirs to lift; a follower cannot lift an admin's."""
    return reasons & ~_MAY_LIFT[by]


def names(reasons: Pause) -> list[str]:
    """The reasons as words, the follower's first."""
    return [reason.name.lower() for reason in Pause if reason in reasons and reason.name]


def stop(current: SubscriptionStatus, choice: str, live_positions: int) -> SubscriptionStatus:
    """The status after Stop Copying with ``close_all`` or ``keep``; asking again changes nothing.

    Raises :class:`IllegalMoveError` for a choice that is neither: the caller must choose.
    """
    if choice not in ("close_all", "keep"):
        raise IllegalMoveError("choose close_all or keep")
    if current not in LIVE:
        return current
    return SubscriptionStatus.STOPPING if choice == "close_all" and live_positions else SubscriptionStatus.STOPPED
