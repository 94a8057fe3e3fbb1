"""Mails that staff send themselves: a reminder in the delegation's language, a reply to a question. Only prepared here.

They open in the mail program by a `mailto:` address (RFC 6068) or as a draft in a file (RFC 5322); this service never
sends anything.
"""

import re
import tomllib
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from babel import Locale, UnknownLocaleError

from intake.page.told import plain
from intake.page.words import days_in_words
from parsers.conference import Conference, Delegation

_LONGEST_ADDRESS = 2000
"""Windows hands on no more than 2,083 characters to a mail program; the last are left to the program's own words."""

_LONGEST_QUOTE = 600
_ADDRESS = re.compile(r"^[^\s@<>,;:\"()\[\]\\]{1,64}@[\w.-]{1,255}$")
"""One plain address, whatever else the RFC allows: a second one must not hide in it."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A prepared mail in plain text; `in_reply_to` is a Message-ID without its brackets, or empty."""

    to: str
    subject: str
    body: str
    in_reply_to: str = ""

    @property
    def address(self) -> str:
        """As a `mailto:` address; without its text where that makes it longer than mail programs take."""
        whole = mailto(self.to, self.subject, self.body, self.in_reply_to)
        return whole if len(whole) <= _LONGEST_ADDRESS else mailto(self.to, self.subject, "", self.in_reply_to)

    def draft(self) -> bytes:
        """As a file that mail programs open to be sent (`X-Unsent`), in full, and in the thread of what it answers.

        An address that is none is left out, and stays to be filled in.
        """
        message = EmailMessage(policy=SMTPUTF8 if not self.to.isascii() else SMTP)
        if _ADDRESS.match(self.to):
            message["To"] = Address(addr_spec=self.to)
        message["Subject"] = plain(self.subject)
        message["X-Unsent"] = "1"
        thread = _bracketed(self.in_reply_to)
        if thread:
            message["In-Reply-To"] = message["References"] = thread
        message.set_content(self.body, cte="quoted-printable" if self.body.isascii() else "base64")
        return message.as_bytes()


@lru_cache(maxsize=1)
def letters() -> dict[str, dict[str, str]]:
    """The texts by language: subject, greeting, reminder, question, closing."""
    with (Path(__file__).parent / "letters.toml").open("rb") as file:
        return tomllib.load(file)


def language_for(delegation: Delegation | None, wish: str = "") -> str:
    """The language to write in: the asked one if there are texts for it, else the delegation's first, else English."""
    spoken = delegation.languages if delegation else ()
    return next((code for code in (wish, *spoken) if code in letters()), "en")


def reminder(conference: Conference, to: str, language: str) -> Letter:
    """A reminder to whoever has not answered."""
    texts = letters()[language]
    filled = {"event": conference.name, "days": _days(conference, language), "place": conference.place}
    body = "\r\n\r\n".join([texts["greeting"], texts["reminder"] % filled, texts["closing"]])
    return Letter(to, texts["subject"] % filled, body)


def reply(to: str, subject: str, asked: str, message_id: str, language: str) -> Letter:
    """A reply to a question, which it quotes as far as a `mailto:` address has room for it."""
    texts = letters()[language]
    title = plain(subject, 200)
    title = title if title.lower().startswith(("re:", "aw:", "sv:", "antw:", "odp:", "vs:")) else f"Re: {title}"
    for room in (_LONGEST_QUOTE, 300, 150, 60):
        quoted = f"> {plain(asked, room)}"
        body = "\r\n\r\n".join([texts["greeting"], texts["question"], quoted, "", texts["closing"]])
        if len(mailto(to, title, body, message_id)) <= _LONGEST_ADDRESS:
            break
    return Letter(to, title, body, message_id)


def mailto(to: str, subject: str, body: str, in_reply_to: str = "") -> str:
    """The address itself. The only header field beside subject and body is `In-Reply-To`, in brackets of ours."""
    fields = {"subject": plain(subject), "body": body, "In-Reply-To": _bracketed(in_reply_to)}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items() if value)
    return f"mailto:{quote(plain(to), safe='@')}?{query}"


def _bracketed(message_id: str) -> str:
    """`<id>`, or nothing where it holds what no Message-ID may (RFC 5322, 3.6.4) or what could end an address."""
    tame = plain(message_id)
    return f"<{tame}>" if tame and tame.isascii() and not set(tame) & set('<>&?"\\ ,;()') else ""


def _days(conference: Conference, language: str) -> str:
    try:
        locale = Locale.parse({"no": "nb", "en": "en_GB"}.get(language, language))
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse("en_GB")
    return days_in_words(conference.days, locale)
