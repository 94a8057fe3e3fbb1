"""Sentences as the trained components see them: persons, days and the letter's own facts as typed marks, words as
features.

A `Passage` holds the tokens of some sentences once. `features` looks at it from one person and one day: what is the
target, what is another, what lies before and behind. So the same words teach something for every name, date and order
of days.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from spacy.strings import hash_string  # type: ignore[attr-defined]  # compiled; its stub does not list it

from parsers.glossary import concept
from parsers.text import fold

COLUMNS = 10
FLAGS = 9
IS_PERSON, IS_DAY, NEAR_PERSON, NEAR_DAY = 1, 2, 4, 8
BREAK = "§break"
OTHER_DATE = -1


@dataclass(slots=True)
class Passage:
    """Parallel lists, one entry a token. `person` is the number of the person mentioned or -1; `days` the indices of
    the conference days meant (empty: no day; `(-1,)`: another date). A mention is one token, whatever its words were.
    """

    words: list[str] = field(default_factory=list)
    person: list[int] = field(default_factory=list)
    days: list[tuple[int, ...]] = field(default_factory=list)
    sentence: list[int] = field(default_factory=list)
    language: str = ""

    _columns: np.ndarray | None = None

    def columns(self) -> np.ndarray:
        """The word columns of every token, whatever is looked at; computed once."""
        if self._columns is None or len(self._columns) != len(self.words):
            rows = [_word_columns(word, self.language) for word in self.words]
            self._columns = np.array(rows, dtype=np.uint64).reshape(len(rows), 5)
        return self._columns

    def marked(self) -> list[int]:
        """The tokens that are mentions of a person or a day."""
        return [i for i, (person, days) in enumerate(zip(self.person, self.days, strict=True)) if person >= 0 or days]

    def add(self, word: str, sentence: int, person: int = -1, days: tuple[int, ...] = ()) -> None:
        """Appends one token."""
        self.words.append(word)
        self.person.append(person)
        self.days.append(days)
        self.sentence.append(sentence)


@dataclass(frozen=True, slots=True)
class Target:
    """Whom and which day the decision is about. `known`: the person is the invited principal by name or title;
    `principal` is the number of that principal among the persons, or -1; `last` is the number of days minus one."""

    person: int
    day: int
    known: bool = False
    principal: int = -1
    last: int = 1


@lru_cache(maxsize=100_000)
def _hash(text: str) -> int:
    return int(hash_string(text))


_CACHE: dict[tuple[str, str], tuple[int, int, int, int, int]] = {}


def _word_columns(word: str, language: str) -> tuple[int, int, int, int, int]:
    """Norm, beginning, end, stem and concept of a word, as hashes."""
    cached = _CACHE.get((word, language))
    if cached is not None:
        return cached
    if word.startswith("§"):
        columns = (_hash(word),) * 4 + (_hash("c:" + word),)
    elif word.isdigit():
        shape = "#" * min(len(word), 4)
        columns = (_hash("n:" + shape), 0, 0, 0, 0)
    else:
        norm = fold(word)
        columns = (
            _hash("n:" + norm),
            _hash("p:" + norm[:4]),
            _hash("s:" + norm[-3:]),
            _hash("t:" + norm[:6] + str(len(norm) > 6)),
            _hash("c:" + concept(norm, language)),
        )
    if len(_CACHE) > 200_000:
        _CACHE.clear()
    _CACHE[(word, language)] = columns
    return columns


def _bucket(distance: int) -> int:
    size = abs(distance)
    step = size if size < 4 else 4 if size < 6 else 5 if size < 10 else 6 if size < 18 else 7
    return step if distance >= 0 else -step


def features(passage: Passage, target: Target | None, mask_words: Iterable[int] = ()) -> np.ndarray:
    """An array of shape `(tokens + 2, COLUMNS)`, uint64. Without a target it describes the text alone.

    `mask_words` are token indices whose word columns are blanked: training uses it so that no single word is trusted.
    """
    size = len(passage.words)
    out = np.zeros((size + 2, COLUMNS), dtype=np.uint64)
    flag = "§start"
    if target is not None:
        place = (
            "only"
            if target.last == 0
            else "first"
            if target.day == 0
            else "last"
            if target.day == target.last
            else "mid"
        )
        flag = f"§{place}:{'known' if target.known else 'free'}"
    out[0, (0, 4)] = _hash(flag)
    out[1, (0, 4)] = _hash("l:" + passage.language)
    out[2:, :5] = passage.columns()
    blanked = [index + 2 for index in mask_words if passage.person[index] < 0 and not passage.days[index]]
    if blanked:
        out[blanked, :4] = 0
    for index in passage.marked():
        out[index + 2, :5] = _word_columns(_shown(passage, index, target), passage.language)
    if target is not None:
        persons, days = _states(passage, target)
        out[2:, 5] = [_hash(f"P{p}|D{d}") for p, d in zip(persons, days, strict=True)]
        out[2:, 6] = [_hash("P" + p) for p in persons]
        _distances(passage, target, out)
    return out


def _shown(passage: Passage, index: int, target: Target | None) -> str:
    person = passage.person[index]
    if person >= 0:
        if target is None:
            return "§person"
        if person == target.person:
            return "§T"
        return "§M" if person == target.principal else "§O"
    days = passage.days[index]
    if days:
        return _day_mark(days, target)
    return passage.words[index]


def _day_mark(days: tuple[int, ...], target: Target | None) -> str:
    if days == (OTHER_DATE,):
        return "§F"
    if target is None:
        return "§day" if len(days) == 1 else "§days"
    if target.day in days:
        return "§D" if len(days) == 1 else "§B"
    return "§E+" if min(days) > target.day else "§E-"


def _states(passage: Passage, target: Target | None) -> tuple[list[str], list[str]]:
    """For every token: the person and the day it most likely speaks about, by what was named before it in the sentence,
    else behind it, else in the sentences before (who was named last stays the subject)."""
    size = len(passage.words)
    if target is None:
        return [""] * size, [""] * size
    persons = ["?"] * size
    days = ["?"] * size
    start = 0
    topic, topic_day = "none", "none"
    while start < size:
        end = start
        while end < size and passage.sentence[end] == passage.sentence[start]:
            end += 1
        topic = _scope(start, end, topic, persons, lambda i: _person_state(passage, i, target))
        topic_day = _scope(start, end, topic_day, days, lambda i: _day_state(passage, i, target))
        start = end
    return persons, days


def _scope(start: int, end: int, topic: str, states: list[str], state: Callable[[int], str]) -> str:
    named = [state(i) for i in range(start, end)]
    following = ""
    ahead = [""] * (end - start)
    for i in range(end - start - 1, -1, -1):
        ahead[i] = following
        if named[i]:
            following = named[i]
    current = ""
    for i in range(end - start):
        if named[i]:
            current = named[i]
        states[start + i] = "b" + current if current else "a" + ahead[i] if ahead[i] else "t" + topic
    return current or topic


def _person_state(passage: Passage, index: int, target: Target) -> str:
    person = passage.person[index]
    if person < 0:
        return ""
    return "T" if person == target.person else "M" if person == target.principal else "O"


def _day_state(passage: Passage, index: int, target: Target) -> str:
    return _day_mark(passage.days[index], target)[1:] if passage.days[index] else ""


def _distances(passage: Passage, target: Target, out: np.ndarray) -> None:
    """How far each token is from the target person and day, in words and in clauses, and the flags for pooling."""
    size = len(passage.words)
    people = [i for i in range(size) if passage.person[i] == target.person]
    days = [i for i in range(size) if target.day in passage.days[i]]
    near_person = {passage.sentence[i] for i in people}
    near_day = {passage.sentence[i] for i in days}
    to_person, to_day = _nearest(people, size), _nearest(days, size)
    clauses = _clauses(passage)
    person_clauses = {clauses[i] for i in people}
    day_clauses = {clauses[i] for i in days}
    for index in range(size):
        sentence = passage.sentence[index]
        here, dated = sentence in near_person, sentence in near_day
        row = out[index + 2]
        row[7] = _hash(f"dT{to_person[index]}{here}{clauses[index] in person_clauses}")
        row[8] = _hash(f"dD{to_day[index]}{dated}{here}{clauses[index] in day_clauses}")
        row[FLAGS] = (
            IS_PERSON * (passage.person[index] == target.person)
            + IS_DAY * (target.day in passage.days[index])
            + NEAR_PERSON * here
            + NEAR_DAY * dated
        )


_CLAUSE = frozenset(",;:–—|()") | {BREAK}


def _clauses(passage: Passage) -> list[int]:
    """The number of the clause of each token: punctuation and sentence ends count up."""
    out: list[int] = []
    current = 0
    for word in passage.words:
        out.append(current)
        current += word in _CLAUSE
    return out


def _nearest(places: Sequence[int], size: int) -> list[int]:
    """For every token the bucketed, signed distance to the nearest of these places; 99 where there are none."""
    if not places:
        return [99] * size
    return [_bucket(min((index - place for place in places), key=abs)) for index in range(size)]
