"""The Docker engine: which image is here, a program run in it, its files. Knows nothing of Python and of packages.

What runs in a container has no network, no folder of this machine, a file system that cannot be written to but for one
small folder, no privileges and little memory. The container is removed whatever happens.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mbisect.environments.pins import shown
from mbisect.errors import CommandError, ConfigError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.errors import APIError, DockerException

SCRATCH = "/.mbisect"
"""The folder in a container that can be written to, and where its program starts."""
OUTPUT = 32 << 20
"""Bytes that a program may print."""
MEMORY = "4g"
LABEL = "mbisect"


@dataclass(frozen=True, slots=True)
class Image:
    """What the engine says of an image."""

    name: str
    """As the user gave it."""
    id: str
    """`sha256:…`: the same for the same content."""
    digest: str
    """That of the registry it was pulled from; empty: it was built here."""
    created: str
    os: str
    architecture: str
    variables: Mapping[str, str]
    labels: Mapping[str, str]
    entrypoint: tuple[str, ...]
    """The words that a container of it starts with."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A program in a container came to its end, or could not be started."""

    stdout: str
    stderr: str
    problem: str = ""
    """Why it has no answer: it could not be started, ran too long or printed too much. Empty: it ended by itself."""


class Engine:
    """One engine. Its methods raise CommandError where it fails in a way that we do not understand."""

    def __init__(self, client: DockerClient) -> None:
        self._client = client

    def image(self, name: str) -> Image:
        """An image that is here. Raises ConfigError for one that is not: nothing is ever pulled."""
        from docker.errors import APIError, DockerException, ImageNotFound

        try:
            said = self._client.images.get(name).attrs
        except ImageNotFound:
            raise ConfigError(f"the image {name} is not here; fetch it with `docker pull {name}`") from None
        except (APIError, DockerException, ValueError) as error:
            if "invalid reference format" in str(error):
                raise ConfigError(f"`{shown(name)}` is not the name of an image; give one such as train:v4") from None
            raise CommandError(f"the Docker engine cannot say what {shown(name)} is: {_line(error)}") from error
        config = said.get("Config") or {}
        digests = [one.partition("@")[2] for one in said.get("RepoDigests") or ()]
        pairs = (one.partition("=") for one in config.get("Env") or ())
        return Image(
            name, said["Id"], digests[0] if digests else "", said.get("Created") or "",
            said.get("Os") or "", said.get("Architecture") or "",
            {key: value for key, _, value in pairs}, config.get("Labels") or {},
            (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())),
        )  # fmt: skip

    def run(self, image: Image, argv: Sequence[str], *, path: str, limit: float) -> Ran:
        """Run a program instead of what the image would start, looked up in the folders of `path`.

        After `limit` seconds it is killed.
        """
        from docker.errors import APIError
        from docker.utils.socket import frames_iter

        with self._container(image, argv, path) as name:
            api = self._client.api
            attached = api.attach_socket(name, params={"stdout": 1, "stderr": 1, "stream": 1})
            deadline = time.monotonic() + limit
            timer = threading.Timer(limit, self._kill, (name,))
            timer.daemon = True
            try:
                api.start(name)
                timer.start()
                frames = frames_iter(attached, tty=False)  # type: ignore[no-untyped-call]  # its stubs have no types
                stdout, stderr, whole = _drained(frames)
            except APIError as error:
                return Ran("", "", _not_started(error))
            finally:
                timer.cancel()
                _hang_up(attached)
        late = time.monotonic() >= deadline
        problem = f"it took more than {limit:g} seconds" if late else "" if whole else "it printed too much"
        return Ran(stdout, stderr, problem)

    @contextlib.contextmanager
    def files(self, image: Image) -> Iterator[Iterable[bytes]]:
        """All files of an image as the bytes of one tar archive, as its layers lie upon each other. Nothing is run."""
        with self._container(image, ["-"], "") as name:
            yield self._client.api.export(name)

    @contextlib.contextmanager
    def _container(self, image: Image, argv: Sequence[str], path: str) -> Iterator[str]:
        """The name of a new container, which is there until the end of the block."""
        from docker.errors import APIError, DockerException
        from docker.types import LogConfig
        from requests import RequestException

        name = f"mbisect-{uuid.uuid4().hex}"  # known before there is one, so that it can be removed at any moment
        try:
            self._client.containers.create(
                image.id, list(argv[1:]), entrypoint=[argv[0]], name=name, labels={LABEL: "1"}, auto_remove=True,
                network_mode="none", read_only=True, tmpfs={SCRATCH: "size=8m,mode=1777"}, working_dir=SCRATCH,
                cap_drop=["ALL"], cap_add=["DAC_OVERRIDE"], security_opt=["no-new-privileges"], pids_limit=512,
                mem_limit=MEMORY, environment={"PATH": path} if path else {}, use_config_proxy=False,
                log_config=LogConfig(type="none"), healthcheck={"test": ["NONE"]},
            )  # fmt: skip
            yield name
        except APIError as error:
            raise CommandError(f"the Docker engine cannot use {image.name}: {_line(error)}") from error
        except (DockerException, RequestException) as error:
            raise CommandError(f"the Docker engine failed at {image.name}: {_line(error)}") from error
        finally:
            self._remove(name)

    def _remove(self, name: str) -> None:
        from docker.errors import APIError

        with contextlib.suppress(APIError):  # it is gone, or going, by itself
            self._client.api.remove_container(name, v=True, force=True)

    def _kill(self, name: str) -> None:
        from docker.errors import APIError

        with contextlib.suppress(APIError):
            self._client.api.kill(name)


def connect() -> Engine:
    """The engine that DOCKER_HOST names, else the one of this machine. Raises ConfigError where there is none."""
    try:
        import docker
    except ImportError:
        raise ConfigError("the library `docker` is missing; `pip install docker` brings it") from None
    try:
        return Engine(docker.from_env(timeout=600))
    except docker.errors.DockerException as error:
        said = str(error)
        if "Permission denied" in said:
            raise ConfigError(
                "the Docker engine does not let you in (permission denied); "
                "have yourself added to the group docker, or set DOCKER_HOST to an engine of your own"
            ) from None
        raise ConfigError(f"no Docker engine is reachable; start it or set DOCKER_HOST ({_line(error)})") from None


def _drained(frames: Iterable[tuple[int, bytes]]) -> tuple[str, str, bool]:
    """What comes on stdout (1) and stderr (2) until the end; False where there was more than is kept."""
    kept: dict[int, list[bytes]] = {1: [], 2: []}
    size = 0
    for number, part in frames:
        size += len(part)
        if size > OUTPUT:
            break
        kept[number].append(part)
    stdout, stderr = (b"".join(kept[number]).decode("utf-8", "replace") for number in (1, 2))
    return stdout, stderr, size <= OUTPUT


def _hang_up(attached: Any) -> None:
    """End the connection, without which the engine waits for somebody to read what a dead program printed."""
    with contextlib.suppress(OSError):
        getattr(attached, "_sock", attached).shutdown(socket.SHUT_RDWR)
    attached.close()


def _not_started(error: APIError) -> str:
    """Why a program could not be started, without the names of all that tried to."""
    said = str(error.explanation or error).rpartition("unable to start container process: ")[2]
    return shown(said.removesuffix(": unknown"), 300)


def _line(error: DockerException | Exception) -> str:
    """An engine's error in one line."""
    return shown(getattr(error, "explanation", None) or error, 200)
