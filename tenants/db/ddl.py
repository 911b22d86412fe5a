"""What the tenants' schema needs beyond tables: tighter grants, triggers and first rows."""

from __future__ import annotations

from tenants.db.isolation import Roles

SNAPSHOT_CHANNEL = "tradeyard_snapshot"
"""The NOTIFY channel that tells processes of a new snapshot version; the trigger function below names it too."""

_REFUSE = """
create or replace function tenants.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of %.% are never changed or deleted', tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege';
end $$
"""

# Deferred to the commit, so that a long transaction does not hold the version's row, and once in a transaction.
# As the owner's, since neither runtime role may write the version.
_BUMP = """
create or replace function tenants.bump_snapshot() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  now_at bigint;
begin
  if coalesce(current_setting('app.snapshot_moved', true), '') <> pg_current_xact_id()::text then
    update tenants.snapshot_state set version = version + 1 returning version into now_at;
    perform set_config('app.snapshot_moved', pg_current_xact_id()::text, true);
    perform pg_notify('tradeyard_snapshot', now_at::text);
  end if;
  return null;
end $$
"""

_ANY = "insert or delete or update"
_SNAPSHOT_TRIGGERS = [
    *(
        (table, "bump_snapshot", _ANY, "true")
        for table in (
            "tenants",
            "hosts",
            "brands",
            "product_configs",
            "permissions",
            "groups",
            "group_permissions",
            "group_members",
        )
    ),
    # Not on every sign-in, which writes to these rows too.
    ("staff", "bump_snapshot", "insert or delete or update of status, name", "true"),
    # Customers' rulings are too many for a snapshot: they are read with the sign-in.
    ("rulings", "bump_snapshot", "insert or update", "new.staff_id is not null"),
    ("rulings", "bump_snapshot_delete", "delete", "old.staff_id is not null"),
]
"""Table, trigger, the changes that snapshots hold, and a condition on the row."""

_PRODUCT_COLUMNS = "state, settings, leave, reason, version, changed_at, changed_by"


def statements(roles: Roles) -> list[str]:
    """SQL to run after the tables exist and ``grant_schema`` has been called; running it again changes nothing."""
    both = f"{roles.app}, {roles.system}"
    return [
        # The application role reads what is the whole platform's and writes none of it.
        f"revoke all on tenants.processes, tenants.snapshot_state, tenants.permissions from {roles.app}",
        f"grant select on tenants.permissions to {roles.app}",
        f"revoke insert, update, delete on tenants.snapshot_state from {roles.system}",
        f"revoke insert, update, delete on tenants.hosts from {roles.app}",
        f"revoke insert, delete on tenants.tenants from {roles.app}",
        # A tenant's people neither suspend or rename their tenant's key nor widen their own plan.
        f"revoke update on tenants.tenants from {roles.app}",
        f"grant update (name, legal_entity, language, time_zone, currencies, registration, staff_second_factor) "
        f"on tenants.tenants to {roles.app}",
        f"revoke insert, update, delete on tenants.product_configs from {roles.app}",
        f"grant insert (tenant_id, module, {_PRODUCT_COLUMNS}), update ({_PRODUCT_COLUMNS}) "
        f"on tenants.product_configs to {roles.app}",
        f"revoke update, delete, truncate on tenants.audit_entries from {both}",
        _REFUSE,
        _trigger(
            "audit_entries",
            "append_only",
            "create trigger append_only before update or delete on tenants.audit_entries"
            " for each row execute function tenants.refuse_change()",
        ),
        _trigger(
            "audit_entries",
            "append_only_truncate",
            "create trigger append_only_truncate before truncate on tenants.audit_entries"
            " for each statement execute function tenants.refuse_change()",
        ),
        _BUMP,
        "revoke all on function tenants.bump_snapshot() from public",
        *(
            _trigger(
                table,
                trigger,
                f"create constraint trigger {trigger} after {changes} on tenants.{table}"
                f" deferrable initially deferred for each row when ({condition})"
                " execute function tenants.bump_snapshot()",
            )
            for table, trigger, changes, condition in _SNAPSHOT_TRIGGERS
        ),
        "insert into tenants.snapshot_state (id, version) values (true, 1) on conflict do nothing",
    ]


def _trigger(table: str, name: str, create: str) -> str:
    """Make a trigger where it is missing. One whose definition changes needs a revision that drops the former."""
    # Not dropped and made anew each time: that would lock the table while the product runs.
    return (
        "do $do$ begin if not exists (select from pg_trigger where not tgisinternal"
        f" and tgrelid = 'tenants.{table}'::regclass and tgname = '{name}') then {create}; end if; end $do$"
    )
