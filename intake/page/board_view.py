"""The board as the template needs it: rows in groups, their cells in words, the tiles of the map."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from intake.page.board_query import BoardQuery
from intake.page.marks import N_
from intake.page.overview import stand
from intake.page.phrases import KINDS, SIGNS, STATES, cell_words, flag_name, last_word_name
from intake.page.tiles import place
from intake.page.words import Words
from intake.register import BoardRow, Cell, State
from intake.register.people import fold
from parsers.conference import Conference

LONGEST_NAME = 60
MISSING, DECIDE, ANSWERED = N_("No answer yet"), N_("Somebody must decide"), N_("Answered")
URGENT = ("conflict", "proposed", "held")
Changed = frozenset[tuple[str, date | None]]


@dataclass(frozen=True, slots=True)
class CellView:
    """One day of one delegation: the class of its colour, its sign, and words. `new`: changed since the last visit."""

    key: str
    stand: str
    sign: str
    name: str
    words: str
    address: str
    proposed: bool
    conflict: bool
    new: bool


@dataclass(frozen=True, slots=True)
class RowView:
    """One delegation. `flags` are (key, words); `place` its column and row on the map."""

    code: str
    name: str
    kind: str
    state: str
    state_words: str
    cells: tuple[CellView, ...]
    companions: tuple[int, ...]
    flags: tuple[tuple[str, str], ...]
    questions: int
    row: BoardRow
    last: str
    new: bool
    place: tuple[int, int] | None

    @property
    def haystack(self) -> str:
        """What a search looks into, folded: code, name, everybody named, who wrote last."""
        names = [cell.name for cell in self.cells] + [one.name for one in self.row.companions]
        who = self.row.last_word.who if self.row.last_word else ""
        return fold(" ".join([self.code, self.name, self.row.name, who, *names]))


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading."""

    key: str
    title: str
    rows: tuple[RowView, ...]


def row_view(row: BoardRow, conference: Conference, words: Words, changed: Changed) -> RowView:
    """One row in words."""
    cells = tuple(
        _cell_view(row, number, day, row.days.get(day, Cell()), words, changed)
        for number, day in enumerate(conference.days)
    )
    flags = [(flag, flag_name(words, flag, conference)) for flag in row.flags]
    if row.away_until is not None:
        until = words.say(N_("Away until %(day)s"), day=words.day(row.away_until, week=False))
        flags = [(key, until if key == "away" else name) for key, name in flags]
    return RowView(
        code=row.delegation,
        name=words.delegation_name(row.delegation, row.name),
        kind=row.kind,
        state=row.state.value,
        state_words=words.say(STATES[row.state]),
        cells=cells,
        companions=tuple(sum(day in one.days for one in row.companions) for day in conference.days),
        flags=tuple(flags),
        questions=row.open_questions,
        row=row,
        last=last_word_name(words, row.last_word.kind) if row.last_word else "",
        new=(row.delegation, None) in changed or any(cell.new for cell in cells),
        place=place(row.delegation),
    )


def _cell_view(row: BoardRow, number: int, day: date, cell: Cell, words: Words, changed: Changed) -> CellView:
    stands = stand(cell)
    return CellView(
        key=f"{row.delegation}-{number}",
        stand=stands,
        sign=SIGNS[stands],
        name=cell.name or "",
        words=cell_words(words, cell, row.kind),
        address=f"/messages/{cell.message_id}" if cell.message_id else f"/delegations/{row.delegation}",
        proposed=cell.proposed,
        conflict=cell.conflict,
        new=(row.delegation, day) in changed,
    )


def chosen(rows: Iterable[RowView], query: BoardQuery, conference: Conference) -> list[RowView]:
    """The rows that the query asks for, in its order."""
    wanted = fold(query.words).split()
    kept = [
        row
        for row in rows
        if (not query.kind or row.kind == query.kind)
        and _shows(row, query, conference)
        and all(word in row.haystack for word in wanted)
    ]
    if query.sort == "name":
        kept.sort(key=lambda row: fold(row.name))
    elif query.sort == "last":
        kept.sort(key=lambda row: row.row.last_word.at.timestamp() if row.row.last_word else 0.0, reverse=True)
    elif query.sort == "questions":
        kept.sort(key=lambda row: -row.questions)
    return kept


def _shows(row: RowView, query: BoardQuery, conference: Conference) -> bool:
    if not query.show:
        return True
    if query.show == "missing":
        return row.row.state is not State.ANSWERED
    if query.show == "flagged":
        return bool(row.flags)
    if query.show == "questions":
        return row.questions > 0
    if query.show == "new":
        return row.new
    days = [conference.days.index(query.day)] if query.day else range(len(row.cells))
    return any(row.cells[number].stand == query.show for number in days)


def grouped(rows: Sequence[RowView], query: BoardQuery, words: Words) -> list[Group]:
    """The rows under their headings; empty groups are left out."""
    if query.group == "none":
        return [Group("all", "", tuple(rows))] if rows else []
    if query.group == "kind":
        kinds = dict.fromkeys([*KINDS, *(row.kind for row in rows)])
        titles = {kind: (words.say(KINDS[kind]) if kind in KINDS else kind) for kind in kinds}
        parts = [(kind, titles[kind], [row for row in rows if row.kind == kind]) for kind in kinds]
    else:
        heard = [row for row in rows if row.row.state is State.ANSWERED]
        parts = [
            ("missing", words.say(MISSING), [row for row in rows if row.row.state is not State.ANSWERED]),
            ("decide", words.say(DECIDE), [row for row in heard if _urgent(row)]),
            ("answered", words.say(ANSWERED), [row for row in heard if not _urgent(row)]),
        ]
    return [Group(key, title, tuple(found)) for key, title, found in parts if found]


def _urgent(row: RowView) -> bool:
    return any(flag in URGENT for flag in row.row.flags)
