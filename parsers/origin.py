"""Which delegation a message speaks for: by the sender's domain, else by what domain, signature, text and names say."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache

from babel import Locale

from parsers.conference import Conference, Delegation
from parsers.lexicon import LANGUAGES
from parsers.text import fold

_TERRITORY = {"EL": "GR", "UK": "GB"}
_LABEL_NOISE = frozenset("eu ue ec com org net gov gob gouv gv int mail www example info europa euro".split())  # noqa: SIM905
ENOUGH = 3.0
_CODE_MARK = re.compile(r"\b([A-Z]{2})\b")


@dataclass(frozen=True, slots=True)
class Origin:
    """The delegation, what told so, whether that is enough without a look, and the words that told, folded. `code` is
    None where nothing tells."""

    code: str | None
    sign: str
    sure: bool
    words: str = ""


class Origins:
    """The invitation list prepared for the question who wrote."""

    def __init__(self, conference: Conference) -> None:
        self.conference = conference
        self.domains = {domain.lower(): row.code for row in conference.delegations for domain in row.domains}
        self.contacts = {contact.lower(): row.code for row in conference.delegations for contact in row.contacts}
        self.by_label = {_TERRITORY.get(row.code, row.code).lower(): row.code for row in conference.delegations}
        self.by_label.update({row.code.lower(): row.code for row in conference.delegations})
        self.countries = {
            row.code: _country_names(_TERRITORY.get(row.code, row.code)) for row in conference.delegations
        }
        place = fold(conference.place)
        self.host = next((code for code, names in self.countries.items() if any(name in place for name in names)), None)

    def find(self, address: str, signature: str, text: str, named: Counter[str], subject: str = "") -> Origin:
        """`address` is the author's; `named` counts the principals that the new text names, by delegation."""
        direct = self.by_address(address)
        if direct is not None:
            return Origin(direct, "sender's domain", True, address)
        written_subject = subject
        signature, text, subject = (fold(part[:6000]) for part in (signature, text, subject))
        words: dict[str, str] = {}
        scores: dict[str, float] = defaultdict(float)
        signs: dict[str, str] = {}
        self._labels(address, scores, signs)
        for code, names in self.countries.items():
            for part, weight, sign in ((signature, 3.0, "signature"), (text, 1.6, "text"), (subject, 1.0, "subject")):
                found = _named(part, names) if code != self.host or sign == "signature" else ""
                if found:
                    scores[code] += weight
                    signs.setdefault(code, sign)
                    words.setdefault(code, found)
        for row in self.conference.delegations:
            if (
                len(row.ministry) > 8
                and row.kind not in {"member-state", "associated"}
                and fold(row.name) in signature + "\n" + text[:400]
            ):
                scores[row.code] += 2.0
                signs.setdefault(row.code, "signature")
                words.setdefault(row.code, fold(row.name))
        for code, count in named.items():
            scores[code] += 2.5 if count else 0
            signs.setdefault(code, "name of the principal")
        for match in _CODE_MARK.finditer(written_subject):
            written = self.by_label.get(match.group(1).lower())
            if written is not None and written != self.host:
                scores[written] += 0.8
                signs.setdefault(written, "subject")
                words.setdefault(written, match.group(1).lower())
        ranked = sorted(scores.items(), key=lambda item: -item[1])[:2]
        if not ranked or ranked[0][1] < 1.5:
            return Origin(None, "", False)
        clear = len(ranked) == 1 or ranked[0][1] - ranked[1][1] >= 1.0
        code = ranked[0][0]
        sign = signs.get(code, "")
        told = address if sign == "sender's domain" else words.get(code, "")
        return Origin(code, sign, clear and ranked[0][1] >= ENOUGH, told)

    def by_address(self, address: str) -> str | None:
        """By the list alone: a contact's address, the domain, or a domain above it."""
        if address in self.contacts:
            return self.contacts[address]
        labels = address.rpartition("@")[2].split(".")
        for start in range(max(0, len(labels) - 1)):
            code = self.domains.get(".".join(labels[start:]))
            if code is not None:
                return code
        return None

    def _labels(self, address: str, scores: dict[str, float], signs: dict[str, str]) -> None:
        domain = address.rpartition("@")[2]
        labels = domain.split(".")
        pieces = [piece for label in labels for piece in re.split(r"[-_]", label)]
        hyphened = [piece for label in labels if "-" in label for piece in re.split(r"-", label)]
        last = labels[-1] if labels else ""
        for piece in [*hyphened, last]:
            code = self.by_label.get(piece)
            if code is not None and piece not in _LABEL_NOISE:
                scores[code] += 3.0
                signs[code] = "sender's domain"
        for code, names in self.countries.items():
            if any(name in pieces or (len(name) > 5 and any(name in piece for piece in pieces)) for name in names):
                scores[code] += 3.0
                signs[code] = "sender's domain"


@cache
def _country_names(territory: str) -> frozenset[str]:
    names = set()
    for language in LANGUAGES:
        for code in ("nb", "nn") if language == "no" else (language,):
            name = Locale.parse(code).territories.get(territory)
            if name:
                names.add(fold(name))
    return frozenset(name for name in names if len(name) > 3)


@cache
def country_words() -> frozenset[str]:
    """The one-word names of European countries in all the languages, folded."""
    codes = "AT BE BG CY CZ DE DK EE GR ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK CH IS LI NO GB".split()  # noqa: SIM905
    return frozenset(name for code in codes for name in _country_names(code) if " " not in name)


@cache
def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    """Country names with a case ending of up to four letters, the stem's last vowel open."""
    stems = sorted(
        {name[:-1] if len(name) > 5 and name[-1] in "aeiouαοηςя" else name for name in names}, key=len, reverse=True
    )
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, stems)) + r")\w{0,5}(?!\w)")


def _named(folded: str, names: frozenset[str]) -> str:
    """The first of these country names in a folded text, with its case ending; empty where there is none."""
    match = _pattern(names).search(folded) if names and folded else None
    return match.group() if match else ""


def office(address: str) -> str:
    """Who wrote, for telling two offices of one country apart: the domain."""
    return address.rpartition("@")[2]


def row_of(conference: Conference, code: str | None) -> Delegation | None:
    """The row of a code that may be None."""
    return conference.delegation(code) if code else None
