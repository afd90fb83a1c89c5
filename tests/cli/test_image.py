"""Docker images are captured and compared as environments are, on a real engine.

It is that of DOCKER_HOST, else the local one, and must have the image `mbisect-base`, Debian with Python: `.ci/docker`
makes it.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest

from mbisect.environments.engine import LABEL, SCRATCH, Engine, connect
from mbisect.errors import ConfigError
from tests.cli.conftest import PROGRAM

pytestmark = [pytest.mark.docker, pytest.mark.network]
SITE = "/venv/lib/python3.*/site-packages"
PACKAGES = ("six==1.16.0", "python-dateutil==2.8.2", "idna==3.7")
TRAIN = f"""FROM mbisect-base
RUN python3 -m venv /venv
COPY wheels /wheels
RUN /venv/bin/pip install -q --no-index --find-links /wheels {" ".join(PACKAGES)} && rm -r /wheels
ENV PATH=/nowhere OMP_NUM_THREADS=2 HF_TOKEN=hf_abcdefghijklmnop TORCH_HOME=https://me:password@example.invalid/
LABEL org.opencontainers.image.revision=abc org.opencontainers.image.source=https://me:password@example.invalid/x
LABEL other=x
ENTRYPOINT ["/bin/false"]
"""
OTHER = f"FROM mbisect-test:train\nRUN /bin/rm -r {SITE}/six* && /bin/sed -i s/3.7/3.6/ {SITE}/idna-*/METADATA\n"
CANNOT_RUN = f"FROM mbisect-test:train\nRUN /bin/rm -r /usr/bin/python3* {SITE}/six*\n"
HANGS = """FROM mbisect-base
RUN rm /usr/bin/python3 && echo '#!/bin/sh\\nsleep 600' > /usr/bin/python3 && chmod +x /usr/bin/python3
"""


@pytest.fixture(scope="module")
def client() -> docker.DockerClient:
    try:
        connect()
    except ConfigError as error:
        pytest.skip(str(error))
    client = docker.from_env()
    if not client.images.list("mbisect-base"):
        pytest.skip("the Docker engine has no image mbisect-base: see .ci/docker")
    return client


@pytest.fixture(scope="module")
def images(client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Builds an image by its Dockerfile; -> its name."""
    context = tmp_path_factory.mktemp("context")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--dest", str(context / "wheels"), *PACKAGES], check=True)
    made = []

    def build(name: str, text: str) -> str:
        (context / "Dockerfile").write_text(text)
        client.images.build(path=str(context), tag=f"mbisect-test:{name}", network_mode="none", rm=True)
        made.append(f"mbisect-test:{name}")
        return made[-1]

    yield build
    for name in dict.fromkeys(reversed(made)):
        client.images.remove(name, force=True)


@pytest.fixture(scope="module")
def train(images: Callable[..., str]) -> str:
    """An image with an environment that is not on its PATH, and an entry point that fails."""
    return images("train", TRAIN)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mbisect.toml").write_text("")
    return tmp_path


def left(client: docker.DockerClient) -> list[str]:
    """Containers of ours that are still there after a moment: the engine takes one to remove them."""
    for _ in range(50):
        found = [one.name for one in client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)]
        if not found:
            break
        time.sleep(0.1)
    return found


def releases(project: Path, name: str) -> dict[str, tuple[str, str]]:
    """Distribution → version and the digest of its RECORD."""
    said = json.loads((project / "envs" / f"{name}.json").read_text())["environment"]
    return {one["name"]: (one["version"], one["record"]) for one in said["distributions"]}


def test_its_snapshot_holds_what_pip_lists_inside(
    mbisect: Any, project: Path, client: docker.DockerClient, train: str
) -> None:
    said = mbisect(project, "snapshot", "v1", "--image", train, "--json")
    assert said.status == 0, said.stderr
    found = json.loads(said.stdout)
    pip = client.containers.run(
        train,
        ["list", "--format", "json"],
        entrypoint=["/venv/bin/pip"],
        remove=True,
        network_mode="none",
        stderr=False,
    )
    listed = {one["name"].lower(): one["version"] for one in json.loads(pip)}
    assert {"six", "python-dateutil", "idna", "pip"} <= listed.keys()
    assert (found["packages"], found["unhashed"], found["left_out"]) == (listed, [], [])
    assert found["python"].startswith("3.")
    assert found["entry"]["variables"] == {"OMP_NUM_THREADS": "2"}
    assert left(client) == []


