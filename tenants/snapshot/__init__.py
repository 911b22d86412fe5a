"""What each process knows of the tenants without asking: an immutable snapshot, replaced when anything in it changes."""

from tenants.snapshot.holder import SnapshotHolder
from tenants.snapshot.model import BrandView, ModuleView, Snapshot, TenantView
from tenants.snapshot.waiting import Lagging, current_version, wait_acknowledged

__all__ = [
    "BrandView",
    "Lagging",
    "ModuleView",
    "Snapshot",
    "SnapshotHolder",
    "TenantView",
    "current_version",
    "wait_acknowledged",
]
