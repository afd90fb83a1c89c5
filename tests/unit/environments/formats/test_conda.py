"""Which conda packages a trial can move."""

from __future__ import annotations

import pytest

from mbisect.environments.formats.conda_names import pypi_name
from mbisect.errors import ConfigError

MOVABLE = [
    ("numpy", "py311h5eee18b_0", "numpy"),
    ("requests", "pyhd8ed1ab_0", "requests"),
    ("six", "py_0", "six"),
    ("pytorch", "py3.11_cuda12.1_cudnn8.9.2_0", "torch"),
    ("pytorch", "cuda120_mkl_py311h26c22ff_301", "torch"),
    ("matplotlib-base", "py310h62c0568_0", "matplotlib"),
    ("requests", None, "requests"),
    ("libclang", "pyh0_1", "libclang"),
]
FIXED = [
    ("openssl", "h26f9b46_0"),
    ("tzdata", "h78e105d_0"),
    ("python", "h9e4cc4f_0_cpython"),
    ("python_abi", "8_cp311"),
    ("_libgcc_mutex", "conda_forge"),
    ("cudatoolkit", None),
    ("libgcc-ng", None),
    ("ca-certificates", None),
    ("pytorch-cuda", None),
]


@pytest.mark.parametrize(("name", "build", "pypi"), MOVABLE)
def test_a_build_for_python_has_a_release_on_pypi(name: str, build: str | None, pypi: str) -> None:
    assert pypi_name(name, build) == pypi


@pytest.mark.parametrize(("name", "build"), FIXED)
def test_a_library_of_the_system_has_none(name: str, build: str | None) -> None:
    assert pypi_name(name, build) is None


def test_an_export_without_builds_is_read(read) -> None:
    text = "dependencies:\n- python=3.11\n- numpy=1.26.4\n- openssl=3.0\n- conda-forge::six==1.16.0\n- pip\n"
    found = read("e.yml", text)
    assert found.versions() == {"numpy": "1.26.4", "six": "1.16.0"}
    assert ([one.name for one in found.fixed], found.python) == (["openssl"], "3.11")


@pytest.mark.parametrize("spec", ["numpy", "numpy>=1.26", "numpy=1.26.*", "numpy 1.26|1.27", "numpy[version='>=1']"])
def test_a_wish_is_no_lock(read, spec: str) -> None:
    with pytest.raises(ConfigError, match="is not pinned to one version; write it again with `conda env export`"):
        read("e.yml", f'dependencies:\n- "{spec}"\n- six=1.16.0\n')


def test_a_pip_part_says_which_line_is_wrong(read) -> None:
    with pytest.raises(ConfigError, match=r"e\.yml: line 2 for pip: `six>=1` is not pinned"):
        read("e.yml", "dependencies:\n- pip:\n  - idna==3.6\n  - six>=1\n")
    with pytest.raises(ConfigError, match="its pip part includes another file"):
        read("e.yml", "dependencies:\n- pip:\n  - -r requirements.txt\n")
