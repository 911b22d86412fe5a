"""The embedded servers: they start fast, belong to one owner, and come back after anything."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from core.servers import EmbeddedServers, ServersBusyError, ServersError, serving
from core.servers.identity import Identity, root_identities
from core.servers.postgres import Postgres
from core.servers.processes import alive, from_listing, wait_gone, working_in
from core.servers.sockets import LONGEST, LONGEST_NAME, socket_folder
from core.settings import Settings, SettingsError, load_settings

# Starts the servers, says so, and waits to be killed.
LAUNCHER = """
import sys, time
from core.servers import EmbeddedServers
from core.settings import load_settings
servers = EmbeddedServers(load_settings({}, data_dir=sys.argv[1]))
servers.start()
print(servers.postgres.process.pid, servers.valkey.process.pid, flush=True)
time.sleep(600)
"""


def settings_in(folder: Path, **changes: str) -> Settings:
    return load_settings({}, data_dir=folder, **changes)


def query(settings: Settings, statement: str) -> object:
    with psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement)  # type: ignore[arg-type, unused-ignore]
        return cursor.fetchone() if cursor.description else None


@pytest.fixture(scope="module")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a database already made, its servers stopped."""
    folder = tmp_path_factory.mktemp("installation")
    with serving(settings_in(folder)) as settings:
        query(settings, "create table kept as select 42 as answer")
        with redis.Redis.from_url(settings.redis_url) as client:
            client.set("kept", "42")
    return folder


