"""`mbisect smoke` on real environments with tiny wheels: green, red by a release that was planted, and found."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PROGRAM
from tests.cli.wheels import wheel

pytestmark = pytest.mark.network  # the index is asked for the packages, which it does not know

LINE = f"{sys.version_info[0]}.{sys.version_info[1]}"
NUMBER = count()


@dataclass(frozen=True, slots=True)
class Place:
    """A project that asks for one package, of which releases can be planted."""

    folder: Path
    name: str
    mbisect: Callable[..., Any]

    @property
    def module(self) -> str:
        return self.name.replace("-", "_")

    def release(self, version: str, text: str) -> None:
        wheel(self.folder / "wheels", self.name, version, text)

    def smoke(self, *options: str, command: tuple[str, ...] = ()) -> Any:
        rest = ("--", *command) if command else ()
        return self.mbisect(self.folder, "smoke", "--state", "state", *options, *rest)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "state" / "app" / "history.jsonl").read_text().splitlines()]


@pytest.fixture
def place(mbisect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The cache is common to all tests, so each has a package of its own."""
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    here = Place(tmp_path, f"mbisect-smoky-{os.getpid()}-{next(NUMBER)}", mbisect)
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "app.toml").write_text(f'python = "{LINE}"\nrequirements = ["{here.name}>=1"]\n')
    (tmp_path / "test.py").write_text(f"import {here.module}; assert {here.module}.WORKS\n")
    return here


TEST = ("python", "test.py")


def test_green_then_red_by_a_newer_release_which_is_found_at_once(place: Place) -> None:
    place.release("1.0", "WORKS = True")
    first = place.smoke(command=TEST)
    assert (first.status, first.stdout) == (
        0,
        "green: exit status 0 (2 runs)\n  the first, compared with nothing\n",
    ), first.stderr
    for version, works in (("1.1", True), ("1.2", False), ("1.3", False)):
        place.release(version, f"WORKS = {works}")
    files = ("--report", "smoke.json", "--markdown", "smoke.md", "--html", "smoke.html")
    red = place.smoke(*files, command=TEST)
    assert red.status == 1, red.stderr
    cause = f"{place.name} 1.1 → 1.2 turns good into bad"
    said = json.loads((place.folder / "smoke.json").read_text())
    assert (said["light"], said["status"], said["outcome"], said["found"]) == ("red", 1, "found", cause)
    assert said["moved"] == [{"name": place.name, "from": "1.0", "to": "1.3"}]
    assert [c["first_bad"] for c in said["report"]["causes"]] == ["1.2"]
    assert said["report"]["confirmed"] == {"sufficient": True, "necessary": True}
    markdown = (place.folder / "smoke.md").read_text()
    assert markdown.startswith("## ✗ app: red: exit status 1: AssertionError (2 runs)\n\n" + cause)
    assert f"mbisect reproduce {said['run']} bad" in markdown
    page = (place.folder / "smoke.html").read_text()
    assert cause in page and "<svg" in page and "app: red since" in page
    assert "<script" not in page and not re.search(r'(?:src|href)="', page)
    assert cause in red.stdout and f"the same search: {said['search']}" in red.stdout
    again = place.mbisect(place.folder, *shlex.split(said["search"])[1:-3], "--json", "--", *TEST)
    assert (again.status, json.loads(again.stdout)["run"], json.loads(again.stdout)["ran"]) == (0, said["run"], 0)


def test_markdown_is_printed_instead_and_what_cannot_be_written_is_told_before_anything_is_run(place: Place) -> None:
    refused = place.smoke("--report", "none/smoke.json", command=TEST)
    assert (refused.status, refused.stderr) == (
        2, "mbisect: none/smoke.json cannot be written: there is no folder none\n",
    )  # fmt: skip
    assert not (place.folder / "state").exists()
    place.release("1.0", "WORKS = True")
    said = place.smoke("--markdown", "-", command=TEST)
    assert said.status == 0, said.stderr
    assert said.stdout.startswith("## ✓ app: green: exit status 0 (2 runs)\n")
    assert said.stdout.count("green") == 1
    assert not (place.folder / "-").exists()


