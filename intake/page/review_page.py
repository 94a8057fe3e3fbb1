"""The tray: messages that wait for a person, the most urgent first, each to be settled with one key."""

from dataclasses import dataclass

from aiohttp import web

from intake.page.asked import asked
from intake.page.deciding import just_done
from intake.page.marked import Piece, excerpt_of
from intake.page.phrases import ATTENDANCES, role_name
from intake.page.reasons import reason
from intake.page.render import render
from intake.page.tray import tray_order
from intake.page.words import Words
from intake.register import MessageRow, Register
from parsers.conference import Conference
from parsers.reading import Attendance, Reading, Role

A_PAGE = 20


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one person is read to do: a name, the role in words, and for each day of the event an attendance or None."""

    name: str
    role: str
    days: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One message of the tray. `mark` is what it is shown from; `acceptable` is False where nothing can be recorded."""

    row: MessageRow
    mark: int
    reasons: tuple[str, ...]
    people: tuple[Proposal, ...]
    questions: tuple[str, ...]
    excerpt: tuple[Piece, ...]
    acceptable: bool


async def review(request: web.Request) -> web.Response:
    """`GET /review?page=2`."""
    now = asked(request)
    house = now.house
    asked_for = request.query.get("page", "1")
    number = int(asked_for) if asked_for.isdecimal() and len(asked_for) < 6 else 1

    def look(register: Register) -> tuple[list[Item], int, int]:
        order = tray_order(register, house.conference, house.event)
        pages = max(1, -(-len(order) // A_PAGE))
        page = min(max(number, 1), pages)
        chosen = order[(page - 1) * A_PAGE : page * A_PAGE]
        return [_item(register, one, house.conference, now.words) for one in chosen], len(order), page

    items, total, page = await house.desk.ask(look)
    return await render(
        request,
        "review.html",
        form=True,
        items=items,
        total=total,
        page=page,
        pages=max(1, -(-total // A_PAGE)),
        paged="",
        done=await just_done(request),
    )


def _item(register: Register, number: int, conference: Conference, words: Words) -> Item:
    message = register.message(number)
    reading = message.reading
    reasons = message.review or ((message.row.why,) if message.row.why else ())
    return Item(
        row=message.row,
        mark=register.mark_of_message(number),
        reasons=tuple(reason(words, one) for one in reasons),
        people=_people(reading, message.row.delegation, conference, words) if reading else (),
        questions=tuple(question.text for question in reading.questions[:5]) if reading else (),
        excerpt=excerpt_of(reading) if reading else (),
        acceptable=reading is not None and (message.row.delegation is not None or not reading.statements),
    )


def _people(reading: Reading, code: str | None, conference: Conference, words: Words) -> tuple[Proposal, ...]:
    delegation = conference.delegation(code) if code else None
    kind = delegation.kind if delegation else "member-state"
    return tuple(
        Proposal(
            one["name"],
            role_name(words, Role(one["role"]), kind),
            tuple(
                words.say(ATTENDANCES[Attendance(one["attendance"][day.isoformat()])])
                if day.isoformat() in one["attendance"]
                else None
                for day in conference.days
            ),
        )
        for one in reading.people()[:12]
    )
