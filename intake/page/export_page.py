"""What a table shows, as a file: the same filter as in the page's address."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from intake.export.tables import FORMATS, TABLES, Table, table_of
from intake.page.asked import Asked, asked
from intake.page.board_query import BoardQuery, query_from
from intake.page.board_view import Changed, chosen, grouped, row_view
from intake.page.told import plain
from intake.register import BoardRow, Register
from intake.register.messages import NOT_COUNTED

_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "ics": "text/calendar",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_MOST_FOUND = 1000


async def export(request: web.Request) -> web.Response:
    """`GET /export/{table}.{form}` with the query of the page that it stands on; the board also as a calendar."""
    now = asked(request)
    what, form = request.match_info["table"], request.match_info["form"]
    known = what in TABLES and form in FORMATS
    if not known and (what, form) != ("board", "ics"):
        raise web.HTTPNotFound
    changed: Changed = frozenset()
    if what == "board":
        overview = await now.house.pulse.overview()
        changed = await now.house.old_boards.changed_since(now.person.since, overview.rows)
    body = await now.house.desk.ask(_writer(request, now, what, form, changed))
    name = f"{now.house.event}-{what}-{now.now.astimezone():%Y-%m-%d-%H%M}.{form}"
    return web.Response(
        body=body,
        content_type=_TYPES[form],
        charset=None if form == "xlsx" else "utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _writer(request: web.Request, now: Asked, what: str, form: str, changed: Changed) -> Callable[[Register], bytes]:
    house = now.house
    query = query_from(request.query, house.conference.days)
    at = query.at if query.at is not None and query.at < now.now else None

    def table(register: Register) -> bytes:
        from intake.export.writers import write_table  # with what it needs for spreadsheets, only where asked for

        whole = table_of(register, house.conference, house.event, what, as_of=at if what == "board" else None)
        if what != "board":
            return write_table(_narrowed(whole, request, now, register), form)
        places = {code: place for place, code in enumerate(_codes(register, now, query, at, changed))}
        shown = sorted((row for row in whole.rows if row[0] in places), key=lambda row: places[str(row[0])])
        return write_table(Table(whole.name, whole.head, tuple(shown)), form)

    def calendar(register: Register) -> bytes:
        from intake.export.calendar import board_calendar

        kept = _codes(register, now, query, at, changed)
        rows = register.board(house.conference, event=house.event, as_of=at)
        return board_calendar(house.conference, [row for row in rows if row.delegation in kept], now=now.now)

    return calendar if form == "ics" else table


def _codes(register: Register, now: Asked, query: BoardQuery, at: datetime | None, changed: Changed) -> list[str]:
    """The delegations that the board shows, in its order."""
    house = now.house
    rows: list[BoardRow] = register.board(house.conference, event=house.event, as_of=at)
    marked = changed if at is None else frozenset()
    views = [row_view(row, house.conference, now.words, marked) for row in rows]
    groups = grouped(chosen(views, query, house.conference), query, now.words)
    return [view.code for group in groups for view in group.rows]


def _narrowed(table: Table, request: web.Request, now: Asked, register: Register) -> Table:
    """Only the rows that the page shows."""
    asked_for = request.query
    kept: dict[str, set[str]] = {}
    if table.name == "messages":
        if asked_for.get("bucket"):
            kept["counted as"] = {asked_for["bucket"]}
        elif asked_for.get("counted") == "no":
            kept["counted as"] = {one.value for one in NOT_COUNTED}
        if asked_for.get("q"):
            found = register.search(now.house.event, plain(asked_for["q"], 200), limit=_MOST_FOUND)
            kept["id"] = {str(row.id) for row in found}
    kept |= {name: {asked_for[name]} for name in ("state", "delegation") if name in table.head and asked_for.get(name)}
    columns = {table.head.index(name): values for name, values in kept.items()}
    shown = (row for row in table.rows if all(str(row[place]) in values for place, values in columns.items()))
    return Table(table.name, table.head, tuple(shown))
