"""The trained components: which sentences ask, what sort of message it is, and who attends on which day.

Each holds one `network` over the marks of `marked`; the decisions over a whole message are taken in `decide`.
"""

from pathlib import Path

import numpy as np
from spacy.tokens import Doc, Span

from parsers.committee import Committee
from parsers.context import Context, Verdict, context, is_quoted, sentence_at
from parsers.examples import ATTENDANCE, NOBODY, ROLES, WRITER, says_i
from parsers.forms import EXACT, ticked
from parsers.marked import BREAK, OTHER_DATE, Passage, Target, features
from parsers.names import same_person
from parsers.network import softmax
from parsers.people import Mention
from parsers.together import Judgement, Table, reconcile

SORTS = ("none", "availability", "acknowledgement", "unrelated", "auto_reply")
LONGEST_PASSAGE = 420
AROUND = 3
MOST_PEOPLE = 24
MOST_SENTENCES = 14


def passage(doc: Doc, numbers: list[int], language: str, writer: int | None = None) -> Passage:
    """These sentences of a document with its persons and days as marks; with `writer`, "I" is that person too."""
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
                word = doc[index].text[:40]
                if writer is not None and says_i(word, language):
                    out.add(word, sentence, person=writer)
                elif not word.isspace():
                    out.add(word, sentence)
                index += 1
        out.add(BREAK, sentence)
    return out


class AsksModel(Committee):
    """Marks the sentences that ask the organisers for something."""

    answers = 2

    def __call__(self, doc: Doc) -> Doc:
        state = context(doc)
        arrays = [features(passage(doc, [n], state.languages[n]), None) for n in range(len(state.sentences))]
        probabilities = softmax(self.scores(arrays))[:, 1] if arrays else np.zeros(0)
        state.asking = [(n, float(p)) for n, p in enumerate(probabilities) if not is_quoted(doc, n)]
        doc.spans["questions"] = [Span(doc, *state.sentences[n], label="QUESTION") for n, p in state.asking if p >= 0.5]
        return doc


class SortModel(Committee):
    """What sort of message the text is, as probabilities of `SORTS` in `doc.cats`."""

    answers = len(SORTS)

    def __call__(self, doc: Doc) -> Doc:
        state = context(doc)
        numbers = list(range(min(len(state.sentences), MOST_SENTENCES)))
        if not numbers:
            state.sorts = dict.fromkeys(SORTS, 0.0)
            return doc
        row = softmax(self.scores([features(passage(doc, numbers, state.language), None)]))[0]
        state.sorts = {name: float(p) for name, p in zip(SORTS, row, strict=True)}
        doc.cats = dict(state.sorts)
        return doc

    def telling(self, doc: Doc, sort: str) -> int:
        """The number of the sentence that by itself looks most like that sort; -1 for a text without sentences."""
        state = context(doc)
        numbers = list(range(min(len(state.sentences), MOST_SENTENCES)))
        alone = self.scores([features(passage(doc, [n], state.language), None) for n in numbers])
        return int(softmax(alone)[:, SORTS.index(sort)].argmax()) if numbers else -1


