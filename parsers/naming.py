"""The component that finds who is named: principals of the list, bare titles for them, names the trained finder saw."""

import re
from collections import Counter
from functools import cache
from itertools import zip_longest

from spacy.tokens import Doc, Span

from parsers.context import Context, context, is_quoted, sentence_at
from parsers.forms import split_names
from parsers.glossary import concept, concepts
from parsers.lexicon import every, starts_with
from parsers.names import PARTICLES, parts, same_person
from parsers.origin import country_words
from parsers.people import (
    DEGREE,
    Mention,
    Token,
    gather,
    honorifics,
    is_degree,
    principal_class,
    strip_titles,
    title_class,
)
from parsers.text import fold

AHEAD = 5
"""Within so many tokens behind a title, a name makes it that person's title and no mention of its own."""
_OTHER_OFFICE = frozenset(
    [
        "prime",
        "first",
        "council",
        "councils",
        "rada",
        "rady",
        "rade",
        "radzie",
        "radou",
        "conseil",
        "consejo",
        "consiglio",
        "conselho",
        "consiliul",
        "consiliului",
        "raad",
        "ministerrat",
        "other",
        "colleague",
        "colleagues",
        "fellow",
        "former",
        "ex",
    ]
)


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
        fields = [m for m in split_names(doc) if not taken.intersection(range(m.start, m.end))]
        taken |= {i for m in fields for i in range(m.start, m.end)}
        names, titles = self._found(doc, taken)
        names = sorted([*names, *fields], key=lambda m: m.start)
        state.people = gather(
            names, [(c, Mention(m.start, m.end, doc[m.start : m.end].text)) for c, m in principals], state.roster
        )
        self._titles(doc, [*titles, *self._by_word(doc, state, taken)], code)
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
            start = _whole(doc, ent, taken)
            text = _bare_name(doc[start : ent.end].text, _language_at(doc, ent.start))
            if _is_contact(doc, start):
                continue
            if not text or is_degree(text) or _signed(doc, start, ent.end) or _is_heading(doc, ent):
                continue
            if fold(text) in _listed_titles():
                titles.append((ent.start, ent.end))
            elif re.search(r"[^\W\d_]{2}", text) and "@" not in text and len(text) < 120 and not _greeted(doc, ent):
                names.append(Mention(start, ent.end, text))
        names = [m for m, behind in zip_longest(names, names[1:]) if behind is None or not _entitles(doc, m, behind)]
        names = [m for m in names if not context(doc).roster.invites(m.text)]
        full = [m for m in names if len(parts(m.text)) > 1]
        return [m for m in names if m in full or _vouched(doc, m, full)], titles

    def _by_word(self, doc: Doc, state: Context, taken: set[int]) -> list[tuple[int, int]]:
        """Titles that the glossary knows and the finder may have missed, with no name behind or right before them."""
        named = {i for person in state.people for m in person.mentions for i in range(m.start, m.end)} | taken
        found: list[tuple[int, int]] = []
        for (start, end), language in zip(state.sentences, state.languages, strict=True):
            for i in range(start, end):
                if i in named or not title_class(doc[i].text, language):
                    continue
                behind = any(k in named for k in range(i + 1, min(end, i + 1 + AHEAD)))
                before = i - 1 in named or (i - 2 in named and doc[i - 1].text in {",", "-", "–", "(", "|", ":"})
                if not behind and not before and not _of_another(doc, start, i, language):
                    found.append((i, i + 1))
        return found

    def _titles(self, doc: Doc, titles: list[tuple[int, int]], code: str | None) -> None:
        """Bare titles that can mean the principal are mentions of the principal; the others are left as words."""
        state = context(doc)
        row = next((r for r in state.roster.delegations if r.code == code), None)
        if row is None:
            return
        wanted = principal_class(row)
        found: list[Mention] = []
        for start, end in sorted(titles):
            if found and start < found[-1].end:
                continue
            text = doc[start:end].text
            sentence = max(0, sentence_at(doc, start))
            language = state.languages[sentence]
            kind = title_class(text, language)
            principal = fold(text) in every("people", "principal")
            deputy = fold(text) in every("people", "deputy") and not principal
            if not (kind == wanted or (not kind and principal)) or deputy:
                continue
            if not _of_another(doc, state.sentences[sentence][0], start, language):
                found.append(Mention(start, end, text, title=True))
        if not found:
            return
        person = next((p for p in state.people if p.delegation == row.code), None)
        if person is None:
            person = gather([], [(row.code, found[0])], state.roster)[0]
            person.mentions = []
            state.people.append(person)
        person.mentions = sorted([*person.mentions, *found], key=lambda m: m.start)
        state.people.sort(key=lambda p: p.mentions[0].start)


_NO_NAME = frozenset(
    {
        "MINISTER",
        "CONFERENCE",
        "DELEGATION",
        "CABINET",
        "GOVERNMENT",
        "PARLIAMENT",
        "DAY",
        "WEEK",
        "INFORM",
        "CONFIRM",
        "THANK",
    }
)
_TITLES = frozenset(
    {"MINISTER", "STATESEC", "COMMISSIONER", "DIRECTOR", "COUNCILLOR", "AMBASSADOR", "ADVISER", "DEPUTY_WORD"}
)


