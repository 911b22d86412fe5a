"""Revisions of the module's own schema."""
