from __future__ import annotations

import io
import json

import pytest
from rich.cells import cell_len
from rich.console import Console

from mbisect.priors import Factor, Prior
from mbisect.report.plan import percent, plan_as_json, render_plan, render_priors
from mbisect.terms import Change, Timeline, Values, package

COST = {"trials": "about 9 for one cause, without noise and gaps", "download": "at most 88 MB"}


def shown(timeline, width=80):
    console = Console(file=io.StringIO(), width=width)
    console.print(render_plan(timeline, COST))
    return console.file.getvalue()


def priors_of(timeline):
    """The later a change, the likelier it is."""
    whole = sum(range(1, len(timeline) + 1))
    why = (Factor(2.0, "the workload loads it"), Factor(0.5, "[red]few files of it differ: 1"))
    return tuple(Prior(change, k / whole, why) for k, change in enumerate(timeline.changes, 1))


def shown_priors(timeline, width=80, *, traced=True):
    console = Console(file=io.StringIO(), width=width)
    console.print(render_priors(priors_of(timeline), traced=traced))
    return console.file.getvalue()


def flat(text):
    return " ".join(text.split())


def test_the_plan_tells_the_changes_of_each_axis_with_ends_and_dates(world):
    text = flat(shown(world.timeline))
    assert "14 changes between good and bad, 2024-01-01 to 2024-01-23" in text
    assert "package: 10 changes name good bad changes dated httpx 0.20.0 0.28.0 8 2024-01-01 to 2024-01-08" in text
    assert "simplejson ∅ 3.19.1 1 2024-01-23" in text
    assert "commit 1111111111 2222222222 1 2024-01-20" in text
    assert "epochs 3 5 1" in text
    assert "trials about 9 for one cause, without noise and gaps download at most 88 MB" in text


def test_riders_are_named_with_their_carrier(world):
    rider = Change(package("h11"), None, "0.14")
    t = world.timeline
    assert "adding h11 0.14 (with httpx)" in shown(Timeline(t.good, t.bad, t.changes, ((rider, "httpx"),)))


def test_equal_ends_leave_nothing_to_search():
    assert "there is nothing to search" in shown(Timeline(Values(), Values(), ()))


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_plan_fits_its_width(world, width):
    assert max(cell_len(line) for line in shown(world.timeline, width).splitlines()) <= width


def test_the_plan_as_json_holds_every_change_in_order_with_its_prior(world):
    plan = json.loads(json.dumps(plan_as_json(world.timeline, COST, priors_of(world.timeline))))
    assert (plan["timeline"], plan["estimate"]) == (14, COST)
    assert plan["axes"] == {"package": 10, "python": 1, "commit": 1, "dataset": 1, "setting": 1}
    first = {key: plan["changes"][0][key] for key in ("axis", "name", "from", "to", "date")}
    assert first == {"axis": "setting", "name": "epochs", "from": "3", "to": "5", "date": None}
    assert plan["changes"][1]["date"] == "2024-01-01T00:00:00+00:00"
    assert len(plan["changes"]) == 14
    assert sum(change["prior"] for change in plan["changes"]) == pytest.approx(1)
    assert plan["changes"][0]["why"][0] == {"times": 2.0, "reason": "the workload loads it"}


def test_the_likeliest_change_stands_first_with_its_reasons(world):
    text = shown_priors(world.timeline, 160)
    assert "13 % removing chardet 4.0.0 the workload loads it ×2, [red]few files of it differ: 1 ×0.5" in flat(text)
    assert text.index("removing chardet") < text.index("adding simplejson") < text.index("setting epochs")
    assert "not known" not in text


def test_a_prior_without_a_trace_says_that_it_has_none(world):
    assert "what the workload loads is not known" in flat(shown_priors(world.timeline, traced=False))


def test_what_is_not_shown_is_summed_up(world):
    long = Timeline(Values(), Values(), world.timeline.changes * 2)
    assert "for 13 other changes" in shown_priors(long)


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_priors_fit_their_width(world, width):
    assert max(cell_len(line) for line in shown_priors(world.timeline, width).splitlines()) <= width


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, "100 %"), (0.25, "25 %"), (0.0123, "1.2 %"), (0.0001, "< 0.1 %"), (0.0, "< 0.1 %")]
)
def test_a_share_is_a_percentage_that_is_never_rounded_to_nothing(share, text):
    assert percent(share) == text
