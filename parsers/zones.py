"""Whose words each line is: new text, quotation, attribution, signature, disclaimer, or the organisers' own letter.

Works on lines and on structure first (quote marks, header blocks, the client's HTML), then on the lexicons. Nothing is
deleted, and nothing is cut from a valediction to the end: every line is judged for itself.
"""

import re
from dataclasses import dataclass

from parsers.html import Line
from parsers.lexicon import LANGUAGES, every, key, starts_with, words
from parsers.own_letter import LONGEST_LINE, mark_letter
from parsers.reading import ZoneKind
from parsers.signatures import RULE, mark_signatures
from parsers.text import fold

MOST_LINES = 5_000
NEW, QUOTED, ATTRIBUTION = ZoneKind.NEW, ZoneKind.QUOTED, ZoneKind.ATTRIBUTION

_QUOTE = re.compile(r"^\s{0,3}(?:[A-Za-z]{0,4}>|\|(?=\s?>|\s*$))")
_LABEL = re.compile(r"^[\s>*|]{0,8}\*{0,2}([^\W\d_][^:*\n]{0,28}?)\s?\*{0,2}\s?:\*{0,2}(?:\s+|(?=\S+@)|$)(.{0,400})")
_DASHED = re.compile(r"^[\s>*]{0,6}[-_=—–*]{2,}\s*([^-_=—–\d][^\n]{2,60}?)\s*[-_=—–*:]{1,}\s*$")
_GROUPWISE = re.compile(r"^>>>\s?[^>\n]{2,200}(?:<[^>\n]{3,200}>|\d)[^>\n]{0,60}>>>\s*$")
_DATED = re.compile(r"\d{1,2}[:.]\d{2}|\b(?:19|20)\d{2}\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2}")
FORWARDED = ("forward", "weitergeleitet", "doorgestuurd", "transf", "inoltrat", "reenvi", "reencamin", "encaminh",
             "przekaz", "preposl", "předan", "proslij", "posredov", "tovabbit", "edasta", "valitet",
             "parsut", "persiust",
             "redirection", "препра", "προωθ", "videresend", "vidaresend", "vidarebefordr", "framsend",
             "seolt ar", "mibghut")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Zoned:
    """One kind a line. `inner_from` is the address of the inner author where the message passes on somebody else's
    mail.
    """

    kinds: tuple[ZoneKind, ...]
    inner_from: str = ""
    inner_name: str = ""


@dataclass(frozen=True, slots=True)
class _Block:
    """A quoted header block: its lines `start` to before `end`, and what its From line says."""

    start: int
    end: int
    sender: str


def zones(lines: list[Line], *, subject: str, sender_name: str, mailbox: str, letter: str) -> Zoned:
    """The kind of every line. `subject` tells a forward; `sender_name` finds the signature; `letter` is subtracted.

    Lines beyond the first 5,000 are not judged: they follow the last one that was.
    """
    if len(lines) > MOST_LINES:
        first = zones(lines[:MOST_LINES], subject=subject, sender_name=sender_name, mailbox=mailbox, letter=letter)
        last = QUOTED if first.kinds[-1] in {QUOTED, ZoneKind.LETTER, ATTRIBUTION} else NEW
        return Zoned(first.kinds + (last,) * (len(lines) - MOST_LINES), first.inner_from, first.inner_name)
    kinds = [NEW] * len(lines)
    texts = [line.text for line in lines]
    for index, line in enumerate(lines):
        if line.quoted or _QUOTE.match(line.text):
            kinds[index] = QUOTED
    inner = _cut(texts, kinds, subject, mailbox)
    mark_letter(texts, kinds, letter)
    if not any(kind is NEW and key(text[:LONGEST_LINE]) for kind, text in zip(kinds, texts, strict=True)):
        # All was taken away: then what is left beside the letter is what the sender wants read.
        kinds = [NEW if kind is QUOTED else kind for kind in kinds]
    mark_signatures(texts, kinds, sender_name)
    if not any(kind is NEW and text.strip() for kind, text in zip(kinds, texts, strict=True)):
        # "Many thanks, received!" looks like a valediction, but by itself where nothing else is written it was meant.
        alone = next((i for i, kind in enumerate(kinds) if kind is ZoneKind.SIGNATURE), len(kinds))
        if alone + 1 < len(texts) and not texts[alone + 1].strip():
            kinds[alone] = NEW
    for index in range(1, len(kinds)):
        if not texts[index][:LONGEST_LINE].strip("> \t") and kinds[index] is not ZoneKind.LETTER:
            kinds[index] = kinds[index - 1]
    return Zoned(tuple(kinds), *inner)


