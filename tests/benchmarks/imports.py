"""How long ``import crmid`` takes, against ``import attrs``: whole processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from resource import RUSAGE_CHILDREN, getrusage

import attrs


@attrs.frozen
class Imports:
    """Milliseconds of CPU time of a process that does nothing else, start and end included.

    Attributes:
        ours: ``import crmid``, the median.
        theirs: ``import attrs``, the median.
        more: How much more ours takes, the median of pairs.
        low: The lower quartile of the pairs.
        high: The upper quartile.
    """

    ours: float
    theirs: float
    more: float
    low: float
    high: float


def imports(runs: int) -> Imports:
    """Measure in turns; a first pair, which compiles, does not count.

    Args:
        runs: How many pairs of processes, at least 1.
    """
    pairs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory(prefix="crmid-compiled-") as cache:
        for number in range(runs + 1):
            if number % 2:
                theirs, ours = process("attrs", cache), process("crmid", cache)
            else:
                ours, theirs = process("crmid", cache), process("attrs", cache)
            pairs.append((ours, theirs))
    del pairs[0]  # it compiled
    more = [ours - theirs for ours, theirs in pairs]
    low, middle, high = statistics.quantiles(more * 2, n=4, method="inclusive")
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Imports(ours, theirs, middle, low, high)


def process(module: str, cache: str) -> float:
    """Milliseconds of CPU time of one process that imports a module.

    Args:
        module: Its name.
        cache: The folder of compiled modules, so that they are compiled but once, wherever the
            packages are and whatever the environment says about it.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    kept["PYTHONPYCACHEPREFIX"] = cache
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", f"import {module}"], env=kept, check=True)
    after = getrusage(RUSAGE_CHILDREN)
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return used * 1e3
