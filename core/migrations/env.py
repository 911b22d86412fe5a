"""Alembic's environment: it runs on the connection that the runner hands over."""

from __future__ import annotations

from alembic import context

from core.schema import SCHEMA, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata(),
    version_table_schema=SCHEMA,
    include_schemas=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
