from __future__ import annotations

import io
import json

import pytest
from rich.cells import cell_len
from rich.console import Console

from mbisect.report.plan import plan_as_json, render_plan
from mbisect.terms import Change, Timeline, Values, package

COST = {"trials": "at most 9 for one cause", "download": "at most 88 MB"}


def shown(timeline, width=80):
    console = Console(file=io.StringIO(), width=width)
    console.print(render_plan(timeline, 9, COST))
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
    assert "trials at most 9 for one cause download at most 88 MB" in text


def test_riders_are_named_with_their_carrier(world):
    rider = Change(package("h11"), None, "0.14")
    t = world.timeline
    assert "adding h11 0.14 (with httpx)" in shown(Timeline(t.good, t.bad, t.changes, ((rider, "httpx"),)))


def test_equal_ends_leave_nothing_to_search():
    assert "there is nothing to search" in shown(Timeline(Values(), Values(), ()))


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_plan_fits_its_width(world, width):
    assert max(cell_len(line) for line in shown(world.timeline, width).splitlines()) <= width


def test_the_plan_as_json_holds_every_change_in_order(world):
    plan = json.loads(json.dumps(plan_as_json(world.timeline, 9, COST)))
    assert (plan["timeline"], plan["worst_case"], plan["estimate"]) == (14, 9, COST)
    assert plan["axes"] == {"package": 10, "python": 1, "commit": 1, "dataset": 1, "setting": 1}
    assert plan["changes"][0] == {"axis": "setting", "name": "epochs", "from": "3", "to": "5", "date": None}
    assert plan["changes"][1]["date"] == "2024-01-01T00:00:00+00:00"
    assert len(plan["changes"]) == 14
