"""Servers of one run alone, in a folder of their own, which may be crashed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, Protocol

import pymysql
from tests.faults.engines import Place, mariadb_at, postgres_at


#: Seconds for a server to come up, or to end.
_PATIENCE = 60.0


class Cluster(Protocol):
    """A server that can be crashed."""

    place: Place

    def start(self) -> None:
        """Start it, and wait until it answers."""
        ...

    def crash(self) -> None:
        """End it without letting it write anything."""
        ...


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def as_user(name: str) -> list[str]:
    """What to put before a command of a server that root may not run."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups", "--"]


def run(command: list[str], folder: Path) -> None:
    with (folder / "commands.log").open("ab") as log:
        subprocess.run(command, check=True, stdout=log, stderr=log, timeout=_PATIENCE, cwd="/")


@contextlib.contextmanager
def folder_of(user: str) -> Generator[Path]:
    """A folder that such a user may write to."""
    with tempfile.TemporaryDirectory(prefix="crmid-cluster-") as name:
        if os.geteuid() == 0:
            shutil.chown(name, user)
        yield Path(name)


class PostgresCluster:
    """PostgreSQL with its usual durability, but without a writer that flushes in between."""

    def __init__(self, folder: Path) -> None:
        found = subprocess.run(
            ["pg_config", "--bindir"], check=True, capture_output=True, text=True
        )
        self._programs = Path(found.stdout.strip())
        self._folder, self._data = folder, folder / "data"
        self.port = free_port()
        self._call("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\n"
                f"unix_socket_directories = '{folder}'\nwal_writer_delay = 10s\n"
                "autovacuum = off\n"
            )
        self.dsn = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        # The store sees to it that its own statements are on the disk.
        self.place = postgres_at(f"{self.dsn} options='-c synchronous_commit=off'", None)

    def allow(self, *lines: str) -> None:
        """Whom to let in from then on, as ``pg_hba.conf`` has it; before it is started."""
        (self._data / "pg_hba.conf").write_text("\n".join([*lines, ""]))

    def start(self) -> None:
        self._call("pg_ctl", "-w", "-l", str(self._folder / "server.log"), "start")

    def crash(self) -> None:
        self._call("pg_ctl", "-w", "-m", "immediate", "stop")

    def _call(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "-D", str(self._data), *arguments]
        run(as_user("postgres") + command, self._folder)


class MariaDBCluster:
    """MariaDB with its usual durability."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._options = ["--no-defaults", f"--datadir={folder / 'data'}"]
        install = ["mariadb-install-db", *self._options, "--skip-test-db"]
        run([*as_user("mysql"), *install, "--auth-root-authentication-method=normal"], folder)
        self._login: dict[str, Any] = {"host": "127.0.0.1", "port": self._port, "user": "root"}
        self.place = mariadb_at(self._login, "numbers")

    def start(self) -> None:
        program = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        options = [
            f"--socket={self._folder / 'socket'}",
            f"--port={self._port}",
            "--bind-address=127.0.0.1",
            f"--pid-file={self._folder / 'pid'}",
            "--innodb-buffer-pool-size=32M",
        ]
        with (self._folder / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                [*as_user("mysql"), program, *self._options, *options],
                stdout=log,
                stderr=log,
                cwd="/",
            )
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                return pymysql.connect(**self._login).close()
            except pymysql.err.OperationalError:
                assert self._server.poll() is None, (self._folder / "server.log").read_text()
                assert time.monotonic() < until
                time.sleep(0.02)

    def crash(self) -> None:
        assert self._server is not None
        self._server.send_signal(signal.SIGKILL)  # setpriv has become the server
        self._server.wait(_PATIENCE)


@contextlib.contextmanager
def postgres_cluster() -> Generator[PostgresCluster]:
    """A private PostgreSQL, which is not started yet; it is stopped in the end."""
    with folder_of("postgres") as folder:
        cluster = PostgresCluster(folder)
        try:
            yield cluster
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                cluster.crash()


@contextlib.contextmanager
def mariadb_cluster() -> Generator[MariaDBCluster]:
    """A private MariaDB, which is not started yet; it is stopped in the end."""
    with folder_of("mysql") as folder:
        cluster = MariaDBCluster(folder)
        try:
            yield cluster
        finally:
            with contextlib.suppress(AssertionError):
                cluster.crash()
