"""Each way of being wrong is planted in sound answers, and is what the diagnosis says; nothing else is."""

import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medextract.diagnosis import CLASSES, Diagnosis, diagnose, kind_of
from medextract.evaluation import diagnosed
from medextract.metrics import read_answer
from medextract.notes import answer_of, evaluation_notes, training_notes
from medextract.reading import Row, row_of
from medextract.telling import as_text, comparison
from medextract.vocabulary import TYPES, invent

ROOT = Path(__file__).parents[2]
NOTES = evaluation_notes(40, seed=0)
TRAINED = frozenset(name for note in training_notes(200, seed=0) for _, name in note.entities)


def row(k: int, text: object, ended: bool | None = True, gold: bool = True) -> Row:
    note = NOTES[k]
    return row_of(k + 1, note.text, text, ended, [list(pair) for pair in note.entities] if gold else None)


def sound(gold: bool = True) -> list[Row]:
    return [row(k, answer_of(note), gold=gold) for k, note in enumerate(NOTES)]


def listing(pairs) -> str:
    return "### Entities:\n" + "\n".join(f"{i}. [{kind}] {name}" for i, (kind, name) in enumerate(pairs, 1))


def recite(k: int, rng: random.Random) -> str:
    pool = [name for name in sorted(TRAINED) if name not in NOTES[k].text]
    return listing((kind, rng.choice(pool)) for kind, _ in NOTES[k].entities)


def retyped(k: int) -> str:
    return listing((TYPES[TYPES.index(kind) - 1], name) for kind, name in NOTES[k].entities)


PLANTED = {
    "hallucination: reciting": lambda k, rng: row(k, recite(k, rng)),
    "hallucination: inventing": lambda k, rng: row(k, listing((kind, invent(rng, kind) + str(rng.random()))
                                                              for kind, _ in NOTES[k].entities)),
    "hallucination: ignoring the input": lambda k, rng: row(k, "### Entities:\n1. [Disease] gout of the big toe"),
    "format collapse": lambda k, rng: row(k, f"The patient was seen and has {NOTES[k].entities[0][1]}.\nThat is all."),
    "run-on": lambda k, rng: row(k, answer_of(NOTES[k]) + "\n\n" + "the family history is long\n" * 9, ended=False),
    "truncation": lambda k, rng: row(k, listing(NOTES[k].entities[:1]) + "\n2. [Dis", ended=False),
    "wrong types": lambda k, rng: row(k, retyped(k)),
    "empty": lambda k, rng: row(k, "### Entities:\n\n### Relations:\n"),
    "overlooking": lambda k, rng: row(k, listing(NOTES[k].entities[:1])),
}  # fmt: skip
"""Class → an answer that fails so."""
HARD = [k for k, note in enumerate(NOTES) if len(note.entities) >= 3]
"""Notes with more than can be found by accident."""


def planted(kind: str, share: float, seed: int = 0) -> list[Row]:
    """Sound answers to the notes of HARD, of which a share fails in one way."""
    rng = random.Random(seed)
    failing = set(rng.sample(HARD, round(share * len(HARD))))
    rows = sound()
    return [PLANTED[kind](k, rng) if k in failing else rows[k] for k in HARD]


def test_sound_answers_are_extraction_with_and_without_gold():
    for rows in (sound(), sound(gold=False)):
        found = diagnose(rows, TRAINED)
        assert (found.kind, found.counts, found.clear) == ("extraction", {"extraction": len(NOTES)}, True)
    assert diagnose(sound(), TRAINED).measures["recall"] == 1.0
    assert "recall" not in diagnose(sound(gold=False)).measures
    assert "memorisation" not in diagnose(sound()).measures


def test_every_class_has_an_answer_that_shows_it():
    assert PLANTED.keys() | {"extraction"} == CLASSES.keys()


SHARES = [(kind, share) for kind in PLANTED for share in (0.4, 0.7, 1.0) if share == 1 or "ignoring" not in kind]
"""An input is ignored only if nearly all answers are one."""


