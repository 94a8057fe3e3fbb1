"""Search over everything: delegations and people on the board, and every message by its words."""

from dataclasses import dataclass

from aiohttp import web

from intake.page.asked import asked
from intake.page.board_view import row_view
from intake.page.marked import Piece
from intake.page.render import render
from intake.page.told import plain
from intake.register import MessageRow, Register
from intake.register.people import fold

MOST = 50
_SNIPPETS = 25
_LARGE = 300_000
_AROUND = 90


@dataclass(frozen=True, slots=True)
class Hit:
    """A message with the place in its text where the words stand, if it is easily found."""

    row: MessageRow
    snippet: tuple[Piece, ...]


async def search(request: web.Request) -> web.Response:
    """`GET /search?q=hofer`."""
    now = asked(request)
    house = now.house
    words = plain(request.query.get("q", ""), 200)

    def look(register: Register) -> list[Hit]:
        found = register.search(house.event, words, limit=MOST)
        return [
            Hit(row, _snippet(register, row, words) if place < _SNIPPETS and row.size < _LARGE else ())
            for place, row in enumerate(found)
        ]

    hits = await house.desk.ask(look) if words else []
    overview = await house.pulse.overview()
    wanted = fold(words).split()
    views = [row_view(row, house.conference, now.words, frozenset()) for row in overview.rows] if wanted else []
    return await render(
        request,
        "search.html",
        asked_for=words,
        hits=hits,
        most=MOST,
        views=[view for view in views if all(word in view.haystack for word in wanted)],
    )


def _snippet(register: Register, row: MessageRow, words: str) -> tuple[Piece, ...]:
    """The first of the words in the text, with its neighbours; nothing where only its folded form stands there."""
    reading = register.reading(row.id)
    text = " ".join(reading.text.split()) if reading else ""
    low = text.lower()
    for word in words.lower().split():
        at = low.find(word)
        if at >= 0 and len(low) == len(text):
            start, end = max(0, at - _AROUND), min(len(text), at + len(word) + _AROUND)
            return (
                Piece(("… " if start else "") + text[start:at]),
                Piece(text[at : at + len(word)], ("p",)),
                Piece(text[at + len(word) : end] + (" …" if end < len(text) else "")),
            )
    return ()
