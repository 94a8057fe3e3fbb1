"""To which of several events a message belongs: the one whose mailbox, subject or dates it names.

Asked before a message is read, so it looks at the bytes. It only answers where exactly one event is named; anything
else stays with the event whose mailbox it came to.
"""

import re
from collections.abc import Mapping
from datetime import date

from babel.dates import get_month_names

from intake.register.contents import readable
from intake.register.identity import header_field
from intake.register.people import fold
from parsers.conference import Conference

_RECIPIENTS = (b"to", b"cc", b"delivered-to", b"x-original-to", b"envelope-to")
_COMMON = frozenset(
    ("conference", "conférence", "konferenz", "conferentie", "ministerial", "ministerielle", "meeting", "summit")
)
_LANGUAGES = (
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr", "hu", "is", "it", "lt", "lv", "mt", "nb",
    "nl", "pl", "pt", "ro", "sk", "sl", "sv",
)  # fmt: skip


def belongs(raw: bytes, events: Mapping[str, Conference], default: str) -> str:
    """The key of the event that a message names, else `default`: by recipient, then by subject, then by dates."""
    if len(events) < 2:
        return default
    recipients = b" ".join(header_field(raw, name) for name in _RECIPIENTS).decode("utf-8", "replace").lower()
    mailboxes = {key: conference.mailbox.lower() for key, conference in events.items()}
    shared = {address for address in mailboxes.values() if list(mailboxes.values()).count(address) > 1}
    by_mailbox = [key for key, address in mailboxes.items() if address not in shared and address in recipients]
    if by_mailbox:
        return by_mailbox[0] if len(by_mailbox) == 1 else default
    subject = set(re.findall(r"\w+", readable(b"Subject: " + header_field(raw, b"subject") + b"\r\n\r\n")))
    telling = _telling_words(events)
    by_subject = [key for key in events if telling[key] & subject]
    if len(by_subject) == 1:
        return by_subject[0]
    candidates = by_subject or list(events)
    text = readable(raw)
    by_dates = [key for key in candidates if any(_names_day(text, day) for day in events[key].days)]
    return by_dates[0] if len(by_dates) == 1 else default


def _telling_words(events: Mapping[str, Conference]) -> dict[str, set[str]]:
    """The words of each event's name and place that no other event has."""
    words = {
        key: {word for word in re.findall(r"\w{4,}", fold(f"{one.name} {one.place}")) if word not in _COMMON}
        for key, one in events.items()
    }
    return {
        key: own - set().union(*(other for name, other in words.items() if name != key)) for key, own in words.items()
    }


def _names_day(text: str, day: date) -> bool:
    """The day in digits (day before month, or ISO) or with the month's name, also as one end of a range."""
    if day.isoformat() in text:
        return True
    number = rf"0?{day.day}"
    if re.search(rf"(?<!\d){number}\s?[./-]\s?0?{day.month}(?!\d)", text):
        return True
    # "29 April", "29-30 April", "29. und 30. April", "April 29"
    between = r"[\s.,]*(?:(?:-|–|/|and|und|et|en|e|y|i|a|og|och|ja|&)[\s.]*\d{1,2}[\s.]*)?(?:de |of )?"
    return any(
        re.search(rf"(?<!\d){number}{between}{month}", text) or re.search(rf"{month}\w*\s{number}(?!\d)", text)
        for month in _month_names(day.month)
    )


def _month_names(month: int) -> set[str]:
    """The beginning of the month's name in every language, so that its case endings fit too."""
    names = {get_month_names("wide", locale=language)[month] for language in _LANGUAGES}
    return {re.escape(fold(name)[: max(3, len(fold(name)) - 2)]) for name in names if not name.isdigit()}