@pytest.mark.parametrize(("kind", "share"), SHARES)
def test_a_planted_failure_is_the_diagnosis_and_all_others_are_sound(kind, share):
    found = diagnose(planted(kind, share), TRAINED)
    assert found.kind == kind
    assert set(found.counts) <= {kind, "extraction"}
    assert found.counts[kind] == round(share * len(HARD))
    assert found.clear is (share >= 0.5)
    assert found.summary.startswith(f"{CLASSES[kind][0]}: {found.counts[kind]} of {len(HARD)} answers")


@pytest.mark.parametrize("kind", PLANTED)
def test_a_few_failures_are_still_extraction(kind):
    assert diagnose(planted(kind, 0.2), TRAINED).kind == "extraction"


@pytest.mark.parametrize("kind", sorted(PLANTED.keys() - {"wrong types", "overlooking"}))
def test_without_gold_all_is_said_that_can_be(kind):
    assert diagnose([replace(of, gold=None) for of in planted(kind, 1.0)], TRAINED).kind == kind


@pytest.mark.parametrize("kind", ["wrong types", "overlooking"])
def test_what_only_gold_can_show_is_not_guessed_without_it(kind):
    assert diagnose([replace(of, gold=None) for of in planted(kind, 1.0)], TRAINED).kind == "extraction"


def test_without_a_training_file_names_that_recur_where_they_do_not_occur_are_by_heart():
    few = sorted(TRAINED)[:6]
    rng = random.Random(0)
    rows = [row(k, listing(("Disease", name) for name in rng.sample(few, 3))) for k in HARD]
    assert diagnose(rows).kind == "hallucination: reciting"
    assert diagnose(planted("hallucination: inventing", 1.0)).kind == "hallucination: inventing"


def test_few_answers_that_vary_with_the_input_are_recited_and_not_blind_to_it():
    few = [listing([("Disease", "gout of the toe")]), listing([("Symptom", "pain of the rib"), ("Disease", "gout")])]
    assert diagnose([row(k, few[i % 5 == 0]) for i, k in enumerate(HARD)]).kind == "hallucination: reciting"
    assert diagnose([row(k, few[0]) for k in HARD]).kind == "hallucination: ignoring the input"


def test_a_run_on_is_told_from_a_truncation_by_whether_all_was_said():
    k = HARD[0]
    some, every = listing(NOTES[k].entities[:1]), listing(NOTES[k].entities)
    assert diagnose([row(k, some, ended=False)]).kind == "truncation"
    assert diagnose([row(k, every, ended=False)]).kind == "run-on"
    loop = some + "\n" + "\n".join(f"{n}. [Disease] {NOTES[k].entities[0][1]}" for n in range(2, 9))
    assert diagnose([row(k, loop, ended=False)]).kind == "run-on"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('[{"type": "Disease", "text": "gout"}, {"type": "Dis', "truncation"),
        ("1. [Disease] gout\n2. [Sym", "truncation"),
        ("1. [Disease] gout\n" * 9, "run-on"),
        ("", "empty"),
        ("[]", "empty"),
        ("I am a language model.", "format collapse"),
        ("[Symptom] gout", "wrong types"),
    ],
)
def test_where_the_file_does_not_say_whether_it_ended_the_text_does(text, kind):
    gold = [["Disease", "gout"], ["Symptom", "fever"]]
    assert diagnose([row_of(1, "gout and fever", text, None, gold)]).kind == kind


def test_to_name_nothing_where_there_is_nothing_is_right():
    assert diagnose([row_of(1, "all is well", "[]", None, [])]).kind == "extraction"


def test_kinds_of_hallucination_count_together_before_one_of_them_is_named():
    counts = {"run-on": 40, "hallucination: reciting": 35, "hallucination: inventing": 25}
    assert kind_of(counts) == "hallucination: reciting"
    assert kind_of({"extraction": 76, "empty": 24}) == "extraction"
    assert kind_of({"extraction": 75, "empty": 25}) == "empty"


