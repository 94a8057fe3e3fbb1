"""Who looks, and what their browser remembers: a name to sign decisions with, language, theme, and the last visit.

There are no accounts: the page listens on this machine only. A name is what a person types; every decision carries it.
"""

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from aiohttp import web

from intake.page.told import plain
from intake.page.words import LANGUAGES, accepted

BROWSER, NAME, LANGUAGE, THEME, VISIT, WELCOMED = "intake", "who", "language", "theme", "visit", "welcomed"
THEMES = ("light", "dark")
LONGEST_NAME = 80
AWAY = timedelta(minutes=30)
"""Who has not looked for this long comes back: what changed meanwhile is marked."""

NOTE_EVERY = timedelta(seconds=30)
_YEAR = 366 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Person:
    """One browser. `since` is the end of the visit before this one, None at the first; `seen` when it last looked."""

    browser: str = ""
    name: str = ""
    language: str = "en"
    theme: str = ""
    since: datetime | None = None
    seen: datetime | None = None
    welcomed: bool = False


def person_of(request: web.Request, now: datetime) -> Person:
    """Who sent the request, by its cookies; nothing in them is believed beyond its form."""
    cookies = request.cookies
    language = cookies.get(LANGUAGE, "")
    theme = cookies.get(THEME, "")
    browser = cookies.get(BROWSER, "")
    since, seen = _visit(cookies.get(VISIT, ""), now)
    return Person(
        browser=browser if len(browser) == 43 and browser.isascii() else "",
        name=name_from(unquote(cookies.get(NAME, ""))),
        language=language if language in LANGUAGES else accepted(request.headers.get("Accept-Language", "")),
        theme=theme if theme in THEMES else "",
        since=since,
        seen=seen,
        welcomed=WELCOMED in cookies,
    )


def name_from(text: str) -> str:
    """A name as typed, made one tame line."""
    return plain(text, LONGEST_NAME)


def remember(response: web.StreamResponse, cookie: str, value: str) -> None:
    """Sets one of the cookies; an empty value forgets it. Names are kept percent-encoded."""
    if not value:
        response.del_cookie(cookie, path="/")
        return
    written = quote(value, safe="") if cookie == NAME else value
    response.set_cookie(cookie, written, max_age=_YEAR, path="/", httponly=True, samesite="Lax")


def note_visit(response: web.StreamResponse, person: Person, now: datetime) -> None:
    """Keeps when this browser looked, at most every half minute."""
    if person.seen is None or now - person.seen >= NOTE_EVERY:
        since = int(person.since.timestamp()) if person.since else 0
        remember(response, VISIT, f"{since}.{int(now.timestamp())}")


def caught_up(response: web.StreamResponse, now: datetime) -> None:
    """From now on only what comes later is marked as new."""
    remember(response, VISIT, f"{int(now.timestamp())}.{int(now.timestamp())}")


def known(person: Person) -> Person:
    """The same with a secret of its own, which forms need."""
    return person if person.browser else replace(person, browser=secrets.token_urlsafe(32))


def new_token(person: Person) -> str:
    """A token for one form: sent twice it decides once, and nobody but this browser can make one."""
    nonce = secrets.token_urlsafe(12)
    return f"{nonce}.{_seal(person, nonce)}"


def is_genuine(person: Person, token: str) -> bool:
    """Whether this browser was given that token."""
    nonce, _, seal = token.partition(".")
    return bool(person.browser and nonce) and hmac.compare_digest(seal.encode(), _seal(person, nonce).encode())


def _seal(person: Person, nonce: str) -> str:
    return hmac.new(person.browser.encode(), nonce.encode(), "sha256").hexdigest()[:32]


def _visit(cookie: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    since, _, seen = cookie.partition(".")
    if not (since.isdecimal() and seen.isdecimal() and len(cookie) < 40):
        return None, None
    try:
        before, last = datetime.fromtimestamp(int(since), UTC), datetime.fromtimestamp(int(seen), UTC)
    except (ValueError, OverflowError, OSError):
        return None, None
    if last > now:
        return None, None
    if now - last > AWAY:
        return last, None
    return (before if int(since) else None), last