def test_what_it_records_of_the_image_holds_no_secret(mbisect: Any, project: Path, train: str) -> None:
    assert mbisect(project, "snapshot", "v1", "--image", train).status == 0
    text = (project / "envs" / "v1.json").read_text()
    assert "password" not in text and "hf_" not in text
    said = json.loads(text)["environment"]
    assert said["image"]["labels"] == {
        "org.opencontainers.image.revision": "abc",
        "org.opencontainers.image.source": "https://example.invalid/x",
    }
    assert said["image"]["id"].startswith("sha256:")
    assert "cpu" not in said and "gpu" not in said and "release" not in said["platform"]
    assert said["image"]["others"] == []


def test_without_a_python_that_runs_its_files_tell_the_same_but_what_a_later_layer_took_away(
    mbisect: Any, project: Path, client: docker.DockerClient, images: Any, train: str
) -> None:
    assert mbisect(project, "snapshot", "whole", "--image", train).status == 0
    said = mbisect(project, "snapshot", "cut", "--image", images("cannot-run", CANNOT_RUN))
    assert said.status == 0, said.stderr
    assert "its files were read instead" in said.stderr
    expected = releases(project, "whole")
    assert "six" in expected
    del expected["six"]
    assert releases(project, "cut") == expected
    assert left(client) == []


def test_an_image_that_holds_packages_and_nothing_else_is_read(
    mbisect: Any, project: Path, client: docker.DockerClient
) -> None:
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        for path, text in {
            "app/lib/python3.12/site-packages/six-1.16.0.dist-info/METADATA": "Name: six\nVersion: 1.16.0\n",
            "../../etc/passwd": "root",
            "app/pyvenv.cfg": "version = 3.12.1\n",
        }.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    name = (
        client.api.import_image_from_data(layer.getvalue(), repository="mbisect-test", tag="bare")
        and "mbisect-test:bare"
    )
    try:
        said = mbisect(project, "snapshot", "v1", "--image", name, "--json")
        found = json.loads(said.stdout)
        assert (found["packages"], found["python"]) == ({"six": "1.16.0"}, "3.12.1")
    finally:
        client.images.remove(name, force=True)


def test_images_and_lock_files_are_compared_with_each_other(
    mbisect: Any, project: Path, images: Any, train: str
) -> None:
    assert mbisect(project, "snapshot", "v1", "--image", train).status == 0
    assert mbisect(project, "env-diff", f"image:{train}", f"image:{train}").status == 0
    other = f"image:{images('other', OTHER)}"
    for first in (f"image:{train}", "lockfiles/v1.txt"):
        said = mbisect(project, "env-diff", first, other, "--json")
        assert said.status == 1, said.stderr
        found = {one["name"]: one for one in json.loads(said.stdout)["differences"] if one["axis"] == "package"}
        assert {name: (one["from"], one["to"]) for name, one in found.items()} == {
            "six": ("1.16.0", None),
            "idna": ("3.7", "3.6"),
        }


def test_an_image_that_was_seen_before_is_not_started_again(
    mbisect: Any, project: Path, client: docker.DockerClient, train: str
) -> None:
    assert mbisect(project, "snapshot", "v1", "--image", train).status == 0
    began = time.time()
    client.images.get(train).tag("mbisect-test", "again")
    said = mbisect(project, "snapshot", "v2", "--image", "mbisect-test:again")
    assert (said.status, "mbisect-test:again (sha256:" in said.stdout) == (0, True)
    events = client.events(since=began, until=time.time(), decode=True, filters={"event": "create"})
    assert list(events) == []
    client.images.remove("mbisect-test:again")
    assert releases(project, "v1") == releases(project, "v2")


def test_what_runs_in_a_container_reaches_nothing_and_keeps_nothing(client: docker.DockerClient, train: str) -> None:
    program = (
        "import os, socket\n"
        "def fails(do):\n"
        "    try: do()\n"
        "    except OSError: return True\n"
        "print([fails(lambda: open('/x', 'w')), fails(lambda: socket.create_connection(('192.0.2.1', 80), 2)),\n"
        "       os.getcwd(), sorted(os.listdir('/sys/class/net'))])\n"
    )
    engine = connect()
    ran = engine.run(engine.image(train), ["python3", "-c", program], path="/venv/bin", limit=60)
    assert (ran.stdout, ran.problem) == (f"[True, True, '{SCRATCH}', ['lo']]\n", "")
    assert left(client) == []


