"""A tenant's settings, hosts and brand, and making one."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from tenants.db import Database
from tenants.models import Staff
from tenants.services import audit, branding, company, groups, tickets
from tenants.services.actor import OPERATOR
from tenants.services.audit import AuditFilter
from tenants.services.branding import BrandChange
from tenants.services.errors import InvalidError, NotFoundError, TakenError
from tenants.services.making import NewTenant, make_tenant
from tests.tenants.conftest import PASSWORD, Yard


def _picture(size: tuple[int, int], kind: str = "PNG", **more: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "#123456").save(out, kind, **more)
    return out.getvalue()


def test_a_new_tenant_is_usable_at_once(database: Database) -> None:
    with database.system() as session:
        made = make_tenant(
            session, NewTenant("west", "West", ["West.Example.", "w.example"], "o@west.example"), OPERATOR
        )
        assert made.invitation is not None
    with database.tenant(made.tenant_id) as session:
        assert [(row.host, row.main) for row in company.hosts(session, made.tenant_id)] == [
            ("west.example", True),
            ("w.example", False),
        ]
        assert branding.brand(session).theme == "auto"
        owner = tickets.redeem_ticket(session, made.invitation, "invitation", PASSWORD)
        assert isinstance(owner, Staff)
        assert owner.status == "active"
        assert groups.is_owner(session, owner.id)
        assert audit.search(session, AuditFilter(action="tenant.make"))[0][0].actor_kind == "operator"


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"key": "north"}, TakenError, "key"),
        ({"key": "Not a key"}, InvalidError, "key"),
        ({"hosts": ["NORTH.localhost"]}, TakenError, "host"),
        ({"hosts": ["https://x.example"]}, InvalidError, "host"),
        ({"hosts": []}, InvalidError, "hosts"),
        ({"owner_email": "nobody"}, InvalidError, "email"),
        ({"time_zone": "Europe/Atlantis"}, InvalidError, "time_zone"),
        ({"currencies": ["usd", "€"]}, InvalidError, "currency"),
        ({"language": "English"}, InvalidError, "language"),
        ({"owner_password": "short"}, InvalidError, "password"),
    ],
)
def test_a_tenant_that_cannot_be_is_not_made(
    yard: Yard, database: Database, change: dict[str, object], error: type[InvalidError], field: str
) -> None:
    values = {"key": "west", "name": "West", "hosts": ["west.example"], "owner_email": "o@west.example"} | change
    with pytest.raises(error) as refused, database.system() as session:
        make_tenant(session, NewTenant(**values), OPERATOR)  # type: ignore[arg-type]
    assert refused.value.field == field
    with database.system() as session, pytest.raises(NotFoundError):
        company.find_tenant(session, "west")


def test_settings_of_the_company_change_with_before_and_after(yard: Yard, database: Database) -> None:
    with database.tenant(yard.id) as session:
        company.change_company(
            session, yard.owner, name=" North  Star ", time_zone="Europe/Berlin", currencies=["eur", "usd", "EUR"]
        )
        company.change_company(session, yard.owner, name="North Star")  # as it is: no entry
    with database.tenant(yard.id) as session:
        found = company.tenant(session)
        assert (found.name, found.time_zone, found.currencies) == ("North Star", "Europe/Berlin", ["EUR", "USD"])
        entries, total = audit.search(session, AuditFilter(action="company.change"))
        assert total == 1
        assert entries[0].before == {"name": "North", "time_zone": "UTC", "currencies": ["USD"]}


@pytest.mark.parametrize(
    "change", [{"status": "suspended"}, {"key": "x"}, {"registration": "maybe"}, {"currencies": []}, {"name": ""}]
)
def test_what_is_not_the_companys_to_set_is_refused(yard: Yard, database: Database, change: dict[str, object]) -> None:
    with database.tenant(yard.id) as session, pytest.raises(InvalidError):
        company.change_company(session, yard.owner, **change)


def test_a_host_belongs_to_one_tenant(yards: tuple[Yard, Yard], database: Database) -> None:
    north, south = yards
    with database.system() as session:
        company.add_host(session, north.id, "Trade.North.example", OPERATOR, main=True)
        with pytest.raises(TakenError):
            company.add_host(session, south.id, "trade.north.example", OPERATOR)
        with pytest.raises(NotFoundError):
            company.remove_host(session, south.id, "trade.north.example", OPERATOR)
        assert [row.host for row in company.hosts(session, north.id)] == ["trade.north.example", "north.localhost"]
        company.remove_host(session, north.id, "trade.north.example", OPERATOR)
        assert [row.host for row in company.hosts(session, north.id)] == ["north.localhost"]


def test_a_tenant_is_suspended_and_resumed_with_a_reason(yard: Yard, database: Database) -> None:
    with database.system() as session:
        company.suspend(session, yard.id, OPERATOR, "Unpaid")
        company.suspend(session, yard.id, OPERATOR, "Unpaid")
        assert company.find_tenant(session, "north").status == "suspended"
        company.resume(session, yard.id, OPERATOR)
    with database.tenant(yard.id) as session:
        entries, total = audit.search(session, AuditFilter(action="tenant.status"))
        assert total == 2
        assert entries[1].note == "Unpaid"


@pytest.mark.parametrize(("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48)])
def test_contrast_as_wcag_computes_it(one: str, other: str, ratio: float) -> None:
    assert branding.contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert branding.contrast(other, one) == branding.contrast(one, other)


@pytest.mark.parametrize(
    "change",
    [
        BrandChange(primary_light="red"),
        BrandChange(primary_light="#12345"),
        BrandChange(primary_light="#123456; } body { display: none"),
        BrandChange(primary_light="#ffff00"),  # yellow on white
        BrandChange(accent_dark="#000033"),  # navy on night
        BrandChange(theme="pink"),  # type: ignore[arg-type]
        BrandChange(support_email="nobody"),
    ],
)
def test_a_brand_nobody_can_read_is_refused(yard: Yard, database: Database, change: BrandChange) -> None:
    with database.tenant(yard.id) as session, pytest.raises(InvalidError):
        branding.change_brand(session, change, yard.owner)


def test_a_brand_changes_where_it_is_told_to(yards: tuple[Yard, Yard], database: Database) -> None:
    north, south = yards
    with database.tenant(north.id) as session:
        branding.change_brand(session, BrandChange(primary_light="#7C2D12", tagline="Trade  north"), north.owner)
    with database.tenant(north.id) as session:
        found = branding.brand(session)
        assert (found.primary_light, found.primary_dark, found.tagline) == ("#7c2d12", "#6ea8fe", "Trade north")
        assert audit.search(session, AuditFilter(action="brand.change"))[1] == 1
    with database.tenant(south.id) as session:
        assert branding.brand(session).primary_light == "#1f5fbf"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_an_upload_becomes_a_png_of_ours(yard: Yard, database: Database, kind: str) -> None:
    with database.tenant(yard.id) as session:
        branding.set_image(session, "logo", _picture((1200, 300), kind), yard.owner)
    with database.tenant(yard.id) as session:
        stored = branding.image(session, "logo")
        assert stored is not None
        with Image.open(BytesIO(stored)) as image:
            assert (image.format, image.size) == ("PNG", (600, 150))
        first = branding.brand(session).logo_digest
        assert first is not None
        branding.set_image(session, "logo", _picture((64, 64)), yard.owner)
        assert branding.brand(session).logo_digest != first
        branding.set_image(session, "logo", None, yard.owner)
        assert branding.image(session, "logo") is None


def test_nothing_but_pixels_of_an_upload_is_kept() -> None:
    hidden = PngImagePlugin.PngInfo()
    hidden.add_text("Comment", "<script>alert(1)</script>")
    data = _picture((32, 32), pnginfo=hidden) + b"<script>alert(2)</script>"
    assert b"script" in data
    assert b"script" not in branding.reencode(data, (64, 64), "favicon")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        _picture((64, 64))[:60],
        _picture((64, 64), "BMP"),
        _picture((2100, 2000)),
        b"\x89PNG\r\n\x1a\n" + b"x" * 100,
        _picture((8, 8)) + b"0" * 1_000_000,
    ],
    ids=["empty", "svg", "cut short", "another format", "too many pixels", "broken", "too large"],
)
def test_what_is_no_reasonable_image_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidError):
        branding.reencode(data, (64, 64), "favicon")
