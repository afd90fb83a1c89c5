"""Sources and datasets are put on disk as they were at their revision; the user's files are only read."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import git
import pytest

from mbisect.errors import ConfigError
from mbisect.staging import Stager, repository_of
from mbisect.terms import COMMIT, DATASET, Values

NOTHING = Values()


def commit(repo: git.Repo, **files: str) -> str:
    root = Path(repo.working_dir)
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        repo.index.add([str(path)])
    return repo.index.commit("a commit").hexsha


@pytest.fixture
def repo(tmp_path: Path) -> git.Repo:
    return git.Repo.init(tmp_path / "project", initial_branch="main")


def stager(repo: git.Repo, *paths: str, dataset: Path | None = None) -> Stager:
    root = Path(repo.working_dir)
    return Stager(root.parent / "cache" / "staged", root, paths, dataset)


def files_in(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_commit_is_staged_as_it_was_whatever_the_working_tree_holds(repo: git.Repo, tmp_path: Path) -> None:
    first = commit(repo, train="one", lib__a="a")
    commit(repo, train="two")
    (tmp_path / "project" / "train").write_text("not committed")
    stager(repo).source(Values({COMMIT: first}), tmp_path / "work")
    assert files_in(tmp_path / "work") == {"lib/a": "a", "train": "one"}
    assert (tmp_path / "project" / "train").read_text() == "not committed"


def test_only_the_named_paths_are_staged(repo: git.Repo, tmp_path: Path) -> None:
    first = commit(repo, train="one", lib__a="a", other__b="b")
    stager(repo, "lib", "train").source(Values({COMMIT: first}), tmp_path / "work")
    assert files_in(tmp_path / "work") == {"lib/a": "a", "train": "one"}


def test_two_sets_of_paths_of_one_commit_do_not_mix(repo: git.Repo, tmp_path: Path) -> None:
    values = Values({COMMIT: commit(repo, lib__a="a", other__b="b")})
    stager(repo, "lib").source(values, tmp_path / "one")
    stager(repo, "other").source(values, tmp_path / "two")
    assert (files_in(tmp_path / "one"), files_in(tmp_path / "two")) == ({"lib/a": "a"}, {"other/b": "b"})


def test_what_a_trial_writes_into_its_source_reaches_no_other_trial(repo: git.Repo, tmp_path: Path) -> None:
    values = Values({COMMIT: commit(repo, train="one")})
    stager(repo).source(values, tmp_path / "one")
    (tmp_path / "one" / "train").write_text("spoilt")
    stager(repo).source(values, tmp_path / "two")
    assert files_in(tmp_path / "two") == {"train": "one"}


def test_without_a_commit_the_working_tree_is_staged_as_far_as_git_tracks_it(repo: git.Repo, tmp_path: Path) -> None:
    commit(repo, train="one", lib__a="a")
    (tmp_path / "project" / "train").write_text("changed")
    (tmp_path / "project" / "model.bin").write_text("untracked")
    stager(repo).source(NOTHING, tmp_path / "work")
    assert files_in(tmp_path / "work") == {"lib/a": "a", "train": "changed"}


def test_a_tracked_file_that_was_deleted_is_not_staged(repo: git.Repo, tmp_path: Path) -> None:
    commit(repo, train="one", gone="x")
    (tmp_path / "project" / "gone").unlink()
    stager(repo).source(NOTHING, tmp_path / "work")
    assert files_in(tmp_path / "work") == {"train": "one"}


def test_without_git_all_files_are_staged_but_compiled_ones(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    (root / "lib" / "__pycache__").mkdir(parents=True)
    for name in ("train.py", "lib/a.py", "lib/__pycache__/a.pyc"):
        (root / name).write_text(name)
    Stager(tmp_path / "staged", root, ("lib", "train.py"), None).source(NOTHING, tmp_path / "work")
    assert sorted(files_in(tmp_path / "work")) == ["lib/a.py", "train.py"]


def test_without_git_and_without_paths_the_whole_folder_is_staged(tmp_path: Path) -> None:
    root = tmp_path / "__pycache__" / "plain"
    (root / "lib").mkdir(parents=True)
    (root / "lib" / "a.py").write_text("a")
    Stager(tmp_path / "staged", root, (), None).source(NOTHING, tmp_path / "work")
    assert files_in(tmp_path / "work") == {"lib/a.py": "a"}


def test_nothing_to_stage_is_an_error(repo: git.Repo, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing to stage: lib holds no files"):
        stager(repo, "lib").source(NOTHING, tmp_path / "work")


def test_the_identity_of_a_working_tree_changes_with_what_would_be_staged_and_with_nothing_else(
    repo: git.Repo, tmp_path: Path
) -> None:
    commit(repo, lib__a="a", notes="x")
    one = stager(repo, "lib").identity(NOTHING)
    (tmp_path / "project" / "notes").write_text("y")
    assert stager(repo, "lib").identity(NOTHING) == one
    (tmp_path / "project" / "lib" / "a").write_text("b")
    assert stager(repo, "lib").identity(NOTHING) != one


def test_the_identity_of_a_commit_is_its_hash_and_its_paths(repo: git.Repo) -> None:
    values = Values({COMMIT: commit(repo, lib__a="a")})
    one = stager(repo, "lib").identity(values)
    commit(repo, lib__a="b")
    assert stager(repo, "lib").identity(values) == one
    assert stager(repo, "lib", "more").identity(values) != one


def test_the_files_of_a_dataset_revision_are_there_once(repo: git.Repo, tmp_path: Path) -> None:
    commit(repo, train="one")
    data = git.Repo.init(tmp_path / "data", initial_branch="main")
    first = commit(data, rows="1")
    second = commit(data, rows="2")
    staged = stager(repo, dataset=tmp_path / "data")
    folders = [
        staged.dataset(Values({DATASET: revision}), tmp_path / f"trial{n}")
        for n, revision in enumerate((first, second, first))
    ]
    assert folders[0] is not None
    assert folders[1] is not None
    assert (files_in(folders[0]), files_in(folders[1])) == ({"rows": "1"}, {"rows": "2"})
    assert folders[2] is not None
    assert (folders[2] / "rows").samefile(folders[0] / "rows")
    assert staged.dataset(NOTHING, tmp_path / "none") is None


def test_what_a_killed_run_was_unpacking_is_not_taken_for_a_revision(repo: git.Repo, tmp_path: Path) -> None:
    first = commit(repo, train="one")
    half = tmp_path / "cache" / "staged" / ".unpacking-x"
    half.mkdir(parents=True)
    (half / "train").write_text("ha")
    stager(repo).source(Values({COMMIT: first}), tmp_path / "work")
    assert files_in(tmp_path / "work") == {"train": "one"}


STAGE = """
import sys
from pathlib import Path
from mbisect.staging import Stager
from mbisect.terms import COMMIT, Values

