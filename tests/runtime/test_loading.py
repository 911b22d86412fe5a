"""A plugin that is broken, in whichever way, is rejected by name with a reason, and the others are loaded."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from litestar import get
from pydantic import BaseModel

from core.runtime import facade, load_runtime
from core.runtime.loading import installed
from core.sdk import (
    API_VERSION,
    ExposureReport,
    ExtensionError,
    HealthCheck,
    Job,
    Manifest,
    NavigationEntry,
    OrderCheck,
    Permission,
    Routes,
    Slot,
    Subscription,
    hookimpl,
    hookspec,
)
from tests.runtime.build import Probe, candidate, manifest, runtime_of


class Good:
    """A plugin that fits."""

    @hookimpl
    def manifest(self) -> Manifest:
        return manifest("good")


def plugin(**hooks: Callable[..., Any]) -> type:
    """A plugin class with these hooks besides its manifest; ``key`` of the manifest is ``bad``."""
    hooks = {"manifest": lambda _self: manifest("bad"), **hooks}
    return type("Bad", (), {name: hookimpl(function) for name, function in hooks.items()})


def nothing(*_arguments: Any) -> None:
    """A function that fits anywhere."""


async def waits(*_arguments: Any) -> None:
    """A function that fits nowhere."""


def fail_import() -> object:
    raise ImportError("No module named 'numpyy'")


def leave() -> object:
    sys.exit(3)


class Raising:
    def __init__(self) -> None:
        raise ValueError("no licence")


class Unmarked:
    @hookimpl
    def manifest(self) -> Manifest:
        return manifest("bad")

    def jobs(self) -> Sequence[Job]:
        return ()


class Wrapper:
    @hookimpl
    def manifest(self) -> Manifest:
        return manifest("bad")

    @hookimpl(wrapper=True)
    def jobs(self) -> Any:
        return (yield)


class NoDefault(BaseModel):
    limit: int


def makes(value: object, hook: str) -> type:
    return plugin(**{hook: lambda _self: value})


JOB = Job("sync", nothing)
CASES: list[tuple[str, object, str]] = [
    ("import error", fail_import, "its import raised ImportError: No module named 'numpyy'"),
    ("exit at import", leave, "its import raised SystemExit: 3"),
    ("constructor", lambda: Raising, "its import raised ValueError: no licence"),
    ("no plugin at all", lambda: object(), "it has no hook `manifest`"),
    (
        "manifest of another type",
        lambda: plugin(manifest=lambda _self: {"key": "bad"}),
        "must return Manifest, not dict",
    ),
    ("manifest raises", lambda: plugin(manifest=lambda _self: 1 / 0), "the hook 'manifest' raised ZeroDivisionError"),
    ("bad key", lambda: plugin(manifest=lambda _self: manifest("Bad Key")), "is reserved or not made of"),
    ("reserved key", lambda: plugin(manifest=lambda _self: manifest("core")), "the key 'core' is reserved"),
    ("another key", lambda: plugin(manifest=lambda _self: manifest("other")), "named 'bad' and its key is 'other'"),
    (
        "newer major",
        lambda: plugin(manifest=lambda _self: manifest("bad", api=(2, 0))),
        "made for version 2.0 of the contract",
    ),
    (
        "newer minor",
        lambda: plugin(manifest=lambda _self: manifest("bad", api=(API_VERSION[0], API_VERSION[1] + 1))),
        "install a version of either that fits",
    ),
    (
        "api of another shape",
        lambda: plugin(manifest=lambda _self: manifest("bad", api=1)),
        "`api` must be (major, minor)",
    ),
    ("no title", lambda: plugin(manifest=lambda _self: manifest("bad", title="")), "needs a title and a version"),
    ("unknown need", lambda: plugin(manifest=lambda _self: manifest("bad", needs=("bots",))), "`needs` names 'bots'"),
    (
        "missing requirement",
        lambda: plugin(manifest=lambda _self: manifest("bad", requires=("gone",))),
        "it requires gone",
    ),
    ("misspelt hook", lambda: plugin(navigtion=nothing), "there is no hook 'navigtion'"),
    ("unknown argument", lambda: plugin(jobs=lambda _self, tenant: ()), "does not fit its specification"),
    ("unmarked hook", lambda: Unmarked, "'jobs' bears a hook's name and is not marked with @hookimpl"),
    ("wrapper", lambda: Wrapper, "must be one plain function, no wrapper"),
    ("hook raises", lambda: plugin(jobs=lambda _self: {}["x"]), "the hook 'jobs' raised KeyError: 'x'"),
    ("hook exits", lambda: plugin(jobs=lambda _self: sys.exit()), "the hook 'jobs' raised SystemExit"),
    ("async hook", lambda: plugin(jobs=waits), "the hook 'jobs' is `async def`"),
    ("coroutine", lambda: plugin(jobs=lambda _self: waits()), "returned a coroutine"),
    ("none", lambda: makes(None, "jobs"), "must return a sequence of Job, not NoneType"),
    ("wrong item", lambda: makes([JOB, "sync"], "jobs"), "must return Job, not str 'sync'"),
    ("text for a sequence", lambda: makes("sync", "jobs"), "must return a sequence of Job"),
    ("two jobs of a name", lambda: makes([JOB, JOB], "jobs"), "jobs: 'sync' is declared twice"),
    ("bad name", lambda: makes([replace(JOB, name="Sync now")], "jobs"), "the name 'Sync now' in 'jobs'"),
    ("async job", lambda: makes([Job("sync", waits)], "jobs"), "the job 'sync' is `async def`"),
    ("job that is no function", lambda: makes([Job("sync", "now")], "jobs"), "which cannot be called"),
    ("unknown queue", lambda: makes([replace(JOB, queue="fast")], "jobs"), "needs a queue of critical, trading"),
    ("interval of nothing", lambda: makes([replace(JOB, every_s=0)], "jobs"), "an interval of 1 s or more"),
    (
        "async handler",
        lambda: makes([Subscription("fills", waits)], "subscriptions"),
        "the handler 'fills' is `async def`",
    ),
    ("empty batch", lambda: makes([Subscription("fills", nothing, batch=0)], "subscriptions"), "a batch of 1 or more"),
    ("types as text", lambda: makes([Subscription("f", nothing, types="fills")], "subscriptions"), "make it a tuple"),
    ("settings no model", lambda: makes({"a": 1}, "settings"), "must return a pydantic model class"),
    ("setting without default", lambda: makes(NoDefault, "settings"), "these have none: limit"),
    ("foreign permission", lambda: makes([Permission("core.all", "All")], "permissions"), "must begin with 'bad.'"),
    ("routes as list", lambda: makes([], "routes"), "must return Routes, not list"),
    (
        "origins that lead nowhere",
        lambda: makes(Routes(origins={"bot": "/bots"}), "routes"),
        "is a path below the plugin's own with {id} in it",
    ),
    (
        "routes of nothing",
        lambda: makes(Routes(admin=[nothing]), "routes"),
        "put route handlers, controllers or routers there",
    ),
    ("unknown area", lambda: makes([NavigationEntry("api", "S", "L", "")], "navigation"), "has the area 'api'"),
    ("unknown place", lambda: makes([Slot("everywhere", "T", nothing)], "slots"), "places are admin.dashboard"),
    ("reactor of nothing", lambda: makes([object()], "reactors"), "lacks"),
    (
        "venue of nothing",
        lambda: makes({"fast": object()}, "venues"),
        "lacks cancel, look_up, patience_s, submit of Venue",
    ),
    ("exposure of nothing", lambda: makes(nothing, "exposure"), "must return ExposureReport"),
    ("async exposure", lambda: makes(ExposureReport(waits), "exposure"), "exposure.measure is `async def`"),
    (
        "async check",
        lambda: makes([OrderCheck("limit", waits)], "order_checks"),
        "the order check 'limit' is `async def`",
    ),
    ("async health", lambda: makes([HealthCheck("up", waits)], "health"), "the health check 'up' is `async def`"),
    ("command, no group", lambda: makes(click.Command("x"), "cli"), "must return a click.Group, not Command"),
]


@pytest.mark.parametrize(("load", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_broken_in_one_way(load: Callable[[], object], reason: str) -> None:
    runtime = load_runtime([candidate("good", lambda: Good), candidate("bad", load)])
    assert list(runtime.plugins) == ["good"]
    [rejected] = runtime.rejected
    assert rejected.source.name == "bad"
    assert reason in rejected.reason


def test_what_a_plugin_raised_is_kept_with_its_trace() -> None:
    runtime = load_runtime([candidate("bad", fail_import)])
    assert "test_loading.py" in runtime.rejected[0].trace
    assert runtime.rejected[0].trace.rstrip().endswith("ImportError: No module named 'numpyy'")


def test_a_hook_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facade, "DECLARATION_SECONDS", 0.1)
    runtime = load_runtime(
        [candidate("bad", lambda: plugin(jobs=lambda _self: time.sleep(60))), candidate("good", lambda: Good)]
    )
    assert list(runtime.plugins) == ["good"]
    assert "took longer than 0.1 s" in runtime.rejected[0].reason


def test_the_first_to_take_a_key_has_it() -> None:
    runtime = load_runtime([candidate("good", lambda: Good, "ours"), candidate("good", lambda: Good, "theirs")])
    assert runtime.plugins["good"].source.distribution == "ours"
    [rejected] = runtime.rejected
    assert rejected.source.distribution == "theirs"
    assert "the key 'good' is taken by good = ours.plugin:Plugin (ours 1.0)" in rejected.reason


def test_what_requires_a_rejected_plugin_is_rejected_as_well() -> None:
    runtime = load_runtime(
        [
            candidate("first", lambda: Probe("first", requires=("second",))),
            candidate("second", lambda: Probe("second", requires=("bad",))),
            candidate("bad", lambda: makes(None, "jobs")),
            candidate("good", lambda: Good),
        ]
    )
    assert list(runtime.plugins) == ["good"]
    assert {item.source.name for item in runtime.rejected} == {"first", "second", "bad"}


def test_declarations_are_asked_for_once() -> None:
    asked: list[str] = []

    def jobs(_self: object) -> Sequence[Job]:
        asked.append("jobs")
        return (JOB,)

    runtime = load_runtime([candidate("bad", lambda: plugin(jobs=jobs))])
    assert runtime.job("bad", "sync") is JOB
    assert runtime.job("bad", "sync") is JOB
    assert asked == ["jobs"]


def test_a_module_or_an_object_is_a_plugin_as_well() -> None:
    assert list(load_runtime([candidate("good", lambda: Good())]).plugins) == ["good"]


def test_a_plugins_folders_lie_beside_its_module() -> None:
    found = runtime_of(Probe()).plugins["probe"]
    assert found.folder == Path(__file__).parent
    assert (found.templates, found.static, found.migrations) == (None, None, None)


class Points:
    """A plugin that others extend."""

    class Spec:
        @hookspec
        def strategies(self) -> Sequence[str]:  # type: ignore[empty-body]
            """Names of strategies."""

    def __init__(self, refuse: str | None = None) -> None:
        self.refuse, self.got = refuse, {}  # type: ignore[var-annotated]

    @hookimpl
    def manifest(self) -> Manifest:
        return manifest("points")

    @hookimpl
    def extension_points(self) -> Sequence[type]:
        return (Points.Spec,)

    @hookimpl
    def strategies(self) -> Sequence[str]:
        return ("grid",)

    @hookimpl
    def extensions(self, collected: Mapping[str, Mapping[str, Any]]) -> None:
        if self.refuse in collected["strategies"]:
            raise ExtensionError(self.refuse or "", "no strategy of ours")
        self.got = {hook: dict(values) for hook, values in collected.items()}


def extends(key: str, value: object) -> type:
    def answer(_self: object) -> object:
        if isinstance(value, Exception):
            raise value
        return value

    return type("Extends", (), {"manifest": hookimpl(lambda _self: manifest(key)), "strategies": hookimpl(answer)})


def test_a_plugin_extends_another() -> None:
    points = Points()
    runtime = load_runtime([candidate("points", lambda: points), candidate("more", lambda: extends("more", ("dca",)))])
    assert not runtime.rejected
    assert points.got == {"strategies": {"points": ("grid",), "more": ("dca",)}}


def test_an_extension_that_is_refused_is_rejected_by_name_and_the_others_are_delivered() -> None:
    points = Points(refuse="worse")
    runtime = load_runtime(
        [
            candidate("points", lambda: points),
            candidate("worse", lambda: extends("worse", 3)),
            candidate("raises", lambda: extends("raises", ValueError("no"))),
            candidate("more", lambda: extends("more", ("dca",))),
        ]
    )
    assert set(runtime.plugins) == {"points", "more"}
    reasons = {item.source.name: item.reason for item in runtime.rejected}
    assert reasons == {
        "worse": "points refused it: no strategy of ours",
        "raises": "the hook 'strategies' raised ValueError: no",
    }
    assert points.got == {"strategies": {"points": ("grid",), "more": ("dca",)}}


def test_an_extension_of_a_plugin_that_is_not_there() -> None:
    runtime = load_runtime([candidate("more", lambda: extends("more", ("dca",)))])
    assert "there is no hook 'strategies'" in runtime.rejected[0].reason


def test_nobody_takes_a_hook_of_the_contract_for_its_own() -> None:
    class Spec:
        @hookspec
        def jobs(self) -> None:
            """A name that is taken."""

    runtime = load_runtime([candidate("bad", lambda: makes((Spec,), "extension_points"))])
    assert "its own hook 'jobs' bears the name of one of the contract" in runtime.rejected[0].reason


def test_lookups() -> None:
    @get("/", sync_to_thread=False)
    def page() -> str:
        return ""

    fills, ticks = Subscription("fills", nothing), Subscription("all", nothing, types=("fills", "ticks"))
    one = Probe("one", jobs=[JOB], subscriptions=[fills], slots=[Slot("portal.dashboard", "Late", nothing, order=9)])
    two = Probe("two", subscriptions=[ticks], slots=[Slot("portal.dashboard", "Early", nothing, order=1)])
    runtime = runtime_of(one, two)
    assert runtime.job("one", "sync") is JOB
    assert (runtime.job("one", "gone"), runtime.job("gone", "sync"), runtime.get("gone")) == (None, None, None)
    assert list(runtime.handlers) == ["one.fills", "two.all"]
    assert [handler.key for handler in runtime.handlers_of("fills")] == ["one.fills", "two.all"]
    assert [handler.key for handler in runtime.handlers_of("ticks")] == ["two.all"]
    assert [slot.title for _, slot in runtime.slots("portal.dashboard")] == ["Early", "Late"]
    assert runtime.slots("admin.dashboard") == ()


def test_our_own_distribution_is_looked_at_first() -> None:
    names = [item.source.distribution for item in installed()]
    assert names == sorted(names, key=lambda name: (name != "tradeyard", name))
