"""From a template to numbers of several processes, as a newcomer and a server use them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from crmid import IdGenerator, Scheme, SQLiteStore


INVOICE = "INV-{time:%Y}-{seq:n6,reset=year,per=branch}-{branch:a2}{check:mod37_36}"

#: Issues numbers one by one, or in batches; each is printed once it is certain.
ISSUER = """
import sys
from crmid import IdGenerator, Scheme, SQLiteStore

path, count, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
new = IdGenerator(Scheme("invoice", sys.argv[4]), SQLiteStore(path, timeout=60))
sys.stdin.readline()
for _ in range(0, count, batch):
    texts = [new(branch="NY")] if batch == 1 else new.generate_many(batch, branch="NY")
    print(*texts, sep="\\n", flush=True)
"""


def issuer(path: Path, count: int, batch: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ISSUER, str(path), str(count), str(batch), INVOICE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def issued_at_once(path: Path, count: int, batch: int) -> list[list[str]]:
    """What two processes print that begin at the same time."""
    processes = [issuer(path, count, batch) for _ in range(2)]
    time.sleep(0.3)  # both have come up, and wait
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    runs = [process.communicate(timeout=900)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    return runs


def check(runs: list[list[str]], count: int) -> None:
    """All numbers are valid and distinct, each process's own rise, and there is no gap."""
    scheme = Scheme("invoice", INVOICE)
    numbers = [[scheme.parse(text)["seq"] for text in run] for run in runs]
    assert all(run == sorted(run) for run in numbers)
    assert sorted(n for run in numbers for n in run) == [*range(1, 2 * count + 1)]


def test_two_processes_issue_two_thousand_numbers_each(path: Path) -> None:
    """At once, in batches of ten: no repeat, no gap, and the file goes on afterwards."""
    runs = issued_at_once(path, 2000, 10)
    check(runs, 2000)
    with SQLiteStore(path) as store:
        new = IdGenerator(Scheme("invoice", INVOICE), store)
        assert new.generate(branch="NY")[9:15] == "004001"
        assert new.generate(branch="LA")[9:15] == "000001"


def test_two_processes_issue_numbers_one_by_one(path: Path) -> None:
    """The same without batches, a few hundred."""
    check(issued_at_once(path, 300, 1), 300)


@pytest.mark.long
def test_two_processes_issue_twenty_thousand_numbers_each(
    path: Path, long_seconds: float
) -> None:
    """The full size, one by one; a share of it in a share of the time."""
    count = int(20_000 * min(1.0, long_seconds / 20))
    check(issued_at_once(path, count, 1), count)


def kill_while_issuing(path: Path, after: int, batch: int) -> list[str]:
    """What a process had printed when it was killed, at least so many numbers."""
    with issuer(path, 10**6, batch) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("go\n")
        process.stdin.flush()
        lines = [process.stdout.readline() for _ in range(after)]
        process.kill()
        lines += process.stdout
    # The last line may have been cut in the middle; a whole one was certain.
    return [line.strip() for line in lines if line.endswith("\n")]


@pytest.mark.parametrize(("after", "batch"), [(1, 1), (40, 1), (55, 7)])
def test_a_killed_process_repeats_nothing(path: Path, after: int, batch: int) -> None:
    """Killed without warning, again and again: what was printed never comes again."""
    killed_again(path, after, batch, turns=2)


@pytest.mark.long
@pytest.mark.parametrize("batch", [1, 7])
def test_many_killed_processes_repeat_nothing(path: Path, batch: int) -> None:
    """The same, dozens of times."""
    killed_again(path, 20, batch, turns=40)


def killed_again(path: Path, after: int, batch: int, turns: int) -> None:
    scheme = Scheme("invoice", INVOICE)
    texts: list[str] = []
    for turn in range(turns):
        texts += kill_while_issuing(path, after + turn, batch)
    with SQLiteStore(path) as store:
        texts += IdGenerator(scheme, store).generate_many(100, branch="NY")
    assert len(set(texts)) == len(texts)
    numbers = [scheme.parse(text)["seq"] for text in texts]
    assert numbers == sorted(numbers)


def test_what_the_readme_shows(path: Path) -> None:
    """One store for all schemes of an application, each with counters of its own."""
    with SQLiteStore(path) as store:
        customer = IdGenerator(Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}"), store)
        ticket = IdGenerator(
            Scheme("ticket", "{time:%Y%m%d%H%M%S}{random:n4}", tz="Asia/Shanghai")
        )
        event = IdGenerator(Scheme("event", "{ulid}"))
        invoice = IdGenerator(Scheme("invoice", INVOICE), store)
        assert customer.generate(dept=1, tier="A") == "C001-00001-A"
        assert len(customer.generate_many(1000, dept=1, tier="B")) == 1000
        assert customer.peek(dept=7, tier="C") == "C007-01002-C"
        assert len({ticket.generate() for _ in range(50)}) == 50
        assert event.generate() < event.generate()
        assert invoice.scheme.is_valid(invoice.generate(branch="NY"))
