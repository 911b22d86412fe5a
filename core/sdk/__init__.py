"""The contract for plugins: what is exported here is API, and nothing else is."""

from core.sdk.declarations import (
    EventView,
    Exposure,
    ExposureItem,
    ExposureReport,
    ExtensionError,
    HealthCheck,
    Job,
    JobContext,
    LeaveChoice,
    Manifest,
    NavigationEntry,
    OrderCheck,
    Permission,
    Routes,
    Slot,
    Subscription,
)
from core.sdk.hooks import hookimpl, hookspec
from core.sdk.version import API_VERSION

__all__ = [
    "API_VERSION",
    "EventView",
    "Exposure",
    "ExposureItem",
    "ExposureReport",
    "ExtensionError",
    "HealthCheck",
    "Job",
    "JobContext",
    "LeaveChoice",
    "Manifest",
    "NavigationEntry",
    "OrderCheck",
    "Permission",
    "Routes",
    "Slot",
    "Subscription",
    "hookimpl",
    "hookspec",
]
