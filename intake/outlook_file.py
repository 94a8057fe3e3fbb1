"""A mail saved by Outlook (.msg, [MS-OXMSG]) as the MIME message it was: the only module that knows oxmsg.

The same file always gives the same bytes, so that importing it twice counts it once.
"""

import hashlib
import re
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Any

SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
"""How an OLE compound file begins."""

_HEADERS = 0x007D  # PidTagTransportMessageHeaders
_MINE = re.compile(r"(?i)(content-[a-z-]+|mime-version):")
_LINE = re.compile(r"[!-9;-~]+:")


class NotReadableError(Exception):
    """The file is no mail that can be read; the text says so."""


def to_mime(raw: bytes) -> bytes:
    """The bytes of a MIME message (RFC 5322, RFC 2045) for those of a .msg file. Raises `NotReadableError`."""
    from oxmsg import Message as OutlookMessage

    try:
        mail = OutlookMessage.load(raw)
        body = _body(mail, hashlib.sha256(raw).hexdigest()[:24])
        head = _head(mail, mail.properties.str_prop_value(_HEADERS) or "")
    except Exception as error:  # the file is foreign: whatever is wrong in it, it is this file that cannot be read
        raise NotReadableError(f"is an Outlook file that cannot be read ({type(error).__name__})") from error
    return head + body.as_bytes(policy=SMTP)


def _head(mail: Any, told: str) -> bytes:
    """The fields as they were sent, without those that describe the old body; else what Outlook knows of them."""
    fields: list[str] = []
    skipping = True
    for line in told.splitlines():
        if _LINE.match(line):
            skipping = _MINE.match(line) is not None
        if line and not skipping:
            fields.append(line)
    if any(field.lower().startswith("from:") for field in fields):
        return "".join(f"{field}\r\n" for field in fields).encode("utf-8", "replace")
    message = Message(policy=SMTP)
    message["From"] = _plain(mail.sender or "")
    for recipient in mail.recipients:
        message["To" if "To" not in message else "Cc"] = _plain(formataddr((recipient.name, recipient.email_address)))
    message["Subject"] = _plain(mail.subject)
    if mail.sent_date is not None:
        message["Date"] = format_datetime(mail.sent_date)
    return message.as_bytes().rstrip(b"\r\n") + b"\r\n"


def _body(mail: Any, mark: str) -> Message:
    plain, html = mail.body or "", mail.html_body
    text: Message = _text(plain, "plain")
    if html:
        text = _together("alternative", mark + "-a", [_text(plain, "plain")] * bool(plain) + [_text(html, "html")])
    attachments = [part for part in map(_attachment, mail.attachments) if part is not None]
    return _together("mixed", mark + "-m", [text, *attachments]) if attachments else text


def _text(text: str, kind: str) -> Message:
    return MIMEText(text.replace("\x00", ""), kind, "utf-8")


def _together(kind: str, boundary: str, parts: list[Message]) -> Message:
    whole = MIMEMultipart(kind, boundary=boundary)
    for part in parts:
        del part["MIME-Version"]
        whole.attach(part)
    return whole


def _attachment(found: Any) -> Message | None:
    content = found.file_bytes
    if content is None:
        return None  # an embedded object, or a link to a file elsewhere
    main, _, sub = _plain(found.mime_type or "").partition("/")
    part = MIMEBase(main or "application", sub or "octet-stream")
    part.set_payload(content)
    from email.encoders import encode_base64

    encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", _plain(found.file_name or "")))
    return part


def _plain(text: str) -> str:
    """Foreign text for a header field: no line ends, no other control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
