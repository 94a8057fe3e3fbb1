"""Tokens and sentences by plain rules that take time linear in the length, whatever the text.

spaCy's own tokeniser is quadratic on some runs of marks; this one feeds the pipeline through a registered tokeniser.
"""

import re
from collections.abc import Callable

from spacy.tokens import Doc
from spacy.util import registry
from spacy.vocab import Vocab

from parsers.lexicon import every
from parsers.text import fold

_TOKEN = re.compile(r"\d{1,30}|[^\W\d_]{1,60}['’]?|\s{1,200}|([^\w\s]|_)\1{0,200}")
_END = re.compile(r"[.!?…;]+[\"')\]»”’]*(?=\s|$)|(?<=\w)[?!](?=\w)")
_BULLET = re.compile(r"^\s*(?:[-*•·–—▪►>●○□☐☒✓✔]|\(?\d{1,2}[.)]|\(?[a-zA-Zα-ωа-я][.)])\s+")
_WRAP = 58
MOST_SENTENCES = 1500
_KNOWN_SHORT = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "art",
        "no",
        "nr",
        "nb",
        "tel",
        "fax",
        "min",
        "ref",
        "approx",
        "incl",
        "resp",
        "ca",
        "cca",
        "etc",
        "e.g",
        "i.e",
        "z.b",
        "d.h",
        "u.a",
        "p",
        "vs",
        "al",
        "ing",
        "mag",
        "dipl",
        "m",
        "mme",
        "mmes",
        "mm",
        "sr",
        "sra",
        "dra",
        "dott",
        "sig",
        "on",
        "cf",
        "arch",
        "avv",
        "gen",
        "col",
        "lt",
        "cpt",
        "maj",
        "rev",
        "hr",
        "fr",
        "frk",
        "dhr",
        "mw",
        "mevr",
        "drs",
        "ir",
        "jhr",
        "k",
        "kl",
        "klo",
        "esim",
        "mgr",
        "bc",
        "phdr",
        "judr",
        "mudr",
        "rndr",
        "csc",
        "phd",
        "inz",
        "ul",
        "hab",
        "tj",
        "tzn",
        "np",
        "m.in",
        "os",
        "u",
        "sv",
        "vt",
        "nt",
        "lk",
        "mm",
        "pr",
        "gr",
        "p.n.e",
        "g",
        "gospa",
        "ga",
        "gdja",
        "doc",
        "dipl",
        "s.e",
        "v.exa",
        "exmo",
        "exma",
        "h.e",
        "hon",
        "s.e.m",
        "nn",
        "evt",
        "osv",
        "bl.a",
        "d",
        "f.eks",
        "jfr",
        "jf",
        "mvh",
        "vgl",
        "bzw",
        "evtl",
        "zzgl",
        "usw",
        "abt",
        "ggf",
        "insb",
        "apr",
        "aug",
        "sept",
        "okt",
        "nov",
        "dec",
        "dez",
    ]
)


def words(text: str) -> tuple[list[str], list[bool]]:
    """`(words, spaces)` as `Doc` wants them; joined again they are the text, unless it has runs longer than the
    limits.
    """
    tokens: list[str] = []
    spaces: list[bool] = []
    for match in _TOKEN.finditer(text):
        piece = match.group()
        if piece == " " and tokens and not spaces[-1] and not tokens[-1].isspace():
            spaces[-1] = True
            continue
        tokens.append(piece)
        spaces.append(False)
    return tokens, spaces


class LineTokenizer:
    """Callable as spaCy wants a tokeniser: text to `Doc`."""

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab

    def __call__(self, text: str) -> Doc:
        tokens, spaces = words(text)
        return Doc(self.vocab, words=tokens, spaces=spaces)

    def to_bytes(self, **_: object) -> bytes:
        """Nothing to save: the rules are the code."""
        return b""

    def from_bytes(self, _: bytes, **__: object) -> "LineTokenizer":
        """Nothing to load."""
        return self

    def to_disk(self, _path: object, **__: object) -> None:
        """Nothing to save."""

    def from_disk(self, _path: object, **__: object) -> "LineTokenizer":
        """Nothing to load."""
        return self


