"""What a master says of themselves and asks for: nickname, description, visibility, cap, fee."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from plugins.copy_trading.models import Master
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.services.fee_lines import set_fee


@dataclass(frozen=True, slots=True)
class Profile:
    """The part of a master that is theirs to set. ``fee_percent`` of new profits, within the tenant's bound."""

    name: str
    about: str = ""
    public: bool = True
    follower_cap: int | None = None
    fee_percent: Decimal = Decimal(0)


def take_profile(settings: CopyTradingSettings, master: Master, profile: Profile) -> None:
    """Write what a master says of themselves. Raises :class:`RefusedError` for a fee outside the tenant's bound."""
    master.name, master.about = profile.name, profile.about
    master.public, master.follower_cap = profile.public, profile.follower_cap
    set_fee(settings, master, profile.fee_percent)
