"""Plugins: loading, gating and quarantining what they contribute."""

from core.runtime.loading import load_runtime
from core.runtime.records import Handler, LoadedPlugin, Rejected, Source
from core.runtime.runtime import Runtime

__all__ = ["Handler", "LoadedPlugin", "Rejected", "Runtime", "Source", "load_runtime"]
