"""Names of months and weekdays in all the languages: CLDR through Babel, completed by the lexicons."""

from dataclasses import dataclass
from functools import cache

from babel import Locale

from parsers.lexicon import LANGUAGES, lexicon, words
from parsers.sentences import words as tokens_of
from parsers.text import fold

_LOCALES = {"no": ("nb", "nn")}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
Phrase = tuple[str, ...]
_ARTICLES = (("den",), ("de",))  # Luxembourgish shortens Tuesday to "Dën." and "Dë.", which fold to its articles


@dataclass(frozen=True, slots=True)
class Words:
    """The calendar words of some languages, folded and split into tokens. Months count from 1, weekdays from 0
    (Monday).
    """

    months: dict[Phrase, int]
    weekdays: dict[Phrase, int]
    ordinals: dict[Phrase, str]
    suffixes: frozenset[str]
    before: frozenset[Phrase]
    through: frozenset[Phrase]
    both: frozenset[Phrase]
    units: frozenset[str]
    longest: int


def phrase(text: str) -> Phrase:
    """The folded tokens of a phrase, white space and full stops at its end left out."""
    tokens = [fold(token).rstrip("'’") for token in tokens_of(text)[0] if not token.isspace()]
    while tokens and tokens[-1] in {".", ","}:
        tokens.pop()
    return tuple(tokens)


@cache
def calendar_words(languages: tuple[str, ...]) -> Words:
    """The tables for these languages together; where two disagree, the earlier language wins."""
    months: dict[Phrase, int] = {}
    weekdays: dict[Phrase, int] = {}
    ordinals: dict[Phrase, str] = {}
    suffixes: set[str] = set()
    before: set[Phrase] = set()
    through: set[Phrase] = {("-",), ("–",), ("—",), ("/",), ("bis",), ("to",)}
    both: set[Phrase] = {("&",), ("+",), (",",)}
    units: set[str] = set()
    for language in languages:
        _cldr(language, months, weekdays)
        tables = lexicon(language).get("days", {})
        for number, name in enumerate(_MONTHS, 1):
            for form in _list(tables.get("months", {}), name):
                months.setdefault(phrase(form), number)
        for number, name in enumerate(_WEEKDAYS):
            for form in _list(tables.get("weekdays", {}), name):
                weekdays.setdefault(phrase(form), number)
        for name in ("all", "first", "second", "next", "previous"):
            for form in words(language, "days", name):
                ordinals.setdefault(phrase(form), name)
        suffixes.update(fold(w).strip(".- ") for w in words(language, "days", "suffixes"))
        before.update(phrase(w) for w in words(language, "days", "before_number"))
        through.update(phrase(w) for w in words(language, "days", "through"))
        both.update(phrase(w) for w in words(language, "days", "and"))
        units.update(fold(w) for w in words(language, "days", "not_a_date"))
    for table in (months, weekdays, ordinals):
        table.pop((), None)
    for article in _ARTICLES:
        weekdays.pop(article, None)
    before.discard(())
    longest = max((len(p) for t in (months, weekdays, ordinals) for p in t), default=1)
    return Words(months, weekdays, ordinals, frozenset(suffixes - {""}), frozenset(before), frozenset(through - {()}),
                 frozenset(both - {()}), frozenset(units), min(longest, 6))  # fmt: skip


def _list(table: object, name: str) -> list[str]:
    value = table.get(name, []) if isinstance(table, dict) else []
    return [item for item in value if isinstance(item, str)]


def _cldr(language: str, months: dict[Phrase, int], weekdays: dict[Phrase, int]) -> None:
    for code in _LOCALES.get(language, (language,)):
        locale = Locale.parse(code)
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, form in locale.months[context][width].items():
                    months.setdefault(phrase(form), number)
                for number, form in locale.days[context][width].items():
                    weekdays.setdefault(phrase(form), number)


@cache
def known_words() -> frozenset[str]:
    """First tokens of every month and weekday name, for telling an ordinal's full stop from a sentence's end."""
    every = calendar_words(LANGUAGES)
    return frozenset(p[0] for table in (every.months, every.weekdays) for p in table if len(p[0]) > 2)
