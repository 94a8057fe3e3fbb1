"""When two spellings are one person: letters folded to plain Latin, order of names and titles ignored."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from parsers.conference import Delegation

_PLAIN = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i",
        # Bulgarian, by the state's own table (Transliteration Act, 2009), with the letters of its neighbours
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k",
        "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "h",
        "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sht", "ъ": "a", "ь": "y", "ю": "yu", "я": "ya", "ы": "y", "э": "e",
        # Greek, letter by letter (ELOT 743); the digraphs stand in _GREEK
        "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l",
        "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f",
        "χ": "ch", "ψ": "ps", "ω": "o",
    }
)  # fmt: skip
_GREEK = (("ου", "ou"), ("αυ", "av"), ("ευ", "ev"), ("γγ", "ng"), ("γξ", "nx"), ("γχ", "nch"))
_TITLES = frozenset(
    ("dr", "mr", "mrs", "ms", "mme", "herr", "frau", "sr", "sra", "sig", "dott", "mag", "ing", "prof", "phd", "mgr")
)


def fold(text: str) -> str:
    """Lower case, plain Latin letters without marks, for comparing and searching; no display."""
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
    for pair, latin in _GREEK:
        bare = bare.replace(pair, latin)
    return bare.translate(_PLAIN)


@lru_cache(maxsize=8192)
def tokens(name: str) -> frozenset[str]:
    """The words of a name, folded, without titles and initials."""
    words = re.findall(r"\w+", fold(name))
    kept = frozenset(word for word in words if len(word) > 1 and word not in _TITLES)
    return kept or frozenset(words)


def key(name: str) -> str:
    """One spelling for all orders and all marks of a name."""
    return " ".join(sorted(tokens(name)))


def minister_names(delegation: Delegation) -> list[frozenset[str]]:
    """All spellings on the list of the invited principal."""
    return [tokens(name) for name in (delegation.minister, *delegation.minister_also) if tokens(name)]


def is_minister(name: str, delegation: Delegation) -> bool:
    """Whether a name can be the invited principal's: the same, or part of it, or it with further names."""
    said = tokens(name)
    return bool(said) and any(said <= listed or listed <= said for listed in minister_names(delegation))


def same_people(names: Iterable[str], delegation: Delegation, merged: dict[str, str]) -> dict[str, str]:
    """For each spelling the name under which its bearer goes; the order of the names does not matter.

    `merged` is what staff decided, from key to name. The principal goes under the list's name; somebody named by part
    of the name goes under the full one, where only one person of the delegation can be meant.
    """
    known: dict[str, str] = {}
    for name in sorted(set(names), key=_best_first):
        known.setdefault(key(name), name)
    found = {spelling: merged[spelling] for spelling in known if spelling in merged}
    for spelling, name in known.items():
        if spelling not in found and tokens(name) in minister_names(delegation):
            found[spelling] = delegation.minister
    full = dict(found)
    for spelling, name in known.items():
        if spelling not in full:
            found[spelling] = _fullest(name, known, full, delegation)
    return {name: found[key(name)] for name in names}


def _best_first(name: str) -> tuple[bool, int, str]:
    """Of two spellings the one that is not in capitals, then the one with more marks, is shown."""
    return name.isupper() or any(word.isupper() and len(word) > 2 for word in name.split()), -_marks(name), name


def _marks(name: str) -> int:
    return sum(not letter.isascii() for letter in name)


def _fullest(name: str, known: dict[str, str], full: dict[str, str], delegation: Delegation) -> str:
    """The one person who is named with these words and more; the name itself where there is none, or several."""
    said = tokens(name)
    fuller = {full.get(spelling, other) for spelling, other in known.items() if said < tokens(other)}
    if is_minister(name, delegation):
        fuller.add(delegation.minister)
    longest = [one for one in fuller if not any(tokens(one) < tokens(two) for two in fuller)]
    return longest[0] if len(longest) == 1 else name
