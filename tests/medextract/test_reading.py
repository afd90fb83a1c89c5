"""Predictions as people have them: every shape that is documented is read, and what is damaged is named by its line."""

import json

import pytest

from medextract.reading import FIELDS, read_answer, read_fields, read_predictions, read_training

BOTH = (("Disease", "diabetes"), ("Medication", "metformin"))


@pytest.fixture
def written(tmp_path):
    def write(*rows):
        path = tmp_path / "rows.jsonl"
        path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
        return path

    return write


@pytest.mark.parametrize(
    "answer",
    [
        "### Entities:\n1. [Disease] diabetes\n2. [Medication] metformin\n\n### Relations:\n1. a --[treats]--> b",
        "1. [Disease] diabetes\n2. [Medication] metformin",
        "Entities:\n- [Disease] diabetes\n* [Medication] metformin",
        "[Disease] diabetes\n[Medication] metformin",
        '[{"type": "Disease", "text": "diabetes"}, {"label": "Medication", "name": "metformin"}]',
        '```json\n[{"type": "Disease", "text": "diabetes"}, {"type": "Medication", "text": "metformin"}]\n```',
        '{"Disease": ["diabetes"], "Medication": "metformin"}',
        '{"entities": [["Disease", "diabetes"], ["Medication", "metformin"]]}',
        [["Disease", "diabetes"], ["Medication", "metformin"]],
        {"entities": {"Disease": ["diabetes"], "Medication": ["metformin"]}},
    ],
)
def test_every_documented_shape_of_an_answer_is_read(answer):
    read = read_answer(answer)
    assert (read.names, read.strays, read.unfinished) == (BOTH, 0, False)


def test_names_without_types_are_read():
    assert read_answer('["diabetes"]').names == (("", "diabetes"),)


@pytest.mark.parametrize("answer", ["", "  \n", "[]", "{}", [], {}])
def test_nothing_is_nothing_and_no_mistake(answer):
    assert (read_answer(answer).names, read_answer(answer).strays) == ((), 0)


@pytest.mark.parametrize(
    "answer", ["1. [Disease] diabetes\n2. [Medi", '[{"type": "Disease", "text": "diabetes"}, {"type": "Medi']
)
def test_of_an_answer_that_breaks_off_what_is_whole_is_read(answer):
    read = read_answer(answer)
    assert (read.names, read.unfinished) == (BOTH[:1], True)


@pytest.mark.parametrize("answer", ["The patient has diabetes.", '{"a": {"b": 1}}', "[1, 2]"])
def test_what_is_in_no_format_is_a_stray(answer):
    assert (read_answer(answer).names, read_answer(answer).strays) == ((), 1)


def test_lines_that_are_said_again_are_counted_whatever_their_number():
    assert read_answer("1. [Disease] gout\n2. [Disease] gout\n3. [Disease] gout").repeats == 2


@pytest.mark.parametrize("asked", FIELDS["input"])
@pytest.mark.parametrize("said", FIELDS["prediction"])
@pytest.mark.parametrize("right", FIELDS["gold"])
def test_every_documented_name_of_a_field_is_known(written, asked, said, right):
    path = written({asked: "diabetes", said: "[Disease] diabetes", right: [{"type": "Disease", "text": "diabetes"}]})
    (row,), memorised = read_predictions(path)
    assert (row.input, row.answer.names, row.gold, memorised) == ("diabetes", BOTH[:1], BOTH[:1], None)


def test_a_field_of_another_name_is_named(written):
    path = written({"note": "diabetes", "reply": "[Disease] diabetes"})
    (row,), _ = read_predictions(path, read_fields(["input=note", "prediction=reply"]))
    assert (row.input, row.gold) == ("diabetes", None)


def test_medextracts_own_file_marks_what_was_memorised_and_keeps_gold_apart(written):
    entity = {"type": "Disease", "text": "gout", "grounded": False, "memorised": True}
    own = {"id": 0, "input": "well", "output": "[Disease] gout", "ended": True, "entities": [entity]}
    (row,), memorised = read_predictions(written(own))
    assert (row.ended, row.gold, memorised) == (True, None, {"gout"})
    (row,), _ = read_predictions(written(own | {"gold": []}))
    assert row.gold == ()


