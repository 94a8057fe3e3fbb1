"""Mails that staff send themselves: a reminder in the delegation's language, a reply to a question. Only prepared here.

They open in the mail program by a `mailto:` address (RFC 6068); this service never sends anything.
"""

import tomllib
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from babel import Locale, UnknownLocaleError

from intake.page.told import plain
from intake.page.words import days_in_words
from parsers.conference import Conference, Delegation

_LONGEST_ADDRESS = 1800
"""Mail programs cut longer `mailto:` addresses."""


@lru_cache(maxsize=1)
def letters() -> dict[str, dict[str, str]]:
    """The texts by language: subject, greeting, reminder, question, closing."""
    with (Path(__file__).parent / "letters.toml").open("rb") as file:
        return tomllib.load(file)


def language_for(delegation: Delegation | None, wish: str = "") -> str:
    """The language to write in: the asked one if there are texts for it, else the delegation's first, else English."""
    spoken = delegation.languages if delegation else ()
    return next((code for code in (wish, *spoken) if code in letters()), "en")


def reminder(conference: Conference, to: str, language: str) -> str:
    """The `mailto:` address of a reminder to whoever has not answered."""
    texts = letters()[language]
    filled = {"event": conference.name, "days": _days(conference, language), "place": conference.place}
    body = "\r\n\r\n".join([texts["greeting"], texts["reminder"] % filled, texts["closing"]])
    return mailto(to, texts["subject"] % filled, body)


def reply(to: str, subject: str, asked: str, message_id: str, language: str) -> str:
    """The `mailto:` address of a reply to a question; `In-Reply-To` as far as the mail program takes it from there."""
    texts = letters()[language]
    quoted = "\r\n".join(f"> {line}" for line in plain(asked, 600).splitlines())
    body = "\r\n\r\n".join([texts["greeting"], texts["question"], quoted, "", texts["closing"]])
    title = plain(subject, 200)
    title = title if title.lower().startswith(("re:", "aw:", "sv:", "antw:", "odp:", "vs:")) else f"Re: {title}"
    return mailto(to, title, body, message_id)


def mailto(to: str, subject: str, body: str, in_reply_to: str = "") -> str:
    """The address itself. The only header field beside subject and body is `In-Reply-To`, in brackets of ours."""
    fields = [f"subject={quote(plain(subject), safe='')}", f"body={quote(body, safe='')}"]
    message_id = plain(in_reply_to)
    if message_id and not set(message_id) & set('<>&?"\\ '):
        fields.append(f"In-Reply-To={quote(f'<{message_id}>', safe='')}")
    address = f"mailto:{quote(plain(to), safe='@')}?" + "&".join(fields)
    return address if len(address) <= _LONGEST_ADDRESS * 2 else f"mailto:{quote(plain(to), safe='@')}?{fields[0]}"


def _days(conference: Conference, language: str) -> str:
    try:
        locale = Locale.parse({"no": "nb", "en": "en_GB"}.get(language, language))
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse("en_GB")
    return days_in_words(conference.days, locale)
