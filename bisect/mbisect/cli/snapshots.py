"""What is done with one snapshot: `lock`, `snapshot`, `build`, `exec`, `export`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from mbisect.cli.app import ByName, Other, app, say


@app.command(
    epilog="Exit status: 0 written, or nothing to change; 1 with --check: it would change; 2 usage or configuration."
)
def lock(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Snapshot whose envs/NAME.toml to resolve.")],
    check: Annotated[bool, typer.Option("--check", help="Write nothing; say which packages would change.")] = False,
) -> None:
    """Resolve what a snapshot asks for.

    Reads envs/NAME.toml of the project at or above this folder, resolves it at its cut-off date, and writes
    lockfiles/NAME.txt.

    \b
    Examples:
      mbisect lock v1
      mbisect lock v1 --check
    """
    from mbisect.environments.atomic import write_whole
    from mbisect.environments.interpreters import find_interpreter
    from mbisect.environments.relock import relock
    from mbisect.environments.store import Store, cache_root
    from mbisect.environments.uv import Uv
    from mbisect.project import Project, find_project
    from mbisect.report.words import counted

    store = Store(cache_root())
    project, root = find_project(Path.cwd()) or (Project(), Path.cwd())
    done = relock(name, project, root, Uv(store.root / "uv"), find_interpreter)
    for one in done.differences:
        typer.echo(
            f"{one.name} {one.before or '∅'} → {one.after or '∅'}" + (" (other files)" * (one.before == one.after))
        )
    if check:
        state = (
            "is missing" if done.missing else "would change" if done.differences else "is what its packages resolve to"
        )
        say(f"{done.path} {state}" + (f"; `mbisect lock {name}` writes it" if done.missing or done.differences else ""))
        raise typer.Exit(1 if done.missing or done.differences else 0)
    (root / done.path).parent.mkdir(parents=True, exist_ok=True)
    write_whole(root / done.path, done.text)
    typer.echo(f"wrote {done.path}: {counted(done.packages, 'package')}")


@app.command()
def snapshot(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the snapshot is to be called.")],
    python: Annotated[
        str | None,
        typer.Option(
            metavar="PATH", help="Interpreter or environment.  [default: the active virtual environment, else .venv]"
        ),
    ] = None,
    image: Annotated[
        str | None, typer.Option(metavar="IMAGE", help="Docker image; --python is then a path in it.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed that was used.")] = 0,
    dataset: Annotated[
        str | None, typer.Option(metavar="REV", help="Dataset revision that was used.  [default: what is checked out]")
    ] = None,
    numeric: Annotated[
        bool, typer.Option("--numeric", help="Also import numpy and torch, to record how they are set up.")
    ] = False,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline", help="Ask no package index, for a node without network; the lock then has no hashes."
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a snapshot of this name.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was recorded as JSON.")] = False,
) -> None:
    """Write down the environment that works now.

    Writes envs/NAME.toml, envs/NAME.json and lockfiles/NAME.txt, and the snapshot's entry in mbisect.toml.

    \b
    Examples:
      mbisect snapshot v5
      mbisect snapshot v5 --python ~/train/.venv --seed 4 --dataset 142f5c3
      mbisect snapshot v5 --image train:v5
    """
    from mbisect.environments.index import Index
    from mbisect.environments.indexes import endpoints_of, find_links_of
    from mbisect.environments.store import Store, cache_root
    from mbisect.report.captured import as_plain, as_text
    from mbisect.snapshot import Wanted, take_snapshot

    root = Store(cache_root()).root
    index = Index(root, endpoints=endpoints_of(os.environ), find_links=find_links_of(os.environ))
    wanted = Wanted(name, python, seed, dataset, force, numeric, image, offline)
    taken = take_snapshot(wanted, Path.cwd(), index, root)
    typer.echo(json.dumps(as_plain(taken), indent=2) if as_json else as_text(taken))
    for warning in taken.warnings:
        typer.echo(f"mbisect: {warning}", err=True)


@app.command()
def build(name: ByName, python: Other = None) -> None:
    """Build a snapshot's environment and print its path.

    \b
    Examples:
      mbisect build v1
    """
    from mbisect.enter import built
    from mbisect.environments.store import Store, cache_root

    _, environment = built(name, python, Path.cwd(), Store(cache_root()), say)
    typer.echo(environment.folder)


@app.command("exec")
def execute(
    name: ByName,
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND …", help="Its exit status is passed on.")],
    python: Other = None,
) -> None:
    """Run a command in a snapshot's environment.

    It runs in the current folder, with the snapshot's variables; the environment is built first if need be.

    \b
    Examples:
      mbisect exec v1 -- python -c "import transformers; print(transformers.__version__)"
    """
    from mbisect.enter import built, enter
    from mbisect.environments.store import Store, cache_root

    store = Store(cache_root())
    snapshot, environment = built(name, python, Path.cwd(), store, say)
    enter(snapshot, environment, command, store, os.environ)


@app.command()
def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Snapshot of mbisect.toml whose lock to write.")],
    to: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="requirements, pylock, conda, dockerfile or cyclonedx.")
    ] = "requirements",
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it into a file instead of stdout.")] = None,
    hashes: Annotated[
        bool,
        typer.Option("--hashes/--no-hashes", help="Keep the lock's hashes; pip wants them for all packages or none."),
    ] = True,
) -> None:
    """Write a snapshot's lock for other tools.

    No address of a package index is in it. Only pylock asks the index, for the names of files.

    \b
    Examples:
      mbisect export v1 --format pylock --output pylock.toml
    """
    from mbisect.environments.atomic import STDOUT, write_whole
    from mbisect.environments.index import Index
    from mbisect.environments.indexes import endpoints_of
    from mbisect.environments.interpreters import find_interpreter
    from mbisect.environments.lockfile import left_out
    from mbisect.environments.store import Store, cache_root
    from mbisect.export import export as exported
    from mbisect.report.words import counted

    store = Store(cache_root())
    index = Index(store.root, endpoints=endpoints_of(os.environ))
    done = exported(name, to, Path.cwd(), find_interpreter, index.files, hashes=hashes)
    if done.lock.fixed:
        typer.echo(f"mbisect: {name}: {left_out(done.lock)}", err=True)
    write_whole(output or STDOUT, done.text)
    if output not in (None, STDOUT):
        typer.echo(f"wrote {output}: {counted(len(done.lock.pins), 'package')}")
