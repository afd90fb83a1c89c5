"""A run as a log: comments and commands, which a shell can run."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import Any

from mbisect.bisection import Thought
from mbisect.journal import Head, Record
from mbisect.report.log import as_log
from mbisect.search.pinpoint import Progress
from mbisect.terms import Asked, Axis, package

ASKED = Asked(
    "v 1", "bad.txt", ("python", "-c", "print('a b')"), "3.11", "3.12", (Axis.PACKAGE,), 2.5, True, "/some where"
)  # fmt: skip


def head_of(record: Record, asked: Asked = ASKED) -> Head:
    return Head(record.run, asked, record.good, record.bad, record.command, record.judge, record.timeline)


def test_every_trial_is_a_comment_and_the_command_that_runs_it_again(world: Any) -> None:
    record = world.found((package("httpx"), "0.28.0"))
    lines = as_log(head_of(record), record.trials, record.finding).splitlines()
    comment = "# trial 3, boundary, 8 of 14 changes, up to httpx 0.27.0: good, exit status 0, 1.4 s"
    assert lines[lines.index(comment) + 1] == "mbisect reproduce 0a1b2c3d4e5f 3"
    assert sum(line.startswith("mbisect reproduce") for line in lines) == len(record.trials)
    assert lines[-1] == "# httpx 0.27.0 → 0.28.0 turns good into bad"


def test_a_shell_reads_each_command_as_it_was_typed(world: Any) -> None:
    record = world.found((package("httpx"), "0.28.0"))
    text = as_log(head_of(record), record.trials, record.finding)
    script = 'mbisect() { printf \'%s\\n\' "$@"; echo; }\ncd() { echo "$1"; }\n' + text
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    folder, *rest = said.split("\n", 1)
    assert folder == "/some where"
    run, *trials = [block.splitlines() for block in rest[0].strip().split("\n\n")]
    assert tuple(run) == ASKED.words()[1:]
    assert trials == [["reproduce", record.run, str(number)] for number in range(1, len(record.trials) + 1)]


def test_the_command_names_all_that_was_asked() -> None:
    assert ASKED.line() == (
        "mbisect run --good 'v 1' --bad bad.txt --good-python 3.11 --bad-python 3.12 --axis package --timeout 2.5 "
        "--allow-builds -- python -c 'print('\"'\"'a b'\"'\"')'"
    )
    assert Asked("a", "b", (), "3.11", "3.11", tests=("t.py::a", "t.py::b")).line() == (
        "mbisect run --good a --bad b --python 3.11 --pytest t.py::a --pytest t.py::b"
    )


def test_what_was_thought_stands_before_the_trials_where_it_is_new(world: Any) -> None:
    record = world.found((package("httpx"), "0.28.0"))
    ends, boundary = Thought("both ends", None), Thought("boundary", Progress(4, 9, 14, 3))
    thoughts = [ends, ends, boundary, boundary, boundary, boundary]
    lines = as_log(head_of(record), record.trials, record.finding, thoughts).splitlines()
    assert [
        line
        for line in lines
        if line in ("# both ends", "# boundary: probably in 5 of 14 changes (4 to 9), 3 more trials expected")
    ] == [
        "# both ends",
        "# boundary: probably in 5 of 14 changes (4 to 9), 3 more trials expected",
    ]


def test_a_run_that_goes_on_says_so(world: Any) -> None:
    record = world.found((package("httpx"), "0.28.0"))
    assert as_log(head_of(record), record.trials[:2], None).endswith(
        "# it has not ended; the same `mbisect run` goes on where it stopped\n"
    )


def test_what_a_workload_printed_cannot_leave_its_comment(world: Any) -> None:
    record = world.found((package("httpx"), "0.28.0"))
    evil = world.trial(world.prefix(3), "boundary", "bad", "x\nrm -rf y\r\x1b[2Jz")
    text = as_log(head_of(record), (evil,), replace(record.finding, outcome="undecided", why="a\nrm b"))
    commands = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line.split()[0] for line in commands] == ["cd", "mbisect", "mbisect"]
