"""`winmail.dat`: the body and the attachments in Microsoft's TNEF (MS-OXTNEF), as far as a reply needs them."""

import struct
from collections.abc import Iterator

from parsers.mime import Part
from parsers.text import clean

_SIGNATURE = 0x223E9F78
_ATT_BODY = 0x800C
_ATT_TITLE = 0x8010
_ATT_DATA = 0x800F
_ATT_RENDER = 0x9002
_ATT_PROPS = 0x9003
_PR_BODY, _PR_HTML, _PR_RTF = 0x1000, 0x1013, 0x1009
MOST_ATTRIBUTES = 5000


def parts(part: Part) -> list[Part]:
    """The parts inside: body text or HTML first, then attachments. Empty where the bytes are no TNEF."""
    raw = part.raw
    if len(raw) < 6 or struct.unpack_from("<I", raw)[0] != _SIGNATURE:
        return []
    found: list[Part] = []
    title = ""
    for ident, data in _attributes(raw):
        if ident == _ATT_BODY:
            found.append(_part(part, "text/plain", "", data.rstrip(b"\0"), attached=False))
        elif ident == _ATT_PROPS:
            found.extend(_bodies(part, data))
        elif ident == _ATT_RENDER:
            title = ""
        elif ident == _ATT_TITLE:
            title = clean(data.rstrip(b"\0").decode("cp1252", "replace"))
        elif ident == _ATT_DATA:
            found.append(_part(part, "application/octet-stream", title, data, attached=True))
    return found


def _part(part: Part, media_type: str, name: str, raw: bytes, *, attached: bool) -> Part:
    return Part(media_type, name, raw, None, {}, attached, (*part.inside, "application/ms-tnef"))


def _attributes(raw: bytes) -> Iterator[tuple[int, bytes]]:
    position = 6
    for _ in range(MOST_ATTRIBUTES):
        if position + 9 > len(raw):
            return
        _, ident, _, length = struct.unpack_from("<BHHI", raw, position)
        start = position + 9
        if start + length > len(raw):
            return
        yield ident, raw[start : start + length]
        position = start + length + 2


def _bodies(part: Part, data: bytes) -> Iterator[Part]:
    """PR_BODY and PR_HTML of the message properties; compressed RTF alone is left to the plain body beside it."""
    if len(data) < 4:
        return
    count = struct.unpack_from("<I", data)[0]
    position = 4
    for _ in range(min(count, MOST_ATTRIBUTES)):
        if position + 4 > len(data):
            return
        kind, ident = struct.unpack_from("<HH", data, position)
        position += 4
        if ident >= 0x8000:
            named = _named(data, position)
            if named is None:
                return
            position = named
        value, position = _value(data, position, kind)
        if value is None:
            return
        if ident == _PR_BODY:
            text = value.decode("utf-16-le", "replace") if kind & 0xFFF == 0x1F else value.decode("cp1252", "replace")
            yield _part(part, "text/plain", "", text.rstrip("\0").encode(), attached=False)
        elif ident == _PR_HTML:
            yield _part(part, "text/html", "", value.rstrip(b"\0"), attached=False)


def _named(data: bytes, position: int) -> int | None:
    if position + 24 > len(data):
        return None
    kind = struct.unpack_from("<I", data, position + 16)[0]
    if kind == 0:
        return position + 24
    length: int = struct.unpack_from("<I", data, position + 20)[0]
    return position + 24 + length + (-length % 4)


_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}


def _value(data: bytes, position: int, kind: int) -> tuple[bytes | None, int]:
    base = kind & 0xFFF
    many = bool(kind & 0x1000)
    if base in _FIXED and not many:
        return data[position : position + _FIXED[base]], position + _FIXED[base]
    if position + 4 > len(data):
        return None, position
    count = struct.unpack_from("<I", data, position)[0]
    position += 4
    if base in _FIXED:
        return b"", position + count * _FIXED[base]
    first = b""
    for index in range(min(count, 1000)):
        if position + 4 > len(data):
            return None, position
        length = struct.unpack_from("<I", data, position)[0]
        position += 4
        if position + length > len(data):
            return None, position
        if index == 0:
            first = data[position : position + length]
        position += length + (-length % 4)
    return first, position