def _cut(texts: list[str], kinds: list[ZoneKind], subject: str, mailbox: str) -> tuple[str, str]:
    """Marks what stands below a header block, a separator or an attribution. Returns the inner author of a forward."""
    forwarded_subject = starts_with(subject.split(":")[0], every("mail", "forward_prefixes")) if ":" in subject else ""
    index = 0
    inner = ("", "")
    first = True
    while index < len(texts):
        text = texts[index]
        block = _header_block(texts, index, mailbox)
        if block is not None:
            passed_on = (
                first and block.sender != mailbox and (bool(forwarded_subject) or _said_forwarded(texts, block.start))
            )
            own = [i for i in range(index) if kinds[i] is NEW]
            for i in range(_rule_above(texts, block.start), block.end):
                kinds[i] = ATTRIBUTION
            following = _next_block(texts, block.end, mailbox)
            if passed_on:
                inner = (block.sender, texts[block.start])
                for i in range(block.end, following):
                    kinds[i] = NEW if not _QUOTE.match(texts[i]) else QUOTED
            else:
                for i in range(block.end, following):
                    kinds[i] = QUOTED
            first = first and not own
            first = False
            index = following
            continue
        span = _attribution(texts, kinds, index)
        if span:
            for i in range(index, index + span):
                kinds[i] = ATTRIBUTION
            index += span
            below = next((i for i in range(index, len(texts)) if texts[i].strip()), None)
            if below is not None and kinds[below] is not QUOTED:
                for i in range(index, len(texts)):
                    kinds[i] = QUOTED
                return inner
            continue
        if _GROUPWISE.match(text) and _DATED.search(text):
            kinds[index:] = [ATTRIBUTION] + [QUOTED] * (len(texts) - index - 1)
            return inner
        if _separator(text) and kinds[index] is NEW:
            kinds[index] = ATTRIBUTION
            if not _said_forwarded(texts, index + 1) and _header_block(texts, index + 1, mailbox) is None:
                for i in range(index + 1, len(texts)):
                    kinds[i] = QUOTED
        index += 1
    return inner


def _separator(text: str) -> bool:
    match = _DASHED.match(text)
    return bool(match and key(match.group(1)) in every("mail", "original"))


def _said_forwarded(texts: list[str], start: int) -> bool:
    above = [fold(text) for text in texts[max(0, start - 3) : start] if text.strip()]
    return any(any(stem in text for stem in FORWARDED) for text in above[-2:])


def _rule_above(texts: list[str], start: int) -> int:
    """The header block's start moved up over the rule or separator that belongs to it."""
    index = start - 1
    while index >= 0 and (not texts[index].strip() or RULE.match(texts[index]) or _separator(texts[index])):
        if RULE.match(texts[index]) or _separator(texts[index]):
            start = index
        index -= 1
    return start


def _next_block(texts: list[str], start: int, mailbox: str) -> int:
    for index in range(start, len(texts)):
        if _header_block(texts, index, mailbox) is not None:
            return index
    return len(texts)


def _labels() -> dict[str, str]:
    table: dict[str, str] = {}
    for name in ("subject", "cc", "date", "sent", "to", "from"):
        for label in every("mail", name):
            table[label] = name
    return table


_TABLE: dict[str, str] = {}


def _label(text: str) -> tuple[str, str]:
    """The kind of header label a line begins with, and the value behind it; `other` for an unknown label."""
    if not _TABLE:
        _TABLE.update(_labels())
    match = _LABEL.match(text)
    if match is None:
        return "", ""
    return _TABLE.get(key(match.group(1)), "other"), match.group(2).strip(" *")


