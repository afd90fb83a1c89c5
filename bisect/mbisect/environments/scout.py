"""Finds the Pythons of the container it runs in, and lets the probe describe one: `python -c SCOUT PROBE PLACES …`.

PROBE is the probe's text; PLACES are folders, with colons between; the rest are options of the probe. Described is the
first Python that has anything installed, else the first that answers; `others` are those that nobody looked at. Where
PLACES is empty, it is the Python that runs this. Standard library only, for any Python 3.
"""

import json
import os
import subprocess
import sys
from typing import Any, Iterator, List


def pythons(places: List[str]) -> Iterator[str]:
    """Paths of interpreters, each environment's once."""
    seen = set()
    for place in places:
        for name in ("python3", "python"):
            path = os.path.join(place, name)
            same = (os.path.realpath(place), os.path.realpath(path))
            if os.access(path, os.X_OK) and same not in seen:
                seen.add(same)
                yield path


def main() -> None:
    """Print the answer."""
    with open("probe.py", "w") as file:
        file.write(sys.argv[1])
    waiting = list(pythons(sys.argv[2].split(":"))) if sys.argv[2] else [sys.executable]
    best: Any = None
    while waiting and not (best and best["distributions"]):
        argv = [waiting.pop(0), "probe.py", *sys.argv[3:]]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE)
        lines = [line for line in process.communicate()[0].decode("utf-8", "replace").splitlines() if line[:2] == '{"']
        answer = json.loads(lines[-1]) if lines and process.returncode == 0 else None
        best = answer if answer and (answer["distributions"] or not best) else best
    if best is None:
        sys.exit("none of its Pythons could run the probe")
    own = os.path.realpath(best["interpreter"].get("executable", ""))  # a virtual environment's base is no other one
    best["others"] = [
        path for path in waiting if not best["interpreter"].get("virtual") or os.path.realpath(path) != own
    ]
    print(json.dumps(best, sort_keys=True))


if __name__ == "__main__":
    main()
