"""The words that the rules need, one file a language under `parsers/lexicon/` (its README says which key holds
what).
"""

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from parsers.text import fold

FOLDER = Path(__file__).parent / "lexicon"
LANGUAGES = tuple(
    "bg cs da de el en es et fi fr ga hr hu is it lb lt lv mt nl no pl pt ro sk sl sv".split()  # noqa: SIM905 - reads better
)


@cache
def lexicon(language: str) -> dict[str, Any]:
    """The lexicon of one language as it stands in the file; empty for a language without one."""
    path = FOLDER / f"{language}.toml"
    if not path.exists():
        return {}
    return tomllib.loads(path.read_text(encoding="utf-8"))


def words(language: str, *keys: str) -> tuple[str, ...]:
    """The list under these keys, as written: `words("de", "mail", "from")`."""
    value: Any = lexicon(language)
    for key in keys:
        value = value.get(key, {}) if isinstance(value, dict) else {}
    if not isinstance(value, list):
        return ()
    return tuple(item for item in value if isinstance(item, str) and item.strip())


@cache
def every(*keys: str) -> frozenset[str]:
    """The union over all languages, folded (lower case, no diacritics), single-spaced."""
    return frozenset(key(word) for language in LANGUAGES for word in words(language, *keys) if key(word))


@cache
def of(languages: tuple[str, ...], *keys: str) -> frozenset[str]:
    """The same over some languages only."""
    return frozenset(key(word) for language in languages for word in words(language, *keys) if key(word))


def key(text: str) -> str:
    """How phrases are compared: folded, single-spaced, without leading or trailing punctuation."""
    return " ".join(fold(text).split()).strip(" .,:;!?*_-–—\"'()[]<>|")


def starts_with(text: str, phrases: frozenset[str], longest: int = 12) -> str:
    """The longest of these phrases that the text begins with on a word border; empty where none does."""
    tokens = key(text[: 60 * longest]).split(" ")[:longest]
    for count in range(len(tokens), 0, -1):
        candidate = " ".join(tokens[:count])
        if candidate in phrases:
            return candidate
        stripped = candidate.rstrip(".,:;!?")
        if stripped in phrases:
            return stripped
    return ""


def contains(text: str, phrases: Iterable[str]) -> str:
    """The first in the text of these folded phrases that stands on word borders; empty where none does."""
    table, longest = _index(frozenset(phrases))
    tokens = _split(fold(text))
    for start, token in enumerate(tokens):
        if token not in table:
            continue
        lengths = table[token]
        for length in range(min(longest, len(tokens) - start), 0, -1):
            if tuple(tokens[start : start + length]) in lengths:
                return " ".join(tokens[start : start + length])
    return ""


@cache
def _index(phrases: frozenset[str]) -> tuple[dict[str, set[tuple[str, ...]]], int]:
    """Phrases by their first word, and the length of the longest."""
    table: dict[str, set[tuple[str, ...]]] = {}
    longest = 1
    for phrase in phrases:
        words_of = tuple(_split(phrase))
        if words_of:
            table.setdefault(words_of[0], set()).add(words_of)
            longest = max(longest, len(words_of))
    return table, longest


def _split(text: str) -> list[str]:
    return "".join(c if c.isalnum() or c == "'" else " " for c in text).split()
