"""Sentences as the trained components see them: persons, days and the letter's own facts as typed marks, words as
features.

A `Passage` holds the tokens of some sentences once. `features` looks at it from one person and one day: what is the
target, what is another, what lies before and behind. So the same words teach something for every name, date and order
of days.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from spacy.strings import hash_string  # type: ignore[attr-defined]  # compiled; its stub does not list it

from parsers.glossary import concept
from parsers.text import fold

COLUMNS = 10
WORD_COLUMNS = 5
FLAGS = 9
IS_PERSON, IS_DAY, NEAR_PERSON, NEAR_DAY = 1, 2, 4, 8
BREAK = "§break"
OTHER_DATE = -1
_CLAUSE = frozenset(",;:–—|()") | {BREAK}


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
    _arrays: tuple[np.ndarray, np.ndarray, np.ndarray, list[int]] | None = None

    def columns(self) -> np.ndarray:
        """The word columns of every token, whatever is looked at; computed once."""
        if self._columns is None or len(self._columns) != len(self.words):
            rows = [_word_columns(word, self.language) for word in self.words]
            self._columns = np.array(rows, dtype=np.uint64).reshape(len(rows), 5)
        return self._columns

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[int]]:
        """The person, the sentence and the clause of each token (punctuation and sentence ends count clauses up), and
        the tokens that are mentions of a person or a day; computed once."""
        if self._arrays is None or len(self._arrays[0]) != len(self.words):
            ends = np.array([word in _CLAUSE for word in self.words], dtype=int)
            marked = [i for i, days in enumerate(self.days) if days or self.person[i] >= 0]
            self._arrays = np.array(self.person), np.array(self.sentence), np.cumsum(ends) - ends, marked
        return self._arrays

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
    for index in passage.arrays()[3]:
        out[index + 2, :5] = _word_columns(_shown(passage, index, target), passage.language)
    if target is not None and size:
        _looked_from(passage, target, out[2:])
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


_PERSONS = ("T", "M", "O", "none")
_DATES = ("D", "B", "E+", "E-", "F", "none")
_SCOPES = ("b", "a", "t")
"""What was named before in the sentence, behind, or in the sentences before."""
_STATES = np.array(
    [[_hash(f"P{p}{person}|D{d}{date}") for d in _SCOPES for date in _DATES] for p in _SCOPES for person in _PERSONS],
    dtype=np.uint64,
)
_PERSON_STATES = np.array([_hash(f"P{p}{person}") for p in _SCOPES for person in _PERSONS], dtype=np.uint64)
_NOWHERE = 99
_STEPS = np.array([0, 1, 2, 3, 4, 4, 5, 5, 5, 5, *[6] * 8, 7])
"""Distances in words, the farther the coarser."""
_BUCKETS = [*range(-7, 8), _NOWHERE]
_FLAGS_OF_TWO = [(a, b) for a in (False, True) for b in (False, True)]
_TO_PERSON = np.array([[_hash(f"dT{n}{a}{b}") for a, b in _FLAGS_OF_TWO] for n in _BUCKETS], dtype=np.uint64)
_TO_DAY = np.array(
    [[_hash(f"dD{n}{dated}{a}{b}") for dated in (False, True) for a, b in _FLAGS_OF_TWO] for n in _BUCKETS],
    dtype=np.uint64,
)


def _looked_from(passage: Passage, target: Target, out: np.ndarray) -> None:
    """The columns that depend on the target: for every token the person and the day that it most likely speaks about
    (what was named before it in the sentence, else behind it, else last in the sentences before: who was named last
    stays the subject), how far it is from the target in words, whether they share a clause, and the flags for pooling.
    """
    persons, sentences, clauses, marked = passage.arrays()
    named = np.array([i for i in marked if passage.person[i] >= 0], dtype=int)
    dated = np.array([i for i in marked if passage.days[i]], dtype=int)
    who = np.array([_PERSONS.index(_person_state(passage.person[i], target)) for i in named], dtype=int)
    when = np.array([_DATES.index(_day_mark(passage.days[i], target)[1:]) for i in dated], dtype=int)
    person_state = _scoped(named, who, sentences, len(_PERSONS))
    out[:, 5] = _STATES[person_state, _scoped(dated, when, sentences, len(_DATES))]
    out[:, 6] = _PERSON_STATES[person_state]
    people = np.flatnonzero(persons == target.person)
    days = np.array([i for i in dated if target.day in passage.days[i]], dtype=int)
    here, day_here = (_with(sentences, places) for places in (people, days))
    beside, day_beside = (_with(clauses, places) for places in (people, days))
    out[:, 7] = _TO_PERSON[_nearest(people, len(persons)), 2 * here + beside]
    out[:, 8] = _TO_DAY[_nearest(days, len(persons)), 4 * day_here + 2 * here + day_beside]
    out[:, FLAGS] = NEAR_PERSON * here + NEAR_DAY * day_here
    out[people, FLAGS] += IS_PERSON
    out[days, FLAGS] += IS_DAY


def _with(groups: np.ndarray, places: np.ndarray) -> np.ndarray:
    """1 for every token whose sentence or clause holds one of these places, else 0."""
    chosen = np.zeros(groups[-1] + 1, dtype=int)
    chosen[groups[places]] = 1
    return np.asarray(chosen[groups])


def _person_state(person: int, target: Target) -> str:
    return "T" if person == target.person else "M" if person == target.principal else "O"


def _scoped(places: np.ndarray, states: np.ndarray, sentences: np.ndarray, kinds: int) -> np.ndarray:
    """For every token `scope * kinds + state`, from the mentions at these places; the last state means none."""
    states = np.append(states, kinds - 1)
    at = np.append(sentences[places], -1)
    behind = np.searchsorted(places, np.arange(len(sentences)), side="right")
    before = behind - 1
    has_before = (before >= 0) & (at[before] == sentences)
    has_behind = at[behind] == sentences
    # Where no mention came before, index -1 picks the state that means none.
    scope = np.where(has_before, 0, np.where(has_behind, 1, 2))
    return np.asarray(scope * kinds + np.where(scope == 1, states[behind], states[before]))


def _nearest(places: np.ndarray, size: int) -> np.ndarray:
    """For every token the index in `_BUCKETS` of the signed distance to the nearest of these places."""
    if not len(places):
        return np.full(size, len(_BUCKETS) - 1)
    tokens = np.arange(size)
    behind = np.searchsorted(places, tokens, side="right")
    before = tokens - places[np.maximum(behind - 1, 0)]
    ahead = places[np.minimum(behind, len(places) - 1)] - tokens
    backward = (behind > 0) & ((behind == len(places)) | (before <= ahead))
    distance = np.where(backward, before, ahead)
    steps = _STEPS[np.minimum(distance, len(_STEPS) - 1)]
    return np.asarray(7 + np.where(backward, steps, -steps))
