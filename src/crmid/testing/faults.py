"""The laws of counters under faults: processes that share, fork, stop and die; copies."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Generator
from typing import Any

from crmid.counters import CounterKey
from crmid.stores import Capability

from . import threads
from .awaiting import Awaited
from .notes import copies, described
from .processes import Child, Tell
from .threads import in_time
from .trials import Trial, Watched, law


__all__ = [
    "FAULT_LAWS",
    "a_copy_never_repeats_the_original",
    "a_forked_child_never_repeats_its_parent",
    "a_killed_process_takes_nothing_back",
    "a_stopped_process_takes_nothing_back",
    "forks_beside_busy_threads_neither_hang_nor_repeat",
    "processes_never_share_a_value",
]


def shared_by_processes(store: Any) -> str | None:
    """Why the laws of several processes do not concern a store; None if they do."""
    promised = getattr(store, "capabilities", None)
    if promised is not None and Capability.SHARED_PROCESSES not in promised:
        return f"{type(store).__name__} does not promise that processes may share it"
    return None


def taking(store: Watched, key: CounterKey, tell: Tell, times: int) -> None:
    """Take values and tell each, until told to stop."""
    for _ in range(times):
        tell(store.reserve(key).lo)


@law(
    means="Two workers of one application give out the same number.",
    needs=shared_by_processes,
)
def processes_never_share_a_value(trial: Trial) -> None:
    """Values of several processes at once are disjoint; each has the store opened itself."""
    key = trial.key()
    trial.open().reserve(key)
    with contextlib.ExitStack() as stack:
        children = [
            stack.enter_context(Child(lambda tell: taking(trial.open(), key, tell, 25)))
            for _ in range(4)
        ]
        got = [child.told() for child in children]
        for child, values in zip(children, got, strict=True):
            trial.note(f"a process took {len(values)} values from {values[:1]}")
            good = child.refusal is None and len(values) == 25
            trial.holds(good, f"a process stopped: {child.refusal}", "25 values for each")
    trial.distinct([value for values in got for value in values])


@law(
    means="After a crash numbers that customers have are given out again, or none at all.",
    needs=shared_by_processes,
)
def a_killed_process_takes_nothing_back(trial: Trial) -> None:
    """What was reserved stays so when the process is killed; others go on without it."""
    key, used = trial.key(), list[int]()
    for turn in range(3):
        with Child(lambda tell: taking(trial.open(), key, tell, 10**9)) as child:
            used += child.told(20)
            threading.Event().wait(0.0015 * turn)  # at different moments of a call
            child.kill()
            used += child.told()
        trial.note(f"killed a process that had taken values up to {max(used, default=0)}")
        trial.holds(used, f"it took nothing: {child.refusal}", "some values")
        store = in_time(trial, trial.open)
        after = in_time(trial, store.peek, key)
        trial.holds(
            (after or 0) > max(used),
            f"peek -> {after}",
            f"more than {max(used)}, which is used",
        )
        used.append(in_time(trial, store.reserve, key).lo)
        trial.distinct(used)


@law(
    means="A process that the system held up gives out what others got meanwhile.",
    needs=shared_by_processes,
)
def a_stopped_process_takes_nothing_back(trial: Trial) -> None:
    """A process that is stopped in the middle and answers late repeats nothing.

    Whether others wait for it, are refused, or go on is left open.
    """
    key, used = trial.key(), list[int]()
    store = trial.open()
    with Child(lambda tell: taking(trial.open(), key, tell, 10**9)) as child:
        for turn in range(5):
            used += child.told(20)
            threading.Event().wait(0.0015 * turn)  # at different moments of a call
            child.signal(signal.SIGSTOP)
            trial.note(f"stopped a process that had taken values up to {max(used, default=0)}")
            with others_at_work(store, key, used):
                threading.Event().wait(0.25)
                child.signal(signal.SIGCONT)
                trial.note("let it go on")
                used += child.told(20)
        child.kill()
        used += child.told()
        trial.holds(used, f"it took nothing: {child.refusal}", "some values")
    trial.distinct(used)


@contextlib.contextmanager
def others_at_work(store: Watched, key: CounterKey, used: list[int]) -> Generator[None]:
    """Three threads take values while the block is run, as far as they are not refused."""
    done = threading.Event()

    def work() -> None:  # pragma: no cover - it runs untraced
        sys.settrace(None)  # what measures coverage has locks, which a fork would leave taken
        while not done.is_set():
            try:
                used.append(store.reserve(key).lo)
            except Exception:  # noqa: BLE001 - refused, or waited for too long
                done.wait(0.01)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(3)]
    for thread in workers:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in workers:
            thread.join(threads.PATIENCE)


@law(means="Two workers of a server that forks give out the same number.")
def a_forked_child_never_repeats_its_parent(trial: Trial) -> None:
    """A child that goes on with its parent's store shares no value with it.

    It may be refused, with any error; a store that it opens itself works.
    """
    store, key = trial.open(), trial.key()
    used = [store.reserve(key).lo]
    with Child(lambda tell: taking(store, key, tell, 5)) as child:
        used += [store.reserve(key).lo for _ in range(5)]
        taken = child.told()
        trial.note(f"the child took {taken}{_refusal(child)}")
        _ended_well(trial, child)
    used += taken
    used += [store.reserve(key).lo for _ in range(5)]
    trial.distinct(used)


@law(means="A server that forks its workers hangs, or they repeat each other.")
def forks_beside_busy_threads_neither_hang_nor_repeat(trial: Trial) -> None:
    """Children that are forked while threads use the store end, and share no value."""
    store, key = trial.open(), trial.key()
    used, children = [store.reserve(key).lo], list[int]()
    with others_at_work(store, key, used):
        for _ in range(5):
            with Child(lambda tell: taking(store, key, tell, 3)) as child:
                children += child.told()
                trial.note(f"a child took {children[-3:]}{_refusal(child)}")
                _ended_well(trial, child)
    trial.distinct([*used, *children, store.reserve(key).lo])


def _ended_well(trial: Trial, child: Child) -> None:
    status = child.wait()
    if status in {-signal.SIGALRM, -signal.SIGKILL}:
        raise trial.broken(
            f"the child hung, and was ended after {threads.PATIENCE:.0f} seconds: at the fork "
            "another thread held a lock, which nobody in the child will ever release",
            "the child works, or is refused",
        )
    trial.expect(status, 0, "how the child ended, minus a signal,")


def _refusal(child: Child) -> str:
    return f", and was refused: {child.refusal}" if child.refusal else ""


@law(means="An object that was copied by accident gives out the same numbers again.")
def a_copy_never_repeats_the_original(trial: Trial) -> None:
    """A store that is pickled or deeply copied counts on, or refuses it, with any error."""
    store, key = trial.open(), trial.key()
    used = [store.reserve(key).lo]
    _, *ways = copies(_inside(store.store))  # what a shallow copy holds open is the original's
    for name, way in ways:
        try:
            twin = Watched(_as_asked(way(), store.store), trial)
            trial.note(f"made a copy by {name}")
            used.append(twin.reserve(key).lo)
            _close(twin.store)
        except Exception as error:  # noqa: BLE001 - what is refused is not repeated
            trial.note(f"{name} is refused: {described(error)}")
        used.append(store.reserve(key).lo)
    trial.distinct(used)


def _close(store: Any) -> None:
    """Let go of what a copy has opened, if it can be closed."""
    name = "aclose" if hasattr(store, "aclose") else "close"
    getattr(store, name, int)()


def _inside(store: Any) -> Any:
    """The store itself, where it is async."""
    return store.raw if isinstance(store, Awaited) else store


def _as_asked(twin: Any, store: Any) -> Any:
    """A copy, in a form that can be asked what the original is asked."""
    return Awaited(twin, store.loop) if isinstance(store, Awaited) else twin


#: The laws of faults, the harmless ones first.
FAULT_LAWS = (
    a_copy_never_repeats_the_original,
    processes_never_share_a_value,
    a_killed_process_takes_nothing_back,
    a_stopped_process_takes_nothing_back,
    a_forked_child_never_repeats_its_parent,
    forks_beside_busy_threads_neither_hang_nor_repeat,
)
