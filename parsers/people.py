"""Who is named: the invited principals in any form first, bare titles next, then whoever the trained finder sees.

A `Person` gathers all mentions of one human being in the message. Nothing here says whether anybody attends.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from parsers.conference import Conference, Delegation
from parsers.glossary import concept
from parsers.lexicon import LANGUAGES, every
from parsers.names import PARTICLES, parts, same_person, same_word, tidy
from parsers.sentences import words
from parsers.text import fold

_TITLE_CONCEPTS = ("MINISTER", "STATESEC", "COMMISSIONER", "DIRECTOR", "COUNCILLOR")


@dataclass(frozen=True, slots=True)
class Mention:
    """Tokens `start` to before `end` of the document; `title`: a bare title, no name."""

    start: int
    end: int
    text: str
    title: bool = False


@dataclass(slots=True)
class Person:
    """`delegation` is set for somebody on the list, who is then its principal. `name` is as the table shows it."""

    name: str
    mentions: list[Mention] = field(default_factory=list)
    delegation: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the text: index in the document, text, and the sentence it stands in."""

    index: int
    text: str
    sentence: int


class Roster:
    """The invitation list as something to look names up in."""

    def __init__(self, conference: Conference) -> None:
        self.delegations = conference.delegations
        self._names: dict[str, list[list[str]]] = {
            row.code: [parts(name) for name in (row.minister, *row.minister_also) if name]
            for row in conference.delegations
        }
        self._hosts = {word for word in re.findall(r"[^\W\d_]{2,}", conference.letter) if word[0].isupper()}
        self._starts: dict[str, set[str]] = {}
        for code, names in self._names.items():
            for name in names:
                for part in name:
                    if len(part) > 2:
                        self._starts.setdefault(_initial(part), set()).add(code)

    def find(self, tokens: list[Token], own: str | None, banned: frozenset[str]) -> list[tuple[str, Mention]]:
        """`(code, mention)` of principals. Those of `own` count by surname or given name alone, others by two parts.

        `banned` are words of the sender's own name, which never count alone.
        """
        found: list[tuple[str, Mention]] = []
        index = 0
        while index < len(tokens):
            hit = self._at(tokens, index, own, banned)
            if hit is None:
                index += 1
                continue
            found.append(hit)
            index = next((i for i in range(index, len(tokens)) if tokens[i].index >= hit[1].end), len(tokens))
        return found

    def invites(self, name: str) -> bool:
        """Whether a full name is one that the organisers' own letter holds: who invites is nobody's delegate."""
        given = [part for part in parts(name) if fold(part) not in PARTICLES]
        return len(given) > 1 and all(any(same_word(part, host) for host in self._hosts) for part in given)

    def signs(self, line: str) -> bool:
        """Whether a line of a signature is hardly more than a principal's full name."""
        if len(line) > 70:
            return False
        tokens = [Token(i, word, 0) for i, word in enumerate(words(line)[0]) if not word.isspace()]
        hits = self.find(tokens, None, frozenset())
        letters = [t for t in tokens if t.text[0].isalpha()]
        return bool(hits) and hits[0][1].end - hits[0][1].start >= len(letters) - 2

    def _at(
        self, tokens: list[Token], index: int, own: str | None, banned: frozenset[str]
    ) -> tuple[str, Mention] | None:
        word = tokens[index].text
        if len(word) < 3 or not word[0].isupper():
            return None
        candidates = sorted(self._starts.get(_initial(word), set()), key=lambda code: code != own)
        for code in candidates:
            for name in self._names[code]:
                hit = self._match(tokens, index, name)
                if hit is None:
                    continue
                end, matched = hit
                full = len(matched) >= 2
                alone = code == own and (matched - {0} or (fold(word) == fold(name[0]) and len(word) > 3))
                if full or (alone and fold(word) not in banned):
                    first, last = tokens[index], tokens[end - 1]
                    return code, Mention(first.index, last.index + 1, "")
        return None

    def _match(self, tokens: list[Token], index: int, name: list[str]) -> tuple[int, set[int]] | None:
        matched: set[int] = set()
        end = position = index
        while position < len(tokens) and position < index + 8 and tokens[position].sentence == tokens[index].sentence:
            word = tokens[position].text
            number = next(
                (i for i, part in enumerate(name) if i not in matched and len(part) > 1 and _same(part, word)), None
            )
            if number is not None:
                matched.add(number)
                end = position + 1
            elif not (word in "-–.’'" or fold(word) in PARTICLES or (len(word) == 1 and word.isupper())):
                break
            position += 1
        strong = {i for i in matched if len(name[i]) > 2 and fold(name[i]) not in PARTICLES}
        return (end, strong) if strong and tokens[index].text[0].isupper() else None


def _initial(word: str) -> str:
    from parsers.names import skeleton

    return skeleton(word)[:1]


