"""The components of the pipeline, every factory in one place with what it requires and assigns."""

from dataclasses import replace

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from parsers.context import context, token_range
from parsers.days import find_days
from parsers.double_dates import told_apart
from parsers.naming import People
from parsers.neural import AsksModel, AttendanceModel, SortModel
from parsers.sentences import sentences
from parsers.tongue import languages_of


class Lines:
    """Sentences and list items."""

    def __call__(self, doc: Doc) -> Doc:
        state = context(doc)
        state.sentences = []
        starts: set[int] = set()
        spans = []
        for start, end in sentences(state.text):
            first, last = token_range(doc, start, end)
            if last <= first:
                continue
            state.sentences.append((first, last))
            starts.add(first)
            spans.append(Span(doc, first, last, label="SENTENCE"))
        # All at once: spaCy's setter looks through the whole document for every token.
        marks = [1 if i in starts or i == 0 else -1 for i in range(len(doc))]
        values = np.array(marks, dtype="int64").astype("uint64").reshape(-1, 1)
        doc.from_array(["SENT_START"], values)  # type: ignore[arg-type]  # thinc's name for such an array
        doc.spans["sentences"] = spans
        return doc


class Tongue:
    """The language of each sentence."""

    def __call__(self, doc: Doc) -> Doc:
        state = context(doc)
        places = [(doc[a].idx, doc[b - 1].idx + len(doc[b - 1])) for a, b in state.sentences]
        state.language, state.languages = languages_of(state.text, places)
        return doc


class Days:
    """Day mentions, sentence by sentence, with the calendar words of its language, English and the delegation's own."""

    def __call__(self, doc: Doc) -> Doc:
        state = context(doc)
        state.day_mentions = []
        own = state.own.languages[:1] if state.own is not None else ()
        for (start, end), language in zip(state.sentences, state.languages, strict=True):
            kept = [i for i in range(start, end) if not doc[i].is_space]
            tongues = tuple(dict.fromkeys(t for t in (language, "en", *own) if t))
            for found in find_days([doc[i].text for i in kept], state.days, tongues):
                state.day_mentions.append(replace(found, start=kept[found.start], end=kept[found.end - 1] + 1))
        state.day_mentions = told_apart(state.day_mentions, [token.text for token in doc], state.days)
        doc.spans["days"] = [
            Span(doc, found.start, found.end, label="DAY" if found.days else "DATE") for found in state.day_mentions
        ]
        return doc


@Language.factory("intake_lines", assigns=["token.is_sent_start"])
def make_lines(nlp: Language, name: str) -> Lines:  # noqa: ARG001 - spaCy's signature
    """Sentence borders by rule."""
    return Lines()


@Language.factory("intake_tongue", requires=["token.is_sent_start"])
def make_tongue(nlp: Language, name: str) -> Tongue:  # noqa: ARG001 - spaCy's signature
    """Language by sentence."""
    return Tongue()


@Language.factory("intake_days", requires=["token.is_sent_start"], assigns=["doc.spans"])
def make_days(nlp: Language, name: str) -> Days:  # noqa: ARG001 - spaCy's signature
    """Day mentions in `doc.spans["days"]`."""
    return Days()


@Language.factory("intake_people", requires=["doc.ents", "doc.spans"], assigns=["doc.spans"])
def make_people(nlp: Language, name: str) -> People:  # noqa: ARG001 - spaCy's signature
    """Persons in `doc.spans["people"]`."""
    return People()


@Language.factory("intake_asks", requires=["doc.spans"], assigns=["doc.spans"])
def make_asks(nlp: Language, name: str) -> AsksModel:  # noqa: ARG001 - spaCy's signature
    """Sentences that ask the organisers for something, in `doc.spans["questions"]`."""
    return AsksModel()


@Language.factory("intake_sort", requires=["doc.spans"], assigns=["doc.cats"])
def make_sort(nlp: Language, name: str) -> SortModel:  # noqa: ARG001 - spaCy's signature
    """What kind of message the whole text is, in `doc.cats`."""
    return SortModel()


@Language.factory("intake_attendance", requires=["doc.spans"])
def make_attendance(nlp: Language, name: str) -> AttendanceModel:  # noqa: ARG001 - spaCy's signature
    """Whether each person attends on each day."""
    return AttendanceModel()
