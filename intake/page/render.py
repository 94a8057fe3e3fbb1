"""From a template and values to an answer: Jinja2 through aiohttp-jinja2, everything escaped, the words at hand."""

import asyncio
import hashlib
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web

from intake.export.tables import FORMATS
from intake.page.access import BROWSER, NAME, known, new_token, note_visit, person_of, remember
from intake.page.asked import asked
from intake.page.house import HOUSE
from intake.page.letters import Letter
from intake.page.phrases import (
    ACTS,
    ATTENDANCES,
    BUCKETS,
    NEITHERS,
    QUESTION_STATES,
    ROLES,
    SIGNS,
    SOURCES,
    STANDS,
    ZONES,
)
from intake.page.told import plain, shown, told
from intake.page.words import LANGUAGES, words_in
from intake.register import RegisterError

_HERE = Path(__file__).parent
_A_TURN = 200
"""Pieces of a template between two looks at other requests: about half a millisecond."""

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Static:
    """The static files, read once; each under an address that changes with it, so that browsers may keep it."""

    def __init__(self) -> None:
        files = sorted(path for path in (_HERE / "static").iterdir() if path.suffix in _TYPES)
        self.files = {path.name: path.read_bytes() for path in files}
        self.marks = {name: hashlib.sha256(data).hexdigest()[:10] for name, data in self.files.items()}

    def address(self, name: str) -> str:
        """Where a file is found."""
        return f"/static/{name}?{self.marks[name]}"

    async def get(self, request: web.Request) -> web.Response:
        """Serves one of them."""
        name = request.match_info["name"]
        if name not in self.files:
            raise web.HTTPNotFound
        lasting = request.query_string == self.marks[name]
        return web.Response(
            body=self.files[name],
            content_type=_TYPES[Path(name).suffix],
            charset="utf-8",
            headers={"Cache-Control": "public, max-age=31536000, immutable" if lasting else "no-cache"},
        )


def set_up(app: web.Application, static: Static) -> None:
    """Makes the templates known to the application."""
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    environment.globals["count"] = _count
    environment.globals["dict"] = dict
    environment.filters |= {"told": told, "shown": shown, "plain": plain}
    environment.globals |= {
        "static": static.address,
        "export_forms": [form for form in ("xlsx", "csv", "json") if form in FORMATS],
        "languages": LANGUAGES,
        "acts": ACTS,
        "attendances": ATTENDANCES,
        "buckets": BUCKETS,
        "neithers": NEITHERS,
        "question_states": QUESTION_STATES,
        "roles": ROLES,
        "signs": SIGNS,
        "sources": SOURCES,
        "stands": STANDS,
        "zones": ZONES,
    }


def warm(app: web.Application) -> None:
    """Compiles the templates and reads the catalogues, so that the first visitor does not wait for it."""
    environment = aiohttp_jinja2.get_env(app)
    for name in ("board.html", *environment.list_templates()):
        environment.get_template(name)
    for language in LANGUAGES:
        words_in(language).day(date(2024, 1, 1))


@jinja2.pass_context
def _gettext(context: jinja2.runtime.Context, message: str) -> str:
    return str(context["words"].catalogue.gettext(message))


@jinja2.pass_context
def _ngettext(context: jinja2.runtime.Context, one: str, many: str, n: int) -> str:
    return str(context["words"].catalogue.ngettext(one, many, n))


@jinja2.pass_context
def _count(context: jinja2.runtime.Context, one: str, many: str, n: int) -> str:
    """`Words.count` under a name by which the extraction of messages finds it."""
    return str(context["words"].count(one, many, n))


async def render(
    request: web.Request, template: str, *, status: int = 200, form: bool = False, **values: Any
) -> web.Response:
    """The page. With `form` the browser gets a secret if it has none, and the template `token()`."""
    now = asked(request)
    if form:
        now.person = known(now.person)
    frame = await _frame(request)
    text = await _written(request, template, {**frame, **values})
    response = web.Response(text=text, status=status, content_type="text/html", charset="utf-8")
    response.headers["Cache-Control"] = "private, no-cache"
    if form and now.person.browser != request.cookies.get(BROWSER):
        remember(response, BROWSER, now.person.browser)
    if now.person.name and now.person.name != person_of(request, now.now).name:
        remember(response, NAME, now.person.name)
    note_visit(response, now.person, now.now)
    return response


async def _written(request: web.Request, template: str, values: dict[str, Any]) -> str:
    """The template with the values, made in short turns: a whole board at once would keep everybody else waiting."""
    pieces = []
    made = aiohttp_jinja2.get_env(request.app).get_template(template).generate(values)
    for turn in iter(lambda: list(islice(made, _A_TURN)), []):
        pieces += turn
        await asyncio.sleep(0)
    return "".join(pieces)


async def _frame(request: web.Request) -> dict[str, Any]:
    """What every page shows around its own part. Without a register the figures are missing, and the page stands."""
    now = asked(request)
    house = request.app[HOUSE]
    try:
        overview = await house.pulse.overview()
    except RegisterError:
        overview = None
    return {**bare_frame(request), "overview": overview, "token": lambda: new_token(now.person)}


def bare_frame(request: web.Request) -> dict[str, Any]:
    """The frame as far as it needs no register."""
    now = asked(request)
    house = request.app[HOUSE]
    return {
        "words": now.words,
        "person": now.person,
        "now": now.now,
        "conference": house.conference,
        "beat": house.pulse.beat,
        "overview": None,
        "here": request.path_qs,
        "path": request.path,
        "zone": _zone(now.now),
    }


def draft_file(letter: Letter, name: str) -> web.Response:
    """A prepared mail to save, or to open in the mail program."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.eml"'}
    return web.Response(body=letter.draft(), content_type="message/rfc822", headers=headers)


def error_page(request: web.Request, status: int, detail: str) -> web.Response:
    """A clear answer where there is no page: what happened and where to go. Never raises, needs no register."""
    if request.path in ("/healthz", "/readyz"):
        return web.json_response({"healthy": False, "issues": [detail]}, status=status)
    text = aiohttp_jinja2.render_string(
        "error.html", request, {**bare_frame(request), "status": status, "detail": detail}
    )
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")


def _zone(now: datetime) -> str:
    return now.astimezone().strftime("%Z")
