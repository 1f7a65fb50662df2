"""Any sequence of calls gives what a dict in memory gives."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from crmid.counters import MAX_VALUE, CounterKey
from crmid.errors import SequenceExhausted
from crmid.stores import MemoryStore, RememberingStore, SQLiteStore


texts = st.sampled_from(["", "a", "A", "a ", "é", "e\u0301", "x" * 300, "ab", "b"])
keys = st.builds(CounterKey, texts, texts, texts)
values = st.integers(0, 40) | st.integers(MAX_VALUE - 40, MAX_VALUE)
sizes = st.integers(1, 30) | st.integers(MAX_VALUE - 40, MAX_VALUE)


class Machine(RuleBasedStateMachine):
    store: RememberingStore

    def __init__(self) -> None:
        super().__init__()
        self.expected: dict[CounterKey, int] = {}
        self.first: dict[str, str] = {}

    @rule(key=keys, n=sizes, start=values, limit=st.none() | values)
    def reserve(self, key: CounterKey, n: int, start: int, limit: int | None) -> None:
        lo = self.expected.get(key, start)
        bound = MAX_VALUE if limit is None else limit
        if lo + n <= bound:
            assert self.store.reserve(key, n, start=start, limit=limit) == (key, lo, lo + n)
            self.expected[key] = lo + n
        else:
            with pytest.raises(SequenceExhausted) as caught:
                self.store.reserve(key, n, start=start, limit=limit)
            assert caught.value.args == (key, n, max(bound - lo, 0))

    @rule(key=keys, value=values)
    def advance(self, key: CounterKey, value: int) -> None:
        self.expected[key] = max(self.expected.get(key, 0), value)
        assert self.store.advance(key, value) == self.expected[key]

    @rule(key=keys)
    def peek(self, key: CounterKey) -> None:
        assert self.store.peek(key) == self.expected.get(key)

    @rule(series=texts, rules=texts)
    def remember(self, series: str, rules: str) -> None:
        assert self.store.remember(series, rules) == self.first.setdefault(series, rules)

    @rule(series=texts)
    def recall(self, series: str) -> None:
        assert self.store.recall(series) == self.first.get(series)

    @invariant()
    def all_counters_are_as_they_should(self) -> None:
        assert {key: self.store.peek(key) for key in self.expected} == self.expected


class InMemory(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()


class InSQLite(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.stack = contextlib.ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.store = self.file = SQLiteStore(Path(folder) / "numbers.db")
        self.stack.callback(self.file.close)

    @rule()
    def close(self) -> None:
        self.file.close()

    @rule()
    def open_another(self) -> None:
        self.store = self.file = SQLiteStore(self.file.path)
        self.stack.callback(self.file.close)

    def teardown(self) -> None:
        self.stack.close()


quick = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

TestInMemory = InMemory.TestCase
TestInMemory.settings = quick
TestInSQLite = InSQLite.TestCase
TestInSQLite.settings = quick