def _header_block(texts: list[str], start: int, mailbox: str) -> _Block | None:
    """A block of at least three header labels that begins on this line, one of them naming a person or an address."""
    kind, value = _label(texts[start])
    if not kind or (kind == "other" and "@" not in value):
        return None
    seen = {kind: value}
    end = start + 1
    others = 0
    blank = 0
    for index in range(start + 1, min(len(texts), start + 16)):
        text = texts[index]
        if not text.strip():
            blank += 1
            if blank > 1 or len(seen) >= 4:
                break
            continue
        kind, value = _label(text)
        if not kind or (kind == "other" and (others > 3 or key(text.split(":")[0]) == "")):
            # A long list of recipients goes on in lines of its own.
            if ("@" in text or ";" in text) and len(seen) >= 2 and blank == 0:
                end = index + 1
                continue
            break
        others += kind == "other"
        seen.setdefault(kind if kind != "other" else f"other{others}", value)
        end = index + 1
        blank = 0
    known = [name for name in seen if not name.startswith("other")]
    addressed = any("@" in value for value in seen.values())
    dated = any(_DATED.search(value) for value in seen.values())
    if (
        len(seen) >= 3
        and (len(known) >= 3 or (len(known) >= 1 and addressed and dated))
        and ("from" in seen or addressed)
    ):
        match = re.search(
            r"[^\s<>\[\]():;,\"']+@[^\s<>\[\]():;,\"']+", seen.get("from", "") or next(iter(seen.values()))
        )
        sender = match.group().lower() if match else ""
        if not sender and mailbox and "ministerial conference" in fold(seen.get("from", "")):
            sender = mailbox
        return _Block(start, end, sender)
    return None


def _attribution(texts: list[str], kinds: list[ZoneKind], start: int) -> int:
    """How many lines from here (at most three) are the line above a quotation; 0 where this is none."""
    if not texts[start].strip() or kinds[start] is not NEW:
        return 0
    joined = ""
    for count in range(1, 4):
        last = start + count - 1
        if last >= len(texts) or not texts[last].strip() or kinds[last] is not NEW or _separates(texts[last]):
            return 0
        joined = f"{joined} {texts[start + count - 1].strip()}".strip()
        if len(joined) > 400:
            return 0
        if not _DATED.search(joined) and "@" not in joined:
            continue
        below = next((i for i in range(start + count, min(len(texts), start + count + 4)) if texts[i].strip()), None)
        quoted = below is not None and kinds[below] is QUOTED
        closed = joined.rstrip().endswith((":", ": >", "：", ">:"))
        if not closed and (not joined.endswith(">") or _closes_below(texts, last + 1)):
            continue
        if quoted or _is_attribution(joined):
            return 0 if count > 1 and _starts_below(texts[start].strip(), texts[start + 1 : last + 1]) else count
    return 0


def _separates(text: str) -> bool:
    return bool(RULE.match(text)) or _separator(text)


def _closes_below(texts: list[str], index: int) -> bool:
    """Whether the line at the index ends what was folded after an address: "Kirjutas N <a@b>" / "26.02.2024:"."""
    return index < len(texts) and bool(_DATED.search(texts[index])) and texts[index].rstrip().endswith(":")


def _starts_below(first: str, others: list[str]) -> bool:
    """Whether the first line is an answer right above an attribution, not a part of it."""
    rest = " ".join(other.strip() for other in others)
    if not _DATED.search(rest):
        return False
    return first.endswith((".", "!", "?")) or (not _DATED.search(first) and "@" not in first and _is_attribution(rest))


_PIECES: list[tuple[bool, tuple[str, ...]]] = []
"""Whether the template begins with its first piece, and what stands between its placeholders."""


def _is_attribution(line: str) -> bool:
    if not _PIECES:
        for language in LANGUAGES:
            for template in words(language, "mail", "attribution"):
                pieces = tuple(p for p in (_piece(x) for x in re.split(r"\{\w+\}", template)) if p)
                if pieces:
                    _PIECES.append((not template.startswith("{"), pieces))
    folded = " ".join(fold(line).split())
    for anchored, pieces in _PIECES:
        position = 0
        for number, piece in enumerate(pieces):
            found = folded.find(piece, position)
            if found < 0 or (number == 0 and anchored and len(pieces) > 1 and found > 2):
                break
            position = found + len(piece)
        else:
            if position >= len(folded) - 90 and sum(map(len, pieces)) >= 4:
                return True
    return False


def _piece(text: str) -> str:
    return " ".join(fold(text).split()).strip(' ,:;<>()"')