def test_what_is_green_is_what_the_next_one_is_compared_with(place: Place) -> None:
    for version in ("1.0", "1.1"):
        place.release(version, "WORKS = True")
        assert place.smoke(command=TEST).status == 0
    place.release("1.2", "WORKS = False")
    assert place.smoke("--quiet", command=TEST).stdout == "red: exit status 1: AssertionError (2 runs)\n"
    place.release("1.3", "WORKS = True")
    said = place.smoke(command=TEST)
    assert said.status == 0
    assert f"1 package moved: {place.name} 1.1 → 1.3" in said.stdout
    history = place.mbisect(place.folder, "history", "--state", "state", "--json")
    smokes = json.loads(history.stdout)["smokes"]
    assert [smoke["light"] for smoke in smokes] == ["green", "green", "red", "green"]
    assert [smoke["values"] for smoke in smokes] == [[1.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 1.0]]
    unknown = place.mbisect(place.folder, "history", "--state", "state", "--metric", "loss")
    assert (unknown.status, unknown.stderr) == (2, "mbisect: --metric loss: no smoke measured it; there is passed\n")
    text = place.mbisect(place.folder, "history", "--state", "state").stdout
    assert [line[11:12] for line in text.splitlines() if line.startswith("20")] == ["✓", "✓", "✗", "✓"]


def test_where_nothing_has_moved_it_says_so_and_runs_nothing_unless_asked_to(place: Place) -> None:
    place.release("1.0", "WORKS = True")
    (place.folder / "test.py").write_text(f"import {place.module}; open('ran', 'a').write('x')\n")
    assert place.smoke(command=TEST).status == 0
    said = place.smoke(command=TEST)
    assert (said.status, said.stdout.splitlines()[0]) == (
        0,
        "green: nothing has moved, and nothing was run: exit status 0 (2 runs)",
    )
    assert (place.folder / "ran").read_text() == "xx"
    assert place.smoke("--seeds", "3", command=TEST).status == 0
    assert (place.folder / "ran").read_text() == "xxx"
    assert place.smoke("--fresh", command=TEST).status == 0
    assert (place.folder / "ran").read_text() == "xxxxx"


def test_the_first_is_compared_with_the_snapshots_own_lock_and_a_metric_with_what_it_measures(place: Place) -> None:
    (place.folder / "mbisect.toml").write_text(
        '[workload]\ncommand = ["python", "train.py"]\nmetrics = "metrics.json"\nstage = ["train.py"]\n'
        '[judge]\nmetric = "score"\n[settings]\nbase = 10\n[snapshots.app]\nseed = 7\n'
    )
    (place.folder / "train.py").write_text(
        f"import json, os, random, {place.module} as m\n"
        "random.seed(os.environ['MBISECT_SEED'])\n"
        "base = json.load(open(os.environ['MBISECT_SETTINGS']))['base']\n"
        "score = base + m.SCORE + random.gauss(0, 0.05)\n"
        "json.dump({'score': score}, open(os.environ['MBISECT_OUT'] + '/metrics.json', 'w'))\n"
    )
    (place.folder / "lockfiles").mkdir()
    (place.folder / "lockfiles" / "app.txt").write_text(f"{place.name}==1.0\n")
    for version, score in (("1.0", 1), ("1.1", 1)):
        place.release(version, f"SCORE = {score}")
    green = place.smoke()
    assert green.status == 0, green.stdout + green.stderr
    assert "compared with app's own lock" in green.stdout
    for version in ("1.2", "1.3", "1.4"):
        place.release(version, f"SCORE = {1 if version == '1.2' else 0}")
    red = place.smoke("--json")
    said = json.loads(red.stdout)
    assert (red.status, said["found"]) == (1, f"{place.name} 1.2 → 1.3 turns good into bad"), red.stderr
    assert "--as app" in said["search"] and said["judge"] == "score: as both ends measure it"
    again = place.mbisect(place.folder, *shlex.split(said["search"])[1:], "--json")
    assert json.loads(again.stdout)["run"] == said["run"]
    history = json.loads(place.mbisect(place.folder, "history", "--state", "state", "--json").stdout)
    assert history["metric"] == "score"
    assert [round(smoke["values"][0]) for smoke in history["smokes"]] == [11, 10]