@registry.tokenizers("intake.LineTokenizer.v1")  # type: ignore[untyped-decorator,unused-ignore]  # spaCy's decorator has no types
def create_tokenizer() -> Callable[[object], LineTokenizer]:
    """The factory that the pipeline's configuration names."""

    def create(nlp: object) -> LineTokenizer:
        return LineTokenizer(nlp.vocab)  # type: ignore[attr-defined]  # spaCy passes its Language

    return create


def sentences(text: str) -> list[tuple[int, int]]:
    """The `(start, end)` offsets of sentences and list items, white space trimmed, in order.

    A line break ends a sentence unless the line was long enough to be wrapped and the next one goes on.
    """
    found: list[tuple[int, int]] = []
    for start, end in _paragraphs(text):
        begin = start
        for match in _END.finditer(text, start, end):
            if _goes_on(text, begin, match.start(), match.end(), end, match.group()):
                continue
            _add(text, begin, match.end(), found)
            begin = match.end()
        _add(text, begin, end, found)
        if len(found) > MOST_SENTENCES:
            break
    return found


def _add(text: str, start: int, end: int, found: list[tuple[int, int]]) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end > start and any(c.isalnum() for c in text[start:end]):
        found.append((start, end))


def _paragraphs(text: str) -> list[tuple[int, int]]:
    lines: list[tuple[int, int]] = []
    position = 0
    for line in text.split("\n"):
        lines.append((position, position + len(line)))
        position += len(line) + 1
    out: list[tuple[int, int]] = []
    for start, end in lines:
        line = text[start:end]
        if not line.strip():
            out.append((start, start))
            continue
        if out and out[-1][1] > out[-1][0] and _continues(text[out[-1][0] : out[-1][1]], line):
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return [(start, end) for start, end in out if end > start]


def _continues(before: str, line: str) -> bool:
    if _BULLET.match(line):
        return False
    last = before[before.rfind("\n") + 1 :]
    ended = last.rstrip().endswith((".", "!", "?", ":", ";", "…"))
    stripped = line.strip()
    if len(last) >= _WRAP and (not ended or len(last) > 64) and " | " not in last:
        return True
    lower = stripped[:1].islower()
    return lower and not ended and not last.rstrip().endswith(",") and len(last) > 25


def _goes_on(text: str, begin: int, start: int, end: int, limit: int, mark: str) -> bool:
    """Whether this mark does not end a sentence: an abbreviation, an initial, an ordinal, a clock time."""
    rest = text[end:limit].lstrip()
    if mark.startswith(("…", "...")):
        return not rest[:1].isupper()
    if mark[0] in "!?":
        return rest[:1].islower()
    if mark[0] == ";":
        return len(rest) < 4
    word_start = start
    while word_start > begin and (text[word_start - 1].isalnum() or text[word_start - 1] in ".'’-"):
        word_start -= 1
    word = text[word_start:start]
    if not rest:
        return False
    if rest[0].islower():
        return True
    if word.isdigit():
        return len(word) <= 2 and (_month_or_day(rest) or int(word) <= 12 or not rest[:1].isalpha())
    folded = fold(word)
    if folded.strip(".") in _KNOWN_SHORT or "." in word:
        return True
    if len(word) == 1 and word.isalpha() and word.isupper():
        return True
    return folded in every("people", "honorifics") or folded + "." in every("people", "honorifics")


def _month_or_day(rest: str) -> bool:
    word = re.match(r"[^\W\d_]+", rest)
    if word is None:
        return False
    from parsers.calendar_words import known_words  # that module splits its phrases with the tokens of this one

    return fold(word.group()) in known_words()