@cache
def _listed_titles() -> frozenset[str]:
    return every("people", "principal") | every("people", "deputy") | every("people", "other")


def _language_at(doc: Doc, index: int) -> str:
    number = sentence_at(doc, index)
    return context(doc).languages[number] if number >= 0 else context(doc).language


def _bare_name(text: str, language: str) -> str:
    """A found name without titles before it; empty where words of offices and meetings show that it is none."""
    name = strip_titles(" ".join(text.split()))
    words = name.split()
    while len(words) > 1 and (
        concept(fold(words[0].strip(".,")), language) in _TITLES
        or (words[0].rstrip(".") != words[0] and len(words[0]) > 2)
    ):
        words = strip_titles(" ".join(words[1:])).split()
    no_name = bool(concepts((word.strip(".,:;()") for word in words), language) & _NO_NAME)
    if no_name or fold(words[-1]) in country_words() or fold(words[-1]).startswith(_REGIONS):
        return "" if no_name or len(words) < 3 else " ".join(words[:-1])
    return " ".join(words)


def _of_another(doc: Doc, first: int, start: int, language: str) -> bool:
    """Whether the words before a title make it somebody else's: a deputy's, a prime minister's, a council of them."""
    for i in range(max(first, start - 2), start):
        word = fold(doc[i].text)
        if word in _OTHER_OFFICE or concept(word, language) == "DEPUTY_WORD":
            return True
    return False


def _whole(doc: Doc, ent: Span, taken: set[int]) -> int:
    """Where the name really begins: the finder now and then leaves out a first name, or one before particles."""
    start = ent.start
    number = sentence_at(doc, start)
    first = context(doc).sentences[number][0] if number >= 0 else start
    capitals = doc[start].text.isupper()
    while start > first and fold(doc[start - 1].text) in PARTICLES and (doc[start - 1].text[0].islower() or capitals):
        start -= 1
    word = doc[start - 1].text if start > first else ""
    known = bool(concepts([word], _language_at(doc, ent.start)))
    plain = word.isalpha() and word.istitle() and len(word) > 2 and not known and start - 1 not in taken
    listed = fold(word) in _listed_titles() or fold(word).strip(".") in honorifics()
    # A capital at the beginning of a sentence tells nothing.
    if plain and not listed and start - 1 > first:
        return start - 1
    return start if capitals else ent.start


_CONTACT = re.compile(
    r"\b(?:contact|kontakt|contatto|contacto|contato|ansprech|yhteyshenk|yhteystie|kapcsolattart|kontaktn|επικοινων|контакт|"
    r"tengili|teagmh|kuntatt|saziņ|stik)\w*[^:\n]{0,25}:[^:\n]{0,20}$",
    re.IGNORECASE,
)


_REGIONS = (
    "balkan", "балкан", "βαλκαν", "mediterran", "sredozem", "europ", "evrop", "европ", "ευρωπ", "schengen", "sahel",
)  # fmt: skip
"""Beginnings of names of regions that ministries of the interior write about."""


def _is_contact(doc: Doc, start: int) -> bool:
    """Whether a label before the name, on its line, calls the person a contact: "Contact person: …"."""
    number = sentence_at(doc, start)
    first = context(doc).sentences[number][0]
    return bool(_CONTACT.search(context(doc).text[doc[first].idx : doc[start].idx][-80:]))


def _is_heading(doc: Doc, ent: Span) -> bool:
    """Whether all the line is in capitals and one of its words an ordinary one: a letterhead or the title of a form."""
    number = sentence_at(doc, ent.start)
    start, end = context(doc).sentences[number]
    if not doc[start:end].text.isupper():
        return False
    return bool(concepts((token.text for token in doc[start:end]), _language_at(doc, ent.start)))


def _entitles(doc: Doc, mention: Mention, behind: Mention) -> bool:
    """Whether nothing but honorifics stands between two finds: then the first is the office of the second."""
    between = [fold(token.text) for token in doc[mention.end : behind.start]]
    if between[:1] == ["."] or sentence_at(doc, mention.start) != sentence_at(doc, behind.start):
        return False
    between = [word for word in between if word != "."]
    return 0 < len(between) < 4 and all(word.strip(".") in honorifics() for word in between)


def _signed(doc: Doc, start: int, end: int) -> bool:
    """Whether the name is a line of its own below everything that names a day: a signature without a valediction."""
    state = context(doc)
    number = sentence_at(doc, start)
    if number < 1:
        return False
    first, last = state.sentences[number]
    if last - first > end - start + 1:
        return False
    later = any(m.start > first for m in state.day_mentions)
    return not later and any(m.days for m in state.day_mentions)


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
    number = sentence_at(doc, mention.start)
    if number < 0 or context(doc).sentences[number][0] == mention.start:
        return False
    before = fold(doc[mention.start - 1].text)
    if before == "." and mention.start > 1:
        before = fold(doc[mention.start - 2].text)
        if len(before) < 2:
            return False
    titled = before in _listed_titles() or before + "." in _listed_titles() or before.strip(".") in honorifics()
    return titled and not DEGREE.fullmatch(before)
