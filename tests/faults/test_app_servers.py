"""Real application servers that load first and fork then: no number comes twice."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.faults.clusters import free_port
from tests.faults.engines import POSTGRES, postgres


pytestmark = pytest.mark.long

HERE = Path(__file__).parent
WORKERS, PER_WORKER = 4, 40


@pytest.fixture
def schema() -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        try:
            place = stack.enter_context(postgres())
        except Exception as error:  # noqa: BLE001 (whatever the driver raises)
            what = f"no postgres: {error}"
            if os.environ.get("CRMID_REQUIRE_SERVERS") == "1":
                pytest.fail(what)
            pytest.skip(what)
        yield place.open().__reduce__()[0].keywords["schema"]


def program(name: str) -> str:
    """A program beside this Python, or on the path."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def gunicorn(port: int, *more: str) -> list[str]:
    options = f"--preload -w {WORKERS} --bind 127.0.0.1:{port} --max-requests {PER_WORKER}"
    return [program("gunicorn"), *options.split(), *more, "shop_app:application"]


def uwsgi(port: int, *more: str) -> list[str]:
    options = f"--master --processes {WORKERS} --http-socket 127.0.0.1:{port} --die-on-term"
    options += " --min-worker-lifetime 0 --disable-logging"
    more = (f"--max-requests={PER_WORKER}", f"--home={sys.prefix}", *more)
    return [program("uwsgi"), *options.split(), *more, "--module=shop_app:application"]


SERVERS = {
    "gunicorn": (gunicorn, ()),
    "gunicorn with threads": (gunicorn, ("--worker-class=gthread", "--threads=4")),
    "uwsgi": (uwsgi, ()),
    "uwsgi with threads": (uwsgi, ("--enable-threads", "--threads=4")),
    "uwsgi that loads in each worker": (uwsgi, ("--lazy-apps", "--enable-threads")),
}


class Shop:
    """A server that is up, and what it has given out."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.pids: set[str] = set()
        self.numbers: list[int] = []

    def ask(self, path: str = "/") -> list[int]:
        url = f"http://127.0.0.1:{self._port}{path}"
        until = time.monotonic() + 20
        while True:
            try:
                with urllib.request.urlopen(url, timeout=20) as answer:
                    pid, *texts = answer.read().decode().split()
            except (urllib.error.URLError, ConnectionError):  # it starts, or a worker ends
                assert time.monotonic() < until
                time.sleep(0.02)
            else:
                self.pids.add(pid)
                return [int(text) for text in texts]

    def ask_many(self, count: int) -> None:
        with ThreadPoolExecutor(8) as pool:
            for got in pool.map(self.ask, ["/"] * count):
                self.numbers += got


@contextlib.contextmanager
def serving(kind: str, schema: str, lease: str, log: Path) -> Generator[Shop]:
    make, more = SERVERS[kind]
    port = free_port()
    environ = {"SHOP_DSN": POSTGRES, "SHOP_SCHEMA": schema, "SHOP_LEASE": lease}
    with log.open("ab") as out:
        server = subprocess.Popen(
            make(port, *more),
            cwd=HERE,
            env=os.environ | environ,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        shop = Shop(port)
        shop.numbers += shop.ask("/first")
        yield shop
        server.send_signal(signal.SIGTERM)
        # With --max-requests uWSGI at times never ends, whatever the application is; gunicorn
        # gives its workers half a minute.
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(5 if kind.startswith("uwsgi") else 45)
        assert kind.startswith("uwsgi") or server.returncode == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@pytest.mark.parametrize("lease", ["50", "auto"])
@pytest.mark.parametrize("kind", SERVERS)
def test_no_number_comes_twice(kind: str, lease: str, schema: str, tmp_path: Path) -> None:
    """Not in other workers, nor in those that take their places, nor after a restart."""
    log = tmp_path / "log"
    with serving(kind, schema, lease, log) as shop:
        shop.ask_many(6 * PER_WORKER)
    assert len(shop.pids) > WORKERS, log.read_text()  # some have been replaced
    with serving(kind, schema, lease, log) as again:
        again.ask_many(PER_WORKER)
    numbers = shop.numbers + again.numbers
    # Where each worker loads by itself, the first numbers are those of one of them.
    assert len(numbers) == len(set(numbers)) == 7 * PER_WORKER + 6
