"""The corpus files as values: the format is described in `parsers/corpus/README.md`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
_MARK = re.compile(r"\[([^\[\]]+)\](M\d?|S\d?|C\d+|X\d?)|\{([^{}]+)\}(12|1|2|0)")


@dataclass(frozen=True, slots=True)
class Mark:
    """A person (`ident` M, S, C1, X …) or a day (`ident` 1, 2, 12, 0); offsets in `Sentence.text`."""

    start: int
    end: int
    ident: str

    @property
    def is_day(self) -> bool:
        """Whether this marks a day."""
        return self.ident.isdigit()


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence or line, marks taken out; `asks`: it asks the organisers for something."""

    text: str
    marks: tuple[Mark, ...]
    asks: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a corpus file. `people` maps an ident to two of `y`, `n`, `m`, `-`; `kind` is K, U, O or empty."""

    language: str
    number: int
    kind: str
    people: dict[str, str]
    sentences: tuple[Sentence, ...]


def parse_line(language: str, number: int, line: str) -> Entry:
    """The entry on a line. Raises `ValueError` with file, line and reason where it does not fit the format."""
    labels, bar, text = line.partition("|")
    where = f"{language}:{number}: "
    if not bar:
        raise ValueError(where + "no | between labels and text")
    people: dict[str, str] = {}
    kind = ""
    for label in labels.split():
        if label in {"K", "U", "O"}:
            kind = label
            continue
        match = re.fullmatch(r"(M\d?|S\d?|C\d+|X\d?):([ynm-]{2})", label)
        if match is None:
            raise ValueError(where + f"unknown label {label!r}")
        if match.group(1)[0] != "X":
            people[match.group(1)] = match.group(2)
    sentences = tuple(
        _sentence(piece.strip(), where) for piece in re.split(r"\s+//(?:\s+|$)", text.strip()) if piece.strip()
    )
    marked = {mark.ident for sentence in sentences for mark in sentence.marks}
    for ident in people:
        if ident not in marked:
            raise ValueError(where + f"{ident} has a label but no mark")
    return Entry(language, number, kind, people, sentences)


def _sentence(piece: str, where: str) -> Sentence:
    asks = piece.startswith("?") and piece[1:2] in {" ", "["}
    source = piece[1:].lstrip() if asks else piece
    out: list[str] = []
    marks: list[Mark] = []
    length = position = 0
    for match in _MARK.finditer(source):
        plain = source[position : match.start()]
        out.append(plain)
        length += len(plain)
        inner = match.group(1) or match.group(3)
        marks.append(Mark(length, length + len(inner), match.group(2) or match.group(4)))
        out.append(inner)
        length += len(inner)
        position = match.end()
    out.append(source[position:])
    text = "".join(out)
    if re.search(r"[\[\]{}]", text):
        raise ValueError(where + f"a bracket without its mark in {text[:60]!r}")
    return Sentence(text, tuple(marks), asks)


def read_corpus(folder: Path = FOLDER) -> Iterator[Entry]:
    """Every entry of every file, files in order of name. `en-2.txt` counts as English."""
    for path in sorted(folder.glob("*.txt")):
        language = path.stem.split("-")[0]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip() and not line.startswith("#"):
                yield parse_line(language, number, line)
