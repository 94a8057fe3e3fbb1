"""One message: its text with everything marked that a value rests on, and the values, each of them to be corrected."""

import re
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from intake.page import html_mail
from intake.page.asked import asked
from intake.page.deciding import Fields, confirmed, decided, just_done, seen, signer
from intake.page.forms import (
    EMPTY_ROWS,
    Draft,
    DraftPerson,
    FormError,
    PersonDay,
    draft_from,
    draft_of,
    is_unchanged,
    people_of,
)
from intake.page.guard import form_of, one
from intake.page.marked import blocks_of, people_said
from intake.page.reasons import reason
from intake.page.render import render
from intake.page.security import CONTENT_SECURITY
from intake.page.tray import tray_order
from intake.process import IN_PART
from intake.register import Bucket, DecisionRow, Message, Register, RegisterBusyError, RegisterError, StaleError
from intake.register.page_queries import Sighted, sightings
from parsers.reading import Neither, Role

_RESULTS = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*([a-z]{1,12})", re.IGNORECASE)
_WITH_FRAME = CONTENT_SECURITY + "; frame-src 'self'"


@dataclass(frozen=True, slots=True)
class Found:
    """What the register knows of one message and what lies before and after it in the tray."""

    message: Message
    mark: int
    sightings: list[Sighted]
    html: bool
    tray: list[int]


async def message(request: web.Request) -> web.Response:
    """`GET /messages/{id}`."""
    return await _page(request, await _found(request))


async def decide(request: web.Request) -> web.Response:
    """`POST /messages/{id}`: accept, correct, reject or put up for review."""
    fields = await form_of(request)
    now = asked(request)
    number = _number(request)
    found = await _found(request)
    draft = draft_from(fields, now.house.conference)
    try:
        work = _work(request, fields, found, draft)
        decision = await decided(request, work)
    except FormError as error:
        return await _page(request, found, draft=draft, error=now.words.say(error.message, **error.values), status=422)
    except StaleError:
        fresh = await _found(request)
        return await _page(request, fresh, draft=draft, theirs=next(iter(fresh.message.decisions), None), status=409)
    except RegisterBusyError:
        raise
    except RegisterError as error:
        return await _page(request, found, draft=draft, error=str(error), status=422)
    return confirmed(fields, decision, f"/messages/{number}")


def _work(request: web.Request, fields: Fields, found: Found, draft: Draft) -> Any:
    now = asked(request)
    number, reading, delegation = found.message.row.id, found.message.reading, found.message.row.delegation
    signed: dict[str, Any] = {
        "by": signer(request, fields),
        "at": now.now,
        "why": draft.why,
        "token": one(fields, "token"),
        "seen": seen(fields),
    }
    act = one(fields, "act")
    if act == "count":
        return lambda register: register.count(number, **signed)
    if act == "reject":
        neither = Neither(one(fields, "neither")) if one(fields, "neither") in set(Neither) else Neither.UNRELATED
        return lambda register: register.reject(number, neither=neither, **signed)
    if act == "accept":
        return lambda register: register.accept(number, **signed)
    told: list[PersonDay] = people_of(draft)
    if reading is not None and is_unchanged(reading, delegation, draft, told):
        return lambda register: register.accept(number, **signed)
    return lambda register: register.correct(
        number, delegation=draft.delegation or None, people=told, questions=draft.questions, **signed
    )


def _number(request: web.Request) -> int:
    text = request.match_info["number"]
    if not text.isdecimal() or len(text) > 15:
        raise web.HTTPNotFound
    return int(text)


async def _found(request: web.Request) -> Found:
    house = asked(request).house
    number = _number(request)

    def look(register: Register) -> Found | None:
        try:
            known = register.message(number)
        except RegisterBusyError:
            raise
        except RegisterError:
            return None
        if known.row.event != house.event:
            return None
        html = known.row.bucket is not Bucket.ERASED and html_mail.has_html(register.raw(number))
        order = tray_order(register, house.conference, house.event)
        return Found(known, register.mark_of_message(number), sightings(register, number), html, order)

    found = await house.desk.ask(look)
    if found is None:
        raise web.HTTPNotFound
    return found


async def _page(
    request: web.Request,
    found: Found,
    *,
    draft: Draft | None = None,
    error: str = "",
    theirs: DecisionRow | None = None,
    status: int = 200,
) -> web.Response:
    now = asked(request)
    row, reading = found.message.row, found.message.reading
    before, after = _neighbours(found.tray, row.id)
    response = await render(
        request,
        "message.html",
        status=status,
        form=True,
        message=found.message,
        row=row,
        reading=reading,
        mark=found.mark,
        blocks=blocks_of(reading) if reading else [],
        said={one.key: one for one in people_said(reading)} if reading else {},
        draft=draft or draft_of(reading, row.delegation),
        error=error,
        theirs=theirs,
        done=await just_done(request),
        reasons=[reason(now.words, text) for text in found.message.review],
        results=_authentication(reading.envelope.authentication) if reading else [],
        sightings=found.sightings,
        lacking=next((one.note for one in found.sightings if one.note), ""),
        in_part=reason(now.words, IN_PART),
        html=found.html,
        before=before,
        after=after,
        waits=row.bucket in (Bucket.REVIEW, Bucket.QUARANTINED),
        role_values=list(Role),
        empty_people=[DraftPerson() for _ in range(EMPTY_ROWS)],
        why=reason(now.words, row.why),
    )
    if found.html:
        response.headers["Content-Security-Policy"] = _WITH_FRAME
    return response


def _neighbours(order: list[int], number: int) -> tuple[int | None, int | None]:
    """The messages before and after in the tray; from outside the tray the first one is next."""
    if number not in order:
        return None, order[0] if order else None
    place = order.index(number)
    return (order[place - 1] if place else None), (order[place + 1] if place + 1 < len(order) else None)


def _authentication(field: str) -> list[tuple[str, str]]:
    """Method and result of each check that the mailbox's server reports (RFC 8601); unjudged, the register judges."""
    found = ((method.lower(), result.lower()) for method, result in _RESULTS.findall(field[:4000]))
    return list(dict.fromkeys(found))[:8]


async def raw(request: web.Request) -> web.Response:
    """`GET /messages/{id}/raw`: the bytes as fetched, to keep or to open in a mail program."""
    data = await _bytes(request)
    return web.Response(
        body=data,
        content_type="message/rfc822",
        headers={"Content-Disposition": f'attachment; filename="message-{_number(request)}.eml"'},
    )


async def text(request: web.Request) -> web.Response:
    """`GET /messages/{id}/text`: the whole text as it was read, however long."""
    found = await _found(request)
    return web.Response(text=found.message.reading.text if found.message.reading else "", content_type="text/plain")


async def head(request: web.Request) -> web.Response:
    """`GET /messages/{id}/head`: the header fields as they came."""
    return web.Response(text=html_mail.head_of(await _bytes(request)), content_type="text/plain")


async def html(request: web.Request) -> web.Response:
    """`GET /messages/{id}/html`: the sender's layout, made harmless, for a frame without rights."""
    number = _number(request)
    house = asked(request).house

    def made(register: Register) -> str:
        return html_mail.harmless(html_mail.html_of(register.raw(number)))

    await _found(request)
    response = web.Response(text=await house.desk.ask(made), content_type="text/html", charset="utf-8")
    response.headers["Content-Security-Policy"] = html_mail.FRAME_SECURITY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


async def _bytes(request: web.Request) -> bytes:
    number = _number(request)
    await _found(request)
    return await asked(request).house.desk.ask(lambda register: register.raw(number))
