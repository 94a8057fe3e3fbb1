"""One delegation: what stands, everything it said in the order of time, and what staff add themselves."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from aiohttp import web

from intake.page.asked import asked
from intake.page.board_query import local_text, moment_from
from intake.page.board_view import row_view
from intake.page.deciding import Fields, confirmed, decided, just_done, seen, signer
from intake.page.forms import Draft, DraftPerson, FormError, draft_from, draft_of, people_of
from intake.page.guard import form_of, one
from intake.page.letters import language_for, reminder
from intake.page.marks import N_
from intake.page.phrases import FLAG_HELP, KINDS
from intake.page.render import draft_file, render
from intake.page.told import plain
from intake.register import (
    BoardRow,
    DecisionRow,
    MessageRow,
    Register,
    RegisterBusyError,
    RegisterError,
    Source,
    StaleError,
    StatementRow,
)
from intake.register.page_queries import Asked, recent_statements, some_questions, writers
from parsers.conference import Conference, Delegation
from parsers.reading import Role

MESSAGES = 50
BY_HAND = (Source.PHONE, Source.LETTER, Source.STAFF)


@dataclass(frozen=True, slots=True)
class Word:
    """What was said at one time by one message, call or letter."""

    said_at: datetime
    statements: tuple[StatementRow, ...]

    @property
    def people(self) -> list[tuple[str, Role, list[StatementRow]]]:
        """The statements by person, in order of naming."""
        gathered: dict[tuple[str, Role], list[StatementRow]] = {}
        for statement in self.statements:
            gathered.setdefault((statement.name, statement.role), []).append(statement)
        return [(name, role, said) for (name, role), said in gathered.items()]

    @property
    def first(self) -> StatementRow:
        """The statement that stands for all in source, author and force."""
        return self.statements[0]


@dataclass(frozen=True, slots=True)
class Found:
    """Everything of one delegation, cut to what fits a page; `more` where older messages follow."""

    row: BoardRow
    mark: int
    words: list[Word]
    messages: list[MessageRow]
    more: bool
    questions: list[Asked]
    decisions: list[DecisionRow]
    learned: list[str]
    addresses: list[str]


async def delegation(request: web.Request) -> web.Response:
    """`GET /delegations/{code}`."""
    return await _page(request)


async def decide(request: web.Request) -> web.Response:
    """`POST /delegations/{code}`: an answer by phone or letter, a note, an address, two spellings."""
    fields = await form_of(request)
    code = _delegation(request).code
    draft = draft_from(fields, asked(request).house.conference)
    try:
        number = await decided(request, _work(request, fields, code, draft))
    except FormError as error:
        words = asked(request).words.say(error.message, **error.values)
        return await _page(request, draft=draft, fields=fields, error=words, status=422)
    except StaleError:
        return await _page(request, draft=draft, fields=fields, stale=True, status=409)
    except RegisterBusyError:
        raise
    except RegisterError as error:
        return await _page(request, draft=draft, fields=fields, error=str(error), status=422)
    return confirmed(fields, number, f"/delegations/{code}")


async def draft(request: web.Request) -> web.Response:
    """`GET /delegations/{code}/reminder.eml?to=cabinet@interior.example&language=de`: the reminder as a file."""
    house, listed = asked(request).house, _delegation(request)
    to = request.query.get("to", "")
    known = await house.desk.ask(lambda register: _addresses(register, house.event, listed))
    if to not in known:
        raise web.HTTPNotFound
    letter = reminder(house.conference, to, language_for(listed, request.query.get("language", "")))
    return draft_file(letter, f"reminder-{listed.code}")


def _work(request: web.Request, fields: Fields, code: str, draft: Draft) -> Callable[[Register], int]:
    now = asked(request)
    event = now.house.event
    signed: dict[str, Any] = {"by": signer(request, fields), "at": now.now, "token": one(fields, "token")}
    act = one(fields, "act")
    if act == "note":
        text = one(fields, "text")[:4000]
        if not text:
            raise FormError(N_("Write something into the note first."))
        return lambda register: register.note(event, code, text, **signed)
    if act == "address":
        address = plain(one(fields, "address"), 320)
        return lambda register: register.assign(event, address, code, **signed)
    if act == "merge":
        spelling, name = plain(one(fields, "spelling"), 400), plain(one(fields, "person"), 400)
        return lambda register: register.merge(event, code, spelling, name, **signed)
    source = Source(one(fields, "source")) if one(fields, "source") in set(BY_HAND) else Source.STAFF
    said_at = moment_from(one(fields, "said_at")) or now.now
    # The form offers the minister's name; a line that says nothing about a day was left as it stood.
    told = people_of(replace(draft, people=tuple(person for person in draft.people if person.days)))
    if not told:
        raise FormError(N_("Say who comes on which day: a name, a role, and yes, no or perhaps."))
    return lambda register: register.note_told(
        event, code, told, source=source, said_at=said_at, why=draft.why, seen=seen(fields), **signed
    )


def _delegation(request: web.Request) -> Delegation:
    found = asked(request).house.conference.delegation(request.match_info["code"])
    if found is None:
        raise web.HTTPNotFound
    return found


async def _page(
    request: web.Request,
    *,
    draft: Draft | None = None,
    fields: Fields | None = None,
    error: str = "",
    stale: bool = False,
    status: int = 200,
) -> web.Response:
    now = asked(request)
    house, listed = now.house, _delegation(request)
    before = moment_from(request.query.get("before", ""))
    found = await house.desk.ask(lambda register: _look(register, house.conference, house.event, listed, before))
    taken = await _taken(request, listed.code)
    view = row_view(found.row, house.conference, now.words, frozenset())
    language = language_for(listed, request.query.get("language", ""))
    wishes = list(dict.fromkeys([*(code for code in listed.languages if language_for(None, code) == code), "en"]))
    return await render(
        request,
        "delegation.html",
        status=status,
        form=True,
        listed=listed,
        view=view,
        found=found,
        kind=KINDS.get(listed.kind, listed.kind),
        flag_help=FLAG_HELP,
        draft=draft or taken or _first_draft(listed),
        open_form=bool(draft or taken) or found.row.conflict,
        fields=fields or {},
        error=error,
        stale=stale,
        said_at=one(fields or {}, "said_at") or local_text(now.now),
        by_hand=BY_HAND,
        role_values=list(Role),
        done=await just_done(request),
        notes=[one for one in found.decisions if one.act == "note"],
        latest=next(iter(found.decisions), None),
        names=sorted({said.name for word in found.words for said in word.statements})[:100],
        addresses=found.addresses,
        language=language,
        languages_here=wishes,
        reminders=[(to, reminder(house.conference, to, language)) for to in found.addresses[:8]],
        older=local_text(found.messages[-1].said_at) if found.more else "",
        before=before,
    )


async def _taken(request: web.Request, code: str) -> Draft | None:
    """What one message of the delegation says, to be decided on (`?take=12`)."""
    text = request.query.get("take", "")
    if not (text.isdecimal() and len(text) < 16):
        return None

    def look(register: Register) -> Draft | None:
        try:
            fits = register.message(int(text)).row.delegation == code
        except RegisterError:
            return None
        return draft_of(register.reading(int(text)), code) if fits else None

    return await asked(request).house.desk.ask(look)


def _look(register: Register, conference: Conference, event: str, listed: Delegation, before: datetime | None) -> Found:
    rows = register.board(conference, event=event)
    messages = register.messages(event, delegation=listed.code, before=before, limit=MESSAGES + 1)
    statements = recent_statements(register, event, listed.code)
    return Found(
        row=next(row for row in rows if row.delegation == listed.code),
        mark=register.mark_of_delegation(event, listed.code),
        words=[
            Word(at, tuple(said))
            for (at, _, _), said in groupby(
                statements, key=lambda said: (said.said_at, said.message_id, (said.recorded_at, said.by))
            )
        ],
        messages=messages[:MESSAGES],
        more=len(messages) > MESSAGES,
        questions=some_questions(register, event, state=None, delegation=listed.code, limit=50),
        decisions=register.decisions(event, delegation=listed.code, limit=60),
        learned=[address for address, _ in register.addresses(event, listed.code)],
        addresses=_addresses(register, event, listed),
    )


def _addresses(register: Register, event: str, listed: Delegation) -> list[str]:
    """Whom one can write to: the contacts of the list, those that staff have added, those that wrote."""
    learned = [address for address, _ in register.addresses(event, listed.code)]
    return list(dict.fromkeys([*listed.contacts, *learned, *writers(register, event, listed.code)]))


def _first_draft(listed: Delegation) -> Draft:
    return Draft(listed.code, (DraftPerson(listed.minister), DraftPerson(role=Role.DEPUTY.value)))
