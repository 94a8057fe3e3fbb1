"""A mail saved by Outlook (.msg, [MS-OXMSG]) as the MIME message it was: the only module that knows oxmsg.

The same file always gives the same bytes, so that importing it twice counts it once.
"""

import hashlib
import re
import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.encoders import encode_base64
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from io import BytesIO
from typing import Any

SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
"""How an OLE compound file begins."""

# Properties by their ids ([MS-OXPROPS]).
_HEADERS, _SUBJECT, _BODY, _HTML, _RTF, _SENT = 0x007D, 0x0037, 0x1000, 0x1013, 0x1009, 0x0039
_SENDER, _SENDER_ADDRESS, _SENDER_SMTP, _ON_BEHALF = 0x0C1A, 0x0C1F, 0x5D01, 0x0042
_NAME, _ADDRESS, _SMTP, _KIND = 0x3001, 0x3003, 0x39FE, 0x0C15
_DATA, _LONG_FILE_NAME, _FILE_NAME, _MEDIA_TYPE = 0x3701, 0x3707, 0x3704, 0x370E
_MESSAGE_CODE_PAGE, _INTERNET_CODE_PAGE = 0x3FFD, 0x3FDE

_EMBEDDED = "__substg1.0_3701000D"
"""The storage of a mail that is attached to a mail ([MS-OXMSG], 2.2.2.1)."""

_OWN_HEAD, _EMBEDDED_HEAD, _PART_HEAD = 32, 24, 8
"""Bytes before the properties of a mail, of a mail within one, and of a recipient or attachment (2.4.1)."""

_DEEPEST = 10
_MINE = re.compile(r"(?i)(content-[a-z-]+|mime-version):")
_LINE = re.compile(r"[!-9;-~]+:")


class NotReadableError(Exception):
    """The file is no mail that can be read; the text says so."""


def to_mime(raw: bytes) -> bytes:
    """The bytes of a MIME message (RFC 5322, RFC 2045) for those of a .msg file. Raises `NotReadableError`."""
    from olefile import OleFileIO  # type: ignore[import-untyped]  # it ships no types
    from oxmsg.storage import Storage

    try:
        with OleFileIO(BytesIO(raw)) as ole:
            storage = Storage.from_ole(ole)
        return _mime(_Store(storage, _OWN_HEAD), hashlib.sha256(raw).hexdigest()[:24], 0)
    except NotReadableError:
        raise
    except Exception as error:  # the file is foreign: whatever is wrong in it, it is this file that cannot be read
        raise NotReadableError(f"is an Outlook file that cannot be read ({type(error).__name__})") from error


