"""The board as it stood at the end of somebody's last visit, so that what changed since can be marked."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime

from intake.page.board_view import Changed
from intake.page.desk import Desk
from intake.register import BoardRow
from intake.register.boards import compare
from parsers.conference import Conference

_MOST = 24


class OldBoards:
    """What the register held at a moment never changes later, so each is computed once."""

    def __init__(self, desk: Desk, conference: Conference, event: str) -> None:
        self._desk = desk
        self._conference = conference
        self._event = event
        self._boards: OrderedDict[datetime, list[BoardRow]] = OrderedDict()

    async def changed_since(self, moment: datetime | None, rows: Sequence[BoardRow]) -> Changed:
        """What is other than at the end of somebody's last visit; nothing where this is the first."""
        if moment is None:
            return frozenset()
        before = await self.at(moment)
        return frozenset((change.delegation, change.day) for change in compare(before, list(rows)))

    async def at(self, moment: datetime) -> list[BoardRow]:
        """The board by what had been recorded at that moment."""
        if moment not in self._boards:
            self._boards[moment] = await self._desk.ask(
                lambda register: register.board(self._conference, event=self._event, as_of=moment, as_recorded=True)
            )
            while len(self._boards) > _MOST:
                self._boards.popitem(last=False)
        return self._boards[moment]
