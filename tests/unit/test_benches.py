"""The benches of the search run, count rightly, and drive the peers as they should be driven."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from mbisect.simulate import Exits, Metrics, Scenario

BENCH = Path(__file__).parents[1] / "bench"


@pytest.fixture(scope="module")
def measure() -> ModuleType:
    return loaded("measure")


@pytest.fixture(scope="module")
def peers(measure: ModuleType) -> ModuleType:
    return loaded("peers")


def loaded(name: str) -> ModuleType:
    """A module of the benches, which are scripts that import their neighbours by name."""
    spec = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("bench", ["calibration", "cost", "gaps", "combinations"])
def test_it_prints_its_table_and_writes_it(bench: str, tmp_path: Path) -> None:
    argv = [sys.executable, BENCH / f"{bench}.py", "--searches", "3", "--processes", "1", "--no-peers"]
    argv += ["--only", "64, 0/1" if bench == "gaps" else "0/1", "--markdown", tmp_path / "table.md"]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "table.md").read_text()
    assert done.stdout.strip() in written
    row = next(line for line in written.splitlines() if line.endswith("|") and "0/1" in line)
    assert "100 %" in row
    assert f"{bench}.py --searches 3`" in written


def test_the_interval_of_a_share_is_wilsons(measure: ModuleType) -> None:
    """The values are R's: prop.test(x, n, correct = FALSE)."""
    assert measure.wilson(15, 20) == pytest.approx((0.5313, 0.8881), abs=1e-4)
    assert measure.wilson(300, 300) == pytest.approx((0.98736, 1), abs=1e-4)
    assert measure.wilson(0, 0) == (0, 1)


def test_a_peer_that_is_missing_is_one_line_that_says_what_to_do(peers: ModuleType) -> None:
    with pytest.raises(SystemExit, match=r"no-such-peer is not installed: pip install -e '.\[bench\]'"):
        peers.need("no_such_peer", "no-such-peer")


def test_git_bayesect_is_right_without_noise_and_counts_gaps_as_failures(peers: ModuleType) -> None:
    pytest.importorskip("git_bayesect", reason="the peers are not installed")
    clean = [peers.bayesect(Scenario(64), seed) for seed in range(20)]
    assert [one.judgement for one in clean] == ["right"] * 20
    assert all(one.environments <= 12 and one.environments <= one.runs <= 20 for one in clean)
    gaps = [peers.bayesect(Scenario(64, untestable=0.4), seed) for seed in range(20)]
    assert [one.judgement for one in gaps].count("wrong") > 5


def test_git_bayesect_is_mostly_right_under_noise_and_of_a_metric(peers: ModuleType) -> None:
    pytest.importorskip("git_bayesect", reason="the peers are not installed")
    for noise in (Exits(0.1, 0.7), Metrics(2)):
        judged = [peers.bayesect(Scenario(64, noise=noise), seed).judgement for seed in range(20)]
        assert judged.count("right") >= 16


def test_ddmin_finds_a_pair_and_a_triple_without_noise(peers: ModuleType) -> None:
    pytest.importorskip("picire", reason="the peers are not installed")
    for culprits in (1, 2, 3):
        for seed in range(5):
            result = peers.ddmin(Scenario(64, culprits=culprits), seed)
            assert result.judgement == "right"
            assert 6 <= result.runs < 120


def test_a_diagnosis_that_is_astray_in_a_fifth_of_the_bad_runs_leaves_the_answer_right() -> None:
    third = loaded("third_kind")
    for kinds in (third.Kinds(0, False, 0.2), third.Kinds(1, True, 0.0)):
        assert [third.driven(kinds, seed).judgement for seed in range(6)] == ["right"] * 6
