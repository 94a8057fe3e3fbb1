"""The components of the pipeline, every factory in one place with what it requires and assigns."""

import re
from collections import Counter
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc, Span

from parsers import origin
from parsers.context import context, is_quoted, token_range
from parsers.days import find_days
from parsers.lexicon import every, starts_with
from parsers.names import parts, same_person
from parsers.neural import AsksModel, AttendanceModel, SortModel
from parsers.people import Mention, Token, gather, principal_class, strip_titles, title_class
from parsers.sentences import sentences
from parsers.text import fold
from parsers.tongue import languages_of


class Lines:
    """Sentences and list items."""

    def __call__(self, doc: Doc) -> Doc:
        state = context(doc)
        state.sentences = []
        starts: set[int] = set()
        spans = []
        for start, end in sentences(doc.text):
            first, last = token_range(doc, start, end)
            if last <= first:
                continue
            state.sentences.append((first, last))
            starts.add(first)
            spans.append(Span(doc, first, last, label="SENTENCE"))
        for token in doc:
            token.is_sent_start = token.i in starts or token.i == 0
        doc.spans["sentences"] = spans
        return doc


class Tongue:
    """The language of each sentence."""

    def __call__(self, doc: Doc) -> Doc:
        state = context(doc)
        places = [(doc[a].idx, doc[b - 1].idx + len(doc[b - 1])) for a, b in state.sentences]
        state.language, state.languages = languages_of(doc.text, places)
        return doc


class Days:
    """Day mentions, sentence by sentence, with the calendar words of its language, English and the delegation's own."""

    def __call__(self, doc: Doc) -> Doc:
        state = context(doc)
        state.day_mentions = []
        spans = []
        own = state.own.languages[:1] if state.own is not None else ()
        for (start, end), language in zip(state.sentences, state.languages, strict=True):
            kept = [i for i in range(start, end) if not doc[i].is_space]
            tongues = tuple(dict.fromkeys(t for t in (language, "en", *own) if t))
            for found in find_days([doc[i].text for i in kept], state.days, tongues):
                first, last = kept[found.start], kept[found.end - 1] + 1
                state.day_mentions.append(type(found)(first, last, found.days, found.rule, found.mismatch, found.last))
                spans.append(Span(doc, first, last, label="DAY" if found.days else "DATE"))
        doc.spans["days"] = spans
        return doc


class People:
    """Persons and their mentions: the list, bare titles, names that the trained finder saw."""

    def __call__(self, doc: Doc) -> Doc:
        state = context(doc)
        tokens = [
            Token(i, doc[i].text, number)
            for number, (start, end) in enumerate(state.sentences)
            for i in range(start, end)
            if not doc[i].is_space
        ]
        code = state.own.code if state.own is not None else None
        principals = state.roster.find(tokens, code, state.sender_words)
        if code is None and principals:
            ranked = Counter(found for found, _ in principals).most_common(2)
            if len(ranked) == 1:
                code = ranked[0][0]
        taken = {i for _, m in principals for i in range(m.start, m.end)} | {
            i for d in state.day_mentions for i in range(d.start, d.end)
        }
        names, titles = self._found(doc, taken)
        state.people = gather(
            names, [(c, Mention(m.start, m.end, doc[m.start : m.end].text)) for c, m in principals], state.roster
        )
        self._titles(doc, titles, code)
        state.principal = next((i for i, p in enumerate(state.people) if p.delegation and p.delegation == code), -1)
        doc.spans["people"] = [
            Span(doc, m.start, m.end, label="PRINCIPAL" if p.delegation else "PERSON")
            for p in state.people
            for m in p.mentions
        ]
        return doc

    def _found(self, doc: Doc, taken: set[int]) -> tuple[list[Mention], list[tuple[int, int]]]:
        names: list[Mention] = []
        titles: list[tuple[int, int]] = []
        inside = {i for start, end in context(doc).sentences for i in range(start, end)}
        quoted = {
            i for n, (start, end) in enumerate(context(doc).sentences) if is_quoted(doc, n) for i in range(start, end)
        }
        for ent in doc.ents:
            if any(i in taken for i in range(ent.start, ent.end)) or ent.start not in inside:
                continue
            if ent.label_ == "TITLE":
                titles.append((ent.start, ent.end))
                continue
            if ent.start in quoted:
                continue
            text = strip_titles(" ".join(ent.text.split()))
            if self._is_title(text):
                titles.append((ent.start, ent.end))
            elif re.search(r"[^\W\d_]{2}", text) and "@" not in text and len(text) < 120 and not _greeted(doc, ent):
                names.append(Mention(ent.start, ent.end, text))
        full = [m for m in names if len(parts(m.text)) > 1]
        return [m for m in names if m in full or _vouched(doc, m, full)], titles

    def _is_title(self, text: str) -> bool:
        folded = fold(text)
        return (
            folded in every("people", "principal")
            or folded in every("people", "deputy")
            or folded in every("people", "other")
        )

    def _titles(self, doc: Doc, titles: list[tuple[int, int]], code: str | None) -> None:
        """Bare titles that can mean the principal are mentions of the principal; the others are left as words."""
        state = context(doc)
        row = next((r for r in state.roster.delegations if r.code == code), None)
        if row is None:
            return
        wanted = principal_class(row)
        found: list[Mention] = []
        for start, end in titles:
            text = doc[start:end].text
            sentence = next((n for n, (a, b) in enumerate(state.sentences) if a <= start < b), 0)
            kind = title_class(text, state.languages[sentence])
            principal = fold(text) in every("people", "principal")
            deputy = fold(text) in every("people", "deputy") and not principal
            if (kind == wanted or (not kind and principal)) and not deputy and not _other_country(doc, end):
                found.append(Mention(start, end, text, title=True))
        if not found:
            return
        person = next((p for p in state.people if p.delegation == row.code), None)
        if person is None:
            people = gather([], [(row.code, found[0])], state.roster)
            state.people.append(people[0])
            people[0].mentions = []
            person = people[0]
        person.mentions = sorted([*person.mentions, *found], key=lambda m: m.start)
        state.people.sort(key=lambda p: p.mentions[0].start)


def _greeted(doc: Doc, ent: Span) -> bool:
    """Whether the name stands in a salutation: a short first line that ends with a comma or an exclamation mark."""
    for start, end in context(doc).sentences[:2]:
        if start <= ent.start < end:
            text = doc[start:end].text
            opened = starts_with(text, every("mail", "greetings"))
            return (bool(opened) and len(text) < 60) or (end - start <= 6 and text.rstrip()[-1:] in ",!")
    return False


def _vouched(doc: Doc, mention: Mention, full: list[Mention]) -> bool:
    """Whether a single word is a person: a title stands before it, or it is part of a full name elsewhere."""
    if any(same_person(mention.text, other.text) for other in full):
        return True
    before = fold(doc[mention.start - 1].text) if mention.start else ""
    if before == "." and mention.start > 1:
        before = fold(doc[mention.start - 2].text)
    titles = (
        every("people", "honorifics")
        | every("people", "principal")
        | every("people", "deputy")
        | every("people", "other")
    )
    return before in titles or before + "." in titles


def _other_country(doc: Doc, end: int) -> bool:
    """Whether `of Belgium`-like words follow that make it the hosts' or somebody else's minister."""
    return bool(re.match(r"^(de moor|nicole)", fold(doc[end : end + 2].text)))


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


MODEL = Path(__file__).parent / "model"
ORIGINS = origin.Origins
