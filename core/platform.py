"""The platform of one process: what the web, the workers, the lanes and the commands are all built on."""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path
from types import TracebackType

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.addresses import Addresses, resolve
from core.events.emitting import WAKER
from core.events.relay import Relay
from core.jobs.queues import SERVICE, Queues
from core.lanes.slices import LaneHolder
from core.live import CLIENT
from core.runtime import Runtime, load_runtime
from core.runtime.gate import GATE, Gate
from core.runtime.migrating import fitting
from core.secret import sealer
from core.settings import Settings
from tenants.db import Database
from tenants.services.sealing import SEALER
from tenants.snapshot import SnapshotHolder
from tenants.text import add_catalogs


class Platform:
    """Settings, servers, plugins and the snapshot of the tenants. Nothing is opened before it is used.

    Use it as a context manager, or call :meth:`start` and :meth:`close`; after a fork build a new one.
    """

    def __init__(self, settings: Settings, addresses: Addresses, runtime: Runtime) -> None:
        self.settings, self.addresses, self.runtime = settings, addresses, runtime
        self.stopping = threading.Event()
        """Set when the process is asked to stop: long work ends at its next safe point."""

    @cached_property
    def database(self) -> Database:
        """The sessions of tenants and of the system."""
        made = Database(self.addresses.app, self.addresses.system, pool_size=self.settings.database_pool_size)
        made.session_info[WAKER] = Relay(self.runtime, self.queues)
        made.session_info[GATE] = Gate(made, self.runtime)
        made.session_info[SERVICE] = self.queues
        made.session_info[CLIENT] = self.redis
        made.session_info[SEALER] = sealer(self.settings)
        return made

    @cached_property
    def redis(self) -> redis.Redis:
        """The Redis-compatible server. What is in it may be lost at any time."""
        # Whoever asks is told at once that it is away; waiting for it is no business of an order's.
        return redis.Redis.from_url(
            self.addresses.redis,
            socket_timeout=5,
            socket_connect_timeout=2,
            health_check_interval=30,
            retry=Retry(NoBackoff(), 1),
        )

    @cached_property
    def lanes(self) -> LaneHolder:
        """The lanes that this process works on."""
        return LaneHolder(self)

    @cached_property
    def queues(self) -> Queues:
        """The queues of jobs."""
        return Queues(self.redis)

    @property
    def gate(self) -> Gate:
        """What runs the plugins' contributions."""
        gate: Gate = self.database.session_info[GATE]
        return gate

    @cached_property
    def snapshot(self) -> SnapshotHolder:
        """Tenants, hosts, brands, permissions and module states as this process knows them."""
        return SnapshotHolder(self.database)

    def start(self, kind: str) -> Platform:
        """Register the process under ``kind`` (``web``, ``worker``, ``lane``, …) and keep its snapshot fresh."""
        self.snapshot.start(kind)
        return self

    def close(self) -> None:
        """End the snapshot's thread and give the connections back."""
        self.__dict__.pop("queues", None)
        for name in ("lanes", "snapshot", "redis", "database"):
            part = self.__dict__.pop(name, None)
            if name == "lanes" and part is not None:
                part.release()
            elif name == "snapshot" and part is not None:
                part.stop()
            elif name == "redis" and part is not None:
                part.close()
            elif part is not None:
                part.dispose()

    def __enter__(self) -> Platform:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


def take_texts(runtime: Runtime) -> None:
    """Take the catalogs of the platform and of the plugins into use."""
    add_catalogs(Path(__file__).parent / "locale")
    for plugin in runtime.plugins.values():
        if plugin.locale:
            add_catalogs(plugin.locale)


def build_platform(settings: Settings, runtime: Runtime | None = None) -> Platform:
    """The one way to a platform. ``runtime`` is loaded once before a fork and handed to each process; without it the installed
    plugins are loaded, but for those whose tables are not as they need them.

    :raises SettingsError: where the settings name no servers and no embedded ones run.
    """
    addresses = resolve(settings)
    loaded = fitting(addresses, load_runtime()) if runtime is None else runtime
    take_texts(loaded)
    return Platform(settings, addresses, loaded)