root, commit, target = sys.argv[1:]
Stager(Path(root).parent / "cache" / "staged", Path(root), (), None).source(Values({COMMIT: commit}), Path(target))
"""


def test_two_processes_may_stage_the_same_commit_at_once(repo: git.Repo, tmp_path: Path) -> None:
    first = commit(repo, **{f"file{n}": str(n) for n in range(50)})
    both = [
        subprocess.Popen([sys.executable, "-c", STAGE, str(tmp_path / "project"), first, str(tmp_path / name)])
        for name in ("one", "two")
    ]
    assert [process.wait(60) for process in both] == [0, 0]
    assert files_in(tmp_path / "one") == files_in(tmp_path / "two")
    assert len(files_in(tmp_path / "one")) == 50
    assert len([path for path in (tmp_path / "cache" / "staged").iterdir() if path.is_dir()]) == 1


def test_a_dataset_may_be_a_repository_or_a_bundle(tmp_path: Path) -> None:
    data = git.Repo.init(tmp_path / "data", initial_branch="main")
    first = commit(data, rows="1")
    data.git.bundle("create", str(tmp_path / "data.bundle"), "--all")
    assert repository_of(tmp_path / "data", tmp_path / "cache") == tmp_path / "data"
    cloned = repository_of(tmp_path / "data.bundle", tmp_path / "cache")
    assert git.Repo(cloned).commit(first).hexsha == first
    stamp = cloned.stat().st_mtime_ns
    assert repository_of(tmp_path / "data.bundle", tmp_path / "cache") == cloned
    assert cloned.stat().st_mtime_ns == stamp


@pytest.mark.parametrize("named", ["data", "data/.git"])
def test_a_dataset_is_the_same_by_its_folder_and_by_its_git_folder(repo: git.Repo, tmp_path: Path, named: str) -> None:
    first = commit(git.Repo.init(tmp_path / "data", initial_branch="main"), rows="1")
    given = repository_of(tmp_path / named, tmp_path / "cache")
    folder = stager(repo, dataset=given).dataset(Values({DATASET: first}), tmp_path / "trial")
    assert folder is not None
    assert files_in(folder) == {"rows": "1"}


def test_a_bundle_that_changed_is_another_clone(tmp_path: Path) -> None:
    data = git.Repo.init(tmp_path / "data", initial_branch="main")
    commit(data, rows="1")
    data.git.bundle("create", str(tmp_path / "data.bundle"), "--all")
    one = repository_of(tmp_path / "data.bundle", tmp_path / "cache")
    second = commit(data, rows="2")
    data.git.bundle("create", str(tmp_path / "data.bundle"), "--all")
    two = repository_of(tmp_path / "data.bundle", tmp_path / "cache")
    assert one != two
    assert git.Repo(two).commit(second).hexsha == second


def test_what_is_no_dataset_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no bundle")
    (tmp_path / "folder").mkdir()
    for path, message in (
        ("none", "neither a git repository nor a git bundle"),
        ("text", "is not a git bundle"),
        ("folder", "is not a git repository"),
    ):
        with pytest.raises(ConfigError, match=message) as caught:
            repository_of(tmp_path / path, tmp_path / "cache")
        assert "\n" not in str(caught.value)
    assert [path.suffix for path in (tmp_path / "cache").iterdir() if path.is_dir()] == []


def test_links_and_modes_of_a_commit_are_kept(repo: git.Repo, tmp_path: Path) -> None:
    commit(repo, tool="#!/bin/sh\n")
    (tmp_path / "project" / "tool").chmod(0o755)
    (tmp_path / "project" / "link").symlink_to("tool")
    repo.git.add("-A")
    first = repo.index.commit("modes").hexsha
    stager(repo).source(Values({COMMIT: first}), tmp_path / "work")
    assert os.access(tmp_path / "work" / "tool", os.X_OK)
    assert (tmp_path / "work" / "link").read_text() == "#!/bin/sh\n"


def test_a_path_that_a_commit_does_not_hold_is_named_in_one_line_and_leaves_nothing(
    repo: git.Repo, tmp_path: Path
) -> None:
    first = commit(repo, train="one")
    with pytest.raises(ConfigError, match=rf"commit {first[:12]} cannot be staged: .*lib") as caught:
        stager(repo, "lib").source(Values({COMMIT: first}), tmp_path / "work")
    assert "\n" not in str(caught.value)
    assert [path for path in (tmp_path / "cache" / "staged").iterdir() if path.is_dir()] == []


def test_links_that_lead_out_or_nowhere_are_kept_as_they_are(repo: git.Repo, tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "lib").mkdir()
    (project / "lib" / "a").write_text("a")
    for name, leads in (("out", "/etc/hostname"), ("nowhere", "gone"), ("folder", "lib")):
        (project / name).symlink_to(leads)
    repo.git.add("-A")
    first = repo.index.commit("links").hexsha
    for values, work in ((Values({COMMIT: first}), tmp_path / "one"), (NOTHING, tmp_path / "two")):
        stager(repo).source(values, work)
        assert (work / "nowhere").readlink() == Path("gone")
        assert (work / "folder" / "a").read_text() == "a"
        assert (work / "out").read_bytes() == Path("/etc/hostname").read_bytes()
    assert stager(repo).identity(NOTHING) == stager(repo).identity(NOTHING)


def test_a_project_below_the_top_of_its_repository_is_staged_alone(repo: git.Repo, tmp_path: Path) -> None:
    first = commit(repo, other="x", proj__train="one", proj__lib__a="a")
    root = tmp_path / "project" / "proj"
    (root / "secret").write_text("untracked")
    (root / "train").write_text("changed")
    for paths in ((), ("train", "lib")):
        staged = Stager(tmp_path / "staged", root, paths, None)
        staged.source(Values({COMMIT: first}), tmp_path / f"commit{len(paths)}")
        staged.source(NOTHING, tmp_path / f"tree{len(paths)}")
        assert files_in(tmp_path / f"commit{len(paths)}") == {"lib/a": "a", "train": "one"}
        assert files_in(tmp_path / f"tree{len(paths)}") == {"lib/a": "a", "train": "changed"}


def test_where_git_tracks_nothing_of_the_project_nothing_is_staged_unasked(repo: git.Repo, tmp_path: Path) -> None:
    commit(repo, other="x")
    root = tmp_path / "project" / "proj"
    root.mkdir()
    (root / "secret").write_text("untracked")
    (root / "train").write_text("new")
    with pytest.raises(ConfigError, match=r"git tracks nothing in .*proj"):
        Stager(tmp_path / "staged", root, (), None).source(NOTHING, tmp_path / "work")
    Stager(tmp_path / "staged", root, ("train",), None).source(NOTHING, tmp_path / "named")
    assert files_in(tmp_path / "named") == {"train": "new"}


def test_what_an_archive_would_leave_out_is_staged(repo: git.Repo, tmp_path: Path) -> None:
    first = commit(repo, **{".gitattributes": "t export-ignore\n", "t__a": "a", "train": "one"})
    stager(repo).source(Values({COMMIT: first}), tmp_path / "work")
    assert files_in(tmp_path / "work") == {".gitattributes": "t export-ignore\n", "t/a": "a", "train": "one"}


def test_to_stage_changes_nothing_in_the_repository_and_runs_none_of_its_hooks(repo: git.Repo, tmp_path: Path) -> None:
    first = commit(repo, train="one")
    commit(repo, train="two")
    hook = Path(repo.git_dir) / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    hook.chmod(0o755)
    (tmp_path / "project" / "train").write_text("changed")
    before = repo.git.status("--porcelain"), repo.head.commit, (Path(repo.git_dir) / "index").read_bytes()
    stager(repo).source(Values({COMMIT: first}), tmp_path / "work")
    assert (repo.git.status("--porcelain"), repo.head.commit, (Path(repo.git_dir) / "index").read_bytes()) == before
    assert not (tmp_path / "hooked").exists()


def test_a_killed_clone_of_a_bundle_is_in_nobodys_way(tmp_path: Path) -> None:
    data = git.Repo.init(tmp_path / "data", initial_branch="main")
    commit(data, rows="1")
    data.git.bundle("create", str(tmp_path / "data.bundle"), "--all")
    content = hashlib.sha256((tmp_path / "data.bundle").read_bytes()).hexdigest()[:20]
    left = tmp_path / "cache" / f"{content}.{os.getpid()}"  # in a container, process ids repeat
    left.mkdir(parents=True)
    (left / "HEAD").write_text("half")
    assert git.Repo(repository_of(tmp_path / "data.bundle", tmp_path / "cache")).bare


@pytest.fixture
def nested(repo: git.Repo, tmp_path: Path) -> tuple[git.Repo, git.Repo]:
    """A repository with another one as a submodule at lib/sub, and that one."""
    inner = git.Repo.init(tmp_path / "inner", initial_branch="main")
    commit(inner, code="one")
    commit(repo, train="x")
    repo.git.execute(
        ["git", "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(tmp_path / "inner"), "lib/sub"]
    )
    return repo, git.Repo(tmp_path / "project" / "lib" / "sub")


def test_a_submodule_is_staged_at_the_commit_that_is_named(nested: tuple[git.Repo, git.Repo], tmp_path: Path) -> None:
    repo, inner = nested
    first = repo.index.commit("with it").hexsha
    commit(inner, code="two")
    repo.git.add("-A")
    second = repo.index.commit("moved").hexsha
    stager(repo).source(Values({COMMIT: first}), tmp_path / "one")
    stager(repo, "lib").source(Values({COMMIT: second}), tmp_path / "two")
    stager(repo, "train").source(Values({COMMIT: second}), tmp_path / "without")
    stager(repo, "lib").source(NOTHING, tmp_path / "tree")
    assert (tmp_path / "one" / "lib" / "sub" / "code").read_text() == "one"
    assert files_in(tmp_path / "two") == files_in(tmp_path / "tree") == {"lib/sub/code": "two"}
    assert files_in(tmp_path / "without") == {"train": "x"}


def test_a_submodule_that_is_not_there_is_named(nested: tuple[git.Repo, git.Repo], tmp_path: Path) -> None:
    repo, _ = nested
    first = repo.index.commit("with it").hexsha
    repo.git.submodule("deinit", "-f", "lib/sub")
    with pytest.raises(ConfigError, match=r"submodule lib/sub is not here at .*`git submodule update --init`"):
        stager(repo).source(Values({COMMIT: first}), tmp_path / "work")
    assert [path for path in (tmp_path / "cache" / "staged").iterdir() if path.is_dir()] == []


def test_what_a_workload_lays_beside_its_data_is_its_own(repo: git.Repo, tmp_path: Path) -> None:
    values = Values({DATASET: commit(repo, rows="1", more__rows="2")})
    staged = stager(repo, dataset=tmp_path / "project")
    one, two = (staged.dataset(values, tmp_path / name) for name in ("one", "two"))
    assert one is not None
    assert two is not None
    (one / "cache").write_text("tokens")
    (one / "more" / "rows").unlink()
    assert files_in(two) == {"more/rows": "2", "rows": "1"}
    assert not (two / "rows").stat().st_mode & 0o222
