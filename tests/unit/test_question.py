"""What was typed becomes two snapshots, a workload and a judge, or one line that says what is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import git
import pytest

from mbisect.errors import ConfigError, MbisectError, UsageError
from mbisect.judge import ExitStatusJudge, MetricJudge, PytestJudge
from mbisect.question import Question, pose
from mbisect.terms import COMMIT, DATASET, PYTHON, SEED, Asked, Axis, Interpreter, Key, package

PROJECT = """
[workload]
command = ["python", "train.py"]
metrics = "metrics.json"
[judge]
metric = "f1"
good = 0.8
bad = 0.5
[settings]
epochs = 3
rate = 0.1
[snapshots.v1]
python = "3.10"
[snapshots.v4]
python = "3.11"
seed = 5
settings = { epochs = 5 }
variables = { FLAG = "on" }
"""


def interpreter(request: str) -> Interpreter:
    if request not in ("3", "3.10", "3.11"):
        raise ConfigError(f"no Python {request} on this machine")
    return Interpreter({"3": "3.11.7"}.get(request, f"{request}.7"), f"/usr/bin/python{request}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two plain locks."""
    here = tmp_path / "here"
    here.mkdir()
    (here / "good.txt").write_text("idna==3.4\n")
    (here / "bad.txt").write_text("idna==3.10\nsix==1.16.0\n")
    return here


@pytest.fixture
def project(folder: Path) -> Path:
    """A project with two snapshots."""
    (folder / "mbisect.toml").write_text(PROJECT)
    (folder / "lockfiles").mkdir()
    (folder / "lockfiles" / "v1.txt").write_text("idna==3.4\n")
    (folder / "lockfiles" / "v4.txt").write_text("idna==3.10\n")
    (folder / "train.py").write_text("pass")
    return folder


def ask(folder: Path, good: str = "good.txt", bad: str = "bad.txt", **more: object) -> Question:
    asked = replace(Asked(good, bad, ("python", "t.py"), folder=str(folder)), **more)
    return pose(asked, interpreter, folder.parent / "cache" / "datasets")


def test_two_locks_and_a_command_are_a_question(folder: Path) -> None:
    question = ask(folder)
    assert question.good.values.packages() == {"idna": "3.4"}
    assert question.bad.values.packages() == {"idna": "3.10", "six": "1.16.0"}
    assert question.good.values[PYTHON] == "3.11.7"
    assert (question.workload.folder, question.stager) == (folder, None)
    assert isinstance(question.judge, ExitStatusJudge)


def test_a_lock_is_looked_for_where_the_command_was_typed(folder: Path) -> None:
    (folder / "sub").mkdir()
    assert ask(folder / "sub", "../good.txt", "../bad.txt").good.lock.source == "../good.txt"
    assert ask(folder, str(folder / "good.txt")).good.values == ask(folder).good.values


def test_snapshots_bring_their_settings_seed_variables_and_python(project: Path) -> None:
    question = ask(project, "v1", "v4", command=())
    good, bad = question.good.values, question.bad.values
    assert {str(key): (good.get(key), bad.get(key)) for key in good.differing(bad)} == {
        "idna": ("3.4", "3.10"),
        "python": ("3.10.7", "3.11.7"),
        "seed": ("0", "5"),
        "setting epochs": ("3", "5"),
        "variable FLAG": (None, "on"),
    }
    assert good[Key(Axis.SETTING, "rate")] == bad[Key(Axis.SETTING, "rate")] == "0.1"
    assert isinstance(question.judge, MetricJudge)


