"""What is old goes; what is not, and the audit log, stays."""

from __future__ import annotations

from sqlalchemy import text

from tenants.db import Database, new_id
from tenants.models import Process
from tenants.services import authentication, people, retention, tickets
from tests.tenants.conftest import PASSWORD, Yard

COUNTS = text(
    "select (select count(*) from tenants.login_attempts), (select count(*) from tenants.web_sessions),"
    " (select count(*) from tenants.person_tickets), (select count(*) from tenants.processes),"
    " (select count(*) from tenants.audit_entries)"
)


def test_what_ended_long_ago_goes_and_the_audit_log_stays(yards: tuple[Yard, Yard], database: Database) -> None:
    for yard in yards:
        with database.tenant(yard.id) as session:
            authentication.sign_in(session, "portal", f"carl@{yard.key}.example", PASSWORD)
            tickets.issue_ticket(session, people.customer(session, yard.customer_id), "reset")
    with database.system() as session:
        session.add(Process(id=new_id(), kind="test", place="somewhere", pid=1, snapshot_version=1))
        before = session.execute(COUNTS).one()
        assert tuple(before)[:4] == (2, 2, 2, 1)
        assert retention.prune(session) == 0
        session.execute(text("update tenants.login_attempts set at = now() - interval '31 days'"))
        session.execute(text("update tenants.web_sessions set revoked_at = now() - interval '31 days'"))
        session.execute(text("update tenants.person_tickets set expires_at = now() - interval '31 days'"))
        session.execute(text("update tenants.processes set heartbeat_at = now() - interval '25 hours'"))
        assert retention.prune(session) == 7
        assert tuple(session.execute(COUNTS).one()) == (0, 0, 0, 0, before[4])
