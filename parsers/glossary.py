"""Words of all the languages mapped to a few hundred shared concepts, as one more feature of every word.

No pretrained vectors can be had, so this is what carries from one language to another: `verhindert`, `empêché` and
`estynyt`
are the same to the components in one column, and themselves in the others. Files:
`parsers/lexicon/glossary.<lang>.txt`,
a line a concept: `CONCEPT: word word stem* …`, folded when read.
"""

from collections.abc import Iterable
from functools import cache

from parsers.lexicon import FOLDER
from parsers.text import fold

SHORTEST_STEM = 3


@cache
def _tables(language: str) -> tuple[dict[str, str], dict[str, str], int]:
    exact: dict[str, str] = {}
    stems: dict[str, str] = {}
    path = FOLDER / f"glossary.{language}.txt"
    if not path.exists():
        return exact, stems, 0
    for line in path.read_text(encoding="utf-8").splitlines():
        name, colon, rest = line.partition(":")
        if not colon or name.startswith("#"):
            continue
        for word in rest.split():
            form = fold(word)
            if form.endswith("*"):
                stems.setdefault(form[:-1], name.strip())
            else:
                exact.setdefault(form, name.strip())
    return exact, stems, max((len(stem) for stem in stems), default=0)


def concepts(words: Iterable[str], language: str) -> set[str]:
    """The concepts of words as they stand in a text, by its language and by English, which is mixed in everywhere."""
    return {concept(fold(word), tongue) for word in words for tongue in (language, "en")} - {""}


@cache
def concept(norm: str, language: str) -> str:
    """The concept of a folded word in that language, by the whole word, else by its longest known stem; empty if
    none.
    """
    exact, stems, longest = _tables(language)
    if norm in exact:
        return exact[norm]
    for length in range(min(longest, len(norm)), SHORTEST_STEM - 1, -1):
        if norm[:length] in stems:
            return stems[norm[:length]]
    return ""
