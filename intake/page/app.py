"""The application: its addresses, and what is started and ended with it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

from aiohttp import web

from intake.page import board_page, health, live, preferences
from intake.page.desk import Desk
from intake.page.guard import LARGEST_FORM, guard
from intake.page.house import HOUSE, House
from intake.page.old_boards import OldBoards
from intake.page.pulse import Pulse
from intake.page.render import Static, set_up
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
    app.router.add_get("/", board_page.board, name="board")
    app.router.add_get("/live", live.live, name="live")
    app.router.add_get("/healthz", health.healthz, name="healthz")
    app.router.add_get("/readyz", health.readyz, name="readyz")
    app.router.add_get("/static/{name}", static.get, name="static")
    app.router.add_post("/preferences", preferences.preferences, name="preferences")
    app.cleanup_ctx.append(_running)
    app.on_shutdown.append(_hang_up)
    return app


async def _running(app: web.Application) -> AsyncIterator[None]:
    """The pulse beats while the application runs."""
    house = app[HOUSE]
    await house.pulse.look()
    beating = asyncio.create_task(house.pulse.run())
    yield
    beating.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await beating
    house.desk.close()


async def _hang_up(app: web.Application) -> None:
    """Lets go of the browsers that listen, so that stopping does not wait for them."""
    app[HOUSE].pulse.close()
