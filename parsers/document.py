"""The text as shown, the part of it that is read, and the way from the characters of one to the other."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from parsers.body import Body
from parsers.html import Line
from parsers.reading import Attachment, Zone, ZoneKind
from parsers.zones import Zoned, zones

MOST_READ = 20_000


@dataclass(frozen=True, slots=True)
class Shown:
    """`text` is what staff see; `read` the new words in it joined by line breaks; `offsets` pairs `(start in read,
    start in text, length)`, ascending. `context` are stretches of `read` that are quoted: what an inline answer answers
    to."""

    text: str
    zones: tuple[Zone, ...]
    attachments: tuple[Attachment, ...]
    read: str
    offsets: tuple[tuple[int, int, int], ...]
    zoned: Zoned
    signature: str
    context: tuple[tuple[int, int], ...]
    cut: bool = False
    """Whether there were more new words than are read."""

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in `text` of a stretch of `read`; it may span a removed line, and then covers it."""
        return self._one(start), self._one(end - 1) + 1 if end > start else self._one(start)

    def _one(self, position: int) -> int:
        for read_start, text_start, length in reversed(self.offsets):
            if position >= read_start:
                return text_start + min(position - read_start, length)
        return 0


def show(
    body: Body,
    *,
    subject: str,
    sender_name: str,
    mailbox: str,
    letter: str,
    signs: Callable[[str], bool] = lambda _: False,
) -> Shown:
    """Puts body and attachments into one text and finds out which words of it are new.

    `signs` tells whether a line of a signature names a principal: such a letter speaks in the principal's own person.
    """
    zoned = zones(body.lines, subject=subject, sender_name=sender_name, mailbox=mailbox, letter=letter)
    builder = _Builder()
    answered = _answered(body, zoned)
    for number, (line, kind) in enumerate(zip(body.lines, zoned.kinds, strict=True)):
        if number in answered:
            builder.line(line.text, kind, read=True, context=True)
        else:
            builder.line(line.text, kind, read=True if kind is ZoneKind.SIGNATURE and signs(line.text) else None)
    listed: list[Attachment] = []
    for item in body.appended:
        start = end = builder.length
        if item.text:
            builder.line("", ZoneKind.ATTACHMENT)
            title = item.name or item.media_type
            builder.line(f"[{title}]", ZoneKind.ATTACHMENT, read=False)
            start = builder.length
            inner = item.text.split("\n")
            kinds = _attachment_kinds(inner, item.message, sender_name, mailbox, letter)
            for text, kind in zip(inner, kinds, strict=True):
                read = kind is ZoneKind.NEW or (kind is ZoneKind.SIGNATURE and signs(text))
                builder.line(text, ZoneKind.ATTACHMENT if kind is ZoneKind.NEW else kind, read=read)
            end = builder.length
        listed.append(Attachment(item.name, item.media_type, item.size, start, end, item.note))
    for reply in body.replies:
        builder.line("", ZoneKind.ATTACHMENT)
        builder.line(reply.shown, ZoneKind.ATTACHMENT, read=False)
        if reply.comment and " ".join(reply.comment.split()) not in " ".join(builder.text().split()):
            builder.line("", ZoneKind.ATTACHMENT)
            for text in reply.comment.split("\n"):
                builder.line(text, ZoneKind.ATTACHMENT)
    return builder.done(tuple(listed), zoned)


def _answered(body: Body, zoned: Zoned) -> set[int]:
    """The quoted lines right above new ones: of the last quoted paragraph at most six lines."""
    found: set[int] = set()
    kinds = zoned.kinds
    quoted = {ZoneKind.QUOTED, ZoneKind.LETTER}
    for number in range(1, len(kinds)):
        if kinds[number] is not ZoneKind.NEW or not body.lines[number].text.strip():
            continue
        above = number - 1
        while above >= 0 and not body.lines[above].text.strip("> \t"):
            above -= 1
        if above < 0 or kinds[above] not in quoted:
            continue
        for line in range(above, max(-1, above - 6), -1):
            if kinds[line] not in quoted or not body.lines[line].text.strip("> \t"):
                break
            found.add(line)
    return found


def _attachment_kinds(lines: list[str], message: bool, sender_name: str, mailbox: str, letter: str) -> list[ZoneKind]:
    sender = "" if message else sender_name
    found = zones([Line(text) for text in lines], subject="", sender_name=sender, mailbox=mailbox, letter=letter)
    return list(found.kinds)


class _Builder:
    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.length = 0
        self.zones: list[Zone] = []
        self.read_pieces: list[str] = []
        self.read_length = 0
        self.offsets: list[tuple[int, int, int]] = []
        self.signature: list[str] = []
        self.context: list[tuple[int, int]] = []
        self.cut = False
        self.in_context = False

    @property
    def read(self) -> str:
        return "".join(self.read_pieces)

    def text(self) -> str:
        return "".join(self.pieces)

    def line(self, text: str, kind: ZoneKind, *, read: bool | None = None, context: bool = False) -> None:
        start = self.length
        self.pieces.append(text + "\n")
        self.length += len(text) + 1
        if self.zones and self.zones[-1].kind is kind:
            self.zones[-1] = Zone(kind, self.zones[-1].start, self.length)
        else:
            self.zones.append(Zone(kind, start, self.length))
        wanted = kind in {ZoneKind.NEW, ZoneKind.ATTACHMENT} if read is None else read
        if wanted and context != self.in_context and self.read_pieces:
            # A blank line that the text has not, so that a quotation and its answer are never one sentence.
            self.read_pieces.append("\n")
            self.read_length += 1
        self.in_context = context if wanted else self.in_context
        if context and wanted:
            self.context.append((self.read_length, self.read_length + len(text)))
            # Quote marks are no words; blanks in their place keep the offsets.
            bare = text.lstrip("> \t|")
            text = " " * (len(text) - len(bare)) + bare
        if wanted and self.read_length < MOST_READ:
            self.offsets.append((self.read_length, start, len(text) + 1))
            self.read_pieces.append(text + "\n")
            self.read_length += len(text) + 1
        elif wanted:
            self.cut = self.cut or bool(text.strip())
        if kind is ZoneKind.SIGNATURE:
            self.signature.append(text)

    def done(self, listed: tuple[Attachment, ...], zoned: Zoned) -> Shown:
        text = self.text().rstrip("\n")
        size = len(text)
        kept = tuple(Zone(z.kind, z.start, min(z.end, size)) for z in self.zones if z.start < size)
        return Shown(
            text=text,
            zones=kept,
            attachments=tuple(replace(a, start=min(a.start, size), end=min(a.end, size)) for a in listed),
            read=self.read[:MOST_READ],
            offsets=tuple(self.offsets),
            zoned=zoned,
            signature="\n".join(self.signature),
            context=tuple(self.context),
            cut=self.cut or self.read_length > MOST_READ,
        )
