"""Curves are read whatever else is in their file, and both sides are drawn in one picture."""

from __future__ import annotations

import json

import pytest

from mbisect.report.html.curves import MOST, POINTS, Both, both, figure, load


def folder(tmp_path, name, curves):
    (tmp_path / name).mkdir()
    (tmp_path / name / "curves.json").write_text(curves if isinstance(curves, str) else json.dumps(curves))
    return str(tmp_path / name)


def test_a_curve_of_both_sides_is_drawn_solid_and_dashed_and_told_in_words(tmp_path):
    good = folder(tmp_path, "good", {"loss": [[1, 2.5], [2, 0.17]]})
    bad = folder(tmp_path, "bad", {"loss": [[1, 2.5], [3, 0.16]], "accuracy": [[1, 0.1]]})
    loss, accuracy = both(good, bad)
    assert loss == Both("loss", ((1, 2.5), (2, 0.17)), ((1, 2.5), (3, 0.16)))
    assert accuracy == Both("accuracy", (), ((1, 0.1),))
    assert loss.said == ("good: 2.5 at step 1, 0.17 at step 2", "bad: 2.5 at step 1, 0.16 at step 3")
    lines = figure(loss)["data"]
    assert [(line["name"], line["line"]["dash"]) for line in lines] == [("good", "solid"), ("bad", "dash")]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "5", "{", '{"loss": 5}', '{"loss": [[1], 2, null, ["a", "b"], {"x": 1}]}',
     '{"loss": [[NaN, 1], [1, Infinity]]}'],
)  # fmt: skip
def test_what_is_no_curve_is_passed_over(tmp_path, text):
    assert load(folder(tmp_path, "out", text)) == {}


def test_no_folder_and_no_file_is_no_curve(tmp_path):
    assert load(None) == load(str(tmp_path)) == {}
    assert both(None, str(tmp_path)) == ()


def test_a_long_curve_is_thinned_and_keeps_both_its_ends(tmp_path):
    out = folder(tmp_path, "out", {f"c{n}": [[k, k] for k in range(20_001)] for n in range(6)})
    curves = both(out, out)
    assert len(curves) == MOST
    assert len(curves[0].good) <= POINTS + 1
    assert (curves[0].good[0], curves[0].good[-1]) == ((0, 0), (20_000, 20_000))