def _same(part: str, word: str) -> bool:
    return word[:1].isupper() and same_word(part, word)


def title_class(text: str, language: str) -> str:
    """`MINISTER`, `STATESEC`, `COMMISSIONER`, `DIRECTOR`, `COUNCILLOR` of a title in that language, or empty."""
    for word in re.findall(r"[^\W\d_]+", text):
        for tongue in (language, "en"):
            name = concept(fold(word), tongue)
            if name in _TITLE_CONCEPTS:
                return name
    return ""


def principal_class(row: Delegation) -> str:
    """The same for the principal of a delegation, by the title on the list."""
    folded = fold(row.title)
    for stem, name in (("commissioner", "COMMISSIONER"), ("director", "DIRECTOR"), ("councillor", "COUNCILLOR"),
                       ("secretary", "STATESEC"), ("minister", "MINISTER")):  # fmt: skip
        if stem in folded:
            return name
    return "MINISTER"


def gather(names: Iterable[Mention], principals: Iterable[tuple[str, Mention]], roster: Roster) -> list[Person]:
    """Mentions put together to persons: list first, then names that contain one another in any case form."""
    people: dict[str, Person] = {}
    ordered: list[Person] = []
    for code, mention in principals:
        row = next(r for r in roster.delegations if r.code == code)
        if code not in people:
            people[code] = Person(row.minister, delegation=code)
            ordered.append(people[code])
        people[code].mentions.append(mention)
    taken = [(m.start, m.end) for person in ordered for m in person.mentions]
    loose = [m for m in names if not any(m.start < end and start < m.end for start, end in taken)]
    for mention in sorted(loose, key=lambda m: -len(parts(m.text))):
        name = tidy(mention.text)
        person = next((p for p in ordered if not p.delegation and same_person(p.name, name)), None)
        if person is None:
            person = next(
                (p for p in ordered if p.delegation and len(parts(name)) > 1 and same_person(p.name, name)), None
            )
        if person is None:
            person = Person(name)
            ordered.append(person)
        person.mentions.append(mention)
    for person in ordered:
        person.mentions.sort(key=lambda m: m.start)
        if not person.delegation:
            person.name = _best_name(person)
    return sorted(ordered, key=lambda p: p.mentions[0].start)


def _best_name(person: Person) -> str:
    """The fullest form; of those the one that looks least inflected: the shortest."""
    forms = [tidy(m.text) for m in person.mentions]
    most = max(len(parts(form)) for form in forms)
    return min((form for form in forms if len(parts(form)) == most), key=len)


DEGREE = re.compile(r"(?:ph\.?\s?d|mba|mpa|csc|drsc|ll\.?m|m\.?sc|b\.?sc|dr\.?sc|mag|univ|dis)\.?,?", re.IGNORECASE)
"""An academic degree as it stands behind a name."""


@cache
def honorifics() -> frozenset[str]:
    """ "Mr", "Dr" and the like in every language, folded, without their full stops."""
    return frozenset(word.strip(".") for word in every("people", "honorifics"))


def is_degree(text: str) -> bool:
    """Whether the words are honorifics and degrees only."""
    return all(fold(w).strip(".,") in honorifics() or DEGREE.fullmatch(w.strip(",")) for w in text.split())


def strip_titles(text: str) -> str:
    """A found name without honorifics before it or academic degrees behind it."""
    words = text.split()
    while len(words) > 1 and fold(words[0]).strip(".,") in honorifics():
        words.pop(0)
    while len(words) > 1 and DEGREE.fullmatch(words[-1].strip(",")):
        words.pop()
    # Letters behind a name, as of a member of parliament, unless the whole name is in capitals.
    while len(words) > 2 and re.fullmatch(r"[A-Z]{2,4}", words[-1].strip(",()")) and not words[-2].isupper():
        words.pop()
    return " ".join(words).strip(" ,")


def known_as(name: str, row: Delegation) -> bool:
    """Whether a name is the principal's in any spelling on the list."""
    return any(same_person(name, known) for known in (row.minister, *row.minister_also) if known)


_OFFICES = frozenset([*_TITLE_CONCEPTS, "AMBASSADOR", "ADVISER", "DEPUTY_WORD", "CABINET", "DELEGATION", "GOVERNMENT"])


def personal_name(line: str) -> str:
    """The name on a line of a signature or in a sender field, without titles; empty where the line is no name."""
    name = strip_titles(" ".join(line.split(",")[0].split()).strip("()[]*_ "))
    given = name.split()
    if not 2 <= len(given) <= 5 or not re.fullmatch(r"[^\W\d_]+(?:[ .'’-]{1,2}[^\W\d_]+)+", name):
        return ""
    if any(not word[0].isupper() and fold(word) not in PARTICLES for word in given):
        return ""
    office = any(concept(fold(word), tongue) in _OFFICES for word in given for tongue in LANGUAGES)
    return "" if office else tidy(name)
