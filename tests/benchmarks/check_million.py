"""``crmid check`` on a file of a million numbers with planted faults.

Prints the time, the peak memory of the process, and whether every fault was found; exits with
1 if one was not. Run it with ``python tests/benchmarks/check_million.py [rows]``.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any


TEMPLATE = "C{dept:n3}-{seq:n5}-{tier:A|B|C}"
FAULTS = 4000
WATCH = """\
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], check=False).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status != 1)  # 1 is the answer where faults are planted
"""


def plant(rows: int, path: Path) -> dict[str, Any]:
    """Write the file; what is wrong with it, in the words of the report."""
    rng = random.Random(rows)
    texts = [f"C{n // 90_000:03}-{n % 90_000 + 1:05}-{'ABC'[n % 3]}" for n in range(rows)]
    places = rng.sample(range(rows), min(FAULTS, rows // 4))
    invalid: set[int] = set()
    repaired: dict[int, str] = {}
    repeated: defaultdict[str, set[int]] = defaultdict(set)
    sound = sorted(set(range(rows)) - set(places))
    for number, place in enumerate(places):
        kind = number % 6
        if kind < 2:
            texts[place] = texts[place][:-1] + "D" if kind else texts[place][:-3]
            invalid.add(place + 2)
        elif kind == 2:
            repaired[place + 2] = texts[place]
            texts[place] = texts[place].lower().replace("-", "\N{EN DASH}")
        elif kind == 3:
            repaired[place + 2] = texts[place]
            texts[place] = f" {texts[place]} "
        else:
            other = rng.choice(sound)
            repeated[texts[other]] |= {other + 2, place + 2}
            if kind == 4:
                texts[place] = texts[other]
            else:
                repaired[place + 2] = texts[other]
                texts[place] = texts[other].replace("-", " ")
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("id,number,name\r\n")
        file.writelines(f'{n},{text},"客户, {n}"\r\n' for n, text in enumerate(texts))
    return {
        "invalid": sorted(invalid),
        "repaired": repaired,
        "repeated": {text: sorted(where) for text, where in repeated.items()},
    }


def main() -> int:
    """Make the file, check it for people and for machines, compare."""
    rows = int(sys.argv[1].replace("_", "")) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "numbers.csv")
        planted = plant(rows, path)
        size = path.stat().st_size / 1e6
        sys.stdout.write(f"{rows:,} rows, {size:.1f} MB, {FAULTS:,} faults planted\n")
        command = [sys.executable, "-m", "crmid", "check", TEMPLATE, str(path)]
        command += ["--column", "number"]
        for how, more in [("lines", []), ("JSON ", ["--json"])]:
            seconds, peak, output = run([*command, *more])
            sys.stdout.write(f"{how}: {seconds:.2f} s, peak {peak:.1f} MB\n")
        report = json.loads(output)
    found = {
        "invalid": [f["row"] for f in report["invalid"] if f["repair"] is None],
        "repaired": {f["row"]: f["repair"] for f in report["invalid"] if f["repair"]},
        "repeated": {r["text"]: r["rows"] for r in report["repeated"]},
    }
    for sort, wanted in planted.items():
        verdict = "all found, and no others" if found[sort] == wanted else "NOT ALL FOUND"
        sys.stdout.write(f"{sort}: {len(wanted):,} planted, {verdict}\n")
    return 0 if found == planted else 1


def run(command: list[str]) -> tuple[float, float, str]:
    """Seconds, peak memory in MB, and the output of a command in a process of its own."""
    # A child's peak is that of all children so far, so another process asks for it.
    watched = [sys.executable, "-c", WATCH, *command]
    unit = 1 if sys.platform == "darwin" else 1024
    begin = time.perf_counter()
    done = subprocess.run(watched, capture_output=True, check=False, encoding="utf-8")
    seconds = time.perf_counter() - begin
    if done.returncode or not done.stdout:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return seconds, int(done.stderr.split()[-1]) * unit / 1e6, done.stdout


if __name__ == "__main__":
    sys.exit(main())
