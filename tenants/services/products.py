"""Product configs: which modules a tenant has, in which state, with which settings.

The caller (the platform) knows the modules: it passes in what a module still needs and what it would leave behind.

| from | to | who | when |
|---|---|---|---|
| off, draining | on | staff | nothing that the module needs is missing, and the plan allows it |
| on, draining | off | staff | nothing is left; else it becomes draining and is off by :func:`settle` |
| on | draining | the platform | quarantine |
| on, draining | halted | the operator | with a reason |
| halted | draining | the operator | with a reason |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert

from tenants.db import SystemSession, TenantSession
from tenants.models import ProductConfig
from tenants.services import audit
from tenants.services.actor import Actor
from tenants.services.errors import ConflictError, InvalidError, NotAllowedError, RequirementsError, TransitionError
from tenants.text import _

State = Literal["off", "on", "draining", "halted"]
STATES: tuple[State, ...] = ("off", "on", "draining", "halted")
_MASK = "•••"


@dataclass(frozen=True, slots=True)
class Impact:
    """What a module would leave behind, as it was shown to who switches it off.

    :ivar remaining: how many open things keep it draining.
    :ivar choices: keys of the ways to leave them; the first is taken where none is chosen.
    :ivar facts: what was shown, for the audit log: counts and notional as plain data.
    """

    remaining: int = 0
    choices: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A module's state before and after. ``changed`` is false where it was so already."""

    module: str
    before: State
    after: State
    leave: str | None = None

    @property
    def changed(self) -> bool:
        return self.before != self.after


def state_of(session: TenantSession, module: str, *, lock: bool = False) -> State:
    """A module's state, read in this transaction; ``off`` without a row. With ``lock`` it cannot change before the commit."""
    query = select(ProductConfig.state).where(ProductConfig.module == module)
    found = session.scalar(query.with_for_update(read=True) if lock else query)
    return _state(found or "off")


def states(session: TenantSession) -> dict[str, State]:
    """The state of every module that has a row."""
    rows = session.execute(select(ProductConfig.module, ProductConfig.state))
    return {module: _state(state) for module, state in rows}


def config(session: TenantSession, module: str) -> ProductConfig:
    """A module's row; one that is not stored yet where the tenant has none."""
    found = session.get(ProductConfig, (session.tenant_id, module))
    return found or ProductConfig(
        tenant_id=session.tenant_id, module=module, state="off", allowed=True, settings={}, version=0
    )


def settings_of(session: TenantSession, module: str) -> Mapping[str, Any]:
    """The stored values of a module's settings; what is not stored has the settings model's default."""
    found = session.execute(select(ProductConfig.settings).where(ProductConfig.module == module)).scalar_one_or_none()
    return found or {}


def set_state(
    session: TenantSession,
    module: str,
    target: State,
    actor: Actor,
    *,
    missing: Sequence[str] = (),
    impact: Impact | Callable[[], Impact] = Impact(),
    leave: str | None = None,
    reason: str = "",
    expected_version: int | None = None,
) -> Change:
    """Bring a module to a state, or to draining on the way to off.

    :param missing: what the module needs and the tenant lacks; only switching on asks.
    :param impact: what there is to leave, or a function that measures it; called under the row's lock, so that what
        it finds and the state that follows from it belong together.
    :param leave: how to leave it, one of the impact's choices.
    :param expected_version: the version that was shown to who decides; none takes what there is.
    :raises ConflictError: where somebody changed the row meanwhile.
    :raises RequirementsError: where something is missing.
    :raises NotAllowedError: where the plan does not allow it, or the actor is not the operator and only that one may.
    :raises TransitionError: where the state does not lead there.
    :raises InvalidError: for an unknown way to leave, or no reason where one is needed.
    """
    row = _locked(session, module, expected_version)
    before = _state(row.state)
    if before == target or (target == "off" and before == "draining" and leave in (None, row.leave)):
        measured = _measure(impact) if before == "draining" else Impact()
        if before == target or measured.remaining:
            return Change(module, before, before, row.leave)
    _check(row, before, target, actor, missing, reason)
    found, after = Impact(), target
    if target == "off":
        found = _measure(impact)
        leave = _choice(found, leave)
        after = "draining" if found.remaining else "off"
    if "halted" not in (before, after):  # a halt in the middle of draining does not forget how it is left
        row.leave = leave if after == "draining" else None
    row.reason = reason or None if after in ("draining", "halted") else None
    row.state = after
    _moved(session, row, actor)
    audit.record(
        session,
        actor,
        "product.state",
        "product",
        module,
        before={"state": before},
        after={"state": after, "leave": row.leave, "impact": dict(found.facts), "remaining": found.remaining},
        note=reason,
    )
    return Change(module, before, after, row.leave)