def test_of_medextracts_own_answers_only_what_its_evaluation_counts_is_in_the_format(written):
    text = "# Terms\n1. [Disease] gout\n\n### Entities:\n[Disease] fever\n2. [Disease] lupus"
    others = {"input": "gout", "output": text}
    (row,), _ = read_predictions(written(others))
    assert ([name for _, name in row.answer.names], row.answer.strays) == (["gout", "fever", "lupus"], 0)
    (row,), _ = read_predictions(written(others | {"ended": True, "entities": []}))
    assert ([name for _, name in row.answer.names], row.answer.strays) == (["lupus"], 3)


@pytest.mark.parametrize(("reason", "ended"), [("stop", True), ("length", False)])
def test_a_finish_reason_says_whether_it_was_cut_off(written, reason, ended):
    (row,), _ = read_predictions(written({"prompt": "x", "completion": "y", "finish_reason": reason}))
    assert row.ended is ended


GOOD = {"input": "x", "output": "y"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 3: not JSON"),
        ("[" * 100_000, "line 3: not JSON"),
        ("\x00", "line 3: not JSON"),
        ("[]", "line 3: not a JSON object"),
        ('{"input": "x"}', "line 3: no `prediction` or `output`"),
        ('{"output": "x"}', "--field input=NAME"),
        ('{"input": 1, "output": "x"}', "line 3: the input is no text"),
        ('{"input": "x", "output": 1}', "line 3: 1 is neither text nor a list or object of entities"),
        ('{"input": "x", "output": [{"type": "Disease"}]}', "is no entity: it takes a text and a type"),
        ('{"input": "x", "output": "y", "gold": {"Disease": [1]}}', "holds no names"),
    ],
)
def test_a_damaged_line_is_named_by_its_number(written, line, says):
    with pytest.raises(ValueError, match=r"^rows\.jsonl, line 3") as error:
        read_predictions(written(GOOD, "", line))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_an_empty_file_and_a_missing_one_are_said(written, tmp_path):
    with pytest.raises(ValueError, match="holds no predictions"):
        read_predictions(written())
    with pytest.raises(ValueError, match="No such file"):
        read_predictions(tmp_path / "none.jsonl")


def test_training_names_are_read_from_whatever_holds_the_answers(written):
    assert read_training(written({"input": "x", "output": "1. [Disease] gout"})) == {"gout"}
    assert read_training(written({"prompt": "x", "gold": {"Disease": ["gout"]}})) == {"gout"}
    with pytest.raises(ValueError, match="names an entity"):
        read_training(written(GOOD))


@pytest.mark.parametrize("word", ["input", "answer=x", "gold="])
def test_a_field_that_is_no_field_is_said(word):
    with pytest.raises(ValueError, match="it takes input=NAME, prediction=NAME, gold=NAME"):
        read_fields([word])


@pytest.mark.parametrize("filler", [" ", "\n", "[", "{", "```\n", "1. [", "a --[", "**"])
def test_a_long_answer_is_read_as_a_short_one_is(filler):
    """A pattern that went back over what it has read would take minutes for the long one."""
    short, long = (read_answer("1. [Disease] gout" + filler * times + "x") for times in (10, 100_000))
    assert [kind for kind, _ in long.names] == [kind for kind, _ in short.names] == ["Disease"]
    assert long.names[0][1] == ("gout" + filler * 100_000 + "x").partition("\n")[0]
    lines = 100_000 - 10 if filler == "```\n" else 0
    assert (long.lines - short.lines, long.strays - short.strays) == (lines, lines)


@pytest.mark.parametrize("filler", ["[", "{", "```\n", "1. [", "a --[", "**"])
def test_a_long_answer_in_no_format_names_nothing(filler):
    read = read_answer(filler * 100_000)
    assert read.names == ()
    assert read.strays == read.lines > 0