def test_what_fails_though_nothing_has_moved_is_not_blamed_on_a_release(place: Place) -> None:
    place.release("1.0", "WORKS = True")
    assert place.smoke(command=TEST).status == 0
    (place.folder / "test.py").write_text("raise SystemExit(1)\n")
    said = place.smoke(command=TEST)
    assert said.status == 4
    assert "no package has moved since it was green: it is the source, the data or the machine" in said.stdout


def test_where_the_last_green_fails_too_it_is_not_a_release_either(place: Place) -> None:
    place.release("1.0", "WORKS = True")
    assert place.smoke(command=TEST).status == 0
    place.release("1.1", "WORKS = True")
    (place.folder / "test.py").write_text("raise SystemExit(1)\n")
    said = place.smoke(command=TEST)
    assert (said.status, json.loads(json.dumps(place.lines()[-1]))["finding"]["outcome"]) == (4, "good-endpoint-fails")


def test_the_first_one_that_fails_has_nothing_to_be_searched_from(place: Place) -> None:
    place.release("1.0", "WORKS = False")
    said = place.smoke(command=TEST)
    assert (said.status, "there is no earlier green to search from" in said.stdout) == (5, True)


def test_ranges_without_a_solution_are_told_apart_and_remembered(place: Place) -> None:
    place.release("1.0", "WORKS = True")
    assert place.smoke(command=TEST).status == 0
    asked = place.folder / "envs" / "app.toml"
    asked.write_text(asked.read_text().replace(">=1", ">=9"))
    said = place.smoke(command=TEST)
    assert (said.status, said.stdout) == (2, "")
    assert "these requirements have no solution" in said.stderr
    assert [line["light"] for line in place.lines()] == ["green", "untestable"]
    asked.write_text(asked.read_text().replace(">=9", ">=1"))
    assert "nothing has moved" in place.smoke(command=TEST).stdout


def test_a_program_that_is_not_there_is_one_line_and_remembered(place: Place) -> None:
    place.release("1.0", "WORKS = True")
    said = place.smoke("--quiet", command=("no-such-program",))
    assert (said.status, said.stderr) == (2, "mbisect: there is no program `no-such-program` in its environment\n")
    assert [line["light"] for line in place.lines()] == ["untestable"]


def test_a_red_that_is_meant_can_be_accepted(place: Place) -> None:
    place.release("1.0", "WORKS = True")
    assert place.smoke(command=TEST).status == 0
    place.release("1.1", "WORKS = False")
    assert place.smoke("--quiet", "--accept", command=TEST).stdout == (
        "green: accepted as it is: exit status 1: AssertionError (2 runs)\n"
    )
    assert "nothing has moved" in place.smoke(command=TEST).stdout
    place.release("1.2", "WORKS = False")
    said = place.smoke(command=TEST)
    assert (said.status, f"{place.name} 1.1 → 1.2" in said.stdout) == (0, True)


