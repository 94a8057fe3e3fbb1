"""What every page needs at hand, put together once for the application."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from intake.page.desk import Desk
from intake.page.old_boards import OldBoards
from intake.page.pulse import Pulse
from intake.settings import Settings
from intake.status import ServiceStatus
from parsers.conference import Conference

MOST_KEPT = 96


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page as bytes, good until the register or the service says something new. `cookie` notes the visit."""

    stamp: str
    body: bytes
    etag: str
    cookie: str = ""


class KeptPages:
    """The last pages made, by everything that they depend on; the oldest goes first."""

    def __init__(self) -> None:
        self._pages: OrderedDict[object, KeptPage] = OrderedDict()

    def get(self, key: object, stamp: str) -> KeptPage | None:
        """The page, if it was made from what still stands."""
        page = self._pages.get(key)
        return page if page is not None and page.stamp == stamp else None

    def put(self, key: object, page: KeptPage) -> None:
        """Keeps a page, and forgets the one longest unused."""
        self._pages[key] = page
        self._pages.move_to_end(key)
        while len(self._pages) > MOST_KEPT:
            self._pages.popitem(last=False)


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
