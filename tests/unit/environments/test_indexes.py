"""What pip or uv is set up with is what we ask; uv's own settings win."""

from __future__ import annotations

from pathlib import Path

import pytest

from mbisect import shell
from mbisect.environments.indexes import (
    default_endpoint,
    endpoints_of,
    find_links_of,
    settings_of_pip,
    uv_environment,
)
from mbisect.environments.uv import Uv, check_machine, is_network
from mbisect.errors import CommandError

MAIN, MORE = "https://main.example/simple", "https://more.example/simple"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home without settings, and nothing of this machine's."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    """Variables that hide this machine's own settings: the last file that is read sets everything to nothing."""
    empty = home / "nothing.conf"
    empty.write_text("[global]\nindex-url =\nextra-index-url =\nfind-links =\n")
    return {"HOME": str(home), "XDG_CONFIG_DIRS": str(home), "PIP_CONFIG_FILE": str(empty)}


def configured(home: Path, text: str) -> dict[str, str]:
    (home / "pip.conf").write_text(text)
    return {"HOME": str(home), "XDG_CONFIG_DIRS": str(home), "PIP_CONFIG_FILE": str(home / "pip.conf")}


def test_without_settings_uv_is_told_nothing_and_the_public_index_is_asked(environ: dict[str, str]) -> None:
    assert uv_environment(environ) == {}
    assert endpoints_of(environ) == ()
    assert find_links_of(environ) == ()


def test_the_settings_of_pips_variables_are_handed_on(environ: dict[str, str]) -> None:
    environ |= {"PIP_INDEX_URL": MAIN, "PIP_EXTRA_INDEX_URL": MORE, "PIP_FIND_LINKS": "/wheels /more"}
    assert uv_environment(environ) == {
        "UV_DEFAULT_INDEX": MAIN,
        "UV_INDEX": MORE,
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels,/more",
    }
    assert endpoints_of(environ) == (MAIN, MORE)
    assert find_links_of(environ) == ("/wheels", "/more")


def test_the_settings_of_pips_files_are_handed_on_and_its_variables_win(home: Path) -> None:
    environ = configured(home, f"[global]\nindex-url = {MORE}\n[install]\nextra-index-url =\n    {MAIN}\n    {MORE}\n")
    assert settings_of_pip(environ).index_url == MORE
    assert settings_of_pip(environ).extra_index_urls == (MAIN, MORE)
    assert settings_of_pip({**environ, "PIP_INDEX_URL": MAIN}).index_url == MAIN


def test_a_broken_settings_file_is_passed_over(home: Path) -> None:
    assert settings_of_pip(configured(home, "index-url without a section")).index_url != "without"


def test_an_extra_index_on_the_disk_is_left_out(home: Path) -> None:
    environ = configured(home, f"[global]\nextra-index-url = file:///srv/simple {MORE}\nfind-links =\n")
    assert uv_environment(environ)["UV_INDEX"] == MORE
    environ = configured(home, "[global]\nindex-url =\nextra-index-url = file:///srv/simple\nfind-links =\n")
    assert uv_environment(environ) == {}


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_an_index_that_uv_is_set_up_with_wins(environ: dict[str, str], name: str) -> None:
    environ |= {"PIP_INDEX_URL": MAIN, name: MORE}
    assert "UV_DEFAULT_INDEX" not in uv_environment(environ)
    assert endpoints_of(environ) == (MORE,)


@pytest.mark.parametrize("name", ["UV_INDEX", "UV_EXTRA_INDEX_URL"])
def test_extra_indexes_that_uv_is_set_up_with_win(environ: dict[str, str], name: str) -> None:
    environ |= {"PIP_EXTRA_INDEX_URL": MAIN, name: f"named={MORE}"}
    assert uv_environment(environ) == {}
    assert endpoints_of(environ) == (default_endpoint(), MORE)


def test_folders_that_uv_is_set_up_with_win(environ: dict[str, str]) -> None:
    environ |= {"PIP_FIND_LINKS": "/pip", "UV_FIND_LINKS": "/uv"}
    assert find_links_of(environ) == ("/uv",)


def test_an_index_with_a_password_is_written_for_the_user_alone(environ: dict[str, str], tmp_path: Path) -> None:
    Uv(tmp_path / "cache" / "uv", {**environ, "UV_INDEX": f"corp={MORE}", "UV_DEFAULT_INDEX": "https://u:p@main/"})
    (written,) = (tmp_path / "cache").glob("uv-*.toml")
    assert written.stat().st_mode & 0o077 == 0
    assert [line for line in written.read_text().splitlines() if not line.startswith("cache")] == [
        "[[index]]",
        'name = "corp"',
        f'url = "{MORE}"',
        "default = false",
        "[[index]]",
        'url = "https://u:p@main/"',
        "default = true",
    ]
    assert list(written.parent.glob(".*")) == []


def test_another_index_has_another_configuration_beside_the_first(environ: dict[str, str], tmp_path: Path) -> None:
    for address in ("https://private.example/simple", MAIN, "https://private.example/simple"):
        Uv(tmp_path / "cache" / "uv", {**environ, "UV_DEFAULT_INDEX": address})
    written = [path.read_text() for path in (tmp_path / "cache").glob("uv-*.toml")]
    assert sorted("private.example" in text for text in written) == [False, True]


def test_a_full_disk_says_nothing_of_the_packages() -> None:
    said = "Failed to install: six\n  Caused by: No space left on device (os error 28)"
    full = shell.Completed(("uv",), 2, "", said, 1.0)
    with pytest.raises(CommandError, match="the disk is full"):
        check_machine(full)


def test_a_network_that_fails_is_told_from_a_package_that_does() -> None:
    assert is_network("error: Failed to fetch: `https://main.example/simple/idna/`")
    assert not is_network("× No solution found when resolving dependencies")
