"""A process that forks while another thread uses something for the first time."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

#: Newer Pythons warn about every fork of a process with threads: here it is the point.
PYTHON = [sys.executable, "-W", "ignore:This process:DeprecationWarning", "-c"]

#: The import of a module, argument 1, takes a while; meanwhile the process forks, and the child
#: does what argument 2 says, as the thread does.
FORKED = """
import importlib.abc, os, signal, sys, threading, time
import crmid
from crmid import checkdigits

class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == sys.argv[1]:
            begun.set()
            time.sleep(0.3)
        return None

begun = threading.Event()
sys.meta_path.insert(0, Slow())
scheme = crmid.Scheme("s", "A-{seq:n5}-{x:n2}")
use = lambda: exec(sys.argv[2], globals())
thread = threading.Thread(target=use)
thread.start()
assert begun.wait(10), "nobody imports it"
child = os.fork()
if not child:
    signal.alarm(10)
    use()
    os._exit(0)
thread.join()
sys.exit(os.waitpid(child, 0)[1])
"""

USES = {
    "crmid.scheme.compiled.reading": "scheme.is_valid('A-00001-02')",
    "crmid.scheme.normalizing": "scheme.normalize('a 00001 02')",
    "crmid.checkdigits.bulk": "checkdigits.get('luhn').is_valid_many(['18'])",
    "crmid.scheme.diagnosis.diagnosing": "try: scheme.parse('x')\nexcept ValueError: pass",
}


@needs_fork
@pytest.mark.parametrize("module", USES)
def test_the_child_of_a_fork_amid_a_first_use_goes_on(module: str) -> None:
    """It would wait for ever for the rest of a module that only its parent goes on loading."""
    done = subprocess.run(
        [*PYTHON, FORKED, module, USES[module]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


#: A thread connects and asks for a logger, which takes a lock that logging holds in a fork.
LOGGED = """
import os, sys, threading, time
from crmid.stores.connecting import connecting
import logging

def connect():
    with connecting:
        begun.set()
        time.sleep(0.2)
        logging.getLogger("a new one")

begun = threading.Event()
thread = threading.Thread(target=connect)
thread.start()
begun.wait()
began = time.monotonic()
child = os.fork()
if not child:
    os._exit(0)
assert time.monotonic() - began < 10
thread.join()
sys.exit(os.waitpid(child, 0)[1])
"""


@needs_fork
def test_a_fork_waits_for_a_driver_that_logs() -> None:
    """Logging's own hook comes after ours, whoever imported it first."""
    done = subprocess.run(
        [*PYTHON, LOGGED], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
