"""Everything readable in the bytes of a message, for finding a person in it; no reading, and it never raises."""

import re
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message

from intake.register.people import fold

_TAG = re.compile(r"<[^<>]{0,2000}>")
_LIMIT = 5_000_000


def readable(raw: bytes) -> str:
    """Header fields and text parts, decoded as far as it goes, folded (`people.fold`); HTML once without its tags."""
    found = [raw.decode("utf-8", "replace")]
    try:
        mail = message_from_bytes(raw)
        found += [_decoded(value) for part in mail.walk() for value in part.values()]
        for part in mail.walk():
            text = _text(part)
            found += [text, _TAG.sub(" ", text)] if "<" in text else [text]
    except (MessageError, RecursionError, LookupError, ValueError, AttributeError, IndexError, TypeError):
        pass  # what the standard library cannot take apart stays in the list as it is
    return fold("\n".join(found)[:_LIMIT])


def _text(part: Message) -> str:
    content = part.get_payload(decode=True) if not part.is_multipart() else None
    if not isinstance(content, bytes):
        return ""
    try:
        return content.decode(str(part.get_content_charset() or "utf-8"), "replace")
    except (LookupError, ValueError):
        return content.decode("latin-1")


def _decoded(value: object) -> str:
    parts = []
    for content, charset in decode_header(str(value)):
        if isinstance(content, str):
            parts.append(content)
            continue
        try:
            parts.append(content.decode(charset or "utf-8", "replace"))
        except (LookupError, ValueError):
            parts.append(content.decode("latin-1"))
    return " ".join(parts)
