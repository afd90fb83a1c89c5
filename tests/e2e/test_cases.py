"""mbisect against real breakages: the real command, the real index. MBISECT_ALL_CASES=1 runs every case."""

import json
import os
from pathlib import Path

import pytest
from run_cases import CASES, INPUTS, line, run_case, select

QUICK = ["01-openai-httpx-proxies"]
WANTED = select([]) if os.environ.get("MBISECT_ALL_CASES") == "1" else QUICK


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("case", WANTED)
def test_the_cause_of_a_real_breakage_is_named_and_nothing_else_is(case: str, tmp_path: Path) -> None:
    result = run_case(case, tmp_path / "case")
    if result.flaky and result.mark != "right":
        pytest.skip(f"flaky, not counted: {line(result)}")
    assert result.mark == "right", line(result)


@pytest.mark.parametrize("case", select([]))
def test_a_case_is_two_sorted_locks_of_exact_pins_that_hold_its_culprits(case: str) -> None:
    folder = CASES / case
    assert {path.name for path in folder.iterdir()} == {*INPUTS, "case.json"}
    locks = {}
    for side in ("good", "bad"):
        lines = (folder / f"{side}.txt").read_text().split()
        locks[side] = dict(pin.split("==") for pin in lines)
        assert lines == sorted(lines, key=lambda pin: pin.split("==")[0])
    answer = json.loads((folder / "case.json").read_text())
    for culprit in answer["culprit"]:
        name = culprit["package"]
        assert (culprit["last_good"] is None) == (name not in locks["good"])
        assert (culprit["first_bad"] is None) == (name not in locks["bad"])
        assert locks["good"].get(name) != locks["bad"].get(name)


def test_a_pattern_is_a_glob_or_the_start_of_a_name() -> None:
    assert select(["01"]) == QUICK
    assert select(["*-httpx-proxies"]) == QUICK
    assert select(["no such case"]) == []
