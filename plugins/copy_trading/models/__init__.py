"""Tables of copy trading, in the schema ``copy_trading``."""

from plugins.copy_trading.models.application import Application, InviteCode
from plugins.copy_trading.models.drift import Drift
from plugins.copy_trading.models.fees import Fee, FeeMark
from plugins.copy_trading.models.master import SCHEMA, Master
from plugins.copy_trading.models.mock import MockAccount, MockPosition
from plugins.copy_trading.models.progress import Link, Opening, Skip
from plugins.copy_trading.models.statistics import EquityPoint, FollowerFigure, MasterDay, MasterStanding
from plugins.copy_trading.models.subscription import Confirmation, Cursor, Subscription

__all__ = [
    "SCHEMA",
    "Application",
    "Confirmation",
    "Cursor",
    "Drift",
    "EquityPoint",
    "Fee",
    "FeeMark",
    "FollowerFigure",
    "InviteCode",
    "Link",
    "Master",
    "MasterDay",
    "MasterStanding",
    "MockAccount",
    "MockPosition",
    "Opening",
    "Skip",
    "Subscription",
]