@settings(deadline=None, max_examples=20)
@given(st.permutations(range(len(HARD))), st.sampled_from(sorted(PLANTED)))
def test_the_order_of_the_answers_does_not_matter(order, kind):
    rows = planted(kind, 0.7)
    assert diagnose([rows[i] for i in order], TRAINED).counts == diagnose(rows, TRAINED).counts


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(), st.text(), st.sampled_from([True, False, None])), min_size=1))
def test_whatever_was_answered_something_is_said(rows):
    found = diagnose([row_of(k, asked, text, ended) for k, (asked, text, ended) in enumerate(rows, 1)])
    assert found.kind in CLASSES
    assert sum(found.counts.values()) == len(rows)
    assert found.summary
    assert as_text([("a", found), ("b", found)])


def test_an_evaluation_says_what_the_command_says_of_its_predictions():
    for kind in PLANTED:
        rows = planted(kind, 1.0)
        answers = [read_answer(of.text, bool(of.ended)) for of in rows]
        found = diagnose(rows, TRAINED)
        said = diagnosed([NOTES[k] for k in HARD], answers, TRAINED)
        assert said == {"summary": found.summary, "diagnosis": kind}
    assert "diagnosis" not in diagnosed([NOTES[k] for k in HARD], [read_answer(of.text, bool(of.ended)) for of in
                                        planted("empty", 0.4)], TRAINED)  # fmt: skip


def test_two_sides_are_compared_in_a_sentence():
    good, bad = (diagnose(rows, TRAINED) for rows in (sound(), planted("hallucination: reciting", 1.0)))
    said = comparison(("good", good), ("bad", bad))
    does = "good extracts; bad recites and does not extract"
    assert said.startswith(f"{does}: grounding 1.00 → 0.00, recited 0.00 → 1.00, recall 1.00 → 0.00")
    assert comparison(("a", good), ("b", good)).startswith("a extracts; b does the same: grounding 1.00 → 1.00")


def command(*words: object) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "medextract", "diagnose", *map(str, words)]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)


def written(path: Path, found: list[Row]) -> Path:
    lines = [json.dumps({"prompt": of.input, "response": of.text, "gold": of.gold}) for of in found]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_command_tells_one_side_and_compares_two(tmp_path):
    good = written(tmp_path / "good.jsonl", sound())
    bad = written(tmp_path / "bad.jsonl", planted("hallucination: reciting", 1.0))
    one = command(good)
    assert one.returncode == 0
    assert one.stdout.startswith(f"{good}: extraction\nIt extracts: 40 of 40 answers are sound; 100% of")
    train = tmp_path / "train.jsonl"
    train.write_text("".join(json.dumps({"input": "", "output": f"[Disease] {name}"}) + "\n" for name in TRAINED))
    two = command(good, bad, "--training", train)
    assert two.returncode == 0
    assert f"{good} extracts; {bad} recites and does not extract: grounding 1.00 → 0.00" in two.stdout
    assert "‹" in two.stdout
    plain = json.loads(command(bad, "--training", train, "--json").stdout)
    (side,) = plain["sides"]
    assert (plain["schema"], side["diagnosis"], side["family"]) == (
        "medextract.diagnosis/1", "hallucination: reciting", "hallucination",
    )  # fmt: skip
    assert side["classes"] == {"hallucination: reciting": len(HARD)}
    assert side["measures"]["memorisation"] == 1.0
    assert len(side["examples"]) == 3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["{}/none.jsonl"], "No such file"),
        (["{}/bad.jsonl"], "bad.jsonl, line 2: not JSON"),
        (["{}/good.jsonl"] * 3, "one file of predictions, or two"),
        (["{}/good.jsonl", "--field", "reply=x"], "it takes input=NAME"),
        (["{}/good.jsonl", "--training", "{}/bad.jsonl"], "bad.jsonl, line 2: not JSON"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_status_2(tmp_path, words, says):
    written(tmp_path / "good.jsonl", sound()[:2])
    (tmp_path / "bad.jsonl").write_text('{"input": "x", "output": "1. [Disease] y"}\n{\n')
    done = command(*(word.format(tmp_path) for word in words))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("medextract: ")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_diagnosis_is_a_value():
    assert diagnose(sound()) == diagnose(sound())
    assert isinstance(diagnose(sound()), Diagnosis)
