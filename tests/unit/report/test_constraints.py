"""Constraints in the forms that packaging tools read, read back by what reads them."""

from __future__ import annotations

import tomllib

import pytest
import yaml
from packaging.requirements import Requirement

from mbisect.remedy import Part, Remedy
from mbisect.report.constraints import FORMS, conda, pyproject, requirements, settings
from mbisect.terms import DATASET, PYTHON, SEED, Axis, Candidate, Key, Values, package

END = Candidate(Values(), Values(), requires=(("httpx", ("openai",)),))


def remedy(*parts: Part) -> Remedy:
    return Remedy(parts, 0)


TORCH = Part(package("torch"), "limit", "!=2.13.*")
HTTPX = Part(package("httpx"), "limit", "<0.28.0")
CHARDET = Part(package("chardet"), "add")


def test_requirements_have_a_line_for_each_package() -> None:
    lines = requirements(remedy(TORCH, HTTPX, CHARDET), END, "v4").splitlines()
    assert lines == ["torch!=2.13.*", "httpx<0.28.0", "chardet"]
    assert [Requirement(line).name for line in lines] == ["torch", "httpx", "chardet"]


def test_pyproject_tells_what_the_project_asks_for_from_what_comes_along() -> None:
    python = Part(PYTHON, "limit", "<3.12", "3.11.7")
    document = tomllib.loads(pyproject(remedy(TORCH, HTTPX, CHARDET, python), END, "v4"))
    assert document == {
        "project": {"requires-python": "<3.12", "dependencies": ["torch!=2.13.*", "chardet"]},
        "tool": {"uv": {"constraint-dependencies": ["httpx<0.28.0"]}},
    }


def test_conda_has_its_own_names_and_python_among_its_packages() -> None:
    python = Part(PYTHON, "limit", "<3.12", "3.11.7")
    document = yaml.safe_load(conda(remedy(TORCH, CHARDET, python), END, "v4"))
    assert document == {"dependencies": ["pytorch !=2.13.*", "chardet", "python <3.12"]}


def test_two_limits_of_a_package_are_one_line() -> None:
    both = remedy(HTTPX, Part(package("httpx"), "limit", "!=0.26.0"))
    assert requirements(both, END, "v4") == "httpx<0.28.0,!=0.26.0\n"


@pytest.mark.parametrize("form", FORMS)
def test_what_is_no_constraint_stands_in_a_comment(form: str) -> None:
    told = FORMS[form](remedy(Part(DATASET, "set", value="cf72"), Part(package("lxml"), "leave out")), END, "v4")
    assert told == (
        '# no constraint: in mbisect.toml, [snapshots.v4]: dataset = "cf72"\n'
        "# leave out lxml: no constraint says that\n"
    )


def test_what_is_to_be_set_is_a_table_of_mbisect_toml() -> None:
    parts = [
        Part(DATASET, "set", value="cf72"),
        Part(SEED, "set", value="3"),
        Part(Key(Axis.SETTING, "epochs"), "set", value="3"),
        Part(Key(Axis.SETTING, "a.b"), "set", value='"x"'),
        Part(Key(Axis.VARIABLE, "OMP_NUM_THREADS"), "set", value="1"),
    ]
    table = {
        "dataset": "cf72",
        "seed": 3,
        "settings": {"epochs": 3, "a.b": "x"},
        "variables": {"OMP_NUM_THREADS": "1"},
    }
    assert tomllib.loads(settings(remedy(*parts), "v4")) == {"snapshots": {"v4": table}}
    assert settings(remedy(HTTPX), "v4") == ""
