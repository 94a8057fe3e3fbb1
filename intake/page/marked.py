"""The text of a message as staff see it: in zones, with everything that a value rests on marked and tied to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from parsers.reading import Evidence, Reading, Role, Zone, ZoneKind

SHOWN = 40_000
"""How many characters of one message a page shows; the rest is a link away. Five megabytes would stop a browser."""

SHOWN_FOLDED = 12_000
EXCERPT = 420
_AROUND = 110
_OPEN = (ZoneKind.NEW, ZoneKind.ATTACHMENT)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters. `keys` are the values that rest on it; `first` those of which it is the first character."""

    text: str
    keys: tuple[str, ...] = ()
    first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """One zone. `folded` is not the sender's new words; `left_out` counts the characters that are not shown."""

    kind: ZoneKind
    pieces: tuple[Piece, ...]
    folded: bool
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class PersonSaid:
    """All statements of a reading about one person; `key` ties them to their marks."""

    key: str
    name: str
    role: Role
    quotes: tuple[Evidence, ...]
    sureness: float


def people_said(reading: Reading) -> list[PersonSaid]:
    """The people of a reading in order of naming, each with what they rest on."""
    gathered: dict[tuple[str, Role], list[tuple[float, tuple[Evidence, ...]]]] = {}
    for one in reading.statements:
        gathered.setdefault((one.name, one.role), []).append((one.sureness, one.evidence))
    return [
        PersonSaid(
            f"p{number}",
            name,
            role,
            tuple({(one.start, one.end): one for _, found in said for one in found if one.end > one.start}.values()),
            min(sureness for sureness, _ in said),
        )
        for number, ((name, role), said) in enumerate(gathered.items())
    ]


def blocks_of(reading: Reading) -> list[Block]:
    """The whole text, zone by zone, marked; cut where it is too long for a page."""
    text, spans = reading.text, _spans(reading)
    left = SHOWN
    seen: set[str] = set()
    blocks = []
    for zone in _zones(reading):
        folded = zone.kind not in _OPEN
        room = min(left, SHOWN_FOLDED) if folded else left
        end = min(zone.end, zone.start + room)
        if end <= zone.start:
            blocks.append(Block(zone.kind, (), folded, zone.end - zone.start))
            continue
        left -= end - zone.start
        blocks.append(Block(zone.kind, _pieces(text, zone.start, end, spans, seen), folded, zone.end - end))
    return blocks


def excerpt_of(reading: Reading) -> tuple[Piece, ...]:
    """A few lines around what the reading rests on; the beginning of the new words where it rests on nothing."""
    spans = _spans(reading)
    text = reading.text
    if spans:
        start = max(0, min(start for start, _, _ in spans) - _AROUND)
        end = min(len(text), max(end for _, end, _ in spans) + _AROUND, start + EXCERPT)
    else:
        new = next((zone for zone in _zones(reading) if zone.kind in _OPEN), None)
        start, end = (new.start, min(new.end, new.start + EXCERPT)) if new else (0, min(len(text), EXCERPT))
    end = start + len(text[start:end].rstrip())
    pieces = _pieces(text, start, end, spans, set())
    before, after = (Piece("… "),) if start else (), (Piece(" …"),) if end < len(text.rstrip()) else ()
    return (*before, *pieces, *after)


def _spans(reading: Reading) -> list[tuple[int, int, str]]:
    """Start, end and key of everything that a value rests on, within the text."""
    found = [(one, said.key) for said in people_said(reading) for one in said.quotes]
    found += [(question.evidence, f"q{number}") for number, question in enumerate(reading.questions)]
    if reading.delegation_evidence:
        found.append((reading.delegation_evidence, "d"))
    if reading.neither_evidence:
        found.append((reading.neither_evidence, "n"))
    size = len(reading.text)
    return [(one.start, min(one.end, size), key) for one, key in found if 0 <= one.start < min(one.end, size)]


def _zones(reading: Reading) -> list[Zone]:
    """The zones in order, with whatever lies between them as new words; neighbours of one kind become one."""
    found: list[Zone] = []
    at = 0
    for zone in sorted(reading.zones, key=lambda zone: (zone.start, zone.end)):
        start, end = max(zone.start, at), min(zone.end, len(reading.text))
        if start > at:
            _join(found, Zone(ZoneKind.NEW, at, start), reading.text)
        if end > start:
            _join(found, Zone(zone.kind, start, end), reading.text)
            at = end
    if at < len(reading.text):
        _join(found, Zone(ZoneKind.NEW, at, len(reading.text)), reading.text)
    return found


def _join(found: list[Zone], zone: Zone, text: str) -> None:
    kind = ZoneKind.QUOTED if zone.kind is ZoneKind.ATTRIBUTION else zone.kind
    blank = not text[zone.start : min(zone.end, zone.start + 4000)].strip() and zone.end - zone.start < 4000
    if found and (found[-1].kind is kind or blank):
        found[-1] = Zone(found[-1].kind, found[-1].start, zone.end)
    else:
        found.append(Zone(kind, zone.start, zone.end))


def _pieces(
    text: str, start: int, end: int, spans: Sequence[tuple[int, int, str]], seen: set[str]
) -> tuple[Piece, ...]:
    """Cuts at every edge of a mark, so that overlapping marks each keep their own characters."""
    inside = [(max(one, start), min(two, end), key) for one, two, key in spans if one < end and two > start]
    edges = sorted({start, end, *(edge for one, two, _ in inside for edge in (one, two))})
    pieces = []
    for one, two in pairwise(edges):
        keys = tuple(dict.fromkeys(key for first, last, key in inside if first <= one and last >= two))
        new = tuple(key for key in keys if key not in seen)
        seen.update(new)
        pieces.append(Piece(text[one:two], keys, new))
    return tuple(pieces)
