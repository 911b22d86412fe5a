"""Alembic's environment for a plugin: the runner's connection, and a version table in the plugin's own schema."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema=context.config.attributes["schema"],
    transactional_ddl=True,
    # The runner's transaction is around all of it, so that a plugin comes in whole or not at all.
    transaction_per_migration=False,
)
context.run_migrations()
