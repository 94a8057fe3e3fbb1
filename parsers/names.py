"""Whether two spellings may be one person: case endings, capitals, diacritics, Greek and Cyrillic transliterated."""

import re
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from parsers.text import fold

_GREEK = dict(
    zip("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t i f ch ps o".split(), strict=True)  # noqa: SIM905
)
_GREEK_PAIRS = (("ου", "ou"), ("μπ", "b"), ("ντ", "nt"), ("γκ", "g"), ("γγ", "ng"), ("τζ", "tz"),
("αυ", "av"), ("ευ", "ev"),
                ("ει", "i"), ("οι", "i"), ("αι", "e"))  # fmt: skip
_CYRILLIC = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъьюяѝіїєґ",
        "a b v g d e zh z i i k l m n o p r s t u f h ts ch sh sht a - yu ya i i i e g".split(),  # noqa: SIM905
        strict=True,
    )
)
# What different schemes write differently is made one; the order matters.
_ALIKE = (
    ("sht", "S"), ("sch", "S"), ("tch", "C"), ("tsh", "C"), ("sh", "S"), ("ch", "h"), ("kh", "h"),
    ("zh", "z"), ("tz", "z"), ("ts", "z"),
    ("dj", "z"), ("dz", "z"), ("ph", "f"), ("th", "t"), ("ou", "u"), ("oo", "u"), ("oe", "o"), ("ae", "a"),
    ("ei", "i"), ("oi", "i"),
    ("ai", "e"), ("gh", "g"), ("ks", "x"), ("gk", "g"), ("mp", "b"), ("yu", "iu"), ("ya", "ia"),
    ("eu", "ev"), ("au", "av"),
    ("w", "v"), ("j", "i"), ("y", "i"), ("c", "k"), ("q", "k"), ("S", "s"), ("C", "c"),
)  # fmt: skip
_ENDINGS = 4


PARTICLES = frozenset(
    "van de den der von zu zum zur af av da do dos das del della di du la le les el al bin ibn ter ten te het op y e i "  # noqa: SIM905 - reads better
    "ní ó mac nic mc ui ap san santa st o' d' l' van't 't".split()
)
"""Small words inside names; they count for little when names are compared."""


@lru_cache(maxsize=50_000)
def latin(word: str) -> str:
    """Folded and in Latin letters, whatever the script."""
    folded = fold(word)
    if folded.isascii():
        return folded
    for pair, value in _GREEK_PAIRS:
        folded = folded.replace(pair, value)
    return "".join(_GREEK.get(c, _CYRILLIC.get(c, c)) for c in folded).replace("-", "")


@lru_cache(maxsize=50_000)
def skeleton(word: str) -> str:
    """The Latin form with what transliterations and spellings vary in made one."""
    form = re.sub(r"[^a-z]", "", latin(word))
    for pair, value in _ALIKE:
        form = form.replace(pair, value)
    return re.sub(r"(.)\1", r"\1", form.lower())


@lru_cache(maxsize=100_000)
def same_word(a: str, b: str) -> bool:
    """Whether two words may be one name in two case forms or two spellings."""
    x, y = fold(a).strip("'"), fold(b).strip("'")
    if x == y:
        return True
    mixed = latin(a) != fold(a) or latin(b) != fold(b)
    if mixed:
        x, y = skeleton(a), skeleton(b)
        if x == y and x:
            return True
    if min(len(x), len(y)) < 3:
        return False
    common = next((i for i, (p, q) in enumerate(zip(x, y, strict=False)) if p != q), min(len(x), len(y)))
    short, long = min(len(x), len(y)), max(len(x), len(y))
    if _finnish(x, y) or _finnish(y, x):
        return True
    if (
        common >= max(3, short - 2)
        and long - common <= (_ENDINGS if common > 3 else _ENDINGS - 1)
        and (short > 4 or common == short or short - common < 2)
    ):
        return True
    if mixed:
        return short >= 5 and Levenshtein.normalized_similarity(x, y) >= 0.75
    return short >= 6 and x[0] == y[0] and skeleton(a) == skeleton(b)


def _finnish(name: str, form: str) -> bool:
    """Names in -nen have the stem -se-: Virtanen, Virtasen, Virtaselle."""
    return len(name) > 5 and name.endswith("nen") and form.startswith(name[:-3] + "se") and len(form) - len(name) <= 4


def parts(name: str) -> list[str]:
    """The words of a name, hyphens and apostrophes separating, particles and initials kept."""
    return [part for part in re.split(r"[\s\-–.,’']+", name) if part]


def same_person(a: str, b: str) -> bool:
    """Whether one name contains the other, part by part, in any order and case form; single surnames count."""
    first, second = [[p for p in parts(x) if len(p) > 2] or parts(x) for x in (a, b)]
    if not first or not second:
        return False
    short, long = (first, second) if len(first) <= len(second) else (second, first)
    left = list(long)
    for part in short:
        match = next((other for other in left if same_word(part, other)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def tidy(name: str) -> str:
    """A name as the table shows it: single spaces, capitals undone, nothing before or behind."""
    name = " ".join(name.split()).strip(' ,.;:()[]"*|-–')
    words = name.split(" ")
    capitals = [word.isupper() and len(word) > 1 for word in words]
    return " ".join(
        word.lower()
        if place and capital and fold(word) in PARTICLES and any(capitals[place + 1 :])
        else _uncapital(word)
        if sum(c.isupper() for c in word) > 1 and len(word) > 2
        else word
        for place, (word, capital) in enumerate(zip(words, capitals, strict=True))
    )


def _uncapital(word: str) -> str:
    letters = [c for c in word if c.isalpha()]
    if any(c.islower() for c in letters[1:]) and not re.match(r"^(Mc|Mac|O['’])", word):
        return word
    if not all(c.isupper() for c in letters):
        return word
    return re.sub(r"[^\W\d_]+", lambda m: m.group()[0] + m.group()[1:].lower(), word)
