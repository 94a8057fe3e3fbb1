"""The page's own words in the reader's language, with dates and numbers as that language writes them (Babel, CLDR).

Catalogues are gettext files read at the first use of their language; an English text is its own key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.plural import PluralRule

LANGUAGES = {"en": "English", "fr": "Français", "nl": "Nederlands", "de": "Deutsch"}
_TERRITORIES = {"EL": "GR", "UK": "GB"}
_ENGLISH = Locale.parse("en_GB")
_LONG_DAY = {"de": "EEEE, d. MMMM"}
_CATALOGUES = Path(__file__).parent / "locale"


class Catalogue(NullTranslations):
    """One `page.po` in memory. A text that it lacks comes out in English."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        with path.open("rb") as file:
            catalogue = read_po(file)
        known = [message for message in catalogue if message.id and not message.fuzzy]
        self._one: dict[str, str] = {}
        self._many: dict[str, tuple[str, ...]] = {}
        for message in known:
            if isinstance(message.id, str):
                self._one[message.id] = str(message.string)
            elif isinstance(message.string, tuple | list) and all(message.string):
                # A gettext file holds a word once: its singular stands here too.
                self._one[message.id[0]] = message.string[0]
                self._many[message.id[0]] = tuple(message.string)
        # English rule for French would make "0 réponses"; the language's own rule decides.
        self._plural: PluralRule = Locale.parse(str(catalogue.locale)).plural_form

    def gettext(self, message: str) -> str:
        return self._one.get(message) or message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        forms = self._many.get(msgid1)
        if not forms:
            return msgid1 if n == 1 else msgid2
        return str(forms[0] if self._plural(n) == "one" else forms[-1])


@dataclass(frozen=True)
class Words:
    """Everything that depends on the language of whoever looks."""

    language: str
    locale: Locale
    catalogue: NullTranslations

    def say(self, message: str, **values: Any) -> str:
        """The message in this language, with `%(name)s` filled in."""
        text = self.catalogue.gettext(message)
        return text % values if values else text

    def count(self, one: str, many: str, n: int, **values: Any) -> str:
        """The message for that number, with `%(n)s` filled in as this language writes numbers."""
        return self.catalogue.ngettext(one, many, n) % {"n": self.number(n), **values}

    def either(self, forms: tuple[str, str], n: int) -> str:
        """The word that goes with that number, without it."""
        return self.catalogue.ngettext(*forms, n)

    def number(self, value: float) -> str:
        return str(format_decimal(value, locale=self.locale))

    def percent(self, value: float) -> str:
        return str(format_percent(value, locale=self.locale))

    def day(self, day: date, *, week: bool = True) -> str:
        """`Mon 29 Apr`."""
        return _day(self.locale, day, week)

    def long_day(self, day: date) -> str:
        """`Monday 29 April`."""
        return str(format_date(day, _LONG_DAY.get(self.language, "EEEE d MMMM"), locale=self.locale))

    def full_day(self, day: date) -> str:
        """`29 April 2024`."""
        return str(format_date(day, "long", locale=self.locale))

    def time(self, moment: datetime) -> str:
        """`14:32`, in this machine's zone."""
        return moment.astimezone().strftime("%H:%M")

    def moment(self, moment: datetime) -> str:
        """`20 Mar, 14:32`, in this machine's zone."""
        local = moment.astimezone()
        return f"{self.day(local.date(), week=False)}, {local:%H:%M}"

    def days(self, days: Sequence[date]) -> str:
        """The days of an event in few words: `29–30 April 2024`."""
        return days_in_words(days, self.locale)

    def delegation_name(self, code: str, name: str) -> str:
        """A country's name in this language; a name that is not CLDR's English one for its code stays as it is."""
        territory = _TERRITORIES.get(code, code)
        if len(territory) != 2 or _ENGLISH.territories.get(territory) != name:
            return name
        return self.locale.territories.get(territory) or name

    def language_name(self, code: str) -> str:
        """The name of a language, in this language; the code itself where CLDR has none."""
        return self.locale.languages.get(code) or code


@lru_cache(maxsize=len(LANGUAGES))
def words_in(language: str) -> Words:
    """The words of one of the page's languages; of English for any other."""
    known = language if language in LANGUAGES else "en"
    path = _CATALOGUES / known / "LC_MESSAGES" / "page.po"
    # English as the institutions write it: day before month, 24 hours.
    locale = Locale.parse("en_GB" if known == "en" else known)
    return Words(known, locale, Catalogue(path) if path.exists() else NullTranslations())


@lru_cache(maxsize=2048)
def _day(locale: Locale, day: date, week: bool) -> str:
    return str(format_skeleton("MMMEd" if week else "MMMd", _noon(day), locale=locale))


def days_in_words(days: Sequence[date], locale: Locale) -> str:
    """`29–30 April 2024`, `29.–30. April 2024`; days of several months in full."""
    if not days:
        return ""
    first, last = days[0], days[-1]
    whole = str(format_date(last, "long", locale=locale))
    if first == last:
        return whole
    if (first.year, first.month) != (last.year, last.month):
        return f"{format_date(first, 'long', locale=locale)} – {whole}"
    dot = "." if f"{last.day}." in whole and locale.language != "hu" else ""
    return whole.replace(f"{last.day}", f"{first.day}{dot}–{last.day}", 1)


def accepted(header: str) -> str:
    """The page's language that a browser likes best, by its Accept-Language (RFC 9110, 12.5.4); English if none."""
    ranked: list[tuple[float, str]] = []
    for part in header.split(",")[:20]:
        tag, _, rest = part.partition(";")
        weight = rest.strip().removeprefix("q=") if rest else "1"
        try:
            ranked.append((-float(weight), tag.strip().lower().partition("-")[0]))
        except ValueError:
            continue
    return next(
        (tag for weight, tag in sorted(ranked, key=lambda one: one[0]) if weight < 0 and tag in LANGUAGES), "en"
    )


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12)  # noqa: DTZ001  a calendar day, no moment; noon stays on it
