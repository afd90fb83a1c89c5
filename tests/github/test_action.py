"""The steps of the GitHub action, run here: with the real scripts, and gh as a program that keeps issues in a file."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "smoke"
WORKFLOW = ROOT / ".github" / "workflows" / "nightly.yml"
PROGRAMS = Path(sys.executable).parent

GH = '''#!{python}
"""As much of gh as the script uses: issues in a file, and a log of what it was asked."""
import json, os, pathlib, sys
argv = sys.argv[1:]
store = pathlib.Path(os.environ["GH_STORE"])
state = json.loads(store.read_text()) if store.exists() else {{"issues": [], "labels": [], "log": []}}
state["log"].append(argv[:2])
options = dict(zip(argv, argv[1:]))
assert os.environ["GH_TOKEN"] == "secret" and os.environ["GH_REPO"] == "owner/name"
def by_number(): return next(i for i in state["issues"] if str(i["number"]) == argv[2])
if argv[:2] == ["issue", "list"]:
    found = [i for i in state["issues"] if i["open"] and options["--label"] in i["labels"]]
    marker = options["--jq"].partition('contains("')[2].partition('")')[0]
    assert options["--jq"].endswith("first | .number // empty")
    print(next((i["number"] for i in found if marker in i["body"]), ""))
elif argv[:2] == ["label", "create"]:
    state["labels"].append(argv[2])
elif argv[:2] == ["issue", "create"]:
    assert options["--label"] in state["labels"], "gh refuses a label that does not exist"
    body = pathlib.Path(options["--body-file"]).read_text()
    assert len(body) <= 65536
    state["issues"].append({{"number": len(state["issues"]) + 1, "title": options["--title"], "body": body,
                            "labels": [options["--label"]], "open": True, "comments": []}})
elif argv[:2] == ["issue", "edit"]:
    by_number().update(title=options["--title"], body=pathlib.Path(options["--body-file"]).read_text())
elif argv[:2] == ["issue", "comment"]:
    by_number()["comments"].append(options["--body"])
elif argv[:2] == ["issue", "close"]:
    by_number()["comments"].append(options["--comment"])
    by_number()["open"] = False
else:
    sys.exit("unknown: " + " ".join(argv))
store.write_text(json.dumps(state))
'''

MBISECT = '''#!{python}
"""A smoke that says what it is told to."""
import json, os, pathlib, sys
options = dict(zip(sys.argv, sys.argv[1:]))
if sys.argv[1] == "report":
    pathlib.Path(options["--html"]).write_text("<!doctype html>" + sys.argv[2])
    sys.exit()
pathlib.Path("argv.json").write_text(json.dumps(sys.argv[1:]))
print("mbisect: resolving", file=sys.stderr)
light = os.environ["WILL_BE"]
if light == "broken":
    print("mbisect: these requirements have no solution", file=sys.stderr)
    sys.exit(2)
run = "0a1b2c3d4e5f" if light == "red" else None
pathlib.Path(options["--report"]).write_text(json.dumps({{"light": light, "run": run}}))
pathlib.Path(options["--markdown"]).write_text("## " + light + "\\n")
pathlib.Path(options["--html"]).write_text("<!doctype html>")
sys.exit({{"green": 0, "red": 1}}.get(light, 5))
'''


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Runs a script of the action as a job does; -> its outputs, its summary, gh's state and its exit status."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("gh", GH), ("mbisect", MBISECT)):
        (programs / name).write_text(text.format(python=sys.executable))
        (programs / name).chmod(0o755)

    def run(script: str, **variables: str) -> dict[str, Any]:
        files = {name: tmp_path / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GH_STORE")}
        for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
            files[name].write_text("")
        env = {
            **os.environ,
            "PATH": f"{programs}:{os.environ['PATH']}",
            **{name: str(path) for name, path in files.items()},
            "MBISECT": str(programs / "mbisect"),
            "AGAINST": "v1",
            "SEEDS": "2",
            "JOBS": "1",
            "STATE": "state",
            "REPORTS": str(tmp_path / "reports"),
            "LABEL": "mbisect-smoke",
            "PAGE": "the page",
            "GH_TOKEN": "secret",
            "GH_REPO": "owner/name",
            **variables,
        }
        done = subprocess.run(["bash", ACTION / script], env=env, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        store = files["GH_STORE"]
        return {
            **outputs,
            "summary": files["GITHUB_STEP_SUMMARY"].read_text(),
            "gh": json.loads(store.read_text()) if store.exists() else None,
            "stderr": done.stderr,
        }

    return run


@pytest.mark.parametrize(("light", "status", "run"), [("green", "0", ""), ("red", "1", "0a1b2c3d4e5f")])
def test_the_smoke_step_succeeds_and_says_what_came_of_it(
    job: Callable[..., dict[str, Any]], tmp_path: Path, light: str, status: str, run: str
) -> None:
    said = job("smoke.sh", WILL_BE=light)
    assert (said["status"], said["light"], said["run"]) == (status, light, run)
    assert said["summary"] == f"## {light}\n"
    search = ["search.html"] if run else []
    assert {path.name for path in (tmp_path / "reports").iterdir()} == {
        *("smoke.json", "smoke.md", "history.html", "log.txt"), *search
    }  # fmt: skip
    assert all((tmp_path / "reports" / name).read_text().endswith(run) for name in search)


def test_a_command_is_handed_on_as_a_line_of_shell(job: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    job("smoke.sh", WILL_BE="green", COMMAND="python test.py && echo 'a b'")
    assert json.loads((tmp_path / "argv.json").read_text())[-4:] == ["--", "bash", "-c", "python test.py && echo 'a b'"]


def test_a_smoke_that_could_not_begin_says_why_in_the_summary(job: Callable[..., dict[str, Any]]) -> None:
    said = job("smoke.sh", WILL_BE="broken")
    assert (said["status"], said["light"]) == ("2", "untestable")
    assert "no smoke (exit status 2)" in said["summary"]
    assert "these requirements have no solution" in said["summary"]
    assert "these requirements have no solution" in said["stderr"]
    [issue] = job("issue.sh", LIGHT=said["light"])["gh"]["issues"]
    assert issue["body"].startswith("## ∅ v1: no smoke")


def test_one_issue_is_opened_kept_up_to_date_and_closed(job: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    report = tmp_path / "reports" / "smoke.md"
    report.write_text("## red\n")
    assert job("issue.sh", LIGHT="green")["gh"]["log"] == [["issue", "list"]]
    [issue] = job("issue.sh", LIGHT="red")["gh"]["issues"]
    assert (issue["title"], issue["open"], issue["comments"]) == ("Smoke of v1 is red", True, [])
    assert issue["body"].startswith("## red\n") and "the page" in issue["body"]
    report.write_text("## unsure\n")
    [issue] = job("issue.sh", LIGHT="unsure")["gh"]["issues"]
    assert (issue["title"], issue["body"][:9]) == ("Smoke of v1 is unsure", "## unsure")
    assert issue["comments"] == ["Still unsure: the page"]
    other = job("issue.sh", LIGHT="red", AGAINST="v2")["gh"]["issues"]
    assert [one["title"] for one in other] == ["Smoke of v1 is unsure", "Smoke of v2 is red"]
    first, second = job("issue.sh", LIGHT="green")["gh"]["issues"]
    assert (first["open"], first["comments"][-1], second["open"]) == (False, "It is green again: the page", True)
    assert len(job("issue.sh", LIGHT="red")["gh"]["issues"]) == 3


def test_a_report_that_is_too_long_for_an_issue_is_cut(job: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "smoke.md").write_text("x" * 200_000)
    [issue] = job("issue.sh", LIGHT="red")["gh"]["issues"]
    assert issue["body"].rstrip().endswith("<!-- mbisect smoke v1 -->")


def test_the_scripts_are_given_every_variable_that_they_use() -> None:
    steps = yaml.safe_load((ACTION / "action.yml").read_text())["runs"]["steps"]
    for script in ("smoke.sh", "issue.sh"):
        [step] = [step for step in steps if step.get("env", {}).get("SCRIPT", "").endswith(script)]
        said = " ".join(line for line in (ACTION / script).read_text().splitlines() if line.startswith("# "))
        named = set(re.findall(r"\b[A-Z_]{4,}\b", said)) - {"GH_TOKEN", "GH_REPO"}
        assert named, script
        assert named <= set(step["env"]), script


LINTS: Mapping[str, list[str]] = {
    "actionlint": [str(WORKFLOW)],
    "zizmor": ["--offline", "--quiet", "--persona", "auditor", str(ROOT / ".github")],
    "shellcheck": [str(ACTION / "smoke.sh"), str(ACTION / "issue.sh")],
    "check-jsonschema": ["--builtin-schema", "vendor.github-workflows", str(WORKFLOW)],
    "check-jsonschema action": ["--builtin-schema", "vendor.github-actions", str(ACTION / "action.yml")],
}


@pytest.mark.parametrize("lint", LINTS)
def test_workflow_action_and_scripts_are_clean(lint: str) -> None:
    program = shutil.which(lint.split()[0], path=str(PROGRAMS))
    assert program, f"{lint} is not installed: pip install -c constraints.txt -e '.[dev]'"
    env = {**os.environ, "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}  # actionlint looks for shellcheck there
    done = subprocess.run([program, *LINTS[lint]], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("lint", "before", "after"),
    [
        ("actionlint", "inputs.against", "inputs.againts"),
        ("zizmor", "persist-credentials: false", "persist-credentials: true"),
        ("check-jsonschema", "timeout-minutes: 180", "timeout-minuets: 180"),
    ],
)
def test_each_lint_finds_what_is_planted(tmp_path: Path, lint: str, before: str, after: str) -> None:
    text = WORKFLOW.read_text()
    assert before in text
    planted = tmp_path / ".github" / "workflows" / "nightly.yml"
    planted.parent.mkdir(parents=True)
    planted.write_text(text.replace(before, after))
    argv = [str(planted) if word in (str(WORKFLOW), str(ROOT / ".github")) else word for word in LINTS[lint]]
    done = subprocess.run([PROGRAMS / lint, *argv], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
