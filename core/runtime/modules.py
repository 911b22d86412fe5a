"""Switching a tenant's modules: what is missing, what would be left behind, on and off.

These are the services behind Settings → Product Configs; pages, API and commands all call them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import text

from core.jobs.alerts import raise_alert
from core.runtime import quarantine
from core.runtime.gate import GATE, Contribution, Gate, PluginError
from core.runtime.records import LoadedPlugin
from core.sdk.declarations import Exposure, ExposureItem
from tenants.db import TenantSession
from tenants.services import products
from tenants.services.actor import Actor
from tenants.services.errors import NotFoundError, TransitionError
from tenants.text import _

BUDGET_S: Final = 10.0

_NEEDS: Final = {
    "account_types": (
        _("An active account type"),
        "/admin/settings/account-types",
        text("select exists (select from core.account_types where status = 'active')"),
    ),
    "symbols": (
        _("An active symbol"),
        "/admin/settings/symbols",
        text("select exists (select from core.symbols where status = 'active')"),
    ),
}
_UNPARK: Final = text("""
update core.job_runs set status = 'queued', error = null, due_at = now() where status = 'parked' and starts_with(job, :own)
""")
_UNKNOWN: Final = Exposure((ExposureItem(_("Unknown: the module could not say what it holds"), 1),), (), 1)


@dataclass(frozen=True, slots=True)
class Missing:
    """Something a module needs before it can be on. ``path``: where in the admin it is put right."""

    key: str
    title: str
    path: str


def gate_of(session: TenantSession) -> Gate:
    """The gate of the platform whose session this is."""
    gate: Gate = session.info[GATE]
    return gate


def installed(session: TenantSession, module: str) -> LoadedPlugin:
    """The module's plugin.

    :raises NotFoundError: where no such plugin is loaded.
    """
    plugin = gate_of(session).runtime.get(module)
    if plugin is None:
        raise NotFoundError(f"no module {module!r} is installed")
    return plugin


def missing(session: TenantSession, module: str) -> Sequence[Missing]:
    """What the module needs and the tenant lacks."""
    manifest = installed(session, module).manifest
    found = [
        Missing(need, title, path)
        for need in manifest.needs
        for title, path, exists in (_NEEDS[need],)
        if not session.scalar(exists)
    ]
    states = products.states(session)
    for key in manifest.requires:
        if states.get(key) != "on":
            title = installed(session, key).manifest.title
            found.append(Missing(key, _("{title} switched on", title=title), "/admin/settings/products"))
    return found


def impact(session: TenantSession, module: str) -> Exposure:
    """What the tenant would leave behind, and the ways to leave it. A module that cannot say counts as holding something."""
    gate, plugin = gate_of(session), installed(session, module)
    try:
        with session.begin_nested():
            return measure(gate, session, plugin)
    except PluginError as error:
        gate.record_later(session, error)
        return _UNKNOWN


def toggle_on(
    session: TenantSession, module: str, actor: Actor, *, expected_version: int | None = None
) -> products.Change:
    """Switch a module on. What was on before waits, as the module's ``enter`` leaves it: nothing starts by itself.

    :raises RequirementsError: something is missing (see :func:`missing`).
    :raises TransitionError: the module is halted, or in quarantine for all tenants.
    :raises PluginError: the module refuses; hand it to the gate's ``record`` after the rollback.
    :raises ConflictError: somebody changed the row meanwhile.
    """
    gate, plugin = gate_of(session), installed(session, module)
    if (module, None) in gate.quarantines:
        raise TransitionError(
            _(
                "{title} is out of service on the whole platform, until its operator lifts that.",
                title=plugin.manifest.title,
            )
        )
    lacking = [item.key for item in missing(session, module)]
    change = products.set_state(session, module, "on", actor, missing=lacking, expected_version=expected_version)
    if change.changed:
        _begin_period(session, module)
        if quarantine.lift(session, module, session.tenant_id, actor):
            _close_alerts(session, module, actor)
        session.execute(_UNPARK, {"own": f"{module}."})
        if plugin.exposure is not None:
            enter = plugin.exposure.enter
            gate.call(
                _contribution(plugin, "enter"),
                session.tenant_id,
                lambda: _flushed(session, lambda: enter(session)),
                BUDGET_S,
            )
    return change


def toggle_off(
    session: TenantSession,
    module: str,
    leave: str | None,
    actor: Actor,
    *,
    reason: str = "",
    expected_version: int | None = None,
) -> products.Change:
    """Switch a module off: at once where nothing is left, else it drains. ``leave``: one of the impact's choices.

    A module that fails on its way out is taken out all the same: it drains, with an alert.

    :raises InvalidError: an unknown way to leave.
    :raises ConflictError: somebody changed the row meanwhile.
    """
    plugin = installed(session, module)

    def measured() -> products.Impact:
        found = impact(session, module)
        facts = {"items": [asdict(item) for item in found.items]}
        return products.Impact(found.remaining, tuple(choice.key for choice in found.choices), facts)

    change = products.set_state(
        session, module, "off", actor, impact=measured, leave=leave, reason=reason, expected_version=expected_version
    )
    if change.after != "draining" or plugin.exposure is None or change.leave is None:
        return change
    _leave(session, plugin, change.leave)
    remaining = impact(session, module).remaining
    if remaining:
        return change
    products.settle(session, module, 0, actor)
    return products.Change(module, change.before, "off")


def measure(gate: Gate, session: TenantSession, plugin: LoadedPlugin) -> Exposure:
    """What a module holds for the session's tenant; nothing where it does not report.

    :raises PluginError: where it fails.
    """
    report = plugin.exposure
    if report is None:
        return Exposure()
    return gate.call(_contribution(plugin, "measure"), session.tenant_id, lambda: report.measure(session), BUDGET_S)


def _leave(session: TenantSession, plugin: LoadedPlugin, choice: str) -> None:
    gate, report = gate_of(session), plugin.exposure
    assert report is not None  # noqa: S101 - the caller has looked
    try:
        with session.begin_nested():
            gate.call(
                _contribution(plugin, "leave"),
                session.tenant_id,
                lambda: _flushed(session, lambda: report.leave(session, choice)),
                BUDGET_S,
            )
    except PluginError as error:
        gate.record_later(session, error)
        raise_alert(
            session,
            plugin.key,
            "leave_failed",
            _(
                "{title} is off for new business, but could not leave what it holds by itself."
                " Close what remains under Trading, or try again.",
                title=plugin.manifest.title,
            ),
            severity="critical",
            subject=plugin.key,
            detail={"choice": choice, "error": str(error), "trace": error.trace},
        )


def _begin_period(session: TenantSession, module: str) -> None:
    session.execute(
        text(
            "insert into core.module_periods (module) values (:module)"
            " on conflict (tenant_id, module) do update set on_since = now()"
        ),
        {"module": module},
    )


def _close_alerts(session: TenantSession, module: str, actor: Actor) -> None:
    session.execute(
        text(
            "update core.alerts set closed_at = now(), closed_by = :actor"
            " where source = :module and code = 'quarantine' and closed_at is null"
        ),
        {"module": module, "actor": actor.name},
    )


def _flushed(session: TenantSession, work: Callable[[], None]) -> None:
    work()
    session.flush()


def _contribution(plugin: LoadedPlugin, name: str) -> Contribution:
    return Contribution(plugin.key, "exposure", name)
