"""Header fields to an `Envelope`, without the standard library's header objects, which raise on real mail."""

import binascii
import quopri
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime

from parsers.reading import Envelope
from parsers.text import clean, decode

LONGEST_FIELD = 65_536
MOST_ADDRESSES = 200
_WORD = re.compile(r"=\?([^?\s=]{1,40})\?([bBqQ])\?([^?\n]{0,2000})\?=")
_ID = re.compile(r"<([^<>\s]{1,250})>")
_ADDRESS = re.compile(r"^[^\s@<>()\",;:\\]{1,64}@[^\s@<>()\",;:\\]{1,255}$")


def fields(message: Message, name: str) -> list[str]:
    """Every value of that field, raw, each cut at 64 kB, in order."""
    wanted = name.lower()
    return [str(value)[:LONGEST_FIELD] for key, value in message.raw_items() if key.lower() == wanted]


def field(message: Message, name: str) -> str:
    """The first value of that field, decoded to one clean line; empty where there is none."""
    values = fields(message, name)
    return unfold(values[0]) if values else ""


def unfold(value: str) -> str:
    """One decoded line of a raw field value (RFC 2047, RFC 5322 2.2.3)."""
    return " ".join(decode_words(value).split())


def decode_words(value: str) -> str:
    """Encoded words decoded, also where a character is split over two of them, or where text is glued to one."""
    out: list[str] = []
    position = 0
    pending: tuple[str, bytes] | None = None

    def flush() -> None:
        nonlocal pending
        if pending is not None:
            out.append(decode(pending[1], pending[0])[0])
            pending = None

    for match in _WORD.finditer(value):
        between = value[position : match.start()]
        if between.strip() or pending is None:
            flush()
            out.append(_plain(between))
        charset = match.group(1).split("*")[0].lower()
        raw = _word_bytes(match.group(2).lower(), match.group(3))
        if pending is not None and pending[0] == charset:
            pending = (charset, pending[1] + raw)
        else:
            flush()
            pending = (charset, raw)
        position = match.end()
    flush()
    out.append(_plain(value[position:]))
    return clean("".join(out))


def _word_bytes(encoding: str, payload: str) -> bytes:
    raw = payload.encode("ascii", "surrogateescape")
    if encoding == "q":
        return quopri.decodestring(raw, header=True)
    raw = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    try:
        return binascii.a2b_base64(raw + b"=" * (-len(raw) % 4))
    except binascii.Error:
        return binascii.a2b_base64(raw[: len(raw) // 4 * 4])


def _plain(value: str) -> str:
    if value.isascii():
        return value
    raw = value.encode("utf-8", "surrogateescape")
    return decode(raw, "utf-8")[0]


def addresses(values: Iterable[str]) -> list[tuple[str, str]]:
    """`(name, address)` pairs of address lists (RFC 5322 3.4), comments and group names dropped.

    Split before decoding, so that a comma inside an encoded word separates nothing. An address that is none is empty.
    """
    found: list[tuple[str, str]] = []
    for value in values:
        for item in _split(value):
            if len(found) >= MOST_ADDRESSES:
                return found
            name, address = _mailbox(item)
            if name or address:
                found.append((name, address))
    return found


def _split(value: str) -> list[str]:
    items: list[str] = []
    current: list[str] = []
    quoted = angle = False
    depth = 0
    skip = False
    for char in value:
        if skip:
            skip = False
            current.append(char)
        elif char == "\\":
            skip = True
        elif char == '"' and not depth:
            quoted = not quoted
        elif quoted:
            current.append(char if char not in ",;:<>" else {"<": "‹", ">": "›"}.get(char, char))
        elif char == "(" and not angle:
            depth += 1
        elif char == ")" and depth:
            depth -= 1
        elif depth:
            continue
        elif char in ",;" and not angle:
            items.append("".join(current))
            current = []
        elif char == ":" and not angle and "@" not in "".join(current[-80:]):
            current = []
        else:
            angle = char == "<" or (angle and char != ">")
            current.append(char)
    items.append("".join(current))
    return [item.strip() for item in items if item.strip()]


def _mailbox(item: str) -> tuple[str, str]:
    start = item.rfind("<")
    if start >= 0:
        end = item.find(">", start)
        address = item[start + 1 : end if end > 0 else None].strip()
        name = item[:start].strip()
    elif "@" in item and " " not in item:
        address, name = item, ""
    else:
        address, name = "", item
    address = clean(_plain(address))
    return unfold(name).strip("'\" "), address.lower() if _ADDRESS.match(address) else ""


def sent_at(value: str, received_at: datetime) -> datetime | None:
    """The Date field as an aware time, or None where it is missing, unreadable, or more than two days after arrival or
    more than a year before it: such a clock is not believed."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, AttributeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        plausible = received_at - timedelta(days=366) <= moment < received_at + timedelta(days=2)
    except OverflowError:
        return None
    return moment if plausible else None


def envelope(message: Message, received_at: datetime) -> Envelope:
    """The envelope of a message. Fields that cannot be read are empty; nothing raises."""
    senders = addresses(fields(message, "From"))
    name, address = senders[0] if senders else ("", "")
    replies = addresses(fields(message, "Reply-To"))
    actual = addresses(fields(message, "Sender"))
    ids = _ID.findall(field(message, "Message-ID"))
    dates = fields(message, "Date")
    return Envelope(
        message_id=ids[0] if ids else field(message, "Message-ID")[:250],
        in_reply_to=tuple(_ID.findall(field(message, "In-Reply-To"))[:50]),
        references=tuple(_ID.findall(field(message, "References"))[:200]),
        from_name=name[:500],
        from_address=address,
        reply_to=replies[0][1] if replies else "",
        sender=actual[0][1] if actual else "",
        to=tuple(a for _, a in addresses(fields(message, "To")) if a),
        cc=tuple(a for _, a in addresses(fields(message, "Cc")) if a),
        subject=field(message, "Subject")[:2000],
        sent=sent_at(dates[0], received_at) if dates else None,
        authentication=field(message, "Authentication-Results")[:2000],
    )