def test_a_half_is_a_question_of_its_own_whose_command_runs_at_every_candidate(project: Path) -> None:
    text = (project / "mbisect.toml").read_text()
    halves = '[workload.halves]\ntrain = ["python", "train.py"]\nevaluate = ["python", "look.py"]\n[judge]'
    (project / "mbisect.toml").write_text(text.replace("[judge]", halves))
    whole, training, evaluation = (
        ask(project, "v1", "v4", command=(), half=half, timeout=9.0) for half in (None, "training", "evaluation")
    )
    assert len({question.identity() for question in (whole, training, evaluation)}) == 3
    assert (training.command, evaluation.command) == (("python", "train.py"), ("python", "look.py"))
    assert evaluation.halves is not None
    both = evaluation.halves.training, evaluation.halves.evaluation
    assert [(half.metrics, half.timeout) for half in both] == [(None, 9.0), ("metrics.json", 9.0)]


def test_a_half_of_a_workload_that_has_none_is_told_with_what_to_write(project: Path) -> None:
    with pytest.raises(UsageError, match=r"say in mbisect\.toml, below \[workload\.halves\]"):
        ask(project, "v1", "v4", command=(), half="training")


def test_lock_files_are_run_as_the_snapshot_that_is_named(project: Path) -> None:
    question = ask(project, like="v4", command=())
    good, bad = question.good.values, question.bad.values
    assert {str(key) for key in good.differing(bad)} == {"idna", "six"}
    assert (good[SEED], good[Key(Axis.SETTING, "epochs")], good[Key(Axis.VARIABLE, "FLAG")]) == ("5", "5", "on")
    assert (question.good.name, question.good.lock.source) == ("v4 with good.txt", "good.txt")
    assert ask(project, "v1", like="v4", command=()).good.values[SEED] == "0"
    with pytest.raises(UsageError, match=r"--as v9: there is no such snapshot in mbisect.toml \(known: v1, v4\)"):
        ask(project, like="v9")


def test_two_ends_that_are_the_same_are_a_question_only_where_that_is_asked_for(folder: Path) -> None:
    with pytest.raises(UsageError, match="nothing differs"):
        ask(folder, bad="good.txt")
    same = Asked("good.txt", "good.txt", ("python", "t.py"), folder=str(folder))
    question = pose(same, interpreter, folder / "cache", alike=True)
    assert question.good.values == question.bad.values


def test_a_project_is_found_from_below(project: Path) -> None:
    (project / "deep").mkdir()
    assert ask(project / "deep", "v1", "v4", command=()).repository == project


def test_the_command_line_wins_over_the_project(project: Path) -> None:
    question = ask(project, "v1", "v4", good_python="3", bad_python="3", timeout=2.5)
    assert PYTHON not in question.good.values.differing(question.bad.values)
    assert question.workload.command == ("python", "t.py")
    assert question.workload.timeout == 2.5
    assert isinstance(question.judge, ExitStatusJudge)


def test_of_axes_that_are_not_searched_the_good_end_takes_what_the_bad_one_has(project: Path) -> None:
    question = ask(project, "v1", "v4", command=(), axes=(Axis.PACKAGE, Axis.SEED))
    assert {key.axis for key in question.good.values.differing(question.bad.values)} == {Axis.PACKAGE, Axis.SEED}
    assert question.good.values[PYTHON] == "3.11.7"


def test_commits_and_dataset_revisions_become_full_hashes(project: Path) -> None:
    repo = git.Repo.init(project)
    data = git.Repo.init(project / "data")
    for one, name in ((repo, "train.py"), (data, "rows.txt")):
        Path(one.working_dir, name).write_text("1")
        one.index.add([name])
        one.index.commit("first")
        Path(one.working_dir, name).write_text("2")
        one.index.add([name])
        one.index.commit("second")
    text = PROJECT.replace("[snapshots.v1]", '[dataset]\nrepository = "data"\n[snapshots.v1]')
    for name, revision in (("v1", "HEAD~1"), ("v4", "HEAD")):
        text = text.replace(f"[snapshots.{name}]", f'[snapshots.{name}]\ncommit = "{revision}"\ndataset = "{revision}"')
    (project / "mbisect.toml").write_text(text)
    question = ask(project, "v1", "v4", command=())
    assert question.good.values[COMMIT] == repo.commit("HEAD~1").hexsha
    assert question.bad.values[DATASET] == data.head.commit.hexsha
    assert question.stager is not None


