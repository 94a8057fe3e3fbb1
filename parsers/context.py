"""What the components of the pipeline know beside the text, and where they leave what they find.

`writer` is the name of whoever says "I", empty where unknown; `principal_writes`: it is the principal.

One `Context` stands in `doc.user_data["intake"]` while a message passes; spans also stand in `doc.spans` for displaCy.
"""

from dataclasses import dataclass, field
from datetime import date

from spacy.tokens import Doc

from parsers.conference import Delegation
from parsers.days import DayMention
from parsers.people import Person, Roster


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a person attends on a day, as the attendance component decided: probabilities of `ATTENDANCE`."""

    person: int
    day: date
    probabilities: tuple[float, float, float, float]
    roles: tuple[float, float, float, float]
    sentences: tuple[int, ...]


@dataclass(slots=True)
class Context:
    """Filled from the top down: what is given first, then what each component assigns. `text` is the document's, which
    spaCy would put together anew each time."""

    text: str
    days: tuple[date, ...]
    roster: Roster
    own: Delegation | None = None
    sender_words: frozenset[str] = frozenset()
    writer: str = ""
    principal_writes: bool = False
    quoted: tuple[tuple[int, int], ...] = ()
    sentences: list[tuple[int, int]] = field(default_factory=list)
    language: str = ""
    languages: list[str] = field(default_factory=list)
    day_mentions: list[DayMention] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    principal: int = -1
    asking: list[tuple[int, float]] = field(default_factory=list)
    sorts: dict[str, float] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)


def context(doc: Doc) -> Context:
    """The context of a document; an empty one for a document that was made outside the reader."""
    found = doc.user_data.get("intake")
    if isinstance(found, Context):
        return found
    raise ValueError("make the document with Reader.document, which knows the conference")


def sentence_at(doc: Doc, index: int) -> int:
    """The number of the sentence that a token stands in; -1 for a token in none."""
    return next((n for n, (start, end) in enumerate(context(doc).sentences) if start <= index < end), -1)


def token_range(doc: Doc, start: int, end: int) -> tuple[int, int]:
    """Token indices that cover the characters `start` to before `end`."""
    span = doc.char_span(start, end, alignment_mode="expand")
    return (span.start, span.end) if span is not None else (0, 0)


def is_quoted(doc: Doc, sentence: int) -> bool:
    """Whether a sentence is only there as what an inline answer answers to."""
    state = context(doc)
    start = doc[state.sentences[sentence][0]].idx
    return any(first <= start < last for first, last in state.quoted)
