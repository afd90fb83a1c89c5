"""One line that a program printed → the versions that it states of its own environment. Knows nothing of files.

A line counts only if all of it states versions: a sentence that talks of one ("requires transformers 4.40", "4.50 is
available", "will be removed in v5") says nothing of what was installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mbisect.environments.formats.conda_names import pypi_name
from mbisect.environments.pins import NAME
from mbisect.environments.recover.evidence import PYTHON
from mbisect.environments.recover.known import FOLDERS, distribution

LONG = 300
"""Characters of a line that may state versions as a whole."""
PART = re.compile(
    r"""[{(]?(?P<bullet>[-*•>]\s+)?(?:(?:using|running|versions?)\b:?\s+)?
    [`"']?(?P<label>[A-Za-z][\w-]*(?:\ [A-Za-z][\w-]*)??)[`"']?
    (?P<word>(?:\ version|\.__version__|\.version)(?:\ ?\([^()]*\))?)?[`"']?
    (?P<is>\s*(?:==|=>|->|[:=]|\ is\ |\.{3,})\s*|\s+)
    [`"']?v?(?P<version>\d+(?:\.\w+)+(?:[+-][\w.]+)?)[`"']?(?:\s+\([^()]*\))?[.)}]?""",
    re.VERBOSE | re.IGNORECASE,
)
OTHER = re.compile(
    r"[^:=\s][^:=]*[:=\s]\s*(?:[`\"']?v?\d[\w.+-]*[`\"']?|True|False|None|N/?A|not installed)[)}]?(?: \([^()]*\))?"
)
"""A part that states something else, such as "cuda: 12.4"."""
TALK = re.compile(
    r"requir|(?<!cuda )(?<!gpu )(?<!mps )(?<!is[ _])availab|upgrad|instal|need|at least|minimum|latest|newer|older"
    r"|deprecat|remov|support|compat|since|until|before|after|expect|recommend|should|must|please|will|want|download"
    r"|found existing|only|from|to be",
    re.IGNORECASE,
)
THREE = re.compile(r"\d{1,4}\.\d{1,4}\.\d{1,4}")
"""What a version must look like where neither "version" nor "==" stands before it: "datasets 3.5" may be a result."""
BANNER = re.compile(
    r"(?:Python(?: version)?:? )?(?P<version>3\.\d{1,2}\.\d{1,2}(?:(?:a|b|rc)\d+)?)\+? "
    r"(?:\((?:main|default|tags|heads|v3|\w+, )|\| packaged by)"
)
"""The start of sys.version, as `python` and collect_env print it."""
COLLECTED = re.compile(r"\[(?:pip3?|conda)\] +(?P<name>[\w.-]{1,100})(?:==| +)(?P<version>\d[^\s,]{0,60})")
"""A row of torch.utils.collect_env."""
PHRASES = tuple(
    (keyword, package, re.compile(pattern))
    for keyword, package, pattern in (
        ("Unsloth", "unsloth", r"\bUnsloth:? (\d{4}\.\d{1,2}\.\d{1,3}(?:\.post\d+)?): "),
        ("Unsloth", "transformers", r"\bTransformers(?: =|:) (\d+\.\d+[\w.]*?)\.?(?:\s|$)"),
        ("Pytorch: ", "torch", r"\bPytorch: (\d\S*?)\. CUDA\b"),
        ("Torch: ", "torch", r"\bTorch: (\d\S*?)\. (?:CUDA|ROCm)\b"),
        ("Triton: ", "triton", r"\. Triton: (\d\S*)$"),
        ("Xformers = ", "xformers", r"\bFA \[Xformers = (\d\S*?)\. FA2\b"),
        ("wandb version", "wandb", r"\bTracking run with wandb version (\d\S*)$"),
        ("SDK version", "wandb", r"\] Current SDK version is (\d\S*)$"),
        ("API server version", "vllm", r"\bvLLM API server version (\d[^\s,]*)"),
        ("LLM engine", "vllm", r"\bInitializing an? (?:V\d )?LLM engine \(v(\d[^\s()]*)\) with config"),
        ("DeepSpeed info", "deepspeed", r"\bDeepSpeed info: version=(\d[^\s,]*),"),
    )
)
"""What a library says of itself: a word that must be there first, the package, the sentence."""
HOME = re.compile(
    r"[\\/]lib(?:64)?[\\/]python(?P<python>3\.\d{1,2})[\\/](?:(?:site|dist)-packages[\\/](?P<folder>\w{1,60})[\\/])?"
)
FRAME = re.compile(r"\s{0,20}File \"?[~/]|[~/](?:.{0,400}?:\d{1,6}: |\S{1,400} in \w)")
"""A line of a traceback, or the head of a warning."""


def stated(line: str) -> Iterator[tuple[str, str]]:
    """Distributions, or `python`, with their versions; "4.46.*" where somebody left the third number out."""
    for keyword, package, pattern in PHRASES:
        if keyword in line and (found := pattern.search(line)) is not None:
            yield package, found[1]
    text = line.strip()
    banner = BANNER.match(text)
    if banner is not None:
        yield PYTHON, banner["version"]
        return
    row = COLLECTED.match(text)
    if row is not None:
        name = pypi_name(row["name"], None) if text.startswith("[conda]") else row["name"]
        if name is not None:
            yield name, row["version"]
        return
    if len(text) <= LONG and TALK.search(text) is None:
        yield from _whole(text)


def _whole(text: str) -> Iterator[tuple[str, str]]:
    found = []
    for part in (one.strip() for one in re.split(r"[,;|]", text)):
        match = PART.fullmatch(part) if part else None
        if match is not None:
            package = distribution(match["label"])
            pinned = "==" in match["is"]
            certain = bool(match["word"]) or pinned or THREE.match(match["version"]) is not None
            if package is not None and certain and not (pinned and match["bullet"]):  # uv: ` - name==removed`
                short = not pinned and re.fullmatch(r"\d+\.\d+", match["version"])
                found.append((package, f"{match['version']}.*" if short else match["version"]))
                continue
        if part and OTHER.fullmatch(part) is None:
            return
    yield from found


def imported(line: str) -> tuple[str, str | None] | None:
    """The line of Python in a path of a traceback or warning, and the distribution that was imported from there."""
    match = HOME.search(line)
    if match is None or FRAME.match(line) is None:
        return None
    return match["python"], FOLDERS.get(match["folder"] or "")


def pinned(line: str) -> tuple[str, str] | None:
    """Name and version, where the line is nothing but `name==version`, as `pip freeze` prints it."""
    name, equals, version = line.partition("==")
    return (name, version) if equals and len(line) <= LONG and NAME.fullmatch(name) else None
