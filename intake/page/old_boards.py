"""The board as it stood at the end of somebody's last visit, so that what changed since can be marked."""

from collections import OrderedDict
from datetime import datetime

from intake.page.desk import Desk
from intake.register import BoardRow
from parsers.conference import Conference

_MOST = 24


class OldBoards:
    """What the register held at a moment never changes later, so each is computed once."""

    def __init__(self, desk: Desk, conference: Conference, event: str) -> None:
        self._desk = desk
        self._conference = conference
        self._event = event
        self._boards: OrderedDict[datetime, list[BoardRow]] = OrderedDict()

    async def at(self, moment: datetime) -> list[BoardRow]:
        """The board by what had been recorded at that moment."""
        if moment not in self._boards:
            self._boards[moment] = await self._desk.ask(
                lambda register: register.board(self._conference, event=self._event, as_of=moment, as_recorded=True)
            )
            while len(self._boards) > _MOST:
                self._boards.popitem(last=False)
        return self._boards[moment]
