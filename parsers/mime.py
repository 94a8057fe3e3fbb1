"""The MIME tree of a message, walked within limits (RFC 2045, 2046, 2231).

Uses the standard library's tolerant policy and decodes bytes itself: the modern policy raises on real mail.
"""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from urllib.parse import unquote_to_bytes

from parsers.headers import decode_words, fields
from parsers.text import clean, decode

LARGEST = 26_214_400
MOST_PARTS = 400
DEEPEST = 40
_NESTING = re.compile(rb"content-type\s*:\s*(?:multipart|message)/", re.IGNORECASE)
MOST_CONTAINERS = 300
_LONGEST_HEADER = 4_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of the tree. `inside` names the containers from the top, as media types."""

    media_type: str
    name: str
    raw: bytes
    charset: str | None
    parameters: dict[str, str]
    attached: bool
    inside: tuple[str, ...]
    message: Message | None = None

    @property
    def text(self) -> str:
        """The bytes as clean text, by the declared charset where it is true."""
        return decode(self.raw, self.charset)[0]


def parse(raw: bytes) -> tuple[Message, list[str]]:
    """The message of these bytes, and the defects that matter to a reader. Never raises."""
    problems: list[str] = []
    raw = raw.lstrip(b"\r\n")
    if raw.startswith(b"From ") and b"\n" in raw[:1000]:
        raw = raw.split(b"\n", 1)[1]
    if len(raw) > LARGEST:
        raw = raw[:LARGEST]
        problems.append("the message is larger than 25 MB; only its beginning was read")
    if len(_NESTING.findall(raw)) > MOST_CONTAINERS:
        problems.append("the message is nested too deep to be opened")
        return _flat(raw), problems
    try:
        return message_from_bytes(raw, policy=compat32), problems
    except (RecursionError, ValueError, LookupError, AttributeError, IndexError, TypeError):
        problems.append("the structure of the message is damaged")
        return _flat(raw), problems


def _flat(raw: bytes) -> Message:
    """The headers as they are, and everything behind them as one text part."""
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    kept = [line for line in head[:_LONGEST_HEADER].split(b"\n") if not re.match(rb"(?i)content-|\s", line)]
    message = message_from_bytes(b"\n".join(kept[:1000]) + b"\n\n", policy=compat32)
    message.set_payload(body.decode("ascii", "surrogateescape"), None)
    return message


def leaves(message: Message) -> Iterator[Part]:
    """Every leaf in the order of the message, at most 400 of them, 40 levels deep. Attached messages are leaves."""
    stack: list[tuple[Message, tuple[str, ...]]] = [(message, ())]
    count = 0
    while stack and count < MOST_PARTS:
        node, inside = stack.pop()
        media_type = content_type(node)
        payload = node.get_payload()
        if isinstance(payload, list) and media_type.startswith("multipart/") and len(inside) < DEEPEST:
            children = [child for child in payload[:MOST_PARTS] if isinstance(child, Message)]
            stack.extend((child, (*inside, media_type)) for child in reversed(children))
            continue
        count += 1
        yield _leaf(node, media_type, payload, inside)


def _leaf(node: Message, media_type: str, payload: object, inside: tuple[str, ...]) -> Part:
    # As written: the library's own text of a field has lost bytes beyond ASCII, which names of files often hold.
    parameters = _parameters(next(iter(fields(node, "Content-Type")), ""))
    disposition = next(iter(fields(node, "Content-Disposition")), "")
    named = _parameters(disposition).get("filename") or parameters.get("name") or ""
    inner = payload[0] if isinstance(payload, list) and payload and isinstance(payload[0], Message) else None
    if inner is not None and media_type.startswith("message/") and media_type != "message/delivery-status":
        raw = _flatten(inner)
    elif isinstance(payload, list):
        raw = b"\n\n".join(_flatten(item) for item in payload[:50] if isinstance(item, Message))
        inner = None
    else:
        raw = _transfer_decoded(node, payload)
    return Part(
        media_type=media_type,
        name=clean(decode_words(named))[:200],
        raw=raw,
        charset=parameters.get("charset"),
        parameters=parameters,
        attached=disposition.strip().lower().startswith("attachment"),
        inside=inside,
        message=inner,
    )


def content_type(node: Message) -> str:
    """The media type in lower case; `text/plain` where it is missing or none (RFC 2045 5.2)."""
    value = str(node.get("Content-Type", "") or "")
    main = value.split(";")[0].strip().lower()
    return main if re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,100}", main) else "text/plain"


def _flatten(message: Message) -> bytes:
    try:
        return message.as_bytes()
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError, KeyError):
        return str(message.get_payload())[:LARGEST].encode("utf-8", "replace")


def _transfer_decoded(node: Message, payload: object) -> bytes:
    text = payload if isinstance(payload, str) else ""
    raw = text.encode("utf-8", "surrogateescape")
    encoding = str(node.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64":
        compact = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
        compact = compact[: len(compact) - (len(compact) % 4 == 1)]
        try:
            return binascii.a2b_base64(compact + b"=" * (-len(compact) % 4))
        except binascii.Error:
            return raw
    if encoding == "quoted-printable":
        return quopri.decodestring(raw)
    if encoding in {"x-uuencode", "uuencode", "uue", "x-uue"}:
        return _uudecoded(raw)
    # The library's own text of an eight-bit body has lost the bytes that its declared charset does not know.
    plain = node.get_payload(decode=True)
    return plain if isinstance(plain, bytes) else raw


def _uudecoded(raw: bytes) -> bytes:
    out = bytearray()
    for line in raw.split(b"\n"):
        if line.startswith(b"begin ") or line.strip() in {b"", b"`", b"end"}:
            continue
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            continue
    return bytes(out)


_PARAMETER = re.compile(r";\s*([\w.*-]{1,60})\s*=\s*(?:\"((?:[^\"\\]|\\.){0,2000})\"|([^;\s]{0,2000}))")


def _parameters(value: str) -> dict[str, str]:
    """The parameters of a field, RFC 2231 continuations and charsets undone."""
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for match in _PARAMETER.finditer(value[:20_000]):
        name, raw = match.group(1).lower(), match.group(2)
        text = re.sub(r"\\(.)", r"\1", raw) if raw is not None else match.group(3)
        base, star, rest = name.partition("*")
        if not star:
            plain.setdefault(base, text)
            continue
        number = rest.rstrip("*")
        pieces.setdefault(base, []).append(
            (int(number) if number.isdigit() else 0, rest.endswith("*") or not rest, text)
        )
    for base, items in pieces.items():
        charset, out = "utf-8", bytearray()
        for index, (_, encoded, text) in enumerate(sorted(items, key=lambda item: item[0])):
            if encoded and index == 0 and text.count("'") >= 2:
                charset, _, text = text.split("'", 2)
            out += unquote_to_bytes(text) if encoded else text.encode("utf-8", "replace")
        plain[base] = decode(bytes(out), charset)[0]
    return plain