def test_the_same_question_has_the_same_identity_and_another_one_has_not(folder: Path) -> None:
    one = ask(folder).identity()
    assert one == ask(folder).identity()
    others = [
        ask(folder, "bad.txt", "good.txt"),
        ask(folder, command=("python", "u.py")),
        ask(folder, good_python="3.10"),
        ask(folder, allow_builds=True),
    ]
    (folder / "t.py").write_text("changed")
    others.append(ask(folder))
    assert len({one, *(question.identity() for question in others)}) == 6


def test_tests_make_the_question_with_their_files_and_what_configures_them(folder: Path) -> None:
    (folder / "tests").mkdir()
    (folder / "tests" / "test_x.py").write_text("")

    def identity(*tests: str) -> str:
        return ask(folder, command=(), tests=tests or ("tests/test_x.py::test_y",)).identity()

    found = [identity(), identity("tests/test_x.py"), identity("tests/test_x.py::test_z")]
    for name in ("tests/test_x.py", "tests/conftest.py", "pytest.ini"):
        (folder / name).write_text("changed")
        found.append(identity())
    (folder / "tests" / "test_other.py").write_text("")
    assert identity() == found[-1]
    assert len(set(found)) == 6


def test_tests_are_judged_by_pytest_and_run_where_they_were_asked_for(folder: Path) -> None:
    (folder / "test_x.py").write_text("")
    question = ask(folder, command=(), tests=("test_x.py::test_y",))
    assert isinstance(question.judge, PytestJudge)
    assert (question.workload.folder, question.workload.command[-1]) == (folder, "test_x.py::test_y")


def test_a_command_and_tests_are_one_too_many(folder: Path) -> None:
    (folder / "test_x.py").write_text("")
    with pytest.raises(UsageError, match="leave out the command"):
        ask(folder, tests=("test_x.py",))


def test_how_long_a_trial_may_take_does_not_make_it_another_question(folder: Path) -> None:
    assert ask(folder).identity() == ask(folder, timeout=9.0).identity()


REFUSED = {
    "an unknown name": ({"bad": "v9"}, r"--bad: `v9` is neither a snapshot of mbisect\.toml \(known: v1, v4\) nor"),
    "a missing file": ({"good": "none.txt"}, r"none\.txt does not exist"),
    "a missing path": ({"good": "locks/none"}, r"locks/none does not exist"),
    "the same twice": ({"bad": "v1"}, "nothing differs between v1 and v1"),
    "an unknown Python": ({"good_python": "3.99"}, r"no Python 3\.99"),
    "nothing left on the axes": ({"axes": (Axis.COMMIT,)}, "nothing differs between v1 and v4"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_asked_is_refused_in_one_line(project: Path, what: str) -> None:
    more, message = REFUSED[what]
    with pytest.raises(MbisectError, match=message) as caught:
        ask(project, **{"good": "v1", "bad": "v4", **more})  # type: ignore[arg-type]  # mixed on purpose
    assert "\n" not in str(caught.value)


def test_a_missing_lock_of_a_snapshot_names_the_command_that_writes_it(project: Path) -> None:
    (project / "lockfiles" / "v4.txt").unlink()
    with pytest.raises(ConfigError, match=r"lockfiles/v4\.txt is missing; write it with `mbisect lock v4`"):
        ask(project, "v1", "v4")


def test_without_a_command_it_says_where_one_could_stand(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"no command to run: there is no mbisect\.toml here.*after `--`"):
        ask(folder, command=())
    (folder / "mbisect.toml").write_text("")
    with pytest.raises(UsageError, match=r"no command to run: mbisect\.toml has no \[workload\]"):
        ask(folder, command=())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('metrics = "metrics.json"', ""), "a metric is judged, but workload.metrics names no file"),
        (("[snapshots.v1]", '[snapshots.v1]\ncommit = "HEAD"'), "is not a git repository"),
        (("[snapshots.v1]", '[snapshots.v1]\ndataset = "r1"'), r"snapshots\.v1\.dataset: there is no \[dataset\]"),
        (("[snapshots.v1]", '[dataset]\nrepository = "none"\n[snapshots.v1]'), "neither a git repository nor a git"),
    ],
)
def test_a_project_that_cannot_be_honoured_is_refused(project: Path, change: tuple[str, str], message: str) -> None:
    (project / "mbisect.toml").write_text(PROJECT.replace(*change))
    with pytest.raises(ConfigError, match=message):
        ask(project, "v1", "v4", command=())


