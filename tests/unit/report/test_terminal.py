from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from mbisect.report.exhibits import sides
from mbisect.report.machine import as_report
from mbisect.terms import COMMIT, Asked, Axis, Cause, Change, Healed, Key, Measurement, Outcome, Verdict, package

HTTPX = package("httpx")
EPOCHS = Key(Axis.SETTING, "epochs")
HOSTILE = (
    "\x1b[31m[bold red]not markup[/bold red]\x1b]0;title\x07 \x07[/] [link=http://x]y\r\u202ereversed " + "x" * 5000
)
EVERY = ("single", "together", "each", "not-reproduced", "good-endpoint-fails", "undecided")


def story(world, name):
    if name == "single":
        return world.found((HTTPX, "0.28.0"))
    if name in ("together", "each"):
        return world.found((EPOCHS, "5"), (HTTPX, "0.25.0"), relation=name)
    ends = {"not-reproduced": ("good", "good"), "good-endpoint-fails": ("bad", "bad")}.get(name, ("good", "untestable"))
    return world.failed(name, "for a reason", *ends)


@pytest.mark.parametrize("width", [60, 80, 160, 200])
@pytest.mark.parametrize("name", EVERY)
def test_every_report_fits_its_width(world, printed, name, width):
    lines = printed(story(world, name), width).splitlines()
    fitting = [line for line in lines if "journal" not in line]  # a path is never broken
    assert max(cell_len(line) for line in fitting) <= width


@pytest.mark.parametrize("name", EVERY)
def test_a_report_is_the_same_when_it_is_printed_twice(world, printed, name):
    assert printed(story(world, name)) == printed(story(world, name))


@pytest.mark.parametrize("name", EVERY)
def test_without_colour_there_is_no_escape_sequence(world, printed, name):
    assert "\x1b" not in printed(story(world, name), 80)
    assert "\x1b[" in printed(story(world, name), 80, colour=True)


def test_a_finding_shows_cause_confirmations_both_sides_and_how_to_run_them_again(world, printed):
    text = printed(story(world, "single"), flat=True)
    for part in (
        "cause found",
        "httpx 0.27.0 → 0.28.0 turns good into bad",
        "released 2024-01-08",
        "✓ sufficient good with this change alone is bad trial 5: bad",
        "✓ necessary bad without it is good trial 6: good, exit status 0",
        "✓ last good ✗ first bad",
        "8 of 14 changes 9 of 14 changes",
        "exit status 1: TypeError: unexpected 'proxies'",
        "all is well TypeError: no",
        "trials 6: 3 good, 3 bad environments 7 took 48 s",
        "mbisect reproduce 0a1b2c3d4e5f good mbisect reproduce 0a1b2c3d4e5f bad What heals it mbisect pin 0a1b2c3d4e5f",
        "cache/runs/0a1b2c3d4e5f/journal.jsonl",
    ):
        assert part in text


def test_the_cause_is_marked_on_the_timeline(world, printed):
    bar = next(line for line in printed(story(world, "single"), 60).splitlines() if "◆" in line)
    assert bar.count("◆") == 1
    assert 0.5 < (bar.index("◆") - bar.index("✓")) / (bar.index("✗") - bar.index("✓")) < 0.65


def test_causes_that_are_each_enough_have_a_confirming_trial_each(world, printed):
    text = printed(story(world, "each"), flat=True)
    assert "good with each of these changes alone is bad trial 7: bad" in text
    assert "trial 8: bad" in text
    assert "bad without any of them is good trial 6: good" in text


def test_beside_each_other_stands_the_cause_in_which_both_sides_differ(world, printed):
    assert "httpx 0.24.0 httpx 0.25.0 5 of 14 changes 6 of 14 changes" in printed(story(world, "together"), flat=True)


def test_a_candidate_stands_where_its_trial_was_said_to_stand(world, printed):
    record = story(world, "single")
    low = record.finding.last_good
    later = replace(low, wanted=world.prefix(11).wanted)  # it was asked for once more, and came to the same environment
    record = replace(record, finding=replace(record.finding, last_good=later))
    assert "8 of 14 changes 9 of 14 changes" in printed(record, flat=True)


def test_noisy_runs_are_counted_and_metrics_have_their_range(world, printed):
    record = story(world, "single")
    more = [
        replace(record.trials[n], ask=replace(record.trials[n].ask, seed=seed)) for n, seed in ((4, 1), (4, 2), (5, 1))
    ]
    lucky = replace(more[1], outcome=Outcome(Verdict.GOOD, "exit status 0"))
    text = printed(replace(record, trials=(*record.trials, more[0], lucky, more[2])), flat=True)
    assert "trial 5: bad, exit status 1: TypeError: unexpected 'proxies' (bad in 2 of 3 runs)" in text
    assert "trial 6: good, exit status 0 (good in 2 of 2 runs)" in text


