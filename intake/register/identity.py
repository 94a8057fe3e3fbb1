"""When two fetched messages are the same mail.

The same mail reaches two folders or two mailboxes with other Received and Delivered-To fields, and LF or CRLF according
to where it was stored; its Message-ID, author and body stay. A mail sent again under the same Message-ID with another
body is another mail.
"""

import hashlib
import re

_HEADER_LIMIT = 1 << 20
_BLANK_LINE = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_MESSAGE_ID = re.compile(rb"<([^<>\s]{1,990})>")


def digest(raw: bytes) -> bytes:
    """SHA-256 of the bytes as they were fetched."""
    return hashlib.sha256(raw).digest()


def header_field(raw: bytes, name: bytes) -> bytes:
    """The first header field of that name, unfolded, without its name; empty where there is none."""
    return next(iter(header_fields(raw, name)), b"")


def header_fields(raw: bytes, name: bytes) -> list[bytes]:
    """All header fields of that name, the topmost first, in the same form."""
    head, _ = _split(raw)
    found = re.findall(rb"(?im)^" + re.escape(name) + rb"[ \t]*:((?:.*(?:\r?\n[ \t].*)*))", head)
    return [re.sub(rb"\r?\n[ \t]+", b" ", value).strip() for value in found]


def message_id(raw: bytes) -> str:
    """The Message-ID without its angle brackets (RFC 5322, 3.6.4), ASCII only; empty where there is none to trust."""
    match = _MESSAGE_ID.search(header_field(raw, b"message-id"))
    return match[1].decode("ascii", "replace").replace("�", "?") if match else ""


def identity(raw: bytes) -> bytes:
    """32 bytes, equal for copies of one mail: over Message-ID, From and body; over all bytes where there is no id."""
    known_as = message_id(raw)
    if not known_as:
        return hashlib.sha256(b"bytes\0" + _lf(raw)).digest()
    _, body = _split(raw)
    hashed = hashlib.sha256(b"mail\0" + known_as.encode() + b"\0" + header_field(raw, b"from") + b"\0")
    hashed.update(_lf(body).rstrip())
    return hashed.digest()


def _split(raw: bytes) -> tuple[bytes, bytes]:
    match = _BLANK_LINE.search(raw, 0, _HEADER_LIMIT)
    return (raw[: match.start()], raw[match.end() :]) if match else (raw[:_HEADER_LIMIT], raw[_HEADER_LIMIT:])


def _lf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n")
