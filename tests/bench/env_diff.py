"""How long `mbisect env-diff` takes on two real locks of the machine-learning stack: medians, warm and cold.

    python tests/bench/env_diff.py [A B] [--runs N]      default: lockfiles/v1.txt lockfiles/v4.txt, 5 warm runs, 3 cold

Warm: what the index and uv said is remembered. Cold: the cache is empty, so that all of it is asked for. Budget: 1.5 s
and 5 s on an idle machine with two cores; on a busy one look at the CPU seconds, which are those of uv too. The whole
process is timed, with its start; .pyc files are written in the first run and there in all others.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
MBISECT = Path(sys.executable).with_name("mbisect")
LOCKS = ("lockfiles/v1.txt", "lockfiles/v4.txt")


def seconds(cache: Path, ends: list[str]) -> tuple[float, float]:
    """Wall time and CPU time of one whole process."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    argv = [MBISECT, "env-diff", *ends, "--json"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(argv, cwd=ROOT, env=env | {"MBISECT_CACHE": str(cache)}, capture_output=True)
    spent, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in (0, 1), done.stderr.decode()
    unknown = json.loads(done.stdout)["unknown"]
    assert unknown == [], unknown
    return spent, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ends", nargs="*", default=list(LOCKS), metavar="END")
    parser.add_argument("--runs", type=int, default=5, help="warm runs; half as many, rounded up, are cold")
    asked = parser.parse_args()
    cold, warm = [], []
    for _ in range((asked.runs + 1) // 2):
        with tempfile.TemporaryDirectory() as scratch:
            cold.append(seconds(Path(scratch), asked.ends))
            if len(cold) == (asked.runs + 1) // 2:
                warm = [seconds(Path(scratch), asked.ends) for _ in range(asked.runs)]
    load = os.getloadavg()[0]
    head = f"{'':<6}{'median s':>10}{'min s':>8}{'max s':>8}{'CPU s':>8}{'runs':>6}"
    print(f"{head}   load {load:.1f}, {os.cpu_count()} cores")
    for name, found in (("warm", warm), ("cold", cold)):
        wall, cpu = zip(*found, strict=True)
        middle = statistics.median(wall)
        print(f"{name:<6}{middle:>10.2f}{min(wall):>8.2f}{max(wall):>8.2f}{statistics.median(cpu):>8.2f}{len(wall):>6}")


if __name__ == "__main__":
    main()