class _Store:
    """The properties of a mail, a recipient or an attachment, by their ids."""

    def __init__(self, storage: Any, head: int, above: "_Store | None" = None) -> None:
        self.storage = storage
        self._streams: dict[str, bytes] = {stream.name: stream.bytes_ for stream in storage.streams}
        listed = self._streams["__properties_version1.0"][head:]
        whole = listed[: len(listed) // 16 * 16]
        # Each is type, id, flags and, where it is short, the value ([MS-OXMSG], 2.4.2).
        self._short: dict[int, int] = {identity: value for _, identity, _, value in struct.iter_unpack("<HHIQ", whole)}
        own = [page for page in (self._page(_MESSAGE_CODE_PAGE), "cp1252") if page]
        self._pages: list[str] = own if above is None else above._pages

    def text(self, identity: int) -> str:
        """A string, empty where there is none. What cannot be decoded is replaced: half a word is better than none."""
        if (raw := self._streams.get(f"__substg1.0_{identity:04X}001F")) is not None:
            return raw.decode("utf-16-le", "replace").replace("\x00", "")
        return self._decoded(self._streams.get(f"__substg1.0_{identity:04X}001E", b""), body=identity == _BODY)

    def html(self) -> str:
        """The body as HTML, which most files keep as bytes."""
        return self._decoded(self._streams.get(f"__substg1.0_{_HTML:04X}0102", b""), body=True) or self.text(_HTML)

    def data(self, identity: int) -> bytes | None:
        return self._streams.get(f"__substg1.0_{identity:04X}0102")

    def number(self, identity: int) -> int | None:
        value = self._short.get(identity)
        return None if value is None else value & 0xFFFFFFFF

    def moment(self, identity: int) -> datetime | None:
        """A time; the file counts tenths of microseconds since 1601."""
        value = self._short.get(identity)
        with suppress(OverflowError):
            return None if value is None else datetime(1601, 1, 1, tzinfo=UTC) + timedelta(seconds=value // 10_000_000)
        return None

    def below(self, name: str, head: int) -> "list[_Store]":
        """The recipients or attachments, whose storages begin with this name."""
        return [_Store(one, head, self) for one in self.storage.storages if one.name.startswith(name)]

    def _decoded(self, raw: bytes, *, body: bool) -> str:
        # Outlook writes the page of the mail as it was sent even where it stored the text in that of the machine.
        pages = [self._page(_INTERNET_CODE_PAGE)] * body + self._pages
        for page in filter(None, pages):
            with suppress(UnicodeDecodeError, LookupError):
                return raw.decode(page).replace("\x00", "")
        return raw.decode("cp1252", "replace").replace("\x00", "")

    def _page(self, identity: int) -> str:
        from oxmsg.domain.encodings import encoding_from_codepage

        number = self.number(identity)
        if number is not None:
            with suppress(Exception):  # the library has an error of its own for each page that it does not know
                return str(encoding_from_codepage(number))
        return ""


def _mime(mail: _Store, mark: str, depth: int) -> bytes:
    body = _body(mail, mark, depth)
    return _head(mail) + body.as_bytes(policy=SMTP)


def _head(mail: _Store) -> bytes:
    """The fields as they were sent, without those that describe the old body; else what Outlook knows of them."""
    fields: list[str] = []
    skipping = True
    for line in mail.text(_HEADERS).splitlines():
        if _LINE.match(line):
            skipping = _MINE.match(line) is not None
        if line and not skipping:
            fields.append(line)
    if any(field.lower().startswith("from:") for field in fields):
        return "".join(f"{field}\r\n" for field in fields).encode("utf-8", "replace")
    message = Message(policy=SMTP)
    message["From"] = _mailbox(
        mail.text(_SENDER) or mail.text(_ON_BEHALF), mail.text(_SENDER_SMTP), mail.text(_SENDER_ADDRESS)
    )
    recipients = mail.below("__recip_version1.0_#", _PART_HEAD)
    for field, kind in (("To", 1), ("Cc", 2)):
        named = [_mailbox(one.text(_NAME), one.text(_SMTP), one.text(_ADDRESS)) for one in _of_kind(recipients, kind)]
        if named:
            message[field] = ", ".join(named)
    message["Subject"] = _plain(mail.text(_SUBJECT))
    if (sent := mail.moment(_SENT)) is not None:
        message["Date"] = format_datetime(sent)
    return message.as_bytes().rstrip(b"\r\n") + b"\r\n"


def _of_kind(recipients: list[_Store], kind: int) -> list[_Store]:
    return [one for one in recipients if (one.number(_KIND) or 1) & 0x0F == kind]


def _mailbox(name: str, smtp: str, address: str) -> str:
    """Name and address for a field. The address that only an Exchange server understands is no use to anybody else."""
    chosen = next((one for one in (_plain(smtp), _plain(address)) if "@" in one and one.isascii()), "")
    name = _plain(name)
    return formataddr((name if name != chosen else "", chosen)) if chosen else name


def _body(mail: _Store, mark: str, depth: int) -> Message:
    plain, html = mail.text(_BODY), mail.html()
    if not plain and not html and mail.data(_RTF):
        raise NotReadableError("is an Outlook file with its text in RTF only, which cannot be read")
    text: Message = _text(plain, "plain")
    if html:
        text = _together("alternative", mark + "-a", [_text(plain, "plain")] * bool(plain) + [_text(html, "html")])
    found = mail.below("__attach_version1.0_#", _PART_HEAD)
    parts = [_attachment(one, f"{mark}-{number}", depth) for number, one in enumerate(found)]
    attachments = [part for part in parts if part is not None]
    return _together("mixed", mark + "-m", [text, *attachments]) if attachments else text


def _text(text: str, kind: str) -> Message:
    return MIMEText(text, kind, "utf-8")


def _together(kind: str, boundary: str, parts: list[Message]) -> Message:
    whole = MIMEMultipart(kind, boundary=boundary)
    for part in parts:
        del part["MIME-Version"]
        whole.attach(part)
    return whole


def _attachment(found: _Store, mark: str, depth: int) -> Message | None:
    name = _plain(found.text(_LONG_FILE_NAME) or found.text(_FILE_NAME) or found.text(_NAME))
    content = found.data(_DATA)
    part: Message
    if content is not None:
        main, _, sub = _plain(found.text(_MEDIA_TYPE)).partition("/")
        part = MIMEBase(main or "application", sub or "octet-stream")
        part.set_payload(content)
        encode_base64(part)
    else:
        within = next((one for one in found.storage.storages if one.name == _EMBEDDED), None)
        if within is None or not any(one.name == "__properties_version1.0" for one in within.streams):
            return None  # a drawing, or a link to a file elsewhere
        if depth >= _DEEPEST:
            raise NotReadableError("is an Outlook file with mails in mails, too deep to be read")
        part = MIMEMessage(message_from_bytes(_mime(_Store(within, _EMBEDDED_HEAD), mark, depth + 1)))
        name = f"{name or 'mail'}.eml"
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
    return part


def _plain(text: str) -> str:
    """Foreign text for a header field: no line ends, no other control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
