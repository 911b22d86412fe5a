"""The rules for plugins: our own modules keep them, and one that breaks them is told so by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar import Controller, get
from pydantic import BaseModel

from core.runtime import load_runtime
from core.sdk import NavigationEntry, Permission, Routes, hookimpl
from core.sdk.testing.conformance import ConformanceError, check_plugin, problems
from tests.runtime.build import Probe, runtime_of


@pytest.mark.parametrize("key", sorted(load_runtime().plugins))
def test_installed_plugins_keep_the_rules(key: str) -> None:
    check_plugin(key)


def test_a_plugin_that_is_not_there() -> None:
    with pytest.raises(ConformanceError, match="gone is not loaded: it is not installed"):
        check_plugin("gone")


class Settings(BaseModel):
    limit: int = 3


@get("/open", sync_to_thread=False)
def open_to_all() -> str:
    return ""


class Pages(Controller):
    path = "/pages"
    opt = {"permission": "probe.gone"}  # noqa: RUF012 - Litestar reads it as a plain dict

    @get("/", sync_to_thread=False)
    def one(self) -> str:
        return ""


class Careless(Probe):
    """Breaks a rule in each hook."""

    @hookimpl
    def settings(self) -> type[BaseModel]:
        return Settings

    @hookimpl
    def permissions(self) -> Sequence[Permission]:
        return (Permission("probe.use", ""),)

    @hookimpl
    def routes(self) -> Routes:
        return Routes(admin=[Pages], portal=[open_to_all])

    @hookimpl
    def navigation(self) -> Sequence[NavigationEntry]:
        return (NavigationEntry("admin", "S", "Late", "", permission="probe.late"),)


def test_broken_rules_are_named(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(
        '<button onclick="go()">Go</button><script>go()</script><script src="https://cdn.example/x.js"></script>'
    )
    (tmp_path / "plugin.py").write_text(
        "import json\nfrom core.sdk import Job\nfrom core.trading.services import place_orders\nimport tenants.db\n"
        "from plugins.bot_trading.sdk import Strategy\nfrom plugins.copy_trading.models import Master\n"
    )
    [found] = runtime_of(Careless(summary="")).plugins.values()
    told = list(problems(replace(found, folder=tmp_path)))
    expected: list[Any] = [
        "the manifest has no summary",
        "the setting limit has no title or no description",
        "the permission probe.use has no title",
        "the navigation entry 'Late' asks for probe.late",
        "the admin route one asks for probe.gone",
        "the portal route open_to_all names no permission",
        "imports core.trading.services",
        "imports tenants.db",
        "imports plugins.copy_trading.models",
        "an inline script",
        "an inline handler",
        "something from another host",
    ]
    assert len(told) == len(expected), told
    for words in expected:
        assert any(words in line for line in told), words