def test_two_at_the_same_time_do_not_disturb_each_other(place: Place, cache: Path) -> None:
    """The first holds its turn until it is told to go on; by then the second is waiting for it."""
    place.release("1.0", "WORKS = True")
    (place.folder / "test.py").write_text(
        "import os, time\nopen('begun', 'w').close()\nwhile not os.path.exists('go'): time.sleep(0.05)\n"
    )
    argv = [PROGRAM, "smoke", "--state", "state", "--", *TEST]
    env = {**os.environ, "MBISECT_CACHE": str(cache)}

    def begin() -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(argv, cwd=place.folder, env=env, text=True, **pipes)  # type: ignore[call-overload]

    first = begin()
    wait_for(place.folder / "begun")
    second = begin()
    assert second.stderr is not None
    assert second.stderr.readline() == "mbisect: another smoke of app is going on; waiting for it\n"
    (place.folder / "go").touch()
    told = [process.communicate(timeout=120)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert told[0].startswith("green: exit status 0") and told[1].startswith("green: nothing has moved")
    assert [line["light"] for line in place.lines()] == ["green", "green"]
    assert len(list((place.folder / "state" / "app" / "locks").iterdir())) == 1


@pytest.mark.parametrize("moment", ["measuring", "searching"])
def test_killed_at_any_time_it_leaves_the_last_green_as_it_was(place: Place, cache: Path, moment: str) -> None:
    place.release("1.0", "WORKS = True")
    assert place.smoke(command=TEST).status == 0
    before = place.lines()
    for version in ("1.1", "1.2", "1.3"):
        place.release(version, "WORKS = False")
    held = "1.3" if moment == "measuring" else "1.1"
    script = (
        f"import importlib.metadata as m, os, time, {place.module} as p\n"
        f"if m.version('{place.name}') == '{held}':\n"
        "    open('begun', 'w').close()\n"
        "    while not os.path.exists('go'): time.sleep(0.05)\n"
        "assert p.WORKS\n"
    )
    (place.folder / "test.py").write_text(script)
    argv = [PROGRAM, "smoke", "--state", "state", "--", *TEST]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    env = {**os.environ, "MBISECT_CACHE": str(cache)}
    process = subprocess.Popen(argv, cwd=place.folder, env=env, **silent)
    wait_for(place.folder / "begun")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert place.lines()[:1] == before
    (place.folder / "go").touch()
    said = place.smoke("--json", command=TEST)
    assert (said.status, json.loads(said.stdout)["found"]) == (1, f"{place.name} 1.0 → 1.1 turns good into bad")


def test_the_step_of_the_github_action_tells_of_it(place: Place, cache: Path) -> None:
    script = Path(__file__).parents[2] / ".github" / "actions" / "smoke" / "smoke.sh"
    outputs, summary = place.folder / "outputs", place.folder / "summary"
    env = {
        **os.environ,
        "MBISECT": str(PROGRAM),
        "MBISECT_CACHE": str(cache),
        "AGAINST": "app",
        "SEEDS": "2",
        "JOBS": "1",
        "STATE": ".mbisect/smoke",
        "REPORTS": str(place.folder / "reports"),
        "COMMAND": "python test.py",
        "GITHUB_OUTPUT": str(outputs),
        "GITHUB_STEP_SUMMARY": str(summary),
        "FIND_LINKS": str(place.folder / "wheels"),
    }
    for version in ("1.0", "1.1"):
        place.release(version, f"WORKS = {version == '1.0'}")
        done = subprocess.run(["bash", script], cwd=place.folder, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    said = [line for line in outputs.read_text().splitlines() if not line.startswith("run=")]
    assert said == ["status=0", "light=green", "status=1", "light=red"]
    assert f"{place.name} 1.0 → 1.1 turns good into bad" in summary.read_text()
    for page in ("history.html", "search.html"):
        assert f"{place.name} 1.0 → 1.1 turns good into bad" in (place.folder / "reports" / page).read_text()
    log = (place.folder / "reports" / "log.txt").read_text()
    assert log.startswith("mbisect: resolving") and "trial 1" in log


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ("smoke", "--against", "../x"),
            "--against ../x: a snapshot's name holds letters a to z, digits, dots, dashes and underscores",
        ),
        (("smoke", "--against", "v9", "--", "true"), "envs/v9.toml does not exist"),
        (("history",), "there is no smoke of app in "),
    ],
)
def test_what_is_not_there_is_one_line(place: Place, argv: tuple[str, ...], message: str) -> None:
    said = place.mbisect(place.folder, *argv)
    assert (said.status, said.stdout, said.stderr.count("\n")) == (2, "", 1)
    assert message in said.stderr


def test_of_several_snapshots_one_must_be_named(place: Place) -> None:
    (place.folder / "envs" / "other.toml").write_text(f'python = "{LINE}"\nrequirements = ["six"]\n')
    said = place.smoke(command=TEST)
    assert (said.status, said.stderr) == (2, "mbisect: which snapshot? give one with --against (app, other)\n")


def wait_for(path: Path) -> None:
    """A file that somebody else is about to make."""
    for _ in range(2400):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} did not come")
