"""The characters of the shown text that a delegation or a sort of message rests on.

What stands in a header only, such as the sender's domain, is quoted without a place in the text.
"""

import re

from spacy.tokens import Doc

from parsers.context import context
from parsers.decide import evidence
from parsers.document import Shown
from parsers.origin import Origin
from parsers.reading import Evidence
from parsers.text import fold


def of_delegation(origin: Origin, doc: Doc, shown: Shown) -> Evidence | None:
    """Where the words stand that told the delegation; None where nothing did."""
    if origin.code is None:
        return None
    principal = next((p for p in context(doc).people if p.delegation == origin.code and p.mentions), None)
    if origin.sign == "name of the principal" and principal is not None:
        first = principal.mentions[0]
        return evidence(shown, doc[first.start : first.end], origin.sign)
    start, end = _place(shown.text, origin.words) if origin.sign in {"signature", "text"} else (0, 0)
    return Evidence(start, end, shown.text[start:end] or origin.words, origin.sign)


def of_sort(sentence: int, doc: Doc, shown: Shown) -> Evidence:
    """The sentence that by itself looks most like the sort of the message; -1 for a text without any."""
    if sentence < 0:
        return Evidence(0, 0, "", "empty")
    start, end = context(doc).sentences[sentence]
    return evidence(shown, doc[start:end], "sort")


def of_machine(sign: str, shown: Shown) -> Evidence:
    """The words of an automatic message that show it to be one, where the sign is words and not a header."""
    start, end = _place(shown.text, fold(sign))
    return Evidence(start, end, shown.text[start:end] or sign, "automatic")


def _place(text: str, folded: str) -> tuple[int, int]:
    """Where these folded words stand first; `(0, 0)` where they do not."""
    wanted = re.findall(r"\w+", folded)
    found = [(match.start(), match.end(), fold(match.group())) for match in re.finditer(r"\w+", text[:60_000])]
    words = [word for _, _, word in found]
    for index in range(len(found) - len(wanted) + 1 if wanted else 0):
        if words[index : index + len(wanted)] == wanted:
            return found[index][0], found[index + len(wanted) - 1][1]
    return 0, 0
