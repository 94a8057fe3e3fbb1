"""The organisers' own letter, found again in a reply that quotes it without any mark."""

import re
from functools import lru_cache

from parsers.lexicon import key
from parsers.reading import ZoneKind
from parsers.text import fold

LONGEST_LINE = 4_000


def mark_letter(texts: list[str], kinds: list[ZoneKind], letter: str) -> None:
    """Marks lines of the organisers' own letter, quoted or not, by shared runs of four words."""
    known = _letter_grams(letter)
    if not known:
        return
    short = {key(line) for line in letter.split("\n") if key(line)}
    whole = key(letter)
    hits = [False] * len(texts)
    for index, text in enumerate(texts):
        grams = _grams(text[:LONGEST_LINE])
        if len(grams) >= 2:
            hits[index] = len(grams & known) >= 0.75 * len(grams)
    for index, text in enumerate(texts):
        if hits[index]:
            continue
        stripped = key(text[:LONGEST_LINE].lstrip("> "))
        near = any(hits[i] for i in range(max(0, index - 8), min(len(texts), index + 9)))
        if near and stripped and (stripped in short or (len(stripped.split()) < 5 and stripped in whole)):
            hits[index] = kinds[index] is not ZoneKind.NEW or stripped in short
    for index, hit in enumerate(hits):
        if hit:
            kinds[index] = ZoneKind.LETTER


@lru_cache(maxsize=8)
def _letter_grams(letter: str) -> set[tuple[str, ...]]:
    return _grams(letter)


def _grams(text: str) -> set[tuple[str, ...]]:
    tokens = re.findall(r"\w+", fold(text))
    return {tuple(tokens[i : i + 4]) for i in range(len(tokens) - 3)}
