"""Who plays in the demo: two brokerages of our invention, their people, and how they look."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from core.onboarding import NewAccountType
from core.sdk.demo import DemoPart
from tenants.services.branding import BrandChange


@dataclass(frozen=True, slots=True)
class Member:
    """A staff member: the group's key, and a name."""

    group: Literal["owner", "admin", "risk", "support"]
    name: str


@dataclass(frozen=True, slots=True)
class Guest:
    """A customer with one account. `shown`: whether the sign-in is printed."""

    login: str
    name: str
    part: DemoPart
    account_type: str
    deposit: Decimal
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Brokerage:
    """A demo brokerage. Its host is its key below the settings' base domain; logins are at `<key>.example`."""

    key: str
    name: str
    legal_entity: str
    time_zone: str
    brand: BrandChange
    types: tuple[NewAccountType, ...]
    staff: tuple[Member, ...]
    customers: tuple[Guest, ...] = field(default_factory=tuple)
    language: str = "en"

    def email(self, login: str) -> str:
        """A login's address."""
        return f"{login}@{self.key}.example"


def _money(amount: int) -> Decimal:
    return Decimal(amount)


AURORA: Final = Brokerage(
    "aurora",
    "Aurora Markets",
    "Aurora Markets Ltd (demo)",
    "Europe/Stockholm",
    BrandChange(
        primary_light="#4f46e5",
        primary_dark="#a5b4fc",
        accent_light="#0f766e",
        accent_dark="#5eead4",
        theme="light",
        tagline="Trade by first light",
        support_email="help@aurora.example",
    ),
    (
        NewAccountType("Standard", leverage=Decimal(20), commission_kind="percent", commission=Decimal("0.02")),
        NewAccountType(
            "Spot", leverage=Decimal(1), may_short=False, margin_call_level=Decimal(0), stop_out_level=Decimal(0)
        ),
        NewAccountType("Demo", leverage=Decimal(20), demo=True),
    ),
    (
        Member("owner", "Astrid Lindqvist"),
        Member("admin", "Jonas Ek"),
        Member("risk", "Ruben Okafor"),
        Member("support", "Sofia Marin"),
    ),
    (
        Guest("master", "Nova Castellano", "master", "Standard", _money(50_000), shown=True),
        Guest("elias", "Elias Brandt", "master", "Standard", _money(80_000)),
        Guest("vera", "Vera Lindholm", "master", "Standard", _money(35_000)),
        Guest("follower", "Mika Salonen", "follower", "Standard", _money(10_000), shown=True),
        Guest("ines", "Inês Duarte", "follower", "Standard", _money(25_000)),
        Guest("tomasz", "Tomasz Zieliński", "follower", "Standard", _money(5_000)),
        Guest("priya", "Priya Raman", "follower", "Standard", _money(40_000)),
        Guest("louis", "Louis Caron", "follower", "Demo", _money(100_000)),
        Guest("bots", "Hanna Virtanen", "bots", "Spot", _money(30_000), shown=True),
        Guest("mateo", "Mateo Ibarra", "bots", "Spot", _money(20_000)),
        Guest("trader", "Clara Novák", "trader", "Standard", _money(15_000), shown=True),
        Guest("ravi", "Ravi Menon", "trader", "Standard", _money(22_000)),
    ),
)

MERIDIAN: Final = Brokerage(
    "meridian",
    "Meridian Trade",
    "Meridian Trade AG (demo)",
    "Europe/Zurich",
    BrandChange(
        primary_light="#b45309",
        primary_dark="#fbbf24",
        accent_light="#be123c",
        accent_dark="#fb7185",
        theme="dark",
        tagline="Ihre Linie zum Markt",
        support_email="desk@meridian.example",
    ),
    (
        NewAccountType("Classic", leverage=Decimal(10), markup=Decimal(2)),
        NewAccountType("Netting", mode="netting", leverage=Decimal(10), markup=Decimal(2)),
        NewAccountType(
            "Spot",
            leverage=Decimal(1),
            may_short=False,
            commission_kind="percent",
            commission=Decimal("0.05"),
            margin_call_level=Decimal(0),
            stop_out_level=Decimal(0),
        ),
        NewAccountType("Practice", leverage=Decimal(10), demo=True),
    ),
    (
        Member("owner", "Reto Ammann"),
        Member("risk", "Leila Haddad"),
        Member("support", "Ben Whitaker"),
    ),
    (
        Guest("master", "Kenji Mori", "master", "Classic", _money(60_000), shown=True),
        Guest("follower", "Amara Diallo", "follower", "Classic", _money(20_000), shown=True),
        Guest("greta", "Greta Sommer", "follower", "Classic", _money(8_000)),
        Guest("oliver", "Oliver Byrne", "follower", "Practice", _money(50_000)),
        Guest("bots", "Sanna Peltier", "bots", "Spot", _money(25_000), shown=True),
        Guest("trader", "Dario Conti", "trader", "Netting", _money(12_000), shown=True),
    ),
    language="de",
)

BROKERAGES: Final = (AURORA, MERIDIAN)