def test_a_commit_of_one_snapshot_alone_is_refused(project: Path) -> None:
    repo = git.Repo.init(project)
    repo.index.add(["train.py"])
    repo.index.commit("first")
    (project / "mbisect.toml").write_text(PROJECT.replace("[snapshots.v1]", '[snapshots.v1]\ncommit = "HEAD"'))
    with pytest.raises(
        ConfigError, match=r"v1 has a commit and v4 has none; .* in \[snapshots\.v4\] would be that of v1"
    ):
        ask(project, "v1", "v4", command=())


def test_an_end_that_was_recovered_without_its_commit_has_that_of_the_other(project: Path) -> None:
    repo = git.Repo.init(project)
    repo.index.add(["train.py"])
    first = repo.index.commit("first").hexsha
    text = PROJECT.replace("[snapshots.v1]", '[snapshots.v1]\ncommit = "HEAD"')
    text = text.replace("[snapshots.v4]", '[snapshots.v4]\nrecovered = "envs/v4.evidence.json"')
    (project / "mbisect.toml").write_text(text)
    question = ask(project, "v1", "v4", command=())
    assert question.good.values[COMMIT] == question.bad.values[COMMIT] == first


def test_packages_are_compared_by_their_normalised_names(folder: Path) -> None:
    (folder / "odd.txt").write_text("Typing.Extensions==4.9.0\n")
    assert package("typing-extensions") in ask(folder, "odd.txt").good.values


def test_a_lock_without_a_project_has_no_seed(folder: Path) -> None:
    assert SEED not in ask(folder).good.values


CONDA = "dependencies:\n  - python=3.10.4\n  - numpy=2.1.0=py310h1\n  - openssl=3.0.0=h7\n"


def test_a_lock_of_any_format_is_an_end_and_brings_its_python(folder: Path) -> None:
    (folder / "lost.yml").write_text(CONDA)
    good = ask(folder, "lost.yml").good
    assert good.values.packages() == {"numpy": "2.1.0"}
    assert good.values[PYTHON] == good.interpreter.version == "3.10.7"
    assert [one.name for one in good.lock.fixed] == ["openssl"]
    assert (good.lock.source, good.lock.python) == ("lost.yml", "3.10.4")


def test_the_python_of_the_command_line_wins_over_the_locks(folder: Path) -> None:
    (folder / "lost.yml").write_text(CONDA)
    assert ask(folder, "lost.yml", good_python="3.11").good.values[PYTHON] == "3.11.7"


def test_a_snapshots_lock_may_be_of_any_format(project: Path) -> None:
    (project / "lost.yml").write_text(CONDA)
    (project / "mbisect.toml").write_text(PROJECT.replace("[snapshots.v1]", '[snapshots.v1]\nlock = "lost.yml"'))
    assert ask(project, "v1", "v4", command=()).good.values.packages() == {"numpy": "2.1.0"}


@pytest.mark.parametrize("name", ["none.json", "none.toml", "none.yml", "none.yaml", "none.lock", "sub/none"])
def test_a_missing_file_is_told_from_an_unknown_snapshot(folder: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} does not exist"):
        ask(folder, name)
