"""PostgreSQL and Valkey that come with the environment, run below the data folder by whoever needs them first.

`serving` is the door: it gives settings whose addresses are filled in, whatever they point to.
"""

from core.servers.embedded import EmbeddedServers, serving
from core.servers.errors import ServersBusyError, ServersError

__all__ = ["EmbeddedServers", "ServersBusyError", "ServersError", "serving"]
