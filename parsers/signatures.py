"""Signatures and disclaimers among the lines of a message: a valediction, a rule or the sender's own name begins one,
running text ends it.
"""

import re

from parsers.lexicon import contains, every, key, starts_with
from parsers.people import honorifics
from parsers.reading import ZoneKind
from parsers.text import fold

NEW, SIGNATURE, DISCLAIMER = ZoneKind.NEW, ZoneKind.SIGNATURE, ZoneKind.DISCLAIMER
WRAPPED = 60
"""A line at least so long may be running text that goes on in the next line."""
_PRINTS = re.compile(
    r"\b(?:ge)?print|imprim|\bdrucken|ausdruck|ausgedruckt|afdruk|afgedrukt|\bstamp[ai]|\btisk|vytla[čc]|vytisk|"
    r"wydruk|drukow|natisn|ispis|kinyomtat|tulost|prindi|drukā|izdruk|spausdin|skriv(?:a|er)? ut|utskrift|udskriv|"
    r"εκτυπ|τυπώ|разпечат|\btipăr|clóbhuail",
    re.IGNORECASE,
)
_MAIL = re.compile(r"\be?-?mails?\b|e-?mail|courriel|correo|мейл|имейл|τούτο το μήνυμα|μήνυμα|tölvupóst", re.IGNORECASE)
"""Together in one short line: the plea to think before printing."""
RULE = re.compile(r"^\s*[-_=*~]{5,}\s*$")
_PHONE = re.compile(r"\+\s?\d[\d ()/.-]{6,}|\(0\d{1,4}\)|\b0\d[\d /.-]{6,}")
_CONTACT = re.compile(
    r"@|https?://|www\.|\b(?:tel|tél|tlf|puh|fax|gsm|mob|mobile|phone|handy|kom|m\.|t\.|τηλ|тел)\b\.?\s*:?\s*[+(\d]",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(r"^\s*(?:p\.?\s?s\.?|ps|n\.?b\.?|p\.\s?d\.?|υ\.\s?γ\.?|ui|pp)\b[\s:.,-]", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?…;:]\s*$|[?!]")
_CONFIDENTIAL = re.compile(
    r"confiden|vertraulich|vertrouwelijk|poufn|dôvern|εμπιστευτ|поверител|bizalmas|luottamuk|konfiden|trúnað|"
    r"kunfidenz|virus|recipient|destinat|empfänger|ontvanger|adresat|címzett|vastaanottaja|παραλήπτ|получател|"
    r"prieten|saņēm|gavėj|naslovnik|primatelj|modtager|mottaker|mottagare|viðtakand|print|imprim|drucken|ausdruck",
    re.IGNORECASE,
)


def mark_signatures(texts: list[str], kinds: list[ZoneKind], sender_name: str) -> None:
    """Changes the kinds of new lines that sign or disclaim."""
    valedictions = every("mail", "valedictions")
    disclaimers = every("mail", "disclaimer")
    mobile = every("mail", "mobile")
    name = frozenset(re.findall(r"\w{2,}", fold(sender_name)))
    closing = False
    disclaimer = False
    # A letterhead may carry the sender's name: no signature begins before anything was said.
    said = False
    blanks = 0
    for index, text in enumerate(texts):
        if kinds[index] is not NEW:
            closing = disclaimer = False
            continue
        stripped = text.strip()
        said = said or _prose(stripped)
        if not stripped:
            blanks += 1
            disclaimer = disclaimer and blanks < 2
            continue
        blanks, gap = 0, blanks
        if starts_with(stripped, disclaimers) or (disclaimer and gap == 0) or (closing and _legal(stripped)):
            kinds[index] = DISCLAIMER
            disclaimer = True
            closing = True
            continue
        disclaimer = False
        if len(stripped) < 110 and _PRINTS.search(stripped) and _MAIL.search(stripped):
            kinds[index] = DISCLAIMER
            continue
        if starts_with(stripped, mobile) and len(stripped) < 80:
            kinds[index] = SIGNATURE
            continue
        if stripped in {"--", "---", "-- ", "—"} or (RULE.match(stripped) and index > 0):
            closing = True
            kinds[index] = SIGNATURE
            continue
        if _closes(stripped, valedictions):
            closing = True
            kinds[index] = SIGNATURE
            continue
        if closing and not _postscript(stripped):
            kinds[index] = SIGNATURE
        elif closing:
            closing = False
        elif said and _own_name(stripped, name):
            kinds[index] = SIGNATURE
            closing = True
        elif (
            _CONTACT.search(stripped)
            and _PHONE.search(stripped)
            and len(stripped) < 90
            and not _SENTENCE.search(stripped)
        ):
            kinds[index] = SIGNATURE


def _closes(text: str, valedictions: frozenset[str]) -> bool:
    found = starts_with(text, valedictions)
    return bool(found) and len(text) < 90 and len(key(text)) - len(found) < 34 and not re.search(r"[?]|\d", text)


def _legal(text: str) -> bool:
    return len(text) > 100 and bool(_CONFIDENTIAL.search(text))


def _postscript(text: str) -> bool:
    """Whether a line below the valediction says something again: a postscript or a whole sentence."""
    if _POSTSCRIPT.match(text):
        return True
    if _CONTACT.search(text) and len(text) < 120:
        return False
    tokens = re.findall(r"[^\W\d]{2,}", text)
    if len(tokens) < 5 or contains(text, ("http", "www")):
        return False
    lower = sum(token[0].islower() for token in tokens)
    ended = bool(re.search(r"[.!?]\s*[)\"]?$", text))
    return lower >= 0.5 * len(tokens) if ended else _prose(text)


def _prose(text: str) -> bool:
    """Whether a line is running text: as wide as a wrapped line and mostly of small words, or a whole sentence."""
    tokens = re.findall(r"[^\W\d]+", text)
    lower = sum(token[0].islower() for token in tokens)
    wide = len(text) >= WRAPPED and len(tokens) >= 7
    return (wide or (len(tokens) >= 5 and bool(_SENTENCE.search(text)))) and lower >= 0.6 * len(tokens)


def _own_name(text: str, name: frozenset[str]) -> bool:
    tokens = [word for word in re.findall(r"\w{2,}", fold(text)) if word not in honorifics()]
    return (
        bool(name)
        and 0 < len(tokens) <= 5
        and len(text) < 50
        and set(tokens) <= name
        and not text.rstrip().endswith((":", "?"))
    )
