"""The sample files, and what each says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("samples")
PROJECT = """anyio==4.16.0 certifi==2026.10.18 click==8.5.1 h11==0.16.0 h2==4.4.1 hpack==4.2.0 httpcore==1.0.9
httpx==0.28.1 hyperframe==6.1.0 idna==3.20 iniconfig==2.3.1 typing-extensions==4.16.0"""
OLD = " exceptiongroup==1.3.1 zipp==4.1.2"
CONDA = "anyio==4.16.0 click==8.5.1 httpx==0.28.1 idna==3.20 numpy==2.3.3 packaging==25.0 torch==2.7.1"
SYSTEM = """_libgcc_mutex _openmp_mutex bzip2 ca-certificates cudatoolkit libgcc libopenblas ncurses openssl python_abi
tzdata"""


@dataclass(frozen=True, slots=True)
class Sample:
    """One file and what it says."""

    file: str
    title: str
    """Of the format that must recognise it."""
    new: str = PROJECT
    """Pins for Python 3.12."""
    old: str | None = PROJECT + OLD
    """Pins for Python 3.10; None: it cannot be read for that."""
    fixed: str = "thing"
    hashed: bool = True
    python: str = ""

    @property
    def path(self) -> Path:
        """Where it is."""
        return FOLDER / self.file


INSTALLED = "gitthing six thing"
SAMPLES = (
    Sample("uv.toml", "uv.lock"),
    Sample("pylock.toml", "pylock.toml"),
    Sample("poetry.lock", "poetry.lock"),
    Sample("pdm.lock", "pdm.lock"),
    Sample("Pipfile.lock", "Pipfile.lock", old=None, python="3.11"),
    Sample("requirements.txt", "requirements.txt", fixed=""),
    Sample("freeze.txt", "requirements.txt", old=PROJECT, fixed=INSTALLED, hashed=False),
    Sample(
        "pip-inspect.json",
        "pip inspect",
        PROJECT + " setuptools==65.5.0",
        PROJECT + " setuptools==65.5.0",
        INSTALLED,
        hashed=False,
        python="3.11",
    ),
    Sample(
        "observed.json",
        "envs/NAME.json",
        PROJECT + " pip==23.2.1 setuptools==65.5.0",
        PROJECT + " pip==23.2.1 setuptools==65.5.0",
        INSTALLED,
        hashed=False,
        python="3.11",
    ),
    Sample(
        "cyclonedx.json",
        "CycloneDX",
        PROJECT + " setuptools==65.5.0",
        PROJECT + " setuptools==65.5.0",
        INSTALLED,
        hashed=False,
    ),
    Sample("conda-list.json", "conda list --json", CONDA, CONDA, SYSTEM, hashed=False, python="3.11"),
    Sample("environment.yml", "environment.yml", CONDA, CONDA, SYSTEM, hashed=False, python="3.11"),
)
