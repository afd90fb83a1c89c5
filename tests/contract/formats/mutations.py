"""Damages files at random, as a broken disk, a bad merge or somebody who means harm does."""

from __future__ import annotations

import random
from collections.abc import Iterator

NASTY = (
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\n", b'"', b"'", b"[", b"]", b"{", b"}", b"=", b":", b"#", b"\\", b"&a ",
    b"*a", b"<<: *a", b"!!python/object/apply:os.system ['false']", b"${HOME}", b"$(false)", b"../../../../etc/passwd",
    b"-r /dev/zero\n", b"--index-url x\n", b"-e .\n", b"9" * 5000, b"[" * 3000, b"(" * 3000, b"a." * 500, b"null",
    b"true", b"-1", b"1e999", b"1979-05-27", b'"\\ud800"', "\u202e".encode(), b"\x1b[2J", b"==", b" or ", b"; extra",
    b"{}", b"[]", b'""', b"*", b"git+ssh://a@b/c", b"1!0.0.0rc1+a.b", b"\r", b"\xef\xbb\xbf",
)  # fmt: skip


def mutations(original: bytes, count: int, seed: int) -> Iterator[bytes]:
    """So many damaged versions of a file, the same ones for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        text = bytearray(original)
        for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
            _damage(text, chance)
        yield bytes(text)


def _damage(text: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(text) + 1)
    end = min(len(text), place + chance.choice((1, 2, 5, 20, 80, 400)))
    match chance.randrange(7):
        case 0:
            del text[place:end]
        case 1:
            text[place:place] = chance.choice(NASTY)
        case 2:
            text[place:end] = chance.choice(NASTY)
        case 3:
            other = chance.randrange(len(text) + 1)
            text[other:other] = text[place:end]
        case 4:
            text[place:end] = bytes(chance.randrange(256) for _ in range(end - place))
        case 5:
            _swap_value(text, place, chance)
        case _:
            del text[place:]


def _swap_value(text: bytearray, place: int, chance: random.Random) -> None:
    """Put something else where the next quoted value is: it stays well-formed and is of the wrong kind."""
    begin = text.find(b'"', place)
    end = text.find(b'"', begin + 1)
    if begin >= 0 and end >= 0:
        text[begin : end + 1] = chance.choice(
            (b"1", b"[]", b"{}", b"[1]", b"true", b'""', b'"x y"', b'"9.9.9"', b"1.5")
        )
