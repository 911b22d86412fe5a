"""Alembic's environment for plugins' revisions."""
