"""python -m medextract: see README.md for the contract."""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

from medextract import base, metrics, notes
from medextract.settings import read_settings

DEFAULT_OUT = "medextract-out"
TRAINING = "training.json"
"""What `train` measured, and the names in its answers; written last, so that it marks a training as complete."""
VARIABLES = {
    "HF_HUB_OFFLINE": "1",
    "WANDB_DISABLED": "true",
    "TOKENIZERS_PARALLELISM": "false",
    # Waiting threads spin for microseconds only. Where two runs share two cores, a short training then takes 13 s
    # instead of 52 to 94; alone 7.3 s instead of 6.7. Sleeping at once would cost half as much again alone.
    "GOMP_SPINCOUNT": "2000",
}
"""Set before any library is imported, unless they are set already."""


def main(words: list[str] | None = None) -> int:
    """Exit status: 0 done, 2 bad settings, dataset or checkpoint (one line on stderr); anything else is a crash."""
    options = parser().parse_args(words)
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)
    try:
        options.act(options)
    except ValueError as error:
        if not is_ours(error):
            raise
        print(f"medextract: {error}", file=sys.stderr)
        return 2
    return 0


def is_ours(error: BaseException) -> bool:
    """Raised by this package, and not by a library whose failure is a finding."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and Path(trace.tb_frame.f_code.co_filename).parent == Path(__file__).parent


def parser() -> argparse.ArgumentParser:
    """The command line. Defaults come from the variables of the contract."""
    top = argparse.ArgumentParser(prog="python -m medextract", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="train|evaluate|run|diagnose|base|data")
    env = os.environ.get

    def add(name: str, act, about: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(act=act)
        return command

    for name, act, about in (
        ("train", do_train, "Fine-tune the base; write OUT/adapter and what an evaluation wants to know of it."),
        ("evaluate", do_evaluate, "Evaluate what was trained; write OUT/metrics.json and OUT/predictions.jsonl."),
        ("run", do_run, "Fine-tune and evaluate in one process."),
    ):
        command = add(name, act, about)
        command.add_argument("--out", type=Path, default=Path(env("MBISECT_OUT", DEFAULT_OUT)), metavar="DIR",
                             help=f"folder for all output (default: $MBISECT_OUT, else {DEFAULT_OUT})")  # fmt: skip
        command.add_argument("--data", type=Path, default=_path(env("MBISECT_DATASET")), metavar="DIR",
                             help="train.jsonl and test.jsonl (default: $MBISECT_DATASET, else generated)")  # fmt: skip
        command.add_argument("--settings", type=Path, default=_path(env("MBISECT_SETTINGS")), metavar="FILE",
                             help="JSON object (default: $MBISECT_SETTINGS, else the defaults)")  # fmt: skip
        command.add_argument("--seed", type=int, default=int(env("MBISECT_SEED", "0")), metavar="N",
                             help="of initial weights and order (default: $MBISECT_SEED, else 0)")  # fmt: skip
        if name == "evaluate":
            command.add_argument("--trained", type=Path, default=_path(env("MBISECT_TRAINED")), metavar="DIR",
                                 help="what `train` wrote (default: $MBISECT_TRAINED, else OUT)")  # fmt: skip

    command = add("diagnose", do_diagnose, "What kind of failure is it, from predictions alone? Two are compared.")
    command.add_argument("files", type=Path, nargs="+", metavar="PREDICTIONS",
                         help="JSON lines with input, prediction and, where known, gold")  # fmt: skip
    command.add_argument("--training", type=Path, metavar="FILE",
                         help="JSON lines with the training answers, whose names are then known")  # fmt: skip
    command.add_argument("--field", action="append", default=[], metavar="WHAT=NAME",
                         help="where the input, prediction or gold is: --field prediction=reply")  # fmt: skip
    command.add_argument("--json", action="store_true", help="as JSON, schema medextract.diagnosis/1")

    command = add("base", do_base, "Check the shipped base checkpoint, or build one (about ten CPU-minutes).")
    command.add_argument("--build", type=Path, metavar="DIR", help="build a checkpoint into this folder")

    command = add("data", do_data, "Write a generated dataset: 540 training rows, 100 test notes.")
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    command.add_argument("--seed", type=int, default=0, metavar="N")
    return top


def do_train(options: argparse.Namespace) -> None:
    """Train alone; leave behind what an evaluation elsewhere needs."""
    from medextract.training import train

    examples, _ = _dataset(options)
    options.out.mkdir(parents=True, exist_ok=True)
    _, _, measured = train(examples, read_settings(options.settings), options.seed, options.out)
    names = sorted(metrics.names_in(example.output for example in examples))
    left = {"measured": measured, "names": names}
    (options.out / TRAINING).write_text(json.dumps(left, indent=1) + "\n", encoding="utf-8")


def do_evaluate(options: argparse.Namespace) -> None:
    """Evaluate what was trained before, maybe elsewhere: the names it may have memorised come with it."""
    from medextract import compat
    from medextract.evaluation import evaluate
    from medextract.training import load_base, prepare

    trained = options.trained or options.out
    if not (trained / TRAINING).is_file():
        raise ValueError(f"nothing was trained in {trained}; do it with `python -m medextract train --out DIR`")
    left = json.loads((trained / TRAINING).read_text(encoding="utf-8"))
    _, test = _dataset(options)
    settings = read_settings(options.settings)
    began = time.monotonic()
    model, tokenizer = load_base(prepare(settings, options.seed))
    model = compat.with_adapter(model, trained / "adapter")
    options.out.mkdir(parents=True, exist_ok=True)
    if trained != options.out:
        shutil.copyfile(trained / "curves.json", options.out / "curves.json")
    measured = evaluate(model, tokenizer, test, frozenset(left["names"]), settings, options.out)
    _deliver(options.out, left["measured"] | measured, began)


def do_run(options: argparse.Namespace) -> None:
    """The whole workload."""
    from medextract.evaluation import evaluate
    from medextract.training import train

    began = time.monotonic()
    settings = read_settings(options.settings)
    examples, test = _dataset(options)
    options.out.mkdir(parents=True, exist_ok=True)
    model, tokenizer, measured = train(examples, settings, options.seed, options.out)
    trained = metrics.names_in(example.output for example in examples)
    _deliver(options.out, measured | evaluate(model, tokenizer, test, trained, settings, options.out), began)


def do_diagnose(options: argparse.Namespace) -> None:
    """Read and tell."""
    from medextract import diagnosis, reading, telling

    if len(options.files) > 2:
        raise ValueError("diagnose takes one file of predictions, or two to compare")
    fields = reading.read_fields(options.field)
    trained = reading.read_training(options.training) if options.training else None
    sides = []
    for path in options.files:
        rows, memorised = reading.read_predictions(path, fields)
        sides.append((path, diagnosis.diagnose(rows, memorised if trained is None else trained)))
    told = [(str(path), found) for path, found in sides]
    print(json.dumps(telling.as_plain(told), indent=1) if options.json else telling.as_text(told))


def do_base(options: argparse.Namespace) -> None:
    """Build or check."""
    if options.build is not None:
        base.build(options.build)
    folder = options.build or base.SHIPPED
    base.verify(folder)
    print(base.sums_of(folder), end="")


def do_data(options: argparse.Namespace) -> None:
    """Generate."""
    notes.write_dataset(options.out, *notes.default_dataset(options.seed))


def _deliver(out: Path, measured: dict[str, float | str], began: float) -> None:
    """metrics.json appears whole or not at all."""
    found = {"schema": metrics.SCHEMA, **measured, "seconds": round(time.monotonic() - began, 3)}
    scratch = out / ".metrics.json"
    scratch.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    scratch.replace(out / "metrics.json")
    print(found["summary"])


def _dataset(options: argparse.Namespace) -> tuple[list[notes.Example], list[notes.Note]]:
    return notes.read_dataset(options.data) if options.data is not None else notes.default_dataset()


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


if __name__ == "__main__":
    sys.exit(main())
