"""The core's database schema name, and every module that declares tables in it."""

from __future__ import annotations

from importlib import import_module

from sqlalchemy import MetaData

from tenants.db import Base

SCHEMA = "core"
OWN_SCHEMAS = ("tenants", SCHEMA)
"""Schemas of the core's own chain of revisions; each plugin has one of its own."""

MODEL_MODULES = (
    "tenants.models",
    "core.trading.models",
    "core.feeds.models",
    "core.lanes.models",
    "core.events.models",
    "core.jobs.models",
    "core.runtime.models",
    "core.operator.models",
)

APPEND_ONLY = ("ledger_entries", "fills", "operator_log")
"""Tables whose rows nobody changes or deletes: history is corrected by a new row."""
OPERATORS_OWN = ("operators", "operator_sessions", "operator_attempts", "operator_log")
"""Tables of the platform's operators, which a tenant's session does not even read."""


def metadata() -> MetaData:
    """All tables of the tenants' and the core's schemas."""
    for module in MODEL_MODULES:
        import_module(module)
    return Base.metadata
