"""What an instance holds is read from the source of its class, and nothing is imported."""

from __future__ import annotations

import textwrap

from tools.fields import attributes_of, classes_of, fields_of, held_by


def held(source: str, name: str) -> tuple[set[str], set[str]]:
    """(always, sometimes)"""
    always, sometimes = held_by(name, classes_of(textwrap.dedent(source)))
    return set(always), set(sometimes)


def test_the_fields_of_a_dataclass_and_of_its_bases_are_held_always() -> None:
    source = """
        @dataclass
        class Base:
            kind: ClassVar[str] = "x"
            rate: float = 1e-3

        @dataclass
        class Own(Base):
            steps: int = field(default=3)
            later: int = field(init=False)
    """
    assert held(source, "Own") == ({"rate", "steps"}, {"later"})
    assert set(fields_of("Own", classes_of(textwrap.dedent(source))).always) == {"rate", "steps"}


def test_annotations_of_an_ordinary_class_are_no_fields() -> None:
    assert held("class Own:\n    model_type: str = 'own'\n", "Own") == (set(), set())


def test_what_both_branches_give_is_held_always_and_what_one_gives_sometimes() -> None:
    source = """
        class Own:
            def __init__(self, a, b=None):
                self.a, self.c = a, 1
                if b:
                    self.b = b
                    self.d = 1
                else:
                    self.d = 2

            def fit(self):
                self.e = 3
    """
    assert held(source, "Own") == ({"a", "c", "d"}, {"b", "e"})


def test_what_the_saver_takes_out_is_held_sometimes_and_a_property_never() -> None:
    source = """
        class Own:
            def __init__(self):
                self.kept, self.dropped, self.shown = 1, 2, 3

            @property
            def shown(self):
                return 1

            def to_dict(self):
                found = dict(self.__dict__)
                del found["dropped"]
                return found
    """
    assert held(source, "Own") == ({"kept"}, {"dropped"})


def test_a_name_that_the_class_maps_to_another_is_saved_as_that() -> None:
    source = """
        class Own:
            attribute_map = {"hidden_size": "n_embd"}

            def __init__(self, n):
                self.hidden_size = n
    """
    assert held(source, "Own")[0] == {"n_embd"}


def test_attributes_that_the_trainer_gives_to_the_arguments_are_found() -> None:
    source = (
        "class Trainer:\n    def f(self, args):\n        self.args.x = 1\n        args.y = 2\n        self.z = args.w\n"
    )
    assert attributes_of(source, "args") == {"x", "y"}
