"""The decision on a close of a master: no gate but one, a live link; reduce-only and clamped to what is really held."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from plugins.copy_trading.rules.numbers import ZERO
from plugins.copy_trading.rules.targets import after_close, after_own_close, to_close
from plugins.copy_trading.rules.views import MasterClose


class Held(NamedTuple):
    """A live link before a close: exact target, lots by the copy's own orders, lots the position really has."""

    link: UUID
    target: Decimal
    held: Decimal
    real: Decimal
    step: Decimal


class Close(NamedTuple):
    """Close ``volume`` lots (0: only the target moves). ``ended`` when the link is over; ``own`` if by the follower's hand."""

    link: UUID
    volume: Decimal
    target: Decimal
    held: Decimal
    ended: bool
    own: bool


def decide_closes(fill: MasterClose, links: Iterable[Held]) -> list[Close]:
    """Decide one close of a master for the live links to that position."""
    decided = []
    for link in links:
        target = after_own_close(link.target, link.held, link.real)
        if target is None:
            decided.append(Close(link.link, ZERO, ZERO, ZERO, ended=True, own=True))
            continue
        held = min(link.held, link.real)
        target = after_close(target, fill.before, fill.after)
        volume = to_close(target, held, link.step)
        decided.append(Close(link.link, volume, target, held - volume, ended=fill.after <= 0, own=False))
    return decided
