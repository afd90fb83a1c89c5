"""Who asked for what is read from who requires whom."""

from __future__ import annotations

from mbisect.environments.observed import Installed
from mbisect.environments.toplevel import required_by, top_level

LINUX = {"sys_platform": "linux", "python_version": "3.11"}


def installed(**requires: str) -> list[Installed]:
    """Name → its requirements, split at commas."""
    return [Installed(name=n, version="1", requires=tuple(r for r in t.split(",") if r)) for n, t in requires.items()]


def test_what_nothing_requires_is_top_level() -> None:
    found = installed(app="lib>=1,Other_Lib", lib="base", base="", alone="", **{"other-lib": ""})
    assert top_level(found, LINUX) == ("alone", "app")
    assert required_by(found, LINUX)["other-lib"] == ("app",)


def test_requirements_of_another_platform_and_of_extras_do_not_count() -> None:
    found = installed(app="win; sys_platform == 'win32',more; extra == 'more'", win="", more="")
    assert top_level(found, LINUX) == ("app", "more", "win")


def test_of_a_ring_that_nothing_else_requires_the_first_stands_for_all() -> None:
    assert top_level(installed(b="c", c="a", a="b"), LINUX) == ("a",)
    assert top_level(installed(top="b", b="c", c="b"), LINUX) == ("top",)


def test_a_requirement_that_cannot_be_read_or_names_itself_is_passed_over() -> None:
    assert top_level(installed(app="lib >>> 1,app[all],lib; nonsense == 'x'", lib=""), LINUX) == ("app", "lib")
