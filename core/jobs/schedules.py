"""Schedules: jobs that run every so often for each tenant whose module is on, by the wall clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from core.jobs.context import run_wake_up
from core.runtime import Runtime

if TYPE_CHECKING:
    from core.platform import Platform

# Intervals are counted from 1970, so that all schedulers agree on their numbers; whoever moves a tenant's number first
# writes the run, in the same statement. A job that is still under way is not piled up.
_DUE: Final = text("""
with j as (
  select * from unnest(cast(:jobs as text[]), cast(:plugins as text[]), cast(:queues as text[]), cast(:every as integer[]),
    cast(:reduces as boolean[])) as j (job, plugin, queue, every, reduces)
), due as (
  select p.tenant_id, j.job, cast(floor(extract(epoch from now()) / j.every) as bigint) as slot
  from j join tenants.product_configs p on p.module = j.plugin join tenants.tenants t on t.id = p.tenant_id
  where p.state <> 'halted' and (
      p.state = 'on' and t.status = 'active'
      or j.reduces and exists (select from core.module_periods m where m.tenant_id = p.tenant_id and m.module = p.module))
    and not exists (
      select from core.job_runs r
      where r.tenant_id = p.tenant_id and r.job = j.job and r.status in ('queued', 'running'))
), moved as (
  insert into core.schedules as s (tenant_id, job, slot) select tenant_id, job, slot from due order by 1, 2
  on conflict (tenant_id, job) do update set slot = excluded.slot where s.slot < excluded.slot
  returning s.tenant_id, s.job
)
insert into core.job_runs (id, tenant_id, job, queue)
select gen_random_uuid(), moved.tenant_id, moved.job, j.queue from moved join j using (job)
returning tenant_id, queue, id
""")


def run_schedules(platform: Platform) -> int:
    """Queue a run of each job whose interval has begun; how many. Any number of schedulers may do this at once."""
    jobs = _scheduled(platform.runtime)
    if not jobs["jobs"]:
        return 0
    with platform.database.system() as session:
        rows = session.execute(_DUE, jobs).all()
    platform.queues.wake(run_wake_up(row.tenant_id, row.queue, row.id) for row in rows)
    return len(rows)


def _scheduled(runtime: Runtime) -> dict[str, list[Any]]:
    found = [(plugin.key, job) for plugin in runtime.plugins.values() for job in plugin.jobs.values() if job.every_s]
    return {
        "jobs": [f"{key}.{job.name}" for key, job in found],
        "plugins": [key for key, _ in found],
        "queues": [job.queue for _, job in found],
        "every": [job.every_s for _, job in found],
        "reduces": [job.reduces for _, job in found],
    }