def test_of_a_metric_that_is_bad_with_some_seeds_alone_the_bad_side_shows_one_of_those(world, printed):
    def measured(trial, seed, value):
        outcome = Outcome(Verdict.UNSURE, f"f1 {value}", value=value)
        return replace(trial, ask=replace(trial.ask, seed=seed), outcome=outcome)

    record = story(world, "single")
    values = ((0.9, 0.91), (0.9, 0.4, 0.9), (0.9, 0.9), (0.9, 0.9, 0.4, 0.9), (0.41, 0.5, 0.6), (0.9,))
    trials = [measured(t, seed, v) for t, of in zip(record.trials, values, strict=True) for seed, v in enumerate(of)]
    record = replace(record, trials=tuple(trials))
    text = printed(record, flat=True)
    assert "measured, f1 0.5 (3 runs from 0.41 to 0.6)" in text  # the middle one
    assert "4 runs from 0.4 to 0.9" in text
    assert [side.trial.outcome.value for side in sides(record)] == [0.9, 0.4]


def test_what_the_resolver_moved_for_a_confirmation_is_named(world, printed):
    record = story(world, "single")
    trial = record.trials[4]
    made = trial.ask.candidate.values.put({package("h11"): "0.14.0"})
    moved = replace(trial, ask=replace(trial.ask, candidate=replace(trial.ask.candidate, values=made)))
    record = replace(record, trials=(*record.trials[:4], moved, record.trials[5]))
    assert "moved with it, as its packages need: adding h11 0.14.0" in printed(record, flat=True)
    companions = as_report(record)["companions"]
    assert companions == {"sufficient": [{"name": "h11", "from": None, "to": "0.14.0"}], "necessary": []}


def test_a_confirmation_is_shown_by_a_trial_that_shows_it(world, printed):
    record = story(world, "single")
    mute = replace(record.trials[5], outcome=Outcome(Verdict.UNTESTABLE, "it does not fit together"))
    text = printed(replace(record, trials=(*record.trials, mute)), flat=True)
    assert "✓ necessary bad without it is good trial 6: good, exit status 0" in text


def test_a_confirmation_that_could_not_be_tested_says_so(world, printed):
    text = printed(world.found((HTTPX, "0.28.0"), sufficient=None), flat=True)
    assert "∅ sufficient good with this change alone could not be tested" in text


def test_an_interval_companions_and_healed_breaks_are_told(world, printed):
    cause = Cause(Change(HTTPX, "0.26.0", "0.28.0"), ("0.27.0", "0.28.0"), (Change(COMMIT, "a", "b"),), 0.5)
    text = printed(
        world.found((HTTPX, "0.28.0"), causes=(cause,), healed=(Healed(Change(HTTPX, "1", "2")),)), flat=True
    )
    assert "50 % sure" in text
    assert "the first bad httpx is one of 0.27.0 and 0.28.0: nothing between could be tested" in text
    assert "httpx moves together with commit a → b" in text
    assert "mended before the bad end: httpx 1 → 2" in text


def test_what_could_not_be_judged_is_listed_with_its_reason(world, printed):
    gap = world.prefix(5)
    record = world.found((HTTPX, "0.28.0"), untestable=(gap,))
    more = [world.trial(world.prefix(n), "boundary", "untestable", f"could not build: no wheel {n}") for n in range(6)]
    text = printed(replace(record, trials=(*record.trials, *more)), flat=True)
    assert "1 candidate of these stands between last good and first bad" in text
    assert "∅ 3 of 14 changes, up to httpx 0.22.0 could not build: no wheel 3" in text
    assert "and 2 more trials" in text


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("not-reproduced", ("not reproduced: for a reason", "✓ good end v1 ✓ bad end v4", "look at the machine")),
        ("good-endpoint-fails", ("the good end fails: for a reason", "✗ good end v1 ✗ bad end v4", "check its lock")),
        ("undecided", ("undecided: for a reason", "∅ bad end v4", "goes on from here")),
    ],
)
def test_without_a_cause_both_ends_are_shown_with_their_commands(world, printed, name, parts):
    text = printed(story(world, name), flat=True)
    assert all(part in text for part in parts)
    assert "mbisect reproduce 0a1b2c3d4e5f bad" in text


def test_where_one_axis_alone_was_searched_the_good_snapshot_is_not_blamed(world, printed):
    record = story(world, "good-endpoint-fails")
    record = replace(record, asked=Asked("v1", "v4", axes=(Axis.SEED,)))
    text = printed(record, flat=True)
    assert "v4 with the seed of v1 was run: it is not the seed alone" in text
    assert "`mbisect run --good v1 --bad v4` searches everything" in text
    assert "check its lock" not in text


