"""Alerts for plugins, from any session; jobs and handlers have ``context.alert`` and ``context.settle``."""

from core.jobs.alerts import raise_alert, settle_alert

__all__ = ["raise_alert", "settle_alert"]
