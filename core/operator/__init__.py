"""The platform's operators: their sign-ins, and what they see and do across tenants.

They see brokerages and numbers, never a brokerage's customers, orders or the names of its people. All of it works over
:meth:`tenants.db.Database.system`; the pages are in :mod:`core.web.operator`.
"""
