"""How a decision is taken from a form: who signs, once only, never over somebody else's head; how it is confirmed."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from intake.page.access import NAME, name_from, remember
from intake.page.asked import asked
from intake.page.guard import NameNeededError, one
from intake.page.preferences import back_to
from intake.register import DecisionRow, Register

_NEWEST = 200
Fields = dict[str, list[str]]


def signer(request: web.Request, fields: Fields) -> str:
    """Whose name the decision carries: the one sent with this form, else the one that the browser remembers.

    Raises `NameNeededError`; the guard then asks for the name and sends the form on.
    """
    now = asked(request)
    name = name_from(one(fields, "by")) or now.person.name
    if not name:
        raise NameNeededError(fields)
    now.person = replace(now.person, name=name)  # remembered also where the form itself cannot be taken
    return name


def seen(fields: Fields) -> int | None:
    """The mark of what the form was made from."""
    text = one(fields, "seen")
    return int(text) if text.isdecimal() and len(text) < 16 else None


async def decided(request: web.Request, work: Callable[[Register], int]) -> int:
    """Does it in the register and makes sure that the next page shows it. Raises `StaleError` and `RegisterError`."""
    house = asked(request).house
    number = await house.desk.change(work)
    await house.pulse.look()
    return number


def confirmed(fields: Fields, number: int, default: str) -> web.Response:
    """Back to where the form stood, which then says what was done and offers to undo it."""
    address = urlsplit(back_to(one(fields, "back") or default))
    query = "&".join(part for part in address.query.split("&") if part and not part.startswith("done="))
    query = f"{query}&{urlencode({'done': number})}" if query else urlencode({"done": number})
    response = web.Response(status=303, headers={"Location": f"{address.path}?{query}"})
    name = name_from(one(fields, "by"))
    if name:
        remember(response, NAME, name)
    return response


async def just_done(request: web.Request) -> DecisionRow | None:
    """The decision that the address says was just taken, for its confirmation."""
    text = request.query.get("done", "")
    if not (text.isdecimal() and len(text) < 16):
        return None
    house = asked(request).house
    newest = await house.desk.ask(lambda register: register.decisions(house.event, limit=_NEWEST))
    return next((one for one in newest if one.id == int(text)), None)
