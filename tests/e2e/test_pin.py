"""A constraint that heals a real breakage, tried on its bad end by the real command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from run_cases import run_case


@pytest.mark.network
@pytest.mark.slow
def test_a_real_breakage_is_healed_by_staying_below_the_release_that_broke_it(tmp_path: Path) -> None:
    result = run_case("01-openai-httpx-proxies", tmp_path / "case")
    assert result.exit_status == 0, result.reason
    run = json.loads((tmp_path / "case" / "out.json").read_text())["run"]
    mbisect = Path(sys.executable).with_name("mbisect")
    said = subprocess.run([mbisect, "pin", run, "--json"], capture_output=True, text=True, timeout=300)
    assert said.returncode == 0, said.stderr
    pinned = json.loads(said.stdout)
    assert pinned["verified"]
    assert pinned["forms"]["requirements"] == "httpx<0.28.0\n"
    assert [one["verdicts"] for one in pinned["tried"]] == [["good"]]
    assert pinned["tried"][0]["moved"] == [{"axis": "package", "name": "httpx", "before": "0.28.1", "after": "0.27.2"}]
