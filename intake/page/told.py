"""Text that somebody else wrote, made safe to show: escaped, kept to its own direction, its hidden marks made visible.

A bidirectional mark in a name can turn the words around it (Unicode TR 36, 3.1); each mark is shown here by its name
and has no power, and `<bdi>` keeps what is truly right-to-left from reaching beyond itself.
"""

import re
from itertools import pairwise

from markupsafe import Markup, escape

_MARKS = {
    "\u061c": "ALM", "\u200e": "LRM", "\u200f": "RLM",
    "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO",
    "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI",
    "\u200b": "ZWSP", "\u2060": "WJ", "\ufeff": "BOM", "\u00ad": "SHY", "\u180e": "MVS",
}  # fmt: skip
# Tags (E0000-E007F) hide whole sentences; other control characters should have gone at the reader's border.
_HIDDEN = re.compile("[" + "".join(_MARKS) + "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\U000e0000-\U000e007f]")


def shown(text: str) -> Markup:
    """The text escaped, with every hidden mark as a small visible label."""
    if not _HIDDEN.search(text):
        return escape(text)
    edges = [0, *(edge for match in _HIDDEN.finditer(text) for edge in match.span()), len(text)]
    parts = [text[start:end] for start, end in pairwise(edges)]
    return Markup().join(label(part) if place % 2 else escape(part) for place, part in enumerate(parts))


def label(mark: str) -> Markup:
    """What stands on the page for one hidden mark."""
    name = _MARKS.get(mark) or f"U+{ord(mark):04X}"
    return Markup('<span class="mark-hidden">{}</span>').format(name)


def told(text: object, longest: int = 0) -> Markup:
    """A value from a mail amid our own words. With `longest`, what is beyond it is cut with an ellipsis."""
    words = " ".join(str("" if text is None else text).split())
    if longest and len(words) > longest:
        words = words[: longest - 1].rstrip() + "…"
    return Markup("<bdi>{}</bdi>").format(shown(words))


def plain(text: object, longest: int = 0) -> str:
    """The same for an attribute or a mail's address: one line, hidden marks gone, cut where too long."""
    words = " ".join(_HIDDEN.sub("", str("" if text is None else text)).split())
    return words[: longest - 1].rstrip() + "…" if longest and len(words) > longest else words
