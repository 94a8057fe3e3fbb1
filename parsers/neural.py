"""The trained components: which sentences ask, what sort of message it is, and who attends on which day.

Each holds one `network` over the marks of `marked`; the decisions over a whole message are taken in `decide`.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from spacy.tokens import Doc, Span
from thinc.api import Model

from parsers.context import Context, Verdict, context, is_quoted
from parsers.examples import ATTENDANCE, NOBODY, ROLES
from parsers.marked import BREAK, OTHER_DATE, Passage, Target, features
from parsers.network import build, softmax
from parsers.people import Mention

SORTS = ("none", "availability", "acknowledgement", "unrelated", "auto_reply")
LONGEST_PASSAGE = 420
AROUND = 3
BATCH = 48
MOST_PEOPLE = 24


class _Component:
    """A network with its answers that spaCy can save and load."""

    answers = 2

    def __init__(self) -> None:
        self.shape: dict[str, int] = {}
        self.model: Model[Any, Any] | None = None

    def prepare(self, **shape: int) -> Model[Any, Any]:
        """A fresh network; training initialises and fills it."""
        self.shape = shape
        self.model = build(self.answers, **shape)
        return self.model

    def scores(self, arrays: list[np.ndarray]) -> np.ndarray:
        """Logits, a row an array."""
        if self.model is None or not arrays:
            return np.zeros((len(arrays), self.answers), dtype=np.float32)
        order = sorted(range(len(arrays)), key=lambda i: len(arrays[i]))
        out = np.zeros((len(arrays), self.answers), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            out[rows] = self.model.predict([arrays[i] for i in rows])
        return out

    def to_disk(self, path: Path, **_: object) -> None:
        """Saves shape and weights under a folder."""
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        (path / "shape.json").write_text(json.dumps(self.shape, sort_keys=True) + "\n", encoding="utf-8")
        if self.model is not None:
            self.model.to_disk(path / "weights")

    def from_disk(self, path: Path, **_: object) -> "_Component":
        """Loads what `to_disk` saved."""
        path = Path(path)
        if (path / "shape.json").exists():
            model = self.prepare(**json.loads((path / "shape.json").read_text(encoding="utf-8")))
            sample = Passage(language="en")
            sample.add("a", 0)
            model.initialize(X=[features(sample, None)], Y=np.zeros((1, self.answers), dtype=np.float32))
            model.from_disk(path / "weights")
        return self

    def to_bytes(self, **_: object) -> bytes:
        """Not kept in byte form; the model lives in its folder."""
        return b""

    def from_bytes(self, _: bytes, **__: object) -> "_Component":
        """See `to_bytes`."""
        return self


def passage(doc: Doc, numbers: list[int], language: str) -> Passage:
    """These sentences of a document with its persons and days as marks."""
    state = context(doc)
    person_at: dict[int, tuple[int, int]] = {}
    for number, person in enumerate(state.people):
        for mention in person.mentions:
            person_at[mention.start] = (mention.end, number)
    day_at = {mention.start: mention for mention in state.day_mentions}
    out = Passage(language=language)
    for sentence in numbers:
        start, end = state.sentences[sentence]
        index = start
        while index < end:
            if index in person_at:
                stop, number = person_at[index]
                out.add(doc[index].text, sentence, person=number)
                index = max(stop, index + 1)
            elif index in day_at:
                dated = day_at[index]
                days = tuple(state.days.index(day) for day in dated.days) or (OTHER_DATE,)
                out.add(doc[index].text, sentence, days=days)
                index = max(dated.end, index + 1)
            else:
                if not doc[index].is_space:
                    out.add(doc[index].text[:40], sentence)
                index += 1
        out.add(BREAK, sentence)
    return out


class AsksModel(_Component):
    """Marks the sentences that ask the organisers for something."""

    answers = 2

    def __call__(self, doc: Doc) -> Doc:
        state = context(doc)
        arrays = [features(passage(doc, [n], state.languages[n]), None) for n in range(len(state.sentences))]
        probabilities = softmax(self.scores(arrays))[:, 1] if arrays else np.zeros(0)
        state.asking = [(n, float(p)) for n, p in enumerate(probabilities) if not is_quoted(doc, n)]
        doc.spans["questions"] = [Span(doc, *state.sentences[n], label="QUESTION") for n, p in state.asking if p >= 0.5]
        return doc


class SortModel(_Component):
    """What sort of message the text is, as probabilities of `SORTS` in `doc.cats`."""

    answers = len(SORTS)

    def __call__(self, doc: Doc) -> Doc:
        state = context(doc)
        numbers = list(range(min(len(state.sentences), 14)))
        if not numbers:
            state.sorts = dict.fromkeys(SORTS, 0.0)
            return doc
        row = softmax(self.scores([features(passage(doc, numbers, state.language), None)]))[0]
        state.sorts = {name: float(p) for name, p in zip(SORTS, row, strict=True)}
        doc.cats = dict(state.sorts)
        return doc


class AttendanceModel(_Component):
    """Decides for every person and conference day over the sentences around, with that person and that day marked."""

    answers = len(ATTENDANCE) + len(ROLES)

    def __call__(self, doc: Doc) -> Doc:
        state = context(doc)
        state.verdicts = []
        jobs: list[tuple[int, int, list[int]]] = []
        arrays: list[np.ndarray] = []
        cache: dict[tuple[int, ...], Passage] = {}
        numbers = list(range(min(len(state.people), MOST_PEOPLE)))
        if state.principal < 0 and state.own is not None:
            numbers.append(NOBODY)
        for number in numbers:
            window = _window(state, number)
            shown = cache.setdefault(tuple(window), passage(doc, window, state.language)) if window else None
            if shown is None:
                continue
            known = number in {state.principal, NOBODY}
            for day in range(len(state.days)):
                principal = -1 if known else state.principal
                target = Target(number, day, known, principal, len(state.days) - 1)
                jobs.append((number, day, window))
                arrays.append(features(shown, target))
        logits = self.scores(arrays)
        size = len(ATTENDANCE)
        for (number, day, window), row in zip(jobs, logits, strict=True):
            attendance = softmax(row[None, :size])[0]
            roles = softmax(row[None, size:])[0]
            evidence = _evidence(state, number, day, window)
            state.verdicts.append(Verdict(number, state.days[day], _four(attendance), _four(roles), evidence))
        return doc


def _four(row: np.ndarray) -> tuple[float, float, float, float]:
    a, b, c, d = (float(x) for x in row)
    return a, b, c, d


def _mentions(state: Context, number: int) -> list[Mention]:
    return [] if number == NOBODY else state.people[number].mentions


def _window(state: Context, number: int) -> list[int]:
    """The whole text where it is short, else the sentences around the mentions of that person."""
    total = len(state.sentences)
    size = sum(end - start for start, end in state.sentences)
    if size <= LONGEST_PASSAGE:
        return list(range(total))
    near: set[int] = set()
    if number == NOBODY:
        near.update(n for d in state.day_mentions for n, (a, b) in enumerate(state.sentences) if a <= d.start < b)
    for mention in _mentions(state, number):
        at = next((n for n, (a, b) in enumerate(state.sentences) if a <= mention.start < b), 0)
        near.update(range(max(0, at - AROUND), min(total, at + AROUND + 1)))
    kept: list[int] = []
    length = 0
    for n in sorted(near):
        length += state.sentences[n][1] - state.sentences[n][0]
        if length > 2 * LONGEST_PASSAGE:
            break
        kept.append(n)
    return kept


def _evidence(state: Context, number: int, day: int, window: list[int]) -> tuple[int, ...]:
    """The sentences that name both, else those of the person, else those of the day, else the first."""
    named = {n for m in _mentions(state, number) for n, (a, b) in enumerate(state.sentences) if a <= m.start < b}
    dated = {
        n
        for m in state.day_mentions
        if state.days[day] in m.days
        for n, (a, b) in enumerate(state.sentences)
        if a <= m.start < b
    }
    for chosen in (named & dated, named, dated):
        if chosen:
            return tuple(sorted(chosen)[:3])
    return tuple(window[:1])
