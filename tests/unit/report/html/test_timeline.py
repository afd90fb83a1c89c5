"""The picture is to scale, and its marks stand where the trials stood."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mbisect.journal import Narrowed
from mbisect.report.html.placing import position, positions, thresholds, untestable_bands
from mbisect.report.html.timeline import draw, round_numbers
from mbisect.terms import Ask, Axis, Healed, Key, Measurement, Outcome, Verdict, package

HTTPX = package("httpx")
EPOCHS = Key(Axis.SETTING, "epochs")
METRIC = "f1: good ≥ 0.8, bad ≤ 0.5, between: unsure"


def trace(record, name):
    return next(one for one in draw(record).figure["data"] if one["name"] == name)


def at(world, k, verdict="good", purpose="boundary", value=None, level=""):
    trial = world.trial(world.prefix(k), purpose, verdict)
    metrics = () if value is None else (("f1", value),)
    return replace(trial, ask=replace(trial.ask, level=level), measurement=Measurement(0, 1.0, metrics))


@pytest.mark.parametrize("k", range(1, 14))
def test_a_prefix_of_the_timeline_stands_at_its_number_of_changes(world, k):
    assert position(Ask(world.prefix(k), 0, "boundary"), world.timeline) == k


def test_an_end_but_for_a_change_stands_at_that_end(world):
    record = world.found((HTTPX, "0.28.0"))
    assert positions(record) == (0, 14, 8, 9, 0, 14)


def test_what_a_candidate_holds_out_of_its_turn_does_not_move_it(world):
    early = world.moved(world.timeline.prefix(11), {HTTPX: "0.20.0"})
    assert position(Ask(early, 0, "boundary"), world.timeline) == 11
    late = world.moved(world.timeline.prefix(1), {HTTPX: "0.28.0"})
    assert position(Ask(late, 0, "partner"), world.timeline) == 9, "all keys agree with that very prefix"
    later = world.moved(world.timeline.prefix(3), {package("simplejson"): "3.19.1"})
    assert position(Ask(later, 0, "partner"), world.timeline) == 3


def test_without_a_metric_trials_stand_in_the_lane_of_their_verdict_and_above_each_other(world):
    trials = [at(world, 3), at(world, 3), at(world, 5, "bad"), at(world, 4, "untestable")]
    record = world.record(world.found((HTTPX, "0.28.0")).finding, trials)
    ys = trace(record, "trials")["y"]
    assert 2.0 == ys[0] < ys[1] < 2.5
    assert ys[2:] == [0.0, 1.0]
    assert draw(record).figure["layout"]["yaxis"]["ticktext"] == ["fails", "not judged", "passes"]


def test_with_a_metric_they_stand_at_what_they_measured_and_below_it_where_there_is_none(world):
    trials = [at(world, 3, value=0.9), at(world, 9, "bad", value=0.1), at(world, 5, "untestable")]
    record = world.record(world.found((HTTPX, "0.28.0")).finding, trials, judge=METRIC)
    ys = trace(record, "trials")["y"]
    assert ys[:2] == [0.9, 0.1]
    assert ys[2] < 0
    layout = draw(record).figure["layout"]
    assert layout["yaxis"]["ticktext"][-1] == "none"
    assert {shape["y0"] for shape in layout["shapes"] if shape["xref"] == "paper"} == {0.8, 0.5}


def test_purpose_verdict_and_level_are_told_apart(world):
    measured = replace(at(world, 4, value=0.7, level="small"), outcome=Outcome(Verdict.UNSURE, "f1 0.7", value=0.7))
    trials = [at(world, 0, purpose="good end"), at(world, 14, "bad", "sufficient"), measured]
    record = world.record(world.found((HTTPX, "0.28.0")).finding, trials, judge=METRIC)
    marker = trace(record, "trials")["marker"]
    assert marker["symbol"] == ["square", "triangle-up", "circle-open"]
    assert marker["color"] == ["@good", "@bad", "@measured"]


def test_the_cause_is_marked_where_it_stands_and_the_picture_can_be_brought_near_to_it(world):
    drawn = draw(world.found((HTTPX, "0.28.0")))
    layout = drawn.figure["layout"]
    assert [s["x0"] for s in layout["shapes"] if s["type"] == "line" and s["line"]["color"] == "@bad"] == [8.5]
    assert "<b>httpx 0.28.0</b>" in [note["text"] for note in layout["annotations"]]
    assert drawn.near[0] < 8.5 < drawn.near[1]
    assert len(drawn.labels) == 14
    assert drawn.labels[8] == "change 9: httpx 0.27.0 → 0.28.0, released 2024-01-08"


def test_what_broke_in_passing_is_bad_in_between(world):
    healed = Healed(world.change(HTTPX, "0.22.0"), world.change(HTTPX, "0.24.0"))
    shapes = draw(world.found((HTTPX, "0.28.0"), healed=(healed,))).figure["layout"]["shapes"]
    fields = [(s["x0"], s["x1"], s["fillcolor"].partition("/")[0]) for s in shapes if s["type"] == "rect"]
    assert fields == [(0.0, 2.5, "@good"), (2.5, 4.5, "@bad"), (4.5, 8.5, "@good"), (8.5, 14, "@bad")]


def test_neighbours_that_could_not_be_tested_make_a_band_that_a_tested_one_ends(world):
    trials = [at(world, k, "untestable") for k in (4, 6, 10)] + [at(world, 8)]
    record = world.record(world.found((HTTPX, "0.28.0")).finding, trials)
    assert untestable_bands(record, positions(record)) == ((3.5, 6.5), (9.5, 10.5))


def test_the_posterior_is_drawn_from_the_first_trial_down_to_the_last(world):
    steps = tuple(Narrowed(n, n, 14 - n, (n + 1, 12 - n), 14, 0.2 * n, "boundary") for n in (2, 4, 5))
    other = Narrowed(6, 0, 3, (1, 2), 3, 0.9, "partner")
    record = replace(world.found((HTTPX, "0.28.0")), narrowed=(*steps, other))
    wide = trace(record, "95 %")
    assert (wide["base"], wide["x"]) == ([2, 4, 5], [10, 6, 4])
    assert [(y - h / 2, y + h / 2) for y, h in zip(wide["y"], wide["width"], strict=True)] == [(2, 4), (4, 5), (5, 6)]
    assert "after 4 trials (boundary): the boundary is one of 6 with 95 %" in wide["customdata"][1]
    assert [one["name"] for one in draw(replace(record, narrowed=())).figure["data"]] == ["trials", "changes"]


def test_dates_stand_where_their_changes_stand(world):
    axis = draw(world.found((HTTPX, "0.28.0"))).figure["layout"]["xaxis"]
    ticks = dict(zip(axis["tickvals"], axis["ticktext"], strict=True))
    assert ticks[2] == "2024-01-01"
    assert ticks[13] == "2024-01-23"


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 0.97), (-3, 250), (0.001, 0.0013), (5, 5)])
def test_axes_have_a_few_round_numbers(low, high):
    found = round_numbers(low, high)
    assert 1 <= len(found) <= 8
    assert all(low - 1e-9 <= number <= high + 1e-9 for number in found)


def test_a_judge_without_thresholds_has_none():
    assert thresholds(METRIC) == (0.8, 0.5)
    assert thresholds("exit status: 0 good, 125 untestable, 1 to 127 bad") is None
    assert thresholds("f1: good ≥ x, bad ≤ y") is None
