"""Workers of multiprocessing give back what is left at their end, however they started."""

from __future__ import annotations

import os
from collections.abc import Callable
from multiprocessing import get_all_start_methods
from pathlib import Path

import pytest

from crmid import CounterKey, IdGenerator, MemoryStore, Scheme
from crmid.generators.leases import endings as endings_module

from .conftest import Script


WORKERS = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from crmid import CounterKey, IdGenerator, Scheme, SQLiteStore

new = None

def begin(generator):
    global new
    new = generator

def work(count):
    return [int(new()) for _ in range(count)]

def alone(generator, path):
    begin(generator)
    with open(path, "a") as out:
        print(*work(3), file=out)

def end(worker):
    worker.start()
    worker.join()
    assert worker.exitcode == 0

if __name__ == "__main__":
    method, path, lease, out = sys.argv[1:]
    context = multiprocessing.get_context(method)
    store = SQLiteStore(path)
    new = IdGenerator(Scheme("s", "{seq:n9}"), store, lease=int(lease))
    key, got = CounterKey("s"), []
    if method == "fork":  # warm, as an application server that loads before it forks
        got += work(2)
        new.close()
        new = IdGenerator(Scheme("s", "{seq:n9}"), store, lease=int(lease))
    for _ in range(2):
        end(context.Process(target=alone, args=(new, out)))
    with open(out) as lines:
        got += map(int, lines.read().split())
    assert store.peek(key) == len(got) + 1, store.peek(key)
    with context.Pool(1, begin, (new,)) as pool:
        got += pool.apply(work, (4,))
        pool.close()
        pool.join()
    assert store.peek(key) == len(got) + 1, store.peek(key)
    with ProcessPoolExecutor(1, context, begin, (new,)) as pool:
        got += pool.submit(work, 5).result()
    assert store.peek(key) == len(got) + 1, store.peek(key)
    got += work(1)
    new.close()
    assert sorted(got) == [*range(1, store.peek(key))]
    print("fine")
"""


@pytest.mark.parametrize("method", get_all_start_methods())
def test_workers_leave_no_gap(method: str, script: Script, path: Path, tmp_path: Path) -> None:
    main = tmp_path / "main.py"  # spawned processes import it again
    main.write_text(WORKERS, "utf-8")
    run = "import runpy, sys; del sys.argv[0]; runpy.run_path(sys.argv[0], None, '__main__')"
    assert script(run, main, method, path, 100, tmp_path / "out") == "fine\n"


GRANDCHILD = """
import multiprocessing, os, sys
from crmid import CounterKey, IdGenerator, Scheme, SQLiteStore

def work(new):
    new()
    child = os.fork()
    if child == 0:
        new()
        os._exit(0)  # as a fork that is none of multiprocessing's
    os.waitpid(child, 0)

if __name__ == "__main__":
    store = SQLiteStore(sys.argv[1])
    new = IdGenerator(Scheme("s", "{seq:n9}"), store, lease=10)
    worker = multiprocessing.get_context("fork").Process(target=work, args=(new,))
    worker.start()
    worker.join()
    print(new(), store.peek(CounterKey("s")))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_fork_of_a_worker_gives_nothing_of_it_back(script: Script, path: Path) -> None:
    """Its parent's lease is not its own; what it takes itself is lost with it."""
    assert script(GRANDCHILD, path) == "000000021 31\n"


def test_a_worker_gives_everything_back_by_one_finalizer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many generators there are in it, and however often they fetch."""
    registered: list[Callable[[], None]] = []

    def finalize(owner: None, work: Callable[[], None], *, exitpriority: int) -> None:
        registered.append(work)

    once = endings_module._settle_all_at_the_end_of  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr("multiprocessing.util.Finalize", finalize)
    monkeypatch.setattr("multiprocessing.process.parent_process", object)
    once.cache_clear()
    store = MemoryStore()
    news = [IdGenerator(Scheme(name, "{seq:n9}"), store, lease=3) for name in "ab"]
    for new in news * 5:
        new()
    once.cache_clear()
    (work,) = registered
    work()
    assert [store.peek(CounterKey(name)) for name in "ab"] == [6, 6]
