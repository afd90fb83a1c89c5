from __future__ import annotations

import io
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from mbisect.events import Reporter
from mbisect.report.bar import timeline_bar
from mbisect.report.live import LiveReporter, PlainReporter
from mbisect.terms import Ask, Finding, Outcome, Verdict, package

HTTPX = package("httpx")


class Clock:
    """Stands still until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def play(world, reporter: Reporter) -> None:
    """A run that has come to its fourth trial."""
    t = world.timeline
    reporter.started(world.snapshot("v1", t.good), world.snapshot("v4", t.bad), ("python", "test.py"), "exit status")
    reporter.planned(t, 8)
    reporter.finished(world.trial(world.prefix(0), "good end", "good"))
    reporter.finished(replace(world.trial(world.prefix(14), "bad end", "bad"), reused=True))
    reporter.narrowed(0, 14, 14, 4, "boundary")
    reporter.finished(world.trial(world.prefix(7), "boundary", "untestable", "no [red]wheel\x1b[31m"))
    reporter.narrowed(3, 14, 14, 3, "boundary")
    ask = Ask(world.prefix(9), 0, "boundary")
    reporter.asked(ask)
    reporter.stage(ask, "run")


def picture(world, width: int) -> str:
    console, clock = Console(file=io.StringIO(), width=width), Clock()
    reporter = LiveReporter(console, clock)
    play(world, reporter)
    clock.now += 12
    console.print(reporter.draw())
    return console.file.getvalue()


def test_the_picture_shows_bar_running_trial_outcomes_and_counts(world):
    text = picture(world, 120)
    for part in (
        "v1 → v4 python test.py",
        "3 good  ·  11 unknown  ·  0 bad  ·  2024-01-03 to 2024-01-23",
        "9 of 14 changes, up to httpx 0.28.0",
        "12 s",
        "no [red]wheel",
        "known",
        "boundary: 3 trials done (1 bad, 1 good, 1 untestable), about 3 to go",
    ):
        assert part in text
    assert "\x1b" not in text


def test_a_level_is_shown_as_it_is_called(world):
    console = Console(file=io.StringIO(), width=120)
    reporter, ask = LiveReporter(console, Clock()), Ask(world.prefix(9), 0, "boundary", "24 [/x]")
    reporter.planned(world.timeline, 8)
    reporter.finished(replace(world.trial(world.prefix(0), "good end", "good"), ask=replace(ask, purpose="good end")))
    reporter.stage(ask, "run")
    console.print(reporter.draw())
    assert "good end (24 [/x])" in console.file.getvalue()
    assert "boundary (24 [/x])" in console.file.getvalue()


@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_the_picture_fits_its_width(world, width):
    assert max(cell_len(line) for line in picture(world, width).splitlines()) <= max(width, 22)


@pytest.mark.parametrize("span", [(0, 0, 0), (0, 1, 1), (3, 4, 263), (0, 263, 263), (262, 263, 263)])
@pytest.mark.parametrize("width", [5, 60, 200])
def test_the_unknown_part_of_the_bar_never_vanishes(span, width):
    bar = timeline_bar(*span, width).plain
    assert "·" in bar
    assert cell_len(bar) == max(7, width)


def test_a_log_has_one_line_for_each_event_that_matters(world):
    stream = io.StringIO()
    reporter = PlainReporter(stream)
    play(world, reporter)
    reporter.note("two\nlines")
    reporter.found(world.found((HTTPX, "0.28.0")).finding)
    assert stream.getvalue().splitlines() == [
        "good v1  bad v4  command python test.py",
        "judge exit status",
        "14 changes, about 8 trials for one cause, without noise and gaps",
        "trial 1  good end  none of 14 changes  good  exit status 0  1.4 s",
        "trial 2  bad end  all of 14 changes  bad  exit status 1: TypeError: unexpected 'proxies'  known",
        "boundary: probably in 14 of 14 changes (0 to 14), 4 more trials expected",
        "trial 3  boundary  7 of 14 changes, up to httpx 0.26.0  untestable  no [red]wheel  1.4 s",
        "note: two lines",
        "httpx 0.27.0 → 0.28.0 turns good into bad",
    ]


def test_a_log_says_why_nothing_was_found():
    stream = io.StringIO()
    PlainReporter(stream).found(Finding("undecided", why="out of trials"))
    assert stream.getvalue() == "undecided: out of trials\n"


def test_reports_may_come_from_several_threads_while_it_draws(world):
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    with LiveReporter(console) as reporter:
        reporter.planned(world.timeline, 8)

        def run(worker: int) -> None:
            for seed in range(20):
                trial = world.trial(world.prefix(worker), "boundary", "good")
                ask = replace(trial.ask, seed=seed)
                reporter.asked(ask)
                reporter.stage(ask, "run")
                reporter.draw()
                reporter.note("said meanwhile")
                reporter.finished(replace(trial, ask=ask, outcome=Outcome(Verdict.GOOD, "")))

        threads = [threading.Thread(target=run, args=(worker,)) for worker in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert not any(thread.is_alive() for thread in threads)
        final = Console(file=io.StringIO(), width=80)
        final.print(reporter.draw())
    assert "160 trials done (160 good)" in final.file.getvalue()


def test_the_drawing_is_taken_away_when_a_run_is_interrupted(world):
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    with pytest.raises(KeyboardInterrupt), LiveReporter(console) as reporter:
        play(world, reporter)
        raise KeyboardInterrupt
    assert console.file.getvalue().rstrip("\r\n").endswith("\x1b[2K")


def test_a_log_is_written_without_loading_rich():
    code = "import sys, mbisect.report.live; sys.exit(any(m.split('.')[0] == 'rich' for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
