"""Forms and composition lists, where the layout says exactly what prose would leave open.

`[ ] 29/04  [x] 30/04` and `day 29: yes; day 30: no` tell the days of the person named last above; `Surname: …` and
`First name: …` make one name.
"""

import re
from datetime import date
from itertools import pairwise, zip_longest

from spacy.tokens import Doc

from parsers.context import context, sentence_at
from parsers.glossary import concepts
from parsers.lexicon import every, key
from parsers.people import Mention
from parsers.reading import Attendance

EXACT = 0.97
REACH = 9
"""Within so many lines below the name its days are looked for."""
_BOX = r"\[\s?[xX✓✔]?\s?\]|\(\s?[xX✓✔]?\s?\)|[☐☒☑✓✔✗✘□■]"
_BEFORE = re.compile(rf"({_BOX})\s{{0,3}}$")
_AFTER = re.compile(rf"\s{{0,3}}[:=–—|-]?\s{{0,3}}({_BOX})")
_WORD = re.compile(r"\s{0,3}[:=–—|-]\s{0,3}([^\W\d_]{1,20}(?:\s[^\W\d_]{1,20}){0,3})\s{0,3}(?:$|[,;./|)])")
_CHOICE = re.compile(rf"({_BOX})\s{{0,2}}([^\W\d_]{{0,20}})")
_FIELD = re.compile(r"(?:[-*•]\s{0,3}|\d{1,2}[.)]\s{0,3})?([^\W\d_][^:|\n]{1,30})[:|]\s{0,9}(\S[^\n]{0,90})$")
_GLOSS = re.compile(r"\([^)\n]{1,6}\)\s{0,3}$")


def ticked(doc: Doc) -> dict[tuple[int, date], Attendance]:
    """For each `(person, day)` that a line of a form answers by box or by yes and no. A line counts only where every
    day that it names is answered; an empty box says no only beside a ticked one."""
    state = context(doc)
    found: dict[tuple[int, date], Attendance] = {}
    for number in range(len(state.sentences)):
        answers = _answers(doc, number)
        person = _person_above(doc, number) if answers else None
        if person is not None:
            found.update({(person, day): attendance for day, attendance in answers.items()})
    return found


def _answers(doc: Doc, number: int) -> dict[date, Attendance]:
    """What a line answers for each day that it names; empty where one of them is left open, or where the line begins
    with a negation that turns the boxes round."""
    state = context(doc)
    start, end = state.sentences[number]
    mentions = [m for m in state.day_mentions if start <= m.start < end and m.days]
    # "Day 1 (29/04)" names one day twice: the answer stands behind the second.
    mentions = [m for m, behind in zip_longest(mentions, mentions[1:]) if behind is None or behind.days != m.days]
    if not mentions or _negated(doc, start, mentions[0].start, state.languages[number]):
        return {}
    line = doc[start:end]
    named = [doc[m.start : m.end] for m in mentions]
    spans = [(span.start_char, span.end_char) for span in named]
    stops = [line.start_char, *(stop for _, stop in spans)]
    before = [_BEFORE.search(state.text[stop:here]) for stop, (here, _) in zip(stops, spans, strict=False)]
    if all(before):
        said: list[Attendance | None] = [_ticked(match[1]) for match in before if match]
    else:
        ends = [*(here for here, _ in spans[1:]), line.end_char]
        said = [_behind(state.text[stop:until]) for (_, stop), until in zip(spans, ends, strict=True)]
    if None in said or (len(said) > 1 and said == [Attendance.NO] * len(said) and any(before)):
        return {}
    return {day: answer for m, answer in zip(mentions, said, strict=True) if answer for day in m.days}


def _negated(doc: Doc, start: int, end: int, language: str) -> bool:
    return bool(concepts((token.text for token in doc[start:end]), language) & {"NOT", "DECLINE", "CANNOT", "NOT_COME"})


def _behind(text: str) -> Attendance | None:
    """The answer in the words behind a day: `☐ yes ☒ no`, a box alone, or a word for yes or no."""
    choices = [(_ticked(match[1]), _word(match[2])) for match in _CHOICE.finditer(text)]
    worded = [(tick, word) for tick, word in choices if word is not None]
    if worded:
        chosen = [word for tick, word in worded if tick is Attendance.YES]
        return chosen[0] if len(chosen) == 1 else None
    match = _AFTER.match(text)
    if match:
        return _ticked(match[1]) if len(choices) == 1 else None
    match = _WORD.match(text)
    return _word(match[1]) if match else None


def _ticked(box: str) -> Attendance:
    return Attendance.NO if re.fullmatch(r"\[\s*\]|\(\s*\)|[☐□✗✘]", box) else Attendance.YES


def _word(word: str) -> Attendance | None:
    folded = key(word)
    if folded in every("forms", "no"):
        return Attendance.NO
    return Attendance.YES if folded in every("forms", "yes") else None


def _person_above(doc: Doc, number: int) -> int | None:
    """The person named last in this line or in the few above it."""
    best: tuple[int, int] | None = None
    for person, one in enumerate(context(doc).people):
        for mention in one.mentions:
            line = sentence_at(doc, mention.start)
            if number - REACH <= line <= number and (best is None or mention.start > best[0]):
                best = (mention.start, person)
    return best[1] if best is not None else None


def split_names(doc: Doc) -> list[Mention]:
    """Names that a form gives in two fields next to each other, surname and first name in either order."""
    state = context(doc)
    fields: list[tuple[str, int, int, str]] = []
    for start, end in state.sentences:
        match = _FIELD.match(doc[start:end].text.rstrip())
        label = key(_GLOSS.sub("", match[1])) if match else ""
        part = next((p for p in ("surname", "first_name") if match and label in every("forms", p)), "")
        if match and part:
            first = doc[start].idx + match.start(2)
            span = doc.char_span(first, first + len(match[2]), alignment_mode="expand")
            if span is not None:
                fields.append((part, span.start, span.end, match[2]))
    found: list[Mention] = []
    for (kind, start, end, text), (other, begin, stop, more) in pairwise(fields):
        near = sentence_at(doc, begin) - sentence_at(doc, start) == 1
        if near and kind != other and not any(m.end > start for m in found):
            whole = f"{more} {text}" if kind == "surname" else f"{text} {more}"
            found += [Mention(start, end, whole), Mention(begin, stop, whole)]
    return found
