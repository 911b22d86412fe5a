"""The command line: quick to list, lazy to load, open to plugins."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

import core.cli
import core.runtime
from core.cli import LazyGroup, tradeyard
from core.errors import CannotStartError


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pretend that one plugin is installed: with a group of commands, without, or rejected."""

    @dataclass
    class Loaded:
        cli: click.Group | None

    def install(cli: click.Group | None = None, rejected: str = "") -> None:
        found = None if rejected else Loaded(cli)
        told = [SimpleNamespace(source=SimpleNamespace(name="some_thing"), reason=rejected)] if rejected else []
        runtime = SimpleNamespace(get=lambda key: found, rejected=told)
        monkeypatch.setattr(core.cli, "entry_points", lambda group: [SimpleNamespace(name="some_thing")])
        monkeypatch.setattr(core.runtime, "load_runtime", lambda: runtime)

    return install


def test_help_names_every_command_without_importing_one() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from core.cli import tradeyard;"
        "print(CliRunner().invoke(tradeyard, ['--help']).output);"
        "print([name for name in sys.modules if name.startswith('core.commands.') or name in ('sqlalchemy', 'litestar')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in ("up", "migrate", "settings", "worker", "frontend"):
        assert f"\n  {name} " in done.stdout
    assert done.stdout.rstrip().endswith("[]")


@pytest.mark.parametrize("name", LazyGroup().list_commands(click.Context(tradeyard)))
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(tradeyard, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert len(result.output.splitlines()) > 3


def test_an_unknown_command_is_told() -> None:
    result = CliRunner().invoke(tradeyard, ["upp"])
    assert result.exit_code == 2
    assert "No such command 'upp'" in result.output


def test_a_plugins_commands_are_under_its_name(plugin: Callable[..., None]) -> None:
    group = click.Group("x", commands=[click.Command("greet", callback=lambda: click.echo("hello"))])
    plugin(group)
    assert CliRunner().invoke(tradeyard, ["some-thing", "greet"]).output == "hello\n"
    assert "some-thing" in CliRunner().invoke(tradeyard, ["--help"]).output


def test_a_plugin_without_commands_has_none(plugin: Callable[..., None]) -> None:
    plugin(None)
    assert CliRunner().invoke(tradeyard, ["some-thing"]).exit_code == 2


def test_a_rejected_plugin_is_told_with_its_reason(plugin: Callable[..., None]) -> None:
    plugin(rejected="its manifest is wrong")
    result = CliRunner().invoke(tradeyard, ["some-thing"])
    assert isinstance(result.exception, CannotStartError)
    assert "its manifest is wrong" in str(result.exception)
