"""The board, which is the home page: asked for most, so its bytes are kept until something changes."""

from dataclasses import replace
from datetime import date, datetime
from itertools import groupby

from aiohttp import web
from markupsafe import escape

from intake.page.access import note_visit
from intake.page.asked import asked
from intake.page.board_query import BoardQuery, local_text, query_from
from intake.page.board_view import Changed, RowView, chosen, grouped, row_view
from intake.page.chart import chart_of
from intake.page.house import HOUSE, House
from intake.page.kept_pages import KeptPage
from intake.page.overview import Overview, figures
from intake.page.phrases import KINDS
from intake.page.render import render
from intake.page.security import HEADERS
from intake.register import BoardRow, Register, State
from intake.register.page_queries import first_answers

_FRESH_SECONDS = 30
_NAME = "\ue000name\ue000"
"""Stands for the visitor's name in bytes that several visitors share; a private-use character, escaped like any."""

_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "private, no-cache",
    "Vary": "Cookie, Accept-Language",
    **HEADERS,
}
LIVE = "Live"
"""The header of a page that fetches itself anew: that is no visit, and what was new to its reader stays so."""


async def board(request: web.Request) -> web.Response:
    """`GET /`."""
    house = request.app[HOUSE]
    headers = request.headers
    key = (request.path_qs, headers.get("Cookie"), headers.get("Accept-Language"))
    stamp = f"{house.pulse.beat.stamp}.{int(house.now().timestamp()) // _FRESH_SECONDS}"
    kept = house.pages.get(key)
    if kept is None or kept.stamp != stamp:
        patient = LIVE in headers or kept is None or _minute(kept.stamp) != _minute(stamp)
        kept = await house.pages.make(key, lambda: _make(request, house, stamp), patient=patient)
    if headers.get("If-None-Match") == kept.etag:
        response = web.Response(status=304)
    else:
        response = web.Response(body=kept.body, headers=_HEADERS)
    response.headers["ETag"] = kept.etag
    if kept.cookie and LIVE not in headers:
        response.headers["Set-Cookie"] = kept.cookie
    return response


def _minute(stamp: str) -> str:
    return stamp.rpartition(".")[2]


async def _make(request: web.Request, house: House, stamp: str) -> KeptPage:
    """The page for one visitor: the bytes that all share who see the same, with the visitor's own name put in."""
    now = asked(request)
    person = now.person
    overview = await house.pulse.overview()
    changed = await house.old_boards.changed_since(person.since, overview.rows)
    shared = (request.path_qs, person.language, person.theme, person.welcomed, bool(person.name), changed)
    now.person = replace(person, name=_NAME if person.name else "")
    body = await house.pages.body(shared, stamp, lambda: _body(request, house, overview, changed))
    body = body.replace(_NAME.encode(), str(escape(person.name)).encode())
    response = web.Response()
    note_visit(response, person, now.now)
    return KeptPage.of(stamp, body, response.cookies.output(header="").strip())


async def _body(request: web.Request, house: House, overview: Overview, changed: Changed) -> bytes:
    now = asked(request)
    query = query_from(request.query, house.conference.days)
    if query.at is not None and query.at >= now.now:
        query = BoardQuery(query.day, query.group, query.sort, query.show, query.kind, query.words)
    rows, counted, first = await _rows(house, query, overview)
    marked = changed if query.at is None else frozenset()
    views = [row_view(row, house.conference, now.words, marked) for row in rows]
    shown = chosen(views, query, house.conference)
    made = await render(
        request,
        "board.html",
        query=query,
        at_text=local_text(query.at or now.now),
        now_text=local_text(now.now),
        figures=counted,
        answered=sum(row.state is State.ANSWERED for row in rows),
        invited=len(rows),
        open_questions=overview.open_questions if query.at is None else sum(row.open_questions for row in rows),
        groups=grouped(shown, query, now.words),
        shown=len(shown),
        tiles=[view for view in views if view.place],
        beside=_beside(views),
        chart=chart_of(
            first.values(), len(rows), house.conference.invitation_sent, house.conference.days, query.at or now.now
        ),
        new=sum(view.new for view in views),
        kinds={kind: KINDS.get(kind, kind) for kind in dict.fromkeys(view.kind for view in views)},
    )
    assert isinstance(made.body, bytes)  # noqa: S101  a rendered page is bytes
    return made.body


async def _rows(
    house: House, query: BoardQuery, overview: Overview
) -> tuple[tuple[BoardRow, ...], dict[date, dict[str, int]], dict[str, datetime]]:
    """The rows, the figures of their days and when each delegation answered; as of another moment where asked for."""
    at = query.at
    if at is None:
        return overview.rows, overview.days, overview.first

    def then(register: Register) -> tuple[tuple[BoardRow, ...], dict[str, datetime]]:
        rows = tuple(register.board(house.conference, event=house.event, as_of=at))
        first = {
            code: moment
            for code, moment in first_answers(register, house.event, [row.delegation for row in rows]).items()
            if moment <= at
        }
        return rows, first

    rows, first = await house.desk.ask(then)
    return rows, figures(rows, house.conference.days), first


def _beside(views: list[RowView]) -> list[tuple[str, list[RowView]]]:
    """Who has no place on the map, by kind."""
    order = list(KINDS)
    rest = [view for view in views if view.place is None]
    rest.sort(key=lambda view: order.index(view.kind) if view.kind in order else len(order))
    return [(KINDS.get(kind, kind), list(found)) for kind, found in groupby(rest, key=lambda view: view.kind)]
