"""The revisions lead to the tables that the models declare: nothing is missing, nothing is left over."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from core.addresses import resolve
from core.schema import OWN_SCHEMAS, metadata
from core.settings import Settings
from tenants.db import Database

PLUGINS = ("copy_trading", "bot_trading")


@pytest.mark.parametrize(
    "schemas", [OWN_SCHEMAS, *((plugin,) for plugin in PLUGINS)], ids=lambda names: "-".join(names)
)
def test_revisions_make_what_the_models_declare(
    database: Database, settings: Settings, schemas: tuple[str, ...]
) -> None:
    for plugin in PLUGINS:
        importlib.import_module(f"plugins.{plugin}.models")

    def counts(thing: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
        return kind != "table" or (thing.schema in schemas and name not in ("alembic_version",))

    engine = create_engine(resolve(settings).owner, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_schemas": True, "include_object": counts})
        assert compare_metadata(context, metadata()) == []
