"""The text as shown, the part of it that is read, and the way from the characters of one to the other."""

from dataclasses import dataclass

from parsers.body import Body
from parsers.reading import Attachment, Zone, ZoneKind
from parsers.zones import Zoned, zones

MOST_READ = 20_000


@dataclass(frozen=True, slots=True)
class Shown:
    """`text` is what staff see; `read` the new words in it joined by line breaks; `offsets` pairs `(start in read, start in
    text, length)`, ascending. `attached` is where the attachments begin in `read`."""

    text: str
    zones: tuple[Zone, ...]
    attachments: tuple[Attachment, ...]
    read: str
    offsets: tuple[tuple[int, int, int], ...]
    attached: int
    zoned: Zoned
    signature: str
    quoted: str

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in `text` of a stretch of `read`; it may span a removed line, and then covers it."""
        return self._one(start), self._one(end - 1) + 1 if end > start else self._one(start)

    def _one(self, position: int) -> int:
        for read_start, text_start, length in reversed(self.offsets):
            if position >= read_start:
                return text_start + min(position - read_start, length)
        return 0


def show(body: Body, *, subject: str, sender_name: str, mailbox: str, letter: str) -> Shown:
    """Puts body and attachments into one text and finds out which words of it are new."""
    zoned = zones(body.lines, subject=subject, sender_name=sender_name, mailbox=mailbox, letter=letter)
    builder = _Builder()
    for line, kind in zip(body.lines, zoned.kinds, strict=True):
        builder.line(line.text, kind)
    attached = len(builder.read)
    listed: list[Attachment] = []
    for item in body.appended:
        start = end = builder.length
        if item.text:
            builder.line("", ZoneKind.ATTACHMENT)
            title = item.name or item.media_type
            builder.line(f"[{title}]", ZoneKind.ATTACHMENT, read=False)
            start = builder.length
            inner = [line for line in item.text.split("\n")]
            kinds = _attachment_kinds(inner, item.message, sender_name, mailbox, letter)
            for text, kind in zip(inner, kinds, strict=True):
                builder.line(text, ZoneKind.ATTACHMENT if kind is ZoneKind.NEW else kind, read=kind is ZoneKind.NEW)
            end = builder.length
        listed.append(Attachment(item.name, item.media_type, item.size, start, end, item.note))
    for reply in body.replies:
        if reply.comment and reply.comment not in builder.text():
            builder.line("", ZoneKind.ATTACHMENT)
            for text in reply.comment.split("\n"):
                builder.line(text, ZoneKind.ATTACHMENT)
    return builder.done(tuple(listed), attached, zoned)


def _attachment_kinds(lines: list[str], message: bool, sender_name: str, mailbox: str, letter: str) -> list[ZoneKind]:
    from parsers.html import Line

    return list(zones([Line(text) for text in lines], subject="", sender_name=sender_name if not message else "",
                      mailbox=mailbox, letter=letter).kinds)  # fmt: skip


class _Builder:
    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.length = 0
        self.zones: list[Zone] = []
        self.read_pieces: list[str] = []
        self.read_length = 0
        self.offsets: list[tuple[int, int, int]] = []
        self.signature: list[str] = []
        self.quoted: list[str] = []

    @property
    def read(self) -> str:
        return "".join(self.read_pieces)

    def text(self) -> str:
        return "".join(self.pieces)

    def line(self, text: str, kind: ZoneKind, *, read: bool | None = None) -> None:
        start = self.length
        self.pieces.append(text + "\n")
        self.length += len(text) + 1
        if self.zones and self.zones[-1].kind is kind:
            self.zones[-1] = Zone(kind, self.zones[-1].start, self.length)
        else:
            self.zones.append(Zone(kind, start, self.length))
        wanted = kind in {ZoneKind.NEW, ZoneKind.ATTACHMENT} if read is None else read
        if wanted and self.read_length < MOST_READ:
            self.offsets.append((self.read_length, start, len(text) + 1))
            self.read_pieces.append(text + "\n")
            self.read_length += len(text) + 1
        elif kind is ZoneKind.SIGNATURE:
            self.signature.append(text)
        elif kind is ZoneKind.QUOTED:
            self.quoted.append(text)

    def done(self, listed: tuple[Attachment, ...], attached: int, zoned: Zoned) -> Shown:
        text = self.text().rstrip("\n")
        size = len(text)
        kept = tuple(Zone(z.kind, z.start, min(z.end, size)) for z in self.zones if z.start < size)
        return Shown(
            text=text,
            zones=kept,
            attachments=listed,
            read=self.read[:MOST_READ],
            offsets=tuple(self.offsets),
            attached=attached,
            zoned=zoned,
            signature="\n".join(self.signature),
            quoted="\n".join(self.quoted),
        )
