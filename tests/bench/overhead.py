"""What a trial costs beside its workload, and a resolution, on real cases with warm caches: medians, and a bound.

    python tests/bench/overhead.py [CASE …]      default: a small stack and the machine-learning stack

Each case is run twice. Before the second, measured run all environments, trials and journals are removed, so that every
environment is built again from warm caches. The bound is the bare `uv venv` and `uv pip install` of the bad end's lock,
run in between: nobody who builds an environment of its own for a trial can be faster.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CASES = Path(__file__).parents[1] / "e2e" / "cases"
DEFAULT = ("01-openai-httpx-proxies", "ml-04-transformers-greedy-becomes-sampling")
BIN = Path(sys.executable).parent


def main() -> None:
    """Print a line per case."""
    given = os.environ.get("MBISECT_CACHE")
    print(
        f"{'case':<46}{'trials':>7}{'overhead s':>12}{'resolve s':>11}{'build s':>9}{'bare uv s':>11}{'build/bare':>12}"
    )
    for case in sys.argv[1:] or DEFAULT:
        with tempfile.TemporaryDirectory() as scratch:
            cache = Path(given or Path(scratch, "cache"))
            work = Path(scratch, "work")
            work.mkdir()
            for name in ("good.txt", "bad.txt", "test.py"):
                shutil.copy(CASES / case / name, work)
            python = json.loads((CASES / case / "case.json").read_text())["python"]
            for _ in range(2):
                for part in ("environments", "trials", "runs"):
                    shutil.rmtree(cache / part, ignore_errors=True)
                bisect(work, cache, python)
            report(case, work, cache, python)


def bisect(work: Path, cache: Path, python: str) -> None:
    """One run in `work`, whose report is left there."""
    argv = [BIN / "mbisect", "run", "--good", "good.txt", "--bad", "bad.txt", "--python", python, "--quiet"]
    argv += ["--report", "out.json", "--", "python", "test.py"]
    env = {**os.environ, "MBISECT_CACHE": str(cache)}
    done = subprocess.run(argv, cwd=work, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def report(case: str, work: Path, cache: Path, python: str) -> None:
    """Print the medians over the trials that were run."""
    journal = Path(json.loads((work / "out.json").read_text())["journal"])
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    spent = [dict(line["trial"]["overhead"]) for line in lines if "trial" in line]
    overhead = statistics.median(sum(stages.values()) for stages in spent)
    resolve = statistics.median(stages["resolve"] for stages in spent[2:])
    build = statistics.median(stages["build"] for stages in spent)
    bare = statistics.median(bare_build(work, cache, python) for _ in range(3))
    print(f"{case:<46}{len(spent):>7}{overhead:>12.2f}{resolve:>11.3f}{build:>9.2f}{bare:>11.2f}{build / bare:>12.2f}")


def bare_build(work: Path, cache: Path, python: str) -> float:
    """Seconds of a bare build of the bad end, from the same warm cache and by the same configuration."""
    head = json.loads(next((cache / "runs").glob("*/journal.jsonl")).read_text().splitlines()[0])["head"]
    interpreter = head["bad"]["interpreter"]["path"]
    uv = shutil.which("uv", path=f"{BIN}{os.pathsep}{os.environ['PATH']}")
    env = {**os.environ, "UV_CACHE_DIR": str(cache / "uv"), "UV_CONFIG_FILE": str(next(cache.glob("uv-*.toml")))}
    env |= {"UV_FIND_LINKS": os.environ.get("UV_FIND_LINKS", find_links())}
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        began = time.monotonic()
        subprocess.run([uv, "venv", "-q", "--python", interpreter, folder, "--clear"], env=env, check=True)
        argv = [uv, "pip", "install", "-q", "--no-deps", "--link-mode", "hardlink", "-r", work / "bad.txt"]
        subprocess.run([*argv, "--python", f"{folder}/bin/python"], env=env, check=True)
        return time.monotonic() - began


def find_links() -> str:
    """What mbisect hands on from pip's settings."""
    from mbisect.environments.indexes import find_links_of

    return " ".join(find_links_of(os.environ))


if __name__ == "__main__":
    main()
