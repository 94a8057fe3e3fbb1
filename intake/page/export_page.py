"""What a table shows, as a file: the same filter as in the page's address."""

from aiohttp import web

from intake.export.tables import FORMATS, Table, table_of
from intake.export.writers import write_table
from intake.page.asked import Asked, asked
from intake.page.board_query import query_from
from intake.page.board_view import chosen, row_view
from intake.register import Register
from intake.register.messages import NOT_COUNTED

_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
OFFERED = tuple(form for form in ("xlsx", "csv", "json") if form in FORMATS)


async def export(request: web.Request) -> web.Response:
    """`GET /export/{table}.{form}` with the query of the page that it stands on."""
    now = asked(request)
    what, form = request.match_info["table"], request.match_info["form"]
    if what not in ("board", "questions", "messages") or form not in OFFERED:
        raise web.HTTPNotFound
    query = query_from(request.query, now.house.conference.days)
    at = query.at if query.at is not None and query.at < now.now else None

    def made(register: Register) -> bytes:
        table = table_of(register, now.house.conference, now.house.event, what, as_of=at if what == "board" else None)
        return write_table(_narrowed(table, request, now, register), form)

    body = await now.house.desk.ask(made)
    name = f"{now.house.event}-{what}-{now.now.astimezone():%Y-%m-%d-%H%M}.{form}"
    return web.Response(
        body=body,
        content_type=_TYPES[form],
        charset="utf-8" if form != "xlsx" else None,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _narrowed(table: Table, request: web.Request, now: Asked, register: Register) -> Table:
    """Only the rows that the page shows."""
    kept: dict[str, set[str]] = {}
    house = now.house
    if table.name == "board":
        query = query_from(request.query, house.conference.days)
        if query.narrowed:
            rows = register.board(house.conference, event=house.event, as_of=query.at)
            views = [row_view(row, house.conference, now.words, frozenset()) for row in rows]
            kept["delegation"] = {view.code for view in chosen(views, query, house.conference)}
    elif table.name == "questions":
        kept = {name: {request.query[name]} for name in ("state", "delegation") if request.query.get(name)}
    elif request.query.get("counted") == "no":
        bucket = request.query.get("bucket")
        kept["counted as"] = {bucket} if bucket else {one.value for one in NOT_COUNTED}
    columns = {table.head.index(name): values for name, values in kept.items()}
    shown = (row for row in table.rows if all(str(row[at] or "") in values for at, values in columns.items()))
    return Table(table.name, table.head, tuple(shown))