def test_a_commit_is_told_with_its_subject(world, printed):
    record = story(world, "single")
    change = replace(world.change(COMMIT, "2" * 40), title="Shuffle the labels [too]")
    record = replace(record, finding=replace(record.finding, causes=(Cause(change, ("2" * 40,)),)))
    assert "committed 2024-01-20, “Shuffle the labels [too]”" in printed(record, flat=True)


def test_where_both_ends_fail_alike_nobody_is_sent_to_the_machine(world, printed):
    record = story(world, "not-reproduced")
    failed = replace(record.trials[1], outcome=Outcome(Verdict.BAD, "exit status 1"))
    text = printed(replace(record, trials=(*record.trials, failed)), flat=True)
    assert "look for it in the seed" in text
    assert "look at the machine" not in text


@pytest.mark.parametrize(
    ("measured", "advice"),
    [
        (Measurement(None, 60.0, timed_out=True), "with `timeout 60` before it, it fails"),
        (Measurement(None, 0.0, stopped_at="build"), "Nothing can be searched before the bad end can be built and run"),
    ],
)
def test_where_an_end_cannot_be_tested_it_is_told_what_would_help(world, printed, measured, advice):
    record = story(world, "undecided")
    good, bad = record.trials
    assert advice in printed(replace(record, trials=(good, replace(bad, measurement=measured))), flat=True)


def test_an_end_that_was_never_measured_says_so(world, printed):
    record = replace(story(world, "undecided"), trials=())
    assert "it was not measured" in printed(record, flat=True)


def measured(world, name, good, bad):
    """The story with other measurements of the last good and the first bad candidate."""
    record = story(world, name)
    trials = list(record.trials)
    trials[2], trials[3] = replace(trials[2], measurement=good), replace(trials[3], measurement=bad)
    return replace(record, trials=tuple(trials))


def test_metrics_stand_in_one_table_the_judged_one_first(world, printed):
    good = Measurement(0, 9.0, metrics=(("a_loss", 0.2), ("entity_f1", 0.998), ("same", 1)))
    bad = Measurement(0, 9.0, metrics=(("a_loss", 0.17), ("entity_f1", 0.162), ("new", 3), ("same", 1)))
    record = replace(measured(world, "single", good, bad), judge="entity_f1: good ≥ 0.9, bad ≤ 0.5")
    text = printed(record, flat=True)
    assert "metric good bad change entity_f1 0.998 0.162 −0.836 a_loss 0.2 0.17 −0.03 new – 3 same 1 1 =" in text


def test_the_workloads_summary_says_in_which_way_it_is_wrong(world, printed):
    good, bad = (Measurement(0, 1.0, notes=(("other", "x"), ("summary", f"it {s}"))) for s in ("reads", "recites"))
    assert "✓ good it reads ✗ bad it recites" in printed(measured(world, "single", good, bad), flat=True)


def test_answers_to_the_same_inputs_mark_what_does_not_stand_there(world, printed, predictions):
    good = predictions("good", [(1, "the cat sat", [("cat", True, False)])])
    bad = predictions("bad", [(1, "the cat sat", [("cat", True, False), ("[red]dog", False, True)])])
    record = measured(world, "single", Measurement(0, 1.0, output=good), Measurement(0, 1.0, output=bad))
    text = printed(record, flat=True)
    assert "“the cat sat” ✓ good 1 of 1 kind cat ✗ bad 1 of 2 kind cat · kind ‹[red]dog?›*" in text
    assert f"bad output {bad}" in printed(record, 200, flat=True)


def test_outputs_that_are_gone_leave_their_section_out(world, printed):
    there = Measurement(0, 1.0, output="gone/away")
    assert "The same inputs" not in printed(measured(world, "single", there, there))


def test_traceback_paths_are_short(world, printed):
    tail = '  File "/a/b/lib/python3.11/site-packages/httpx/_client.py", line 7\n    x()\n    ^^^\nTypeError: no'
    text = printed(measured(world, "single", Measurement(0, 1.0), Measurement(1, 1.0, tail=tail)), 120)
    assert 'File "…/httpx/_client.py", line 7' in text
    assert "^^^" not in text


@pytest.mark.parametrize("width", [60, 100])
def test_hostile_texts_are_shown_and_not_obeyed(world, printed, width):
    bad = Measurement(1, 1.0, tail=f"{HOSTILE}\n{HOSTILE}", metrics=((HOSTILE, 1.0),), notes=(("summary", HOSTILE),))
    record = measured(world, "single", Measurement(0, 1.0), bad)
    outcome = replace(record.trials[3].outcome, reason=HOSTILE)
    trials = (*record.trials[:3], replace(record.trials[3], outcome=outcome), *record.trials[4:])
    record = replace(record, trials=trials, command=("sh", "-c", HOSTILE), judge=HOSTILE, journal=HOSTILE[:60])
    text = printed(record, width)
    assert not set(text) & {"\x1b", "\x07", "\r", "\u202e"}
    assert "reversed" in text
    assert len(text) < 20_000