def settle(session: TenantSession, module: str, remaining: int, actor: Actor) -> Change:
    """A draining module with nothing left is off. Called by the platform after whatever reduces."""
    row = _locked(session, module, None)
    before = _state(row.state)
    if before != "draining" or remaining:
        return Change(module, before, before, row.leave)
    row.state, row.leave, row.reason = "off", None, None
    _moved(session, row, actor)
    audit.record(
        session,
        actor,
        "product.state",
        "product",
        module,
        before={"state": before},
        after={"state": "off", "remaining": 0},
    )
    return Change(module, before, "off")


def set_settings(
    session: TenantSession,
    module: str,
    values: Mapping[str, Any],
    actor: Actor,
    *,
    expected_version: int | None = None,
    secret: frozenset[str] = frozenset(),
) -> ProductConfig:
    """Store a module's settings, which the caller has validated by the module's model.

    :param values: plain JSON data, all fields.
    :param secret: fields whose values the audit log does not show.
    :raises ConflictError: where somebody changed the row meanwhile.
    """
    row = _locked(session, module, expected_version)
    before, after = dict(row.settings), dict(values)
    if before == after:
        return row
    row.settings = after
    _moved(session, row, actor)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    audit.record(
        session,
        actor,
        "product.settings",
        "product",
        module,
        before={key: _MASK if key in secret else before[key] for key in changed & before.keys()},
        after={key: _MASK if key in secret else after[key] for key in changed & after.keys()},
    )
    return row


def allow(session: SystemSession, tenant_id: UUID, module: str, allowed: bool, actor: Actor) -> None:
    """The operator says whether a tenant's plan has a module. Taking it away drains nothing: switch it off as well."""
    session.execute(
        pg_insert(ProductConfig)
        .values(tenant_id=tenant_id, module=module, allowed=allowed)
        .on_conflict_do_update(index_elements=["tenant_id", "module"], set_={"allowed": allowed})
    )
    audit.record(session, actor, "product.allow", "product", module, after={"allowed": allowed}, tenant_id=tenant_id)


def _locked(session: TenantSession, module: str, expected_version: int | None) -> ProductConfig:
    session.execute(
        pg_insert(ProductConfig).values(module=module, tenant_id=session.tenant_id, version=0).on_conflict_do_nothing()
    )
    row = session.scalars(
        select(ProductConfig)
        .where(ProductConfig.module == module)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if expected_version is not None and row.version != expected_version:
        raise ConflictError(
            _("{who} changed this meanwhile: look again and decide anew.", who=row.changed_by or _("Somebody"))
        )
    return row


def _check(row: ProductConfig, before: State, target: State, actor: Actor, missing: Sequence[str], reason: str) -> None:
    operator = actor.kind == "operator"
    if "halted" in (before, target):
        if not operator:
            raise NotAllowedError(_("Only the platform's operator halts a module and ends a halt."))
        if not reason.strip():
            raise InvalidError("reason", _("Say why."))
        if (before, target) not in (("on", "halted"), ("draining", "halted"), ("halted", "draining")):
            raise TransitionError(
                _("{module} is {before} and cannot become {after}.", module=row.module, before=before, after=target)
            )
    elif target == "on":
        if not row.allowed:
            raise NotAllowedError(_("The plan does not have {module}: ask the platform's operator.", module=row.module))
        if missing:
            raise RequirementsError(row.module, missing)
    elif target == "draining" and (actor.kind not in ("system", "operator") or before != "on"):
        raise TransitionError(_("{module} drains by being switched off.", module=row.module))


def _choice(impact: Impact, leave: str | None) -> str | None:
    if not impact.remaining or not impact.choices:
        return leave if leave in impact.choices else None
    if leave is None:
        return impact.choices[0]
    if leave not in impact.choices:
        raise InvalidError(
            "leave", _("Choose how to leave what is open: {choices}.", choices=", ".join(impact.choices))
        )
    return leave


def _measure(impact: Impact | Callable[[], Impact]) -> Impact:
    return impact if isinstance(impact, Impact) else impact()


def _moved(session: TenantSession, row: ProductConfig, actor: Actor) -> None:
    row.version += 1
    row.changed_at, row.changed_by = datetime.now(UTC), actor.name
    session.flush()


def _state(value: str) -> State:
    for state in STATES:
        if state == value:
            return state
    raise ValueError(f"{value!r} is no module state")