class AttendanceModel(Committee):
    """Decides for every person and conference day over the sentences around, with that person and that day marked."""

    answers = len(ATTENDANCE) + len(ROLES)

    def __init__(self) -> None:
        super().__init__()
        self.table: Table | None = None

    def __call__(self, doc: Doc) -> Doc:
        state = context(doc)
        state.verdicts = []
        jobs: list[tuple[int, int, list[int]]] = []
        arrays: list[np.ndarray] = []
        cache: dict[tuple[int | None, ...], Passage] = {}
        numbers = list(range(min(len(state.people), MOST_PEOPLE)))
        if state.principal < 0 and state.own is not None:
            numbers.append(NOBODY)
        writes = state.principal if state.principal_writes and state.principal >= 0 else None
        mentions = {NOBODY: [], **{number: person.mentions for number, person in enumerate(state.people)}}
        if writes is None and state.writer and (first_person := _first_person(doc, state)):
            numbers.append(WRITER)
            mentions[WRITER] = first_person
        for number in numbers:
            window = _window(doc, mentions[number], at_days=number == NOBODY)
            if not window:
                continue
            writer = WRITER if number == WRITER else writes
            view = (writer, *window)
            shown = cache[view] if view in cache else passage(doc, window, state.language, writer)
            cache[view] = shown
            known = number in {state.principal, NOBODY}
            for day in range(len(state.days)):
                principal = -1 if known else state.principal
                target = Target(number, day, known, principal, len(state.days) - 1)
                jobs.append((number, day, window))
                arrays.append(features(shown, target))
        logits = self.scores(arrays)
        size = len(ATTENDANCE)
        attendance, roles = softmax(logits[:, :size]), softmax(logits[:, size:])
        alone: dict[int, Judgement] = {}
        windows = {number: window for number, _, window in jobs}
        for number in windows:
            rows = [row for row, job in enumerate(jobs) if job[0] == number]
            alone[number] = Judgement(attendance[rows], roles[rows].mean(axis=0))
        for (number, date), said in ticked(doc).items():
            if number in alone:
                answer = ATTENDANCE.index(said.value)
                alone[number].days[state.days.index(date)] = np.where(np.arange(4) == answer, EXACT, (1 - EXACT) / 3)
        for number, judged in self._together(state, alone).items():
            for day, date in enumerate(state.days):
                evidence = _evidence(doc, mentions[number], day, windows[number])
                verdict = Verdict(number, date, _four(judged.days[day]), _four(judged.roles), evidence)
                state.verdicts.append(verdict)
        return doc

    def _together(self, state: Context, alone: dict[int, Judgement]) -> dict[int, Judgement]:
        """The delegation's persons in the light of each other; principals of other delegations stay out of it."""
        if self.table is None:
            return alone
        principal = NOBODY if state.principal < 0 else state.principal
        others = [
            n
            for n in alone
            if n not in {principal, WRITER} and not (n < len(state.people) and state.people[n].delegation)
        ]
        minister, revised = reconcile(alone.get(principal), [alone[n] for n in others], self.table)
        out = {**alone, **dict(zip(others, revised, strict=True))}
        return out if minister is None else {**out, principal: minister}

    def to_disk(self, path: Path, **_: object) -> None:
        """As the others, with the table of how persons go together."""
        super().to_disk(path)
        if self.table is not None:
            np.save(Path(path) / "together.npy", self.table.astype(np.float32))

    def from_disk(self, path: Path, **_: object) -> "AttendanceModel":
        """Loads what `to_disk` saved."""
        super().from_disk(path)
        saved = Path(path) / "together.npy"
        self.table = np.load(saved) if saved.exists() else None
        return self


def _four(row: np.ndarray) -> tuple[float, float, float, float]:
    a, b, c, d = (float(x) for x in row)
    return a, b, c, d


def _first_person(doc: Doc, state: Context) -> list[Mention]:
    """The words with which the writer means himself or herself, unless the writer is among the persons named."""
    if any(same_person(state.writer, person.name) for person in state.people):
        return []
    return [
        Mention(i, i + 1, doc[i].text)
        for n, (start, end) in enumerate(state.sentences)
        if not is_quoted(doc, n)
        for i in range(start, end)
        if says_i(doc[i].text, state.language)
    ]


def _window(doc: Doc, mentions: list[Mention], *, at_days: bool) -> list[int]:
    """The whole text where it is short, else the sentences around these mentions of a person, or those with days."""
    state = context(doc)
    total = len(state.sentences)
    size = sum(end - start for start, end in state.sentences)
    if size <= LONGEST_PASSAGE:
        return list(range(total))
    near: set[int] = set()
    if at_days:
        near.update(sentence_at(doc, mention.start) for mention in state.day_mentions)
    for mention in mentions:
        at = sentence_at(doc, mention.start)
        near.update(range(max(0, at - AROUND), min(total, at + AROUND + 1)))
    kept: list[int] = []
    length = 0
    for n in sorted(near):
        length += state.sentences[n][1] - state.sentences[n][0]
        if length > 2 * LONGEST_PASSAGE:
            break
        kept.append(n)
    return kept


def _evidence(doc: Doc, mentions: list[Mention], day: int, window: list[int]) -> tuple[int, ...]:
    """The sentences that name both, else those of the person, else those of the day, else the first."""
    state = context(doc)
    named = {sentence_at(doc, mention.start) for mention in mentions}
    dated = {sentence_at(doc, m.start) for m in state.day_mentions if state.days[day] in m.days}
    for chosen in (named & dated, named, dated):
        if chosen:
            return tuple(sorted(chosen)[:3])
    return tuple(window[:1])
