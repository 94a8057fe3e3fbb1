"""Corpus entries as training examples for the components."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from parsers.corpus_format import Entry, Sentence
from parsers.glossary import concept
from parsers.marked import BREAK, OTHER_DATE, Passage, Target
from parsers.sentences import words
from parsers.text import fold

ATTENDANCE = ("none", "yes", "no", "maybe")
ROLES = ("none", "minister", "deputy", "delegate")
_LABELS = {"-": 0, "y": 1, "n": 2, "m": 3}
_DAYS: dict[str, tuple[int, ...]] = {"1": (0,), "2": (1,), "12": (0, 1), "0": (OTHER_DATE,)}


@dataclass(frozen=True, slots=True)
class Pair:
    """A person and a day in a passage, with the two answers as indices of `ATTENDANCE` and `ROLES`."""

    passage: Passage
    target: Target
    attendance: int
    role: int
    entry: Entry


def add_sentence(passage: Passage, sentence: Sentence, number: int, people: dict[str, int]) -> None:
    """Appends a corpus sentence; `people` gives each ident its number and grows."""
    position = 0
    for mark in sentence.marks:
        _plain(passage, sentence.text[position : mark.start], number)
        text = sentence.text[mark.start : mark.end]
        if mark.is_day:
            passage.add(text, number, days=_DAYS[mark.ident])
        else:
            passage.add(text, number, person=people.setdefault(mark.ident, len(people)))
        position = mark.end
    _plain(passage, sentence.text[position:], number)
    passage.add(BREAK, number)


def _plain(passage: Passage, text: str, number: int) -> None:
    for word in words(text)[0]:
        if not word.isspace():
            passage.add(word, number)


def passage_of(
    entry: Entry, before: tuple[Sentence, ...] = (), after: tuple[Sentence, ...] = ()
) -> tuple[Passage, dict[str, int]]:
    """The passage of an entry, with foreign sentences before and behind it; their persons are nobody known."""
    passage = Passage(language=entry.language)
    people: dict[str, int] = {}
    number = 0
    for place, sentences in enumerate((before, entry.sentences, after)):
        for sentence in sentences:
            names = people if place == 1 else {}
            if place != 1:
                names = {mark.ident: 50 + 10 * place + i for i, mark in enumerate(sentence.marks)}
            add_sentence(passage, sentence, number, names)
            number += 1
    return passage, people


def pairs(entry: Entry, rng: random.Random | None = None, fillers: list[Entry] | None = None) -> Iterator[Pair]:
    """Every person and day of an entry. With `rng`, sentences that say nothing are put around it now and then."""
    before: tuple[Sentence, ...] = ()
    after: tuple[Sentence, ...] = ()
    if rng is not None and fillers:
        if rng.random() < 0.35:
            before = rng.choice(fillers).sentences[:2]
        if rng.random() < 0.35:
            after = rng.choice(fillers).sentences[:2]
    passage, people = passage_of(entry, before, after)
    principal = people.get("M", -1)
    if rng is not None:
        yield from _unnamed(entry, passage, people, rng)
        yield from _as_writer(entry, passage, rng)
    hidden = rng is not None and rng.random() < 0.3
    for ident, number in people.items():
        label = entry.people.get(ident, "--")
        role = {"M": 1, "S": 2, "C": 3}.get(ident[0], 0) if ident in entry.people else 0
        for day in (0, 1):
            known = ident == "M" and not hidden
            target = Target(number, day, known, -1 if hidden or principal == number else principal)
            yield Pair(passage, target, _LABELS[label[day]], role, entry)


def attending(entry: Entry) -> Iterator[tuple[int, bool, bool]]:
    """For each day the principal's attendance, whether a deputy comes and whether a delegate does; nothing where the
    entry tells of nobody."""
    for day in (0, 1) if entry.people else ():
        coming = {ident[0] for ident, said in entry.people.items() if said[day] in "ym"}
        yield _LABELS[entry.people.get("M", "--")[day]], "S" in coming, "C" in coming


NOBODY, WRITER = 98, 97
"""The numbers of a principal whom the text does not name, and of whoever says "I"."""


def says_i(word: str, language: str) -> bool:
    """Whether a word means the writer: "I", "mich", "undersigned"."""
    return concept(fold(word), language) == "I"


def _as_writer(entry: Entry, passage: Passage, rng: random.Random) -> Iterator[Pair]:
    """The writer as target where the text says "I" of somebody who is not marked: nothing is said of them."""
    own = [i for i, word in enumerate(passage.words) if passage.person[i] < 0 and says_i(word, entry.language)]
    if not own or rng.random() > 0.4:
        return
    seen = Passage(language=passage.language)
    for index, word in enumerate(passage.words):
        person = WRITER if index in own else passage.person[index]
        seen.add(word, passage.sentence[index], person, passage.days[index])
    yield Pair(seen, Target(WRITER, rng.randrange(2)), 0, 0, entry)


def _unnamed(entry: Entry, passage: Passage, people: dict[str, int], rng: random.Random) -> Iterator[Pair]:
    """The principal as target where the text names none: most often nothing is said of them; now and then, in a copy
    of a passage about the principal alone, what was said with the name is to be understood without it."""
    if "M" not in people:
        if rng.random() < 0.3:
            day = rng.randrange(2)
            yield Pair(passage, Target(NOBODY, day, True, -1), 0, 0, entry)
        return
    if set(people) != {"M"} or "M" not in entry.people or rng.random() > 0.12:
        return
    bare = Passage(language=passage.language)
    for index, word in enumerate(passage.words):
        if passage.person[index] != people["M"]:
            bare.add(word, passage.sentence[index], passage.person[index], passage.days[index])
    for day in (0, 1):
        yield Pair(bare, Target(NOBODY, day, True, -1), _LABELS[entry.people["M"][day]], 1, entry)


def one_hot(indices: list[int], size: int, smoothing: float = 0.05) -> np.ndarray:
    """Rows with `1 - smoothing` on the index and the rest spread."""
    out = np.full((len(indices), size), smoothing / (size - 1), dtype=np.float32)
    out[np.arange(len(indices)), indices] = 1 - smoothing
    return out
