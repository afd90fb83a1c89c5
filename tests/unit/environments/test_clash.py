"""Tracebacks of real releases, shortened, and which packages they point at."""

from __future__ import annotations

from pathlib import Path

import pytest

from mbisect.environments.clash import clash_in

SITE = "/e/lib/python3.11/site-packages"
WERKZEUG_3 = f"""\
Traceback (most recent call last):
  File "/home/me/test.py", line 2, in <module>
    import flask_login
  File "{SITE}/flask_login/__init__.py", line 12, in <module>
    from .login_manager import LoginManager
  File "{SITE}/flask_login/utils.py", line 14, in <module>
    from werkzeug.urls import url_decode
ImportError: cannot import name 'url_decode' from 'werkzeug.urls' ({SITE}/werkzeug/urls.py)
"""
NUMPY_2 = f"""\
Traceback (most recent call last):
  File "<string>", line 1, in <module>
  File "{SITE}/pandas/__init__.py", line 46, in <module>
    from pandas.core.api import (
  File "{SITE}/pandas/_libs/__init__.py", line 18, in <module>
    from pandas._libs.interval import Interval
  File "interval.pyx", line 1, in init pandas._libs.interval
ValueError: numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header, got 88
"""
HTTPX_028 = f"""\
Traceback (most recent call last):
  File "<string>", line 3, in <module>
  File "{SITE}/groq/_base_client.py", line 855, in __init__
    self._client = http_client or SyncHttpxClientWrapper(
                                  ^^^^^^^^^^^^^^^^^^^^^^^
  File "{SITE}/groq/_base_client.py", line 753, in __init__
    super().__init__(**kwargs)
TypeError: Client.__init__() got an unexpected keyword argument 'proxies'
"""
FILES = {
    "flask-login": {"flask_login/__init__.py": "", "flask_login/utils.py": "from werkzeug.urls import url_decode\n"},
    "werkzeug": {"werkzeug/__init__.py": "", "werkzeug/urls.py": ""},
    "pandas": {"pandas/__init__.py": "", "pandas/_libs/__init__.py": ""},
    "numpy": {"numpy/__init__.py": ""},
    "groq": {"groq/_base_client.py": "import anyio\nimport httpx\n\nclass Wrapper(httpx.Client): ...\n"},
    "httpx": {"httpx/__init__.py": ""},
    "anyio": {"anyio/__init__.py": ""},
}


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    for name, files in FILES.items():
        metadata = site / f"{name.replace('-', '_')}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "RECORD").write_text("".join(f"{path},sha256=a,1\n" for path in files))
        for path, text in files.items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("tail", "clash"),
    [
        (WERKZEUG_3, ("flask-login", "werkzeug")),
        (NUMPY_2, ("pandas", "numpy")),
        (HTTPX_028, ("groq", "httpx")),
        ("untestable: numpy.dtype size changed, may indicate binary incompatibility.", ("numpy",)),
    ],
)
def test_who_failed_and_what_it_was_using_are_told(environment: Path, tail: str, clash: tuple[str, ...]) -> None:
    assert clash_in(tail, environment) == clash


def test_a_traceback_whose_beginning_is_cut_off_tells_as_much(environment: Path) -> None:
    assert clash_in("\n".join(WERKZEUG_3.splitlines()[5:]), environment) == ("flask-login", "werkzeug")


def test_the_cause_tells_more_than_what_passes_it_on(environment: Path) -> None:
    passed_on = "\nThe above exception was the direct cause of the following exception:\n\n"
    again = HTTPX_028.replace("TypeError: Client.__init__() got", "RuntimeError: failed for")
    assert clash_in(WERKZEUG_3 + passed_on + again, environment) == ("flask-login", "werkzeug")


def test_where_the_workload_itself_fails_nobody_else_is_pointed_at(environment: Path) -> None:
    own = "\n".join(WERKZEUG_3.splitlines()[:2]) + "\nAttributeError: module 'werkzeug' has no attribute '__version__'"
    assert clash_in(own, environment) == ()
    assert clash_in("AssertionError: too few", environment) == ()
