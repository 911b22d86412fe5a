"""Revisions of the tenants' and the core's schemas, in one chain."""
