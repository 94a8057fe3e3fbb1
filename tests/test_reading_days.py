"""The day finder over `phrases/days.txt` (what is found) and `phrases/days-absent.txt` (what must not be)."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from parsers.days import DayMention, find_days
from parsers.lexicon import LANGUAGES
from parsers.sentences import sentences, words

PHRASES = Path(__file__).parent / "phrases"
DAYS = (date(2024, 4, 29), date(2024, 4, 30))
MAJOR = ("en", "fr", "de", "nl", "it", "es", "pl")


@dataclass(frozen=True)
class Phrase:
    """One line of the data: `expected` as the first comment of the file says."""

    language: str
    expected: str
    text: str
    fails: bool
    where: str


def phrases(name: str) -> list[Phrase]:
    found = []
    for number, line in enumerate((PHRASES / name).read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fails = line.startswith("x ")
        language, expected, text = (field.strip() for field in line.removeprefix("x ").split("|", 2))
        found.append(Phrase(language, expected, text, fails, f"{name}:{number}"))
    return found


def parameters(name: str) -> list[object]:
    return [
        pytest.param(phrase, id=f"{phrase.where}", marks=[pytest.mark.xfail(strict=True)] if phrase.fails else [])
        for phrase in phrases(name)
    ]


def mentions(text: str, language: str) -> list[DayMention]:
    """As the pipeline does it: sentence by sentence, with the calendar words of the language and of English."""
    found = []
    for start, end in sentences(text):
        tokens = [token for token in words(text[start:end])[0] if not token.isspace()]
        found.extend(find_days(tokens, DAYS, tuple(dict.fromkeys((language, "en")))))
    return found


def described(found: list[DayMention]) -> str:
    days = "".join(str(n) for n, day in enumerate(DAYS, 1) if any(day in mention.days for mention in found))
    other = "0" if any(not mention.days for mention in found) else ""
    wrong = "!" if any(mention.mismatch for mention in found) else ""
    return " ".join(part for part in (days, other, wrong) if part) or "-"


@pytest.mark.parametrize("phrase", parameters("days.txt"))
def test_found(phrase: Phrase) -> None:
    assert described(mentions(phrase.text, phrase.language)) == phrase.expected, phrase.text


@pytest.mark.parametrize("phrase", parameters("days-absent.txt"))
def test_absent(phrase: Phrase) -> None:
    assert described(mentions(phrase.text, phrase.language)) == phrase.expected, phrase.text


@pytest.mark.parametrize("phrase", parameters("days.txt"))
def test_mentions_are_in_order_and_apart(phrase: Phrase) -> None:
    if phrase.fails:
        pytest.skip("known failure")
    end = 0
    tokens = [token for token in words(phrase.text)[0] if not token.isspace()]
    for mention in find_days(tokens, DAYS, (phrase.language, "en")):
        assert end <= mention.start < mention.end <= len(tokens)
        assert set(mention.days) <= set(DAYS)
        end = mention.end


def test_every_language_has_phrases() -> None:
    counted = Counter(phrase.language for phrase in phrases("days.txt"))
    assert set(counted) == set(LANGUAGES)
    assert min(counted.values()) >= 10


def test_every_major_language_has_forty_sentences_without_a_date() -> None:
    counted = Counter(phrase.language for phrase in phrases("days-absent.txt") if phrase.expected == "-")
    assert all(counted[language] >= 40 for language in MAJOR), counted


def test_a_conference_over_a_month_border() -> None:
    days = (date(2024, 4, 30), date(2024, 5, 1))
    found = find_days(["30", "April", "-", "1", "May"], days, ("en",))
    assert {day for mention in found for day in mention.days} == set(days)


def test_a_conference_of_one_day_and_of_three() -> None:
    one = (date(2024, 4, 29),)
    three = (date(2024, 4, 29), date(2024, 4, 30), date(2024, 5, 1))
    assert find_days(["29", "April"], one, ("en",))[0].days == one
    assert find_days(["the", "second", "day"], one, ("en",))[0].days == ()
    assert find_days(["from", "29", "April", "to", "1", "May"], three, ("en",))[0].days == three
