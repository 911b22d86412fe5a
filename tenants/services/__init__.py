"""Services over a session: plain synchronous functions, shared by pages, API, jobs and commands.

A function that takes a ``TenantSession`` works for that session's tenant. None of them commits. What somebody did is
audited in the same transaction, for which they take the :class:`~tenants.services.actor.Actor`.
"""
