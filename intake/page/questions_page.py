"""What delegations ask: alike questions side by side, open ones first, each to be answered, dropped or handed over."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from intake.page.asked import asked
from intake.page.deciding import Fields, confirmed, decided, just_done, seen, signer
from intake.page.forms import FormError
from intake.page.guard import form_of, one
from intake.page.letters import Letter, language_for, reply
from intake.page.marks import N_
from intake.page.phrases import TOPICS
from intake.page.render import draft_file, render
from intake.page.told import plain
from intake.register import Register, StaleError
from intake.register.page_queries import Asked, count_questions, some_questions
from parsers.conference import Conference

A_PAGE = 100
STATES = ("open", "answered", "dropped")


async def questions(request: web.Request) -> web.Response:
    """`GET /questions?state=open&delegation=AT&page=1`."""
    return await _page(request)


async def decide(request: web.Request) -> web.Response:
    """`POST /questions`: one question (`id`), or all of a group (several)."""
    fields = await form_of(request)
    try:
        number = await decided(request, _work(request, fields))
    except FormError as error:
        return await _page(request, error=asked(request).words.say(error.message, **error.values), status=422)
    except StaleError:
        words = N_("Not saved: a colleague has dealt with this question meanwhile. It stands here as it is now.")
        return await _page(request, error=asked(request).words.say(words), status=409)
    return confirmed(fields, number, "/questions")


def _work(request: web.Request, fields: Fields) -> Callable[[Register], int]:
    now = asked(request)
    numbers = [int(text) for text in fields.get("id", []) if text.isdecimal() and len(text) < 16][:200]
    act = one(fields, "act")
    state = {"answered": "answered", "dropped": "dropped"}.get(act, "open")
    if not numbers:
        raise FormError(N_("No question was chosen."))
    by, token = signer(request, fields), one(fields, "token")
    to = plain(one(fields, "colleague"), 80)
    if act == "hand" and not to:
        raise FormError(N_("Say to whom the question goes."))
    signed: dict[str, Any] = {"by": by, "at": now.now, "why": plain(one(fields, "why"), 1000)}
    if act == "hand":
        signed["assigned_to"] = to

    def work(register: Register) -> int:
        last = 0
        with register.change():
            for place, number in enumerate(numbers):
                mark = seen(fields) if len(numbers) == 1 else None
                # The first carries the form's own token, so that a second click finds it all done.
                last = register.answer(number, state, token=f"{token}.{place}", seen=mark, **signed)
        return last

    return work


async def _page(request: web.Request, *, error: str = "", status: int = 200) -> web.Response:
    now = asked(request)
    house = now.house
    state = request.query.get("state", "open")
    state = state if state in STATES else "open"
    listed = house.conference.delegation(request.query.get("delegation", ""))
    code = listed.code if listed else None
    text = request.query.get("page", "1")
    page = max(1, int(text)) if text.isdecimal() and len(text) < 6 else 1

    def look(register: Register) -> tuple[list[Asked], dict[str, int]]:
        counted = count_questions(register, house.event, code)
        found = some_questions(
            register, house.event, state=state, delegation=code, skip=(page - 1) * A_PAGE, limit=A_PAGE
        )
        return found, counted

    found, counted = await house.desk.ask(look)
    total = counted.get(state, 0)
    return await render(
        request,
        "questions.html",
        form=True,
        status=status,
        groups=_groups(found),
        replies={ask.question.id: _reply(ask, house.conference) for ask in found if ask.address},
        topic=lambda key: now.words.say(TOPICS.get(key) or key),
        counted=counted,
        state=state,
        listed=listed,
        total=total,
        page=page,
        pages=max(1, -(-total // A_PAGE)),
        paged=urlencode({"state": state, **({"delegation": code} if code else {})}) + "&",
        done=await just_done(request),
        error=error,
    )


def _groups(found: list[Asked]) -> list[list[Asked]]:
    """Alike ones together, the largest group first, then the one whose oldest question waits longest."""
    gathered: dict[int, list[Asked]] = {}
    for ask in found:
        gathered.setdefault(ask.question.group, []).append(ask)
    for group in gathered.values():
        group.sort(key=lambda ask: ask.question.asked_at)
    return sorted(gathered.values(), key=lambda group: (-len(group), group[0].question.asked_at))


async def draft(request: web.Request) -> web.Response:
    """`GET /questions/{id}/reply.eml`: the prepared reply as a file."""
    house = asked(request).house
    text = request.match_info["number"]
    number = int(text) if text.isdecimal() and len(text) < 16 else 0
    found = await house.desk.ask(lambda register: some_questions(register, house.event, number=number))
    if not number or not found or not found[0].address:
        raise web.HTTPNotFound
    return draft_file(_reply(found[0], house.conference), f"reply-{number}")


def _reply(ask: Asked, conference: Conference) -> Letter:
    delegation = conference.delegation(ask.question.delegation or "")
    language = language_for(delegation, ask.question.language)
    return reply(ask.address, ask.subject, ask.question.text, ask.message_id, language)
