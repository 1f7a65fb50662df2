"""Clocks, entropy and stores for tests of applications do what they are told."""

from __future__ import annotations

import asyncio
import copy
import functools
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid import (
    CounterKey,
    IdGenerator,
    MemoryStore,
    Scheme,
    SQLiteStore,
    StoreAmbiguous,
    StoreUnavailable,
)
from crmid.stores import AsyncRedisStore, Block, PostgresStore
from crmid.testing import (
    FaultyStore,
    FixedClock,
    ProductionTouched,
    RecordingStore,
    SeededEntropy,
    SteppingClock,
    check_counter_store,
    no_lasting_stores,
)


KEY = CounterKey("customer")
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


def pickled(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))


moments = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001 - Hypothesis takes bounds without a zone
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7))]),
)
seconds = st.integers(-(10**6), 10**6)


@given(moments, seconds)
def test_a_fixed_clock_stands_still_until_it_is_moved(moment: datetime, by: int) -> None:
    clock = FixedClock(moment)
    assert clock.now == moment
    assert clock() == clock()
    try:
        later = clock.now + timedelta(seconds=by)
    except OverflowError:
        return
    clock.move(timedelta(seconds=by))
    assert clock.now == later
    clock.set(moment)
    assert clock.now == moment


@given(moments, seconds, st.integers(0, 3), st.sampled_from([copy.copy, pickled]))
def test_copies_go_on_where_the_original_was(
    moment: datetime, by: int, before: int, way: Callable[[Any], Any]
) -> None:
    step = timedelta(seconds=by)
    for make in (
        lambda: FixedClock(moment),
        lambda: SteppingClock(NOON, [step, -step]),
        lambda: functools.partial(SeededEntropy(by), 7),
    ):
        one, other = make(), make()
        for _ in range(before):
            assert one() == other()
        assert way(one)() == other()


def test_a_clock_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        FixedClock(NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="no time zone"):
        SteppingClock(NOON.replace(tzinfo=None), [])


@given(st.lists(seconds))
def test_a_stepping_clock_steps_each_time_it_is_read(steps: list[int]) -> None:
    clock = SteppingClock(NOON, [timedelta(seconds=step) for step in steps])
    first = clock()
    for n, _ in enumerate(steps, 1):
        assert clock() == first + sum(steps[:n]) * 10**9
    assert clock() == clock()


@given(st.integers(), st.lists(st.integers(0, 40)))
def test_seeded_entropy_is_the_same_each_time(seed: int, sizes: list[int]) -> None:
    one, other = SeededEntropy(seed), SeededEntropy(seed)
    for size in sizes:
        drawn = one(size)
        assert drawn == other(size)
        assert len(drawn) == size


def test_the_doubles_that_are_stores_keep_the_laws() -> None:
    for store in (RecordingStore(), FaultyStore([])):
        assert "threads_never_share_a_value" in check_counter_store(lambda store=store: store)  # type: ignore[misc]


def test_a_recording_store_notes_every_call() -> None:
    store = RecordingStore()
    new = IdGenerator(Scheme("order", "{seq:n5}"), store)
    assert new.generate() == "00001"
    store.advance(KEY, 7)
    assert {call.method for call in store.asked} >= {"remember", "reserve", "advance"}
    assert store.writes[-1] == ("advance", (KEY, 7))
    inner = MemoryStore()
    assert RecordingStore(inner).reserve(KEY) == inner.reserve(KEY)._replace(lo=1, hi=2)


def test_faults_happen_in_their_order() -> None:
    inner = MemoryStore()
    store = FaultyStore(["unreachable", "lost", "twice", None, "late"], inner, delay=0.01)
    with pytest.raises(StoreUnavailable):
        store.reserve(KEY)
    assert inner.peek(KEY) is None
    with pytest.raises(StoreAmbiguous):
        store.reserve(KEY)
    assert inner.peek(KEY) == 2
    assert store.reserve(KEY) == Block(KEY, 3, 4)
    assert store.reserve(KEY) == Block(KEY, 4, 5)
    began = time.monotonic()
    assert store.reserve(KEY) == Block(KEY, 5, 6)
    assert time.monotonic() - began >= 0.01


# --- Production -------------------------------------------------------------------------------


def test_lasting_stores_do_not_write_while_a_test_runs(tmp_path: Path) -> None:
    path = tmp_path / "numbers.db"
    aio = AsyncRedisStore("redis://nowhere", accept_repeats_after_failover=True)
    with SQLiteStore(path) as store:
        store.reserve(KEY)
        with no_lasting_stores():
            for call in (
                lambda: store.reserve(KEY),
                lambda: store.advance(KEY, 9),
                lambda: store.remember("s", "rules"),
                lambda: SQLiteStore(tmp_path / "other.db").create(),
                lambda: PostgresStore("host=nowhere").reserve(KEY),
                lambda: asyncio.run(aio.reserve(KEY)),
            ):
                with pytest.raises(ProductionTouched):
                    call()
            assert store.peek(KEY) == 2
            assert MemoryStore().reserve(KEY).lo == 1
        assert store.reserve(KEY).lo == 2
    assert not (tmp_path / "other.db").exists()


