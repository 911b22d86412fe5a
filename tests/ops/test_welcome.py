"""What `up` prints when everything runs."""

from pathlib import Path

import click

from core.demo import SignIn
from core.settings import Settings, load_settings
from core.supervisor.welcome import welcome


def plain(settings: Settings, sign_ins: list[SignIn]) -> str:
    return click.unstyle("\n".join(welcome(settings, sign_ins)))


def test_each_brokerage_has_its_addresses_and_sign_ins() -> None:
    text = plain(
        load_settings({"TRADEYARD_PORT": "8123"}),
        [
            SignIn("One", "one.localhost", "/admin", "Owner", "owner@one.example", "word-word"),
            SignIn("One", "one.localhost", "/", "Trader", "trader@one.example", "word-word"),
            SignIn("Two", "two.localhost", "/admin", "Owner", "owner@two.example", None),
        ],
    )
    one, two = text.split("Two")
    assert "http://one.localhost:8123/\n" in one
    assert "http://one.localhost:8123/admin\n" in one
    assert one.index("trader@one.example") < one.index("/admin") < one.index("owner@one.example")
    assert "owner@two.example           (password changed since)" in two
    assert "changed" not in one
    assert text.count("word-word") == 1, "one password, said once"


def test_the_operators_have_one_address() -> None:
    sign_in = SignIn("Tradeyard", "operator.localhost", "/", "Operator", "operator@tradeyard.example", "word-word")
    text = plain(load_settings({}), [sign_in])
    assert "operator http://operator.localhost:8000/\n" in text
    assert "/admin" not in text


def test_behind_a_proxy_addresses_are_the_proxys() -> None:
    sign_in = SignIn("One", "one.example", "/admin", "Owner", "o@one.example", "x")
    assert "https://one.example/admin\n" in plain(load_settings({"TRADEYARD_HTTPS": "true"}), [sign_in])


def test_without_a_demo_the_next_step_is_named() -> None:
    assert "tradeyard tenant create" in plain(load_settings({}), [])


def test_made_up_prices_are_called_so(tmp_path: Path) -> None:
    assert "synthetic: made up" in plain(load_settings({"TRADEYARD_FEED": "synthetic"}), [])
    file = tmp_path / "ticks.csv"
    assert f"{file}, 60 times as fast" in plain(load_settings({}, feed="file", feed_prices=file, feed_speed=60), [])
