"""SQL servers behind a network that cuts, delays and loses: each class of error is shown."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.faults.engines import ENGINES, KEY, Place
from tests.faults.proxy import Fault, Proxy

from crmid.errors import StoreAmbiguous, StoreUnavailable


class World:
    """A place on a shared server, and a proxy before it."""

    def __init__(self, place: Place, proxy: Proxy) -> None:
        self.place, self.proxy = place, proxy

    def store(self, **options: Any) -> Any:
        """A store that goes through the proxy."""
        assert self.place.open_at is not None
        kind, (source,) = self.place.open_at(self.proxy.host, self.proxy.port).__reduce__()
        return kind(source, **options)  # a partial call, so what is given here wins


@pytest.fixture(params=["postgres", "mariadb"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with ExitStack() as stack:
        try:
            place = stack.enter_context(ENGINES[request.param]())
        except Exception as error:  # noqa: BLE001 (whatever the driver raises)
            what = f"no {request.param}: {error}"
            if os.environ.get("CRMID_REQUIRE_SERVERS") == "1":
                pytest.fail(what)
            pytest.skip(what)
        yield World(place, stack.enter_context(Proxy(*place.address)))


def test_never_sent_is_unavailable_after_the_time_out(world: World) -> None:
    world.proxy.refuse()
    began = time.monotonic()
    with world.store(timeout=0.3) as store, pytest.raises(StoreUnavailable):
        store.reserve(KEY)
    assert 0.2 <= time.monotonic() - began < 3
    world.proxy.let_in()


def test_a_server_that_comes_back_is_found(world: World) -> None:
    with world.store() as store:
        assert store.reserve(KEY).lo == 1
        world.proxy.refuse()
        world.proxy.let_in()
        assert store.reserve(KEY).lo >= 2


def test_idle_connections_that_were_cut_are_replaced(world: World) -> None:
    with world.store() as store:
        got: list[int] = []
        for _ in range(3):
            got.append(store.reserve(KEY).lo)
            world.proxy.cut_all()
    assert got == [1, 2, 3]


@pytest.mark.parametrize(("fault", "then"), [(Fault.CUT, 2), (Fault.DROP, 3)])
def test_sent_and_unknown_is_reserved_again(world: World, fault: Fault, then: int) -> None:
    with world.store() as store:
        assert store.reserve(KEY).lo == 1
        world.proxy.plan(fault, marker=b"INSERT")
        assert store.reserve(KEY).lo == then
        assert world.proxy.faults == 1


def test_sent_and_unknown_to_the_end_is_ambiguous(world: World) -> None:
    with world.store(timeout=0.0) as store:
        with world.store() as patient:
            assert patient.reserve(KEY).lo == 1
        store.peek(KEY)
        world.proxy.plan(Fault.DROP, marker=b"INSERT")
        with pytest.raises((StoreAmbiguous, StoreUnavailable)) as caught:
            store.reserve(KEY)
        assert isinstance(caught.value, StoreAmbiguous)


def test_giving_back_is_never_repeated(world: World) -> None:
    with world.store() as store:
        block = store.reserve(KEY, 10)
        world.proxy.plan(Fault.DROP, marker=b"UPDATE")
        with pytest.raises(StoreAmbiguous):
            store.give_back(block)
        assert world.proxy.faults == 1
        assert store.reserve(KEY, 10).lo in {block.lo, block.hi}


def test_a_late_answer_is_waited_for(world: World) -> None:
    with world.store() as store:
        store.reserve(KEY)
        world.proxy.plan(Fault.DELAY, marker=b"INSERT", seconds=0.1)
        assert store.reserve(KEY).lo == 2


def test_random_faults_repeat_nothing(world: World) -> None:
    got: list[int] = []
    with world.store() as store:
        for turn in range(20):
            world.proxy.plan([Fault.CUT, Fault.DROP][turn % 2], after=turn % 5)
            while world.proxy.pending:
                got.append(store.reserve(KEY).lo)
    assert got == sorted(set(got))