@pytest.fixture
def launched(initialised: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A process that runs the servers of the folder, and the servers' ids."""
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(initialised)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert process.stdout is not None
    pids = [int(word) for word in process.stdout.readline().split()]
    yield process, pids
    process.kill()
    process.wait()
    process.stdout.close()
    wait_gone(pids, 10)


def test_a_second_start_is_quick_and_keeps_the_data(initialised: Path) -> None:
    began = time.monotonic()
    with serving(settings_in(initialised)) as settings:
        took = time.monotonic() - began
        assert query(settings, "select answer from kept") == (42,)
        with redis.Redis.from_url(settings.redis_url) as client:
            assert client.get("kept") == b"42"
    assert took < 2, f"{took:.2f} s"


def test_nobody_else_can_reach_them(initialised: Path) -> None:
    with serving(settings_in(initialised)) as settings:
        assert query(settings, "show listen_addresses") == ("",)
        assert query(settings, "select usesuper from pg_user where usename = current_user") == (False,)
        with redis.Redis.from_url(settings.redis_url) as client:
            assert client.config_get("port") == {"port": "0"}
            assert client.config_get("appendonly") == {"appendonly": "yes"}
        for folder in (initialised, initialised / "run", initialised / "postgres", initialised / "valkey"):
            assert folder.stat().st_mode & 0o077 == 0, folder


def test_another_process_of_the_installation_joins(
    launched: tuple[subprocess.Popen[str], list[int]], initialised: Path
) -> None:
    with pytest.raises(ServersBusyError, match=f"in use by process {launched[0].pid}"):
        EmbeddedServers(settings_in(initialised)).start()
    with serving(settings_in(initialised)) as settings:
        assert query(settings, "select answer from kept") == (42,)
    assert all(alive(pid) for pid in launched[1]), "leaving must not stop what another owns"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_the_servers_end_with_a_killed_launcher(
    launched: tuple[subprocess.Popen[str], list[int]], initialised: Path
) -> None:
    launched[0].kill()
    assert wait_gone(launched[1], 10) == []
    with serving(settings_in(initialised)) as settings:
        assert query(settings, "select answer from kept") == (42,)


def test_everything_killed_at_once_recovers(
    launched: tuple[subprocess.Popen[str], list[int]], initialised: Path
) -> None:
    launcher, pids = launched
    for pid in (*pids, launcher.pid):
        os.kill(pid, signal.SIGKILL)
    launcher.wait()
    with serving(settings_in(initialised)) as settings:
        assert query(settings, "select answer from kept") == (42,)


def test_an_orphan_is_ended_and_replaced(initialised: Path) -> None:
    # As after a launcher that died without its servers hearing of it.
    orphan = Postgres(initialised / "postgres", initialised / "run", initialised / "orphan.log", durable=True)
    orphan.launch(lambda _: None)
    orphan.wait()
    assert orphan.process is not None
    told: list[str] = []
    with serving(settings_in(initialised), progress=told.append) as settings:
        assert orphan.process.wait(5) == 0
        assert query(settings, "select answer from kept") == (42,)
    assert any("left behind" in line for line in told)


def test_a_lock_file_with_the_number_of_another_process_does_not_stop_the_start(initialised: Path) -> None:
    # After a crash of the machine the number may be anybody's: here our own.
    (initialised / "postgres" / "postmaster.pid").write_text(
        f"{os.getpid()}\n{initialised / 'postgres'}\n1\n5432\n\n\n0 0\nready\n"
    )
    with serving(settings_in(initialised)) as settings:
        assert query(settings, "select answer from kept") == (42,)


def test_a_process_that_merely_stands_in_the_folder_is_left_alone(initialised: Path) -> None:
    with subprocess.Popen(["sleep", "60"], cwd=initialised / "postgres") as bystander:
        try:
            assert working_in(initialised / "postgres", "postgres") == []
            with serving(settings_in(initialised)):
                assert bystander.poll() is None
        finally:
            bystander.kill()


def test_servers_are_found_where_only_ps_tells() -> None:
    listing = """\
  101 /opt/env/bin/postgres -D /data/one/postgres -c listen_addresses=
  102 postgres: checkpointer
  103 /opt/env/bin/postgres -D /data/one/postgres-old -c listen_addresses=
  104 tail -f /data/one/postgres
   99 /opt/env/bin/valkey-server --port 0 --dir /data/one/valkey
"""
    assert from_listing(listing, "/data/one/postgres", "postgres") == [101]
    assert from_listing(listing, "/data/one/valkey", "valkey-server") == [99]
    assert from_listing(listing, "/data/two/postgres", "postgres") == []


def test_a_damaged_append_only_file_is_put_aside(initialised: Path) -> None:
    with serving(settings_in(initialised)) as settings, redis.Redis.from_url(settings.redis_url) as client:
        client.set("more", "1")
    damaged = sorted((initialised / "valkey" / "appendonlydir").glob("*.incr.aof"))[0]
    damaged.write_bytes(b"nonsense" + damaged.read_bytes())
    with serving(settings_in(initialised)) as settings, redis.Redis.from_url(settings.redis_url) as client:
        assert client.ping()
    assert list((initialised / "valkey").glob("appendonlydir.damaged-*"))


def test_a_dead_server_is_seen_and_revived(initialised: Path) -> None:
    servers = EmbeddedServers(settings_in(initialised))
    settings = servers.start()
    try:
        assert servers.dead() == []
        assert servers.postgres is not None
        assert servers.postgres.process is not None
        servers.postgres.process.kill()
        servers.postgres.process.wait()
        assert servers.dead() == [servers.postgres]
        servers.revive(servers.postgres)
        assert query(settings, "select answer from kept") == (42,)
    finally:
        servers.stop()


def test_two_installations_do_not_meet(initialised: Path, tmp_path: Path) -> None:
    with serving(settings_in(initialised)) as one, serving(settings_in(tmp_path)) as two:
        assert query(one, "select to_regclass('public.kept') is null") == (False,)
        assert query(two, "select to_regclass('public.kept') is null") == (True,)
        with redis.Redis.from_url(one.redis_url) as first, redis.Redis.from_url(two.redis_url) as second:
            first.set("only", "here")
            assert second.get("only") is None


def test_a_long_path_gets_a_short_folder_for_its_sockets(tmp_path: Path) -> None:
    long = tmp_path / ("a-folder-with-quite-a-long-name" * 3)
    folder = socket_folder(long)
    try:
        assert len(str(folder) + LONGEST_NAME) <= LONGEST
        assert socket_folder(long) == folder != socket_folder(long / "other")
        with serving(settings_in(long)) as settings:
            assert query(settings, "select 1") == (1,)
        folder.chmod(0o755)
        with pytest.raises(PermissionError, match="made by somebody else"):
            socket_folder(long)
    finally:
        for path in (folder, socket_folder_of(long / "other")):
            for left in path.iterdir():
                left.unlink()
            path.rmdir()


def socket_folder_of(data_dir: Path) -> Path:
    return socket_folder(data_dir)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
@pytest.mark.parametrize("identity", root_identities() if os.geteuid() == 0 else [], ids=lambda identity: identity.way)
def test_root_starts_a_server_that_is_not_root(identity: Identity, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    server = Postgres(tmp_path / "pg", tmp_path, tmp_path / "log", durable=False, identity=identity)
    server.launch(lambda _: None)
    server.wait()
    try:
        with psycopg.connect(server.url("postgres", "postgres").replace("+psycopg", "")) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        assert server.data.stat().st_uid == identity.owner
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_data_changes_hands_when_the_way_changes(tmp_path: Path) -> None:
    for identity in (*root_identities(), *root_identities()):
        server = Postgres(tmp_path / "pg", tmp_path, tmp_path / "log", durable=False, identity=identity)
        server.launch(lambda _: None)
        server.wait()
        server.stop()


def test_data_of_another_version_is_named(tmp_path: Path, initialised: Path) -> None:
    data = tmp_path / "pg"
    data.mkdir(mode=0o700)
    (data / "PG_VERSION").write_text("14\n")
    server = Postgres(data, tmp_path, tmp_path / "log", durable=True)
    with pytest.raises(ServersError, match="is of PostgreSQL 14, the embedded server is 18"):
        server.launch(lambda _: None)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "pg", tmp_path / "missing", tmp_path / "log", durable=False)
    server.launch(lambda _: None)
    with pytest.raises(ServersError, match="could not create lock file"):
        server.wait()


@pytest.mark.parametrize(
    ("name", "url"),
    [("database_url", "postgresql://nobody:x@127.0.0.1:1/none"), ("redis_url", "redis://127.0.0.1:1/0")],
)
def test_a_given_server_that_does_not_answer_is_named(tmp_path: Path, name: str, url: str) -> None:
    with (
        pytest.raises(ServersError, match=f"TRADEYARD_{name.upper()}: .* cannot be reached"),
        serving(settings_in(tmp_path, **{name: url})),
    ):
        pass


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("private")
    tmp_path.chmod(0o755)
    with pytest.raises(SettingsError, match="is not empty"), serving(settings_in(tmp_path)):
        pass
    assert tmp_path.stat().st_mode & 0o777 == 0o755
