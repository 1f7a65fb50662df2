"""Forked and spawned processes never repeat their parent, nor each other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .conftest import Script


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

#: Children that print what they generate, and a parent that prints its own before and after.
FORKED = """
import os, sys
from crmid import IdGenerator, MemoryStore, Scheme, SQLiteStore

template, count, path, clock = sys.argv[1], int(sys.argv[2]), *sys.argv[3:]
now = 1_781_524_800_000_000_000
options = dict(clock=lambda: now) if clock == "frozen" else {}
new = IdGenerator(Scheme("s", template), SQLiteStore(path), **options)

def put(texts):
    while texts:  # a pipe takes 4,096 bytes at once, and mixes what is longer with others'
        os.write(1, "".join(text + "\\n" for text in texts[:50]).encode())
        texts = texts[50:]

put(new.generate_many(3) + [new() for _ in range(count)])
children = []
for _ in range(4):
    pid = os.fork()
    if not pid:
        try:
            put([new() for _ in range(count)] + new.generate_many(count))
        finally:
            os._exit(0)
    children.append(pid)
    put([new()])
put([new() for _ in range(count)])
for pid in children:
    assert os.waitpid(pid, 0)[1] == 0
put(new.generate_many(5))
"""


@needs_fork
@pytest.mark.parametrize(
    ("template", "count", "clock"),
    [
        ("{ulid}", 500, "frozen"),
        ("{ulid}", 500, "running"),
        ("{time:%Y%m%d%H%M%S}{random:crockford*16}", 500, "frozen"),
        ("{random:an20}", 500, "running"),
        ("{time:%Y}-{seq:n6,reset=year}", 20, "frozen"),
    ],
)
def test_children_repeat_nobody(
    template: str, count: int, clock: str, script: Script, path: Path
) -> None:
    """A generator used before the fork goes on in parent and children, at one instant too."""
    texts = script(FORKED, template, count, path, clock).split()
    assert len(texts) == 4 * 2 * count + 2 * count + 4 + 8
    assert len(set(texts)) == len(texts)


LOCKED = """
import os, sys, threading, time
from crmid import IdGenerator, Scheme

new = IdGenerator(Scheme("s", sys.argv[1]))
stop = False

def busy():
    while not stop:
        new.generate_many(20)

threads = [threading.Thread(target=busy, daemon=True) for _ in range(2)]
for thread in threads:
    thread.start()
seen = set()
for turn in range(int(sys.argv[2])):
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(writer, "\\n".join(new.generate_many(5) + [new()]).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader) as lines:
        texts = lines.read().split()
    assert os.waitpid(pid, 0)[1] == 0
    assert len(texts) == 6, texts
    assert seen.isdisjoint(texts)
    seen.update(texts)
stop = True
for thread in threads:
    thread.join()
print(len(seen))
"""


@needs_fork
@pytest.mark.parametrize("template", ["{ulid}", "{time:%Y}{random:crockford*20}"])
def test_a_fork_while_a_thread_holds_the_lock_does_not_hang(
    template: str, script: Script
) -> None:
    """The child has a lock of its own, in whatever state the parent's was."""
    assert script(LOCKED, template, 50).strip() == "300"


@needs_fork
def test_nothing_of_the_parent_is_kept() -> None:
    """Where process ids say that this is another process, memory starts anew, once."""
    from crmid import IdGenerator, Scheme

    new = IdGenerator(Scheme("s", "{ulid}"))
    new()
    memories = new._issuer._memories  # pyright: ignore[reportPrivateUsage]
    memories[-1] = memories.pop(os.getpid())
    memories[-1].owner = None
    new()
    assert list(memories) == [os.getpid()]
    kept = memories[os.getpid()]
    new()
    assert memories[os.getpid()] is kept


IMPORTED = """
import sys
from crmid import IdGenerator, MemoryStore, Scheme
from crmid.generators import ticks

ticks._MOST_REMEMBERED = 3
generators = [
    IdGenerator(Scheme("s", template, tz="Asia/Shanghai"), MemoryStore())
    for template in (
        "{ulid}",
        "{random:an9}{check:mod37_36}",
        "{time:%Y%m%d}{random:n9}",
        "{time:%G%V}-{seq:n9,reset=iso_week}{check:luhn,over=seq}",
    )
]
before = set(sys.modules)
for new in generators:
    new.generate_many(10)
    new()
print(*sorted(set(sys.modules) - before))
"""


def test_nothing_is_imported_while_numbers_are_made(script: Script) -> None:
    """A child that is forked while a thread imports would wait for that import for ever."""
    assert script(IMPORTED).split() == []


SPAWNED = """
import multiprocessing, sys
from crmid import AsyncIdGenerator, IdGenerator, Scheme, SQLiteStore, in_thread

def work(new):
    if isinstance(new, AsyncIdGenerator):
        import asyncio
        return asyncio.run(new.generate_many(10))
    return [text for _ in range(5) for text in (new(), *new.generate_many(3))]

if __name__ == "__main__":
    scheme = Scheme("s", sys.argv[1])
    new = IdGenerator(scheme, SQLiteStore(sys.argv[2]))
    texts = work(new)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for run in pool.imap_unordered(work, [new] * 4):
            texts += run
    texts += work(new)
    print(*texts)
"""


@pytest.mark.parametrize("template", ["{seq:n6}", "{ulid}"])
def test_spawned_processes_repeat_nobody(
    template: str, script: Script, path: Path, tmp_path: Path
) -> None:
    """A generator is pickled into new processes, with its store, and they count together."""
    program = tmp_path / "program.py"
    program.write_text(SPAWNED, "utf-8")
    code = "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]], check=True)"
    texts = script(code, program, template, path).split()
    assert len(set(texts)) == len(texts) == 120
