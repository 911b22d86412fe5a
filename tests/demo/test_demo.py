"""The demo brokerages: made once, completed at each start, alive when there are prices."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from core.demo import SignIn, seed
from core.demo.cast import AURORA, BROKERAGES
from core.demo.instruments import instruments_of
from core.demo.password import demo_password
from core.demo.playing import play
from core.demo.scene import scene_of
from core.lanes.models import Quote
from core.operator import signing as operators
from core.platform import Platform, build_platform
from core.preparation import prepare
from core.settings import Settings, load_settings
from core.trading.models import Instrument
from tenants.models import Tenant
from tenants.services import authentication, branding, company, products
from tenants.services.actor import OPERATOR
from tenants.services.making import NewTenant, make_tenant


@pytest.fixture
def platform(settings: Settings) -> Iterator[Platform]:
    prepare(settings)
    with build_platform(settings) as built:
        yield built


def _count(platform: Platform, query: str) -> dict[str, int]:
    """What a query counts at each brokerage."""
    with platform.database.system() as session:
        tenants = session.execute(select(Tenant.key, Tenant.id)).all()
    found = {}
    for key, tenant_id in tenants:
        with platform.database.tenant(tenant_id) as session:
            found[key] = session.execute(text(query)).scalar_one()
    return found


def _tenant(platform: Platform, key: str) -> Tenant:
    with platform.database.system() as session:
        return company.find_tenant(session, key)


def _quote(platform: Platform, seq: int, factor: str = "1") -> None:
    """Make a quote current for every instrument, as the lanes do."""
    with platform.database.system() as session:
        for instrument in session.scalars(select(Instrument)):
            row = session.get(Quote, instrument.id) or Quote(instrument_id=instrument.id)
            row.seq, row.ts_ms = seq, 1_109_687_400_000 + seq * 1000  # Tuesday, 1 March 2005, 14:30
            row.feed_ts_ms = row.ts_ms
            row.bid = int(10_000 * Decimal(factor))
            row.ask = row.bid + 2
            session.add(row)


def test_everybody_who_is_named_can_sign_in(platform: Platform) -> None:
    found = seed(platform)
    assert {entry.host for entry in found} == {"aurora.localhost", "meridian.localhost", "operator.localhost"}
    roles = {entry.role for entry in found if entry.host == "aurora.localhost"}
    assert roles >= {"Owner", "Risk", "Support", "Master", "Follower", "Bot trader", "Trader"}
    for entry in found:
        assert entry.password is not None
        if entry.role == "Operator":
            with platform.database.system() as system:
                assert operators.sign_in(system, entry.email, entry.password).outcome == "signed_in"
            continue
        tenant = _tenant(platform, entry.host.split(".")[0])
        with platform.database.tenant(tenant.id) as session:
            surface: authentication.Surface = "admin" if entry.path == "/admin" else "portal"
            assert authentication.sign_in(session, surface, entry.email, entry.password).outcome == "signed_in", entry


def test_a_second_start_makes_nothing_twice_and_leaves_changes_alone(platform: Platform) -> None:
    first = seed(platform)
    tenant = _tenant(platform, "aurora")
    counted = (
        "select (select count(*) from tenants.customers) + (select count(*) from tenants.staff) * 100"
        " + (select count(*) from core.accounts) * 10000 + (select count(*) from core.symbols) * 1000000"
        " + (select count(*) from core.account_types) * 100000000"
    )
    before = _count(platform, counted)
    with platform.database.tenant(tenant.id) as session:
        company.change_company(session, OPERATOR, name="Mine now")
        branding.set_image(session, "logo", None, OPERATOR)
    assert seed(platform) == first
    assert _count(platform, counted) == before
    with platform.database.tenant(tenant.id) as session:
        assert company.tenant(session).name == "Mine now"
        assert branding.image(session, "logo") is None


def test_a_start_that_was_cut_short_is_completed(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("core.demo.seeding._employ", crash)
        with pytest.raises(KeyboardInterrupt):
            seed(platform)
    assert _count(platform, "select count(*) from tenants.customers") == {"aurora": 0}
    seed(platform)
    assert _count(platform, "select count(*) from tenants.customers") == {
        brokerage.key: len(brokerage.customers) for brokerage in BROKERAGES
    }


def test_balances_are_the_sums_of_the_ledger(platform: Platform) -> None:
    seed(platform)
    wrong = (
        "select count(*) from core.accounts a where balance <>"
        " (select coalesce(sum(amount), 0) from core.ledger_entries e where e.account_id = a.id)"
    )
    assert set(_count(platform, wrong).values()) == {0}
    assert _count(platform, "select count(*) from core.accounts where balance > 0") == {
        brokerage.key: len(brokerage.customers) for brokerage in BROKERAGES
    }


def test_a_database_with_other_brokerages_gets_no_demo(platform: Platform) -> None:
    with platform.database.system() as session:
        make_tenant(session, NewTenant("real", "Real", ["real.example"], "o@real.example"), OPERATOR)
    assert seed(platform) == []
    assert _count(platform, "select 1") == {"real": 1}


def test_a_changed_password_is_not_told(platform: Platform) -> None:
    seed(platform)
    tenant = _tenant(platform, "aurora")
    with platform.database.tenant(tenant.id) as session:
        owner = authentication.by_email(session, "admin", AURORA.email("owner"))
        assert owner is not None
        authentication.change_password(session, owner, demo_password(platform.settings), "my own words", OPERATOR)
    passwords = {entry.brokerage: entry.password for entry in seed(platform)}
    known = demo_password(platform.settings)
    assert passwords == {"Aurora Markets": None, "Meridian Trade": known, "Tradeyard": known}


def test_brands_are_clearly_different_and_readable(platform: Platform) -> None:
    seed(platform)
    snapshot = platform.snapshot.current
    brands = [snapshot.by_key(brokerage.key).brand for brokerage in BROKERAGES]  # type: ignore[union-attr]
    assert brands[0].primary_light != brands[1].primary_light
    assert brands[0].theme != brands[1].theme
    assert brands[0].logo_digest != brands[1].logo_digest
    assert None not in {brand.favicon_digest for brand in brands}


def test_the_people_trade_once_there_are_prices(platform: Platform) -> None:
    seed(platform)
    chance = random.Random(1)
    play(platform, chance, modules=True)
    assert set(_count(platform, "select count(*) from core.orders").values()) == {0}
    for turn in range(1, 31):
        _quote(platform, turn, str(1 + turn % 7 / 500))
        play(platform, chance, modules=turn % 4 == 0)
    opened = _count(platform, "select count(*) from core.positions where origin = 'manual'")
    closed = _count(
        platform, "select count(*) from core.positions where origin = 'manual' and closed_ts_ms is not null"
    )
    assert all(count >= 5 for count in opened.values()), opened
    assert all(count >= 2 for count in closed.values()), closed
    refused = _count(platform, "select count(*) from core.orders where status = 'rejected'")
    assert set(refused.values()) == {0}


def test_the_demo_shows_a_fee_a_paper_copy_an_application_and_a_private_master(platform: Platform) -> None:
    seed(platform)
    seed(platform)  # a second start adds none of them again
    fees = "select count(*) from copy_trading.masters where fee_percent = 20 and public and status = 'active'"
    assert _count(platform, fees) == {"aurora": 1, "meridian": 1}
    asked = "select count(*) from copy_trading.subscriptions where fee_percent = 20 and not mock"
    assert all(count > 0 for count in _count(platform, asked).values())
    assert _count(platform, "select count(*) from copy_trading.subscriptions where mock and status = 'active'") == {
        "aurora": 1,
        "meridian": 1,
    }
    waiting = "select count(*) from copy_trading.applications where status = 'pending'"
    assert _count(platform, waiting) == {"aurora": 1, "meridian": 0}
    private = (
        "select count(*) from copy_trading.masters m join copy_trading.invite_codes i on i.master_id = m.id"
        " where not m.public and m.status = 'active' and m.name = 'Vera Lindholm'"
    )
    assert _count(platform, private) == {"aurora": 1, "meridian": 0}


def test_an_account_that_has_lost_nearly_all_is_filled_up_again(platform: Platform) -> None:
    seed(platform)
    tenant = _tenant(platform, "meridian")
    with platform.database.tenant(tenant.id) as session:
        session.execute(text("update core.accounts set balance = 1"))
    _quote(platform, 1)
    play(platform, random.Random(1), modules=False)
    with platform.database.tenant(tenant.id) as session:
        assert (
            session.execute(
                text("select count(*) from core.ledger_entries where note = 'Filled up again'")
            ).scalar_one()
            == 1
        )


def test_the_scene_keeps_the_order_of_the_cast(platform: Platform) -> None:
    seed(platform)
    with platform.database.tenant(_tenant(platform, "aurora").id) as session:
        scene = scene_of(session, AURORA)
    assert [customer.name for customer in scene.who("master")] == ["Nova Castellano", "Elias Brandt", "Vera Lindholm"]
    assert len(scene.who("follower")) == 5
    assert scene.prices == {}
    assert len(scene.symbols) >= 2


@pytest.mark.parametrize(
    ("given", "feed", "symbols"),
    [
        ({"feed": "synthetic"}, "synthetic", {"EURUSD", "XAUUSD", "BTCUSD", "ETHUSD"}),
        ({"feed": "live", "feed_exchange": "binance"}, "live", {"BTC/USDT", "ETH/USDT"}),
        ({"feed": "live", "feed_exchange": "coinbase"}, "live", {"BTC/USD", "ETH/USD"}),
        ({"feed": "file", "feed_prices": "/data/EURUSD.csv.gz"}, "file", {"EURUSD"}),
        ({"feed": "file", "feed_prices": "/data/x.csv", "feed_symbol": "BTCUSD"}, "file", {"BTCUSD"}),
    ],
)
def test_instruments_follow_the_feed(given: dict[str, str], feed: str, symbols: set[str]) -> None:
    found = instruments_of(load_settings({}, **given))
    assert {item.feed for item in found} == {feed}
    assert {item.symbol for item in found} == symbols
    assert all(item.label for item in found)


def test_without_the_package_of_real_prices_synthetic_ones_stand_in_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.feeds.demo.available", lambda: False)
    found = instruments_of(load_settings({}, feed="demo"))
    assert {item.feed for item in found} == {"synthetic"}
    assert all("ynthetic" in item.label for item in found)


def test_another_feed_adds_its_symbols_to_the_demo(platform: Platform, settings: Settings) -> None:
    seed(platform)
    codes = "select string_agg(code, ' ' order by code) from core.symbols"
    before = _count(platform, codes)
    other = settings.model_copy(update={"feed": "live"})
    with build_platform(other) as again:
        seed(again)
        after = _count(again, codes)
    assert {key: set(str(value).split()) - set(str(before[key]).split()) for key, value in after.items()} == {
        "aurora": {"BTCUSD", "ETHUSD"},
        "meridian": {"BTCUSD", "ETHUSD"},
    }


def test_the_password_is_the_installations_own(settings: Settings) -> None:
    first = demo_password(settings)
    assert first == demo_password(settings)
    assert len(first) >= 10
    other = load_settings({}, secret="another secret of thirty-two characters or more")
    assert demo_password(other) != first


def test_who_switched_a_module_off_finds_it_off(platform: Platform) -> None:
    seed(platform)
    tenant = _tenant(platform, "aurora")
    modules = [key for key, plugin in platform.runtime.plugins.items() if plugin.demo is not None]
    for key in modules:
        with platform.database.tenant(tenant.id) as session:
            assert products.state_of(session, key) == "on"
            products.set_state(session, key, "off", OPERATOR)
    seed(platform)
    with platform.database.tenant(tenant.id) as session:
        assert [products.state_of(session, key) for key in modules] == ["off"] * len(modules)
    assert isinstance(seed(platform)[0], SignIn)
