"""What PEP 751 says of whole files and of default groups."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mbisect.errors import ConfigError
from mbisect.terms import Lock

HEAD = 'lock-version = "1.0"\ncreated-by = "test"\n'
FILE = f'wheels = [{{ path = "six-1.16.0-py3-none-any.whl", hashes = {{ sha256 = "{"a" * 64}" }} }}]\n'
SIX = f'[[packages]]\nname = "six"\nversion = "1.16.0"\n{FILE}'


def test_a_file_for_other_platforms_is_refused(read: Callable[..., Lock]) -> None:
    with pytest.raises(ConfigError, match=r"pylock\.toml is not for Python 3\.11 on this platform"):
        read("pylock.toml", f"{HEAD}environments = [\"sys_platform == 'win32'\"]\n{SIX}")
    both = f"{HEAD}environments = [\"sys_platform == 'win32'\", \"python_version == '3.11'\"]\n{SIX}"
    assert read("pylock.toml", both).versions() == {"six": "1.16.0"}


def test_default_groups_are_installed_and_extras_are_not(read: Callable[..., Lock]) -> None:
    marked = SIX.replace(FILE, "marker = \"'dev' in dependency_groups\"\n" + FILE)
    assert read("pylock.toml", f'{HEAD}dependency-groups = ["dev"]\ndefault-groups = ["dev"]\n{marked}').versions()
    for text in (f'{HEAD}dependency-groups = ["dev"]\n{marked}', HEAD + marked.replace("dependency_groups", "extras")):
        with pytest.raises(ConfigError, match="the lock is empty"):
            read("pylock.toml", text)
