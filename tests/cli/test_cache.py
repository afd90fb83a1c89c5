"""`mbisect cache` shows what there is and takes away what may go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from filelock import FileLock


def environment(cache: Path, size: int) -> Path:
    folder = cache / "environments" / "0a1b"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "file").write_bytes(b"x" * size)
    (folder / "complete.json").touch()
    return folder


def test_it_shows_each_part_and_where_the_cache_is(mbisect: Any, cache: Path, tmp_path: Path) -> None:
    environment(cache, 1500)
    said = mbisect(tmp_path, "cache")
    assert (said.status, said.stderr) == (0, "")
    lines = said.stdout.splitlines()
    assert lines[0].split() == ["environments", "1", "1.5", "kB"]
    assert lines[-1] == f"in {cache}"


def test_as_json_it_gives_bytes(mbisect: Any, cache: Path, tmp_path: Path) -> None:
    environment(cache, 1500)
    rows = json.loads(mbisect(tmp_path, "cache", "--json").stdout)
    assert rows[0] == {"name": "environments", "entries": 1, "bytes": 1500}
    assert {row["name"] for row in rows} >= {"trials", "runs", "uv"}


def test_pruning_says_what_is_gone(mbisect: Any, cache: Path, tmp_path: Path) -> None:
    folder = environment(cache, 1500)
    said = mbisect(tmp_path, "cache", "--prune", "--limit", "1 kB")
    assert (said.status, said.stdout, said.stderr) == (0, "removed 1 environment and 1.5 kB\n", "")
    assert not folder.exists()


def test_while_trials_run_it_says_why_environments_stay(mbisect: Any, cache: Path, tmp_path: Path) -> None:
    folder = environment(cache, 1500)
    (cache / "trials").mkdir(exist_ok=True)
    with FileLock(cache / "trials" / "t.lock"):
        said = mbisect(tmp_path, "cache", "--prune", "--limit", "0")
    assert (said.status, said.stdout) == (0, "removed 0 environments and 0 B\n")
    assert said.stderr == "mbisect: trials are running: environments and staged sources stay\n"
    assert folder.exists()