def test_it_holds_in_all_threads(tmp_path: Path) -> None:
    seen: list[BaseException] = []

    def work() -> None:
        try:
            SQLiteStore(tmp_path / "numbers.db").reserve(KEY)
        except AssertionError as error:
            seen.append(error)

    with no_lasting_stores():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert [type(error) for error in seen] == [ProductionTouched]


def test_own_stores_can_be_named() -> None:
    class Own(MemoryStore):
        """Lasts for ever."""

    with no_lasting_stores(Own):
        with pytest.raises(ProductionTouched, match=r"Own\.reserve"):
            Own().reserve(KEY)
        assert MemoryStore().reserve(KEY).lo == 1
    assert Own().reserve(KEY).lo == 1


# --- pytest -----------------------------------------------------------------------------------

TESTS = """
from datetime import timedelta

import pytest

from crmid import CounterKey, Scheme, SQLiteStore
from crmid.testing import ProductionTouched

ORDER = Scheme("order", "{time:%Y%m%d}-{seq:n3}-{random:n4}")


@pytest.mark.parametrize("again", [1, 2])
def test_each_has_its_own_counters(again, crmid_generator, crmid_store):
    new_order = crmid_generator(ORDER)
    first = new_order.generate()
    assert first.startswith("20260615-001-")
    assert crmid_store.peek(CounterKey("order")) == 2
    assert crmid_generator(ORDER).generate().startswith("20260615-002-")


def test_the_clock_moves(crmid_generator, crmid_clock):
    new_order = crmid_generator(ORDER, lease=10)
    crmid_clock.move(timedelta(days=1))
    assert new_order.generate().startswith("20260616-001-")


def test_entropy_is_the_same(crmid_generator, crmid_entropy):
    assert crmid_generator(ORDER, entropy=lambda n: bytes(n)).generate().endswith("-0000")
    assert len(crmid_entropy(4)) == 4


def test_nothing_lasts(crmid_no_lasting_stores, tmp_path):
    with pytest.raises(ProductionTouched):
        SQLiteStore(tmp_path / "numbers.db").reserve(CounterKey("order"))
"""


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    # Hypothesis does not mind then how long something takes.
    patient = os.environ | {"CI": "true"}
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=patient
    )


def test_fixtures_are_there_when_asked_for_and_only_then(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS, "utf-8")
    done = run_pytest(tmp_path)
    assert "fixture 'crmid_generator' not found" in done.stdout
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["crmid.testing.pytest"]\n')
    done = run_pytest(tmp_path)
    assert "5 passed" in done.stdout, done.stdout


ROOT = Path(__file__).parents[2]

#: What it shows runs with a few examples: here it is tried whether it does.
FEW = """
import hypothesis
hypothesis.settings.register_profile(
    "few", max_examples=5, stateful_step_count=10, deadline=None
)
hypothesis.settings.load_profile("few")

def pytest_collection_modifyitems(items):
    for item in items:  # state machines have settings of their own
        own = getattr(getattr(item, "cls", None), "settings", None)
        if isinstance(own, hypothesis.settings):
            few = {"max_examples": 5, "stateful_step_count": 10}
            item.cls.settings = hypothesis.settings(own, **few)
"""


PAGES = ["test-your-code", "write-a-part", "write-a-store"]


def saved(page: str, folder: Path) -> None:
    """What a reader would save as a file of tests, and as its conftest.py."""
    folder.mkdir()
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text("utf-8")
    blocks = [block.partition("```")[0] for block in text.split("```python\n")[1:]]
    code = [block for block in blocks if not block.startswith(">>>")]
    shared = [block for block in code if "pytest_plugins" in block or "autouse" in block]
    (folder / "conftest.py").write_text("\n".join([FEW, *shared]), "utf-8")
    tests = "\n".join(block for block in code if block not in shared)
    (folder / "test_page.py").write_text(tests, "utf-8")


@pytest.fixture(scope="module")
def of_pages(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """One run of the tests of all pages: to start another one takes longer than the tests."""
    here = tmp_path_factory.mktemp("pages")
    for page in PAGES:
        saved(page, here / page)
    # Processes are forked, stopped and killed when the page itself is run.
    options = ["-rA", "--import-mode=importlib", "-k", "not process and not fork"]
    return run_pytest(here, *options, *PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_the_tests_that_pages_show_pass(
    page: str, of_pages: subprocess.CompletedProcess[str]
) -> None:
    """Each in a folder of its own, where another page's conftest.py does not reach."""
    printed = of_pages.stdout + of_pages.stderr
    assert of_pages.returncode == 0, printed
    assert f"PASSED {page}/test_page.py::" in of_pages.stdout, printed
