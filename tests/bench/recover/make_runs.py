"""The runs on which `mbisect recover` is measured: real ones, with the environment of a given day.

    python tests/bench/recover/make_runs.py [NAME …] [--scratch DIR]      default: all of them

For each stack: resolve what is asked for at its date, build it, run train.py in it with the Trainer and with SFTTrainer
of its day, keep the small files of what they leave. runs/NAME/truth.txt is what was installed; truth.json has the date:
the cut-off, and the time at which the files are to be thought of as written (git does not keep that of files). Of what
a run leaves, the logs' folder alone is replaced; what else names this machine is refused. Weights and optimizer states
are not kept.

torch is 2.13.0 everywhere, as in envs/: older wheels are several GB. It is exempt from the cut-off, with as few as can
be of what it needs; these few are as new as the day on which the runs were made (2026-11-24). A date lies some days
after a release of transformers, when trl and peft of that day work with it; all seven stacks then train without further
ado. The one setting made for our sake is logging_dir, whose default would hold the host's name and the day.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from itertools import combinations
from pathlib import Path
from urllib.parse import urlsplit

from mbisect.environments.asked import AskedFor, resolve_asked_for
from mbisect.environments.indexes import default_endpoint, endpoints_of
from mbisect.environments.interpreters import find_interpreter
from mbisect.environments.store import cache_root
from mbisect.environments.uv import Uv
from mbisect.errors import ConfigError
from mbisect.terms import Interpreter, Pin

HERE = Path(__file__).parent
RUNS = HERE / "runs"
STACKS = {
    "transformers-4.38": "2024-03-10",
    "transformers-4.44": "2024-09-05",
    "transformers-4.46": "2024-11-25",
    "transformers-4.50": "2025-03-31",
    "transformers-4.57": "2025-10-25",
    "transformers-5.0": "2026-02-01",
    "transformers-5.23": "2026-11-18",
}
TIME = "T12:00:00Z"
ASKED = ("torch==2.13.0", "transformers", "peft", "trl", "numpy")
YOUNG = ("setuptools", "sympy", "typing-extensions")
"""What torch 2.13.0 needs in a release that is younger than some of the dates."""
KINDS = ("trainer", "sft")
LARGE = 100_000
"""Bytes. Larger files are not kept."""
NEUTRAL = b"/home/me"
"""Stands in the logs for the folder in which the runs were made."""
WEIGHTS = (".safetensors", ".pt")


def make(name: str, scratch: Path) -> str:
    """Make the runs of one stack; -> what was installed and kept, in a line."""
    date = STACKS[name] + TIME
    uv = Uv(cache_root() / "uv")
    exempt, interpreter, pins = resolve(date, uv)
    versions = {pin.name: pin.version for pin in pins}
    if not versions["transformers"].startswith(name.removeprefix("transformers-") + "."):
        sys.exit(f"{name}: {date} gives transformers {versions['transformers']}; choose another date")
    truth = "".join(f"{package}=={version}\n" for package, version in sorted(versions.items()))
    venv = scratch / "venv"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    (scratch / "lock.txt").write_text(truth)
    uv.run(["venv", "--quiet", "--no-project", "--python", interpreter.path, str(venv)])
    python = str(venv / "bin" / "python")
    uv.run(["pip", "install", "--quiet", "--no-deps", "--requirements", str(scratch / "lock.txt"), "--python", python])
    kept = 0
    with tempfile.TemporaryDirectory(dir=HERE) as temporary:
        for kind in KINDS:
            train(venv, scratch / kind, kind)
            kept += keep(scratch / kind, Path(temporary, kind))
        facts = {"date": date, "python": interpreter.version, "asked": ASKED, "exempt": exempt}
        Path(temporary, "truth.json").write_text(json.dumps(facts, indent=1) + "\n")
        Path(temporary, "truth.txt").write_text(truth)
        shutil.rmtree(RUNS / name, ignore_errors=True)
        shutil.copytree(temporary, RUNS / name)
    main = ", ".join(f"{package} {versions[package]}" for package in ("transformers", "peft", "trl", "numpy"))
    return f"{name}: {STACKS[name]}, {len(versions)} packages, {main}, {kept / 1000:.0f} kB"


def resolve(date: str, uv: Uv) -> tuple[tuple[str, ...], Interpreter, tuple[Pin, ...]]:
    """The packages of a day, with the fewest younger ones; -> which these are, the Python, the pins."""
    for count in range(len(YOUNG) + 1):
        for chosen in combinations(YOUNG, count):
            exempt = ("torch", *chosen)
            asked = AskedFor(python="3.11", requirements=ASKED, exclude_newer=date, exclude_newer_exempt=exempt)
            try:
                return exempt, *resolve_asked_for(asked, uv, find_interpreter)
            except ConfigError:
                continue
    sys.exit(f"{date}: no solution, whatever of {', '.join(YOUNG)} is younger")


def train(venv: Path, folder: Path, kind: str) -> None:
    """Run train.py in an empty folder as somebody would at a shell, its output in train.log."""
    folder.mkdir()
    shutil.copy(HERE / "train.py", folder)
    env = {"PATH": f"{venv}/bin:/usr/bin:/bin", "HOME": str(folder.parent), "LANG": "C.UTF-8", "HF_HUB_OFFLINE": "1"}
    with (folder / "train.log").open("w") as log:
        done = subprocess.run(["python", "train.py", kind], cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit(
            f"{folder}: train.py {kind} failed:\n" + "\n".join((folder / "train.log").read_text().splitlines()[-20:])
        )
    (folder / "train.py").unlink()


def keep(left: Path, to: Path) -> int:
    """Copy the small files of what a run left; -> bytes. Exits when one of them names this machine."""
    total = 0
    for file in sorted(path for path in left.rglob("*") if path.is_file()):
        content = file.read_bytes()
        if file.suffix in WEIGHTS or len(content) > LARGE:
            continue
        for secret in of_this_machine():
            if secret.encode() in content:
                sys.exit(f"{file} holds {secret}")
        if file.suffix == ".log":
            content = content.replace(str(left.parent).encode(), NEUTRAL)
        target = to / file.relative_to(left)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        total += len(content)
    return total


def of_this_machine() -> tuple[str, ...]:
    """What no kept file may hold: folders, the host's name as a log folder ends with it, hosts of indexes."""
    indexes = (default_endpoint(), *endpoints_of(os.environ))
    hosts = (urlsplit(address).hostname or address for address in indexes)
    return str(Path.home()), str(HERE.parents[2]), "_" + socket.gethostname(), *hosts


def main() -> None:
    """Make what is asked for, a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(STACKS))
    parser.add_argument("--scratch", type=Path, metavar="DIR", help="emptied (a folder of its own for temporary files)")
    options = parser.parse_args()
    for name in options.names or STACKS:
        print(make(name, options.scratch or Path(tempfile.gettempdir(), "mbisect-runs")), flush=True)


if __name__ == "__main__":
    main()