def test_a_container_that_takes_too_long_or_prints_too_much_is_ended(client: docker.DockerClient, train: str) -> None:
    engine = connect()
    began = time.monotonic()
    ran = engine.run(engine.image(train), ["python3", "-c", "import time; time.sleep(60)"], path="/venv/bin", limit=2)
    assert (ran.problem, time.monotonic() - began < 30) == ("it took more than 2 seconds", True)
    program = "while True: print('x' * 1000000)"
    assert engine.run(engine.image(train), ["python3", "-c", program], path="/venv/bin", limit=60).problem == (
        "it printed too much"
    )
    assert left(client) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_no_container_and_no_file(
    project: Path, client: docker.DockerClient, images: Any, cache: Path, number: signal.Signals
) -> None:
    name = images("hangs", HANGS)
    running = subprocess.Popen(
        [PROGRAM, "snapshot", "v1", "--image", name],
        cwd=project,
        env={**os.environ, "MBISECT_CACHE": str(cache)},
        stderr=subprocess.PIPE,
    )
    for _ in range(200):
        if client.containers.list(filters={"label": LABEL}, ignore_removed=True):
            break
        time.sleep(0.1)
    else:
        pytest.fail("no container was started")
    running.send_signal(number)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130, said.decode()
    assert left(client) == []
    assert [path.name for path in project.iterdir()] == ["mbisect.toml"]


BROKEN = {
    "no such image": (["v1", "--image", "nowhere:v1"], "the image nowhere:v1 is not here; fetch it with `docker pull"),
    "no name of an image": (["v1", "--image", "No Image"], "`No Image` is not the name of an image"),
    "no name at all": (["v1", "--image", ""], "image: names no image"),
    "no such Python in it": (
        ["v1", "--image", "mbisect-base", "--python", "/opt/python"],
        "image:mbisect-base: /opt/python does not answer there: ",
    ),
    "no packages": (["v1", "--image", "mbisect-base"], "nothing that the package index has is installed in"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_is_one_line(mbisect: Any, project: Path, client: docker.DockerClient, what: str) -> None:
    argv, message = BROKEN[what]
    said = mbisect(project, "snapshot", *argv)
    assert (said.status, said.stdout, said.stderr.count("\n")) == (2, "", 1)
    assert message in said.stderr
    assert [path.name for path in project.iterdir()] == ["mbisect.toml"]
    assert left(client) == []


def test_an_error_of_ours_leaves_no_container(client: docker.DockerClient, train: str) -> None:
    engine: Engine = connect()
    with pytest.raises(ZeroDivisionError), engine.files(engine.image(train)):
        raise ZeroDivisionError
    assert left(client) == []


SLIM = """FROM mbisect-base
RUN python3 -m venv /venv
COPY wheels /wheels
ENV PATH=/venv/bin:/usr/bin:/bin PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels
"""


def test_an_exported_dockerfile_is_built_by_the_engine_and_installs_the_lock_and_nothing_with_another_hash(
    mbisect: Any, project: Path, client: docker.DockerClient, images: Any
) -> None:
    """`FROM python:3.11-slim` is replaced by an image that is here: no engine of the tests can fetch one."""
    asked = json.dumps([*PACKAGES])
    (project / "envs").mkdir()
    (project / "envs" / "v1.toml").write_text(f'python = "3.11"\nrequirements = {asked}\n')
    (project / "mbisect.toml").write_text('[snapshots.v1]\npython = "3.11"\n')
    assert mbisect(project, "lock", "v1").status == 0
    text = mbisect(project, "export", "v1", "--format", "dockerfile").stdout
    assert text.count("--hash=sha256:") >= 2 * len(PACKAGES)
    own = text.replace("FROM python:3.11-slim", f"FROM {images('slim', SLIM)}")
    assert own != text
    built = images("exported", own)
    locked = {pin.partition("==")[0]: pin.partition("==")[2] for pin in PACKAGES}
    assert mbisect(project, "snapshot", "built", "--image", built).status == 0
    assert {name: version for name, (version, _) in releases(project, "built").items() if name in locked} == locked
    wrong = re.sub(r"(?<='six==1.16.0 )[^']*", f"--hash=sha256:{'0' * 64}", own)
    assert wrong != own
    with pytest.raises(docker.errors.BuildError) as refused:
        images("wrong", wrong)
    assert "DO NOT MATCH" in "".join(str(line.get("stream", "")) for line in refused.value.build_log)
