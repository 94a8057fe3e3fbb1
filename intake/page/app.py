"""The application: its addresses, and what is started and ended with it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

from aiohttp import web

from intake.page import (
    board_page,
    decisions_page,
    delegation_page,
    export_page,
    health,
    help_page,
    live,
    message_page,
    not_counted_page,
    preferences,
    questions_page,
    review_page,
    search_page,
)
from intake.page.desk import Desk
from intake.page.guard import LARGEST_FORM, guard
from intake.page.house import HOUSE, House
from intake.page.old_boards import OldBoards
from intake.page.pulse import Pulse
from intake.page.render import Static, set_up, warm
from intake.settings import Settings
from intake.status import ServiceStatus
from parsers.conference import Conference


def build_app(
    settings: Settings,
    conference: Conference,
    register_path: Path,
    status: ServiceStatus,
    now: Callable[[], datetime],
) -> web.Application:
    """The page of one event. `register_path` holds its register; `now` gives aware moments."""
    app = web.Application(middlewares=[guard], client_max_size=LARGEST_FORM)
    static = Static()
    set_up(app, static)
    desk = Desk(register_path)
    old_boards = OldBoards(desk, conference, settings.event)
    pulse = Pulse(desk, settings, conference, status, now)
    app[HOUSE] = House(settings, conference, desk, pulse, status, now, old_boards)
    app[live.LISTENERS] = set()
    app.add_routes(_routes(static))
    app.cleanup_ctx.append(_running)
    app.on_shutdown.append(_hang_up)
    return app


def _routes(static: Static) -> list[web.RouteDef]:
    """Every address of the page."""
    return [
        web.get("/", board_page.board, name="board"),
        web.get("/delegations/{code}", delegation_page.delegation, name="delegation"),
        web.post("/delegations/{code}", delegation_page.decide, name="decide-delegation"),
        web.get("/delegations/{code}/reminder.eml", delegation_page.draft, name="reminder"),
        web.get("/messages/{number}", message_page.message, name="message"),
        web.post("/messages/{number}", message_page.decide, name="decide-message"),
        web.get("/messages/{number}/raw", message_page.raw, name="raw"),
        web.get("/messages/{number}/text", message_page.text, name="text"),
        web.get("/messages/{number}/head", message_page.head, name="head"),
        web.get("/messages/{number}/html", message_page.html, name="html"),
        web.get("/review", review_page.review, name="review"),
        web.get("/questions", questions_page.questions, name="questions"),
        web.post("/questions", questions_page.decide, name="decide-questions"),
        web.get("/questions/{number}/reply.eml", questions_page.draft, name="reply"),
        web.get("/not-counted", not_counted_page.not_counted, name="uncounted"),
        web.get("/search", search_page.search, name="search"),
        web.get("/decisions", decisions_page.decisions, name="decisions"),
        web.post("/decisions/{number}/take-back", decisions_page.take_back, name="take-back"),
        web.get("/export/{table}.{form}", export_page.export, name="export"),
        web.get("/help", help_page.help_, name="help"),
        web.post("/preferences", preferences.preferences, name="preferences"),
        web.get("/live", live.live, name="live"),
        web.get("/healthz", health.healthz, name="healthz"),
        web.get("/readyz", health.readyz, name="readyz"),
        web.get("/static/{name}", static.get, name="static"),
    ]


async def _running(app: web.Application) -> AsyncIterator[None]:
    """The pulse beats while the application runs."""
    house = app[HOUSE]
    await house.pulse.look()
    beating = asyncio.create_task(house.pulse.run())
    warming = asyncio.create_task(asyncio.to_thread(warm, app))
    yield
    await warming
    beating.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await beating
    house.desk.close()


async def _hang_up(app: web.Application) -> None:
    """Lets go of the browsers that listen, so that stopping does not wait for them."""
    app[HOUSE].pulse.close()
