"""What a trial is given, and how its facts are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mbisect.errors import ConfigError
from mbisect.measurements import load_measurement, save_measurement
from mbisect.terms import SEED, Axis, Key, Measurement, Values
from mbisect.workload import Workload, environ_for, failure_in, read_metrics, settings_of, tail_of

TRACE = """Traceback (most recent call last):
  File "/home/u/env/lib/site.py", line 3, in <module>
    import x
{}"""


@pytest.mark.parametrize(
    ("last", "failure"),
    [
        ("TypeError: Client.__init__() got 'app'", "TypeError: Client.__init__() got 'app'"),
        ("simplejson.errors.JSONDecodeError: Expecting value", "JSONDecodeError: Expecting value"),
        ("AssertionError", "AssertionError"),
        (
            "ImportError: cannot import name 'a' from 'b' (/home/u/env/b/__init__.py)",
            "ImportError: cannot import name 'a' from 'b' …",
        ),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/data/corpus/train.json'",
            "FileNotFoundError: [Errno 2] No such file or directory: '…/train.json'",
        ),
    ],
)
def test_a_failure_is_the_exception_without_the_paths_of_its_environment(last: str, failure: str) -> None:
    assert failure_in(TRACE.format(last)) == failure


def test_the_last_exception_of_a_chain_is_the_failure() -> None:
    text = TRACE.format("KeyError: 1") + "\nDuring handling of the above exception:\n" + TRACE.format("ValueError: 2")
    assert failure_in(text) == "ValueError: 2"


def test_ordinary_output_is_no_failure() -> None:
    assert failure_in("Served\nall: well\n") is None


def test_a_trial_inherits_no_python_path_and_has_a_home_of_its_own(tmp_path: Path) -> None:
    values = Values({SEED: "5", Key(Axis.SETTING, "epochs"): "3", Key(Axis.VARIABLE, "FLAG"): "on"})
    env = environ_for(
        values, 0, inherited={"PATH": "p", "PYTHONPATH": "x", "HOME": "h", "PYTHONDONTWRITEBYTECODE": "1"},
        bin_folder=tmp_path / "bin", home=tmp_path / "home", out=tmp_path, dataset=tmp_path / "data",
        trained=tmp_path / "model",
    )  # fmt: skip
    assert env["PATH"].startswith(str(tmp_path / "bin"))
    assert not {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"} & set(env)
    assert (env["HOME"], env["FLAG"], env["MBISECT_SEED"]) == (str(tmp_path / "home"), "on", "5")
    assert env["MBISECT_DATASET"] == str(tmp_path / "data")
    assert env["MBISECT_TRAINED"] == str(tmp_path / "model")
    assert settings_of(values) == {"epochs": 3}
    bare = environ_for(values, 0, inherited=env, bin_folder=tmp_path, home=tmp_path, out=tmp_path, dataset=None)
    assert not {"MBISECT_DATASET", "MBISECT_TRAINED"} & set(bare)  # those of a trial around this one


def test_numbers_are_metrics_texts_are_notes_and_the_rest_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps({"f1": 0.5, "n": 3, "summary": "fine", "curve": [1, 2]}))
    assert read_metrics(path) == ((("f1", 0.5), ("n", 3.0)), (("summary", "fine"),))


@pytest.mark.parametrize(
    ("text", "said"), [("NaN", "nan"), ("null", "nan"), ("-Infinity", "-inf"), ("1" * 400, "inf"), ("-1e999", "-inf")]
)
def test_a_number_that_is_none_is_told_in_a_note(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(f'{{"loss": {text}}}')
    assert read_metrics(path) == ((), (("loss", said),))


def test_half_a_character_is_no_obstacle_to_keeping_what_was_measured(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_text('{"f1": 0.5, "summary": "cut \\ud83d", "\\ud83d": 1}')
    metrics, notes = read_metrics(path)
    assert (metrics, notes) == ((("?", 1.0), ("f1", 0.5)), (("summary", "cut ?"),))
    save_measurement(tmp_path / "kept", Measurement(0, 1.0, metrics, notes))
    assert load_measurement(tmp_path / "kept") == Measurement(0, 1.0, metrics, notes)


@pytest.mark.parametrize("text", ["", "[1]", "{", "null", '{"a": ' * 100_000])
def test_a_metrics_file_that_is_no_object_is_an_error_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "metrics.json").write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_metrics(tmp_path / "metrics.json")
    assert "\n" not in str(caught.value)


def test_a_missing_metrics_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"wrote no metrics\.json"):
        read_metrics(tmp_path / "metrics.json")


def test_the_tail_of_a_large_output_is_read_without_reading_it_all(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"line {i}\n" for i in range(100_000)))
    assert tail_of(log).splitlines()[-1] == "line 99999"
    assert len(tail_of(log).splitlines()) == 40


def test_a_command_line_workload_is_another_one_when_a_file_that_it_names_changes(tmp_path: Path) -> None:
    (tmp_path / "t.py").write_text("1")
    workload = Workload(("python", "t.py"), folder=tmp_path)
    before = workload.identity()
    assert before == Workload(("python", "t.py"), folder=tmp_path).identity()
    (tmp_path / "t.py").write_text("2")
    assert workload.identity() != before
