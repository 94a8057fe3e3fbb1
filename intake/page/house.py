"""What every page needs at hand, put together once for the application."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from intake.page.desk import Desk
from intake.page.kept_pages import KeptPages
from intake.page.old_boards import OldBoards
from intake.page.pulse import Pulse
from intake.settings import Settings
from intake.status import ServiceStatus
from parsers.conference import Conference


@dataclass(frozen=True, slots=True)
class House:
    """The settings, the event, the register's desk, the service's state and the clock."""

    settings: Settings
    conference: Conference
    desk: Desk
    pulse: Pulse
    status: ServiceStatus
    now: Callable[[], datetime]
    old_boards: OldBoards
    pages: KeptPages = field(default_factory=KeptPages)

    @property
    def event(self) -> str:
        """The event's key in the register."""
        return self.settings.event


HOUSE: web.AppKey[House] = web.AppKey("house", House)
