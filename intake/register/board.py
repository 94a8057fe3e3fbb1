"""The board: from everything that a delegation said to what now stands. Pure; the order of arrival does not matter.

The rules. A later statement (by when it was said) replaces an earlier one only where it speaks about it: the same
person and day, or the same place at the head on that day. The principal heads if attending, unless a deputy was named
later, else the deputy, else the principal with no. Two offices that contradict each other within three days, neither
correcting, are a conflict: the later stands, and both are shown until something newer is said or somebody decides.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from intake.register.people import is_minister, same_people
from intake.register.values import BoardRow, Bucket, Cell, Companion, LastWord, Source, State
from parsers.conference import Conference, Delegation
from parsers.reading import Attendance, Automatic, Role

CONFLICT_WITHIN = timedelta(days=3)
_ATTENDS = (Attendance.YES, Attendance.MAYBE)
_HEADS = (Role.MINISTER, Role.DEPUTY)


@dataclass(frozen=True, slots=True)
class Said:
    """One statement of a word, in the order of the text."""

    statement_id: int
    name: str
    role: Role
    day: date
    attendance: Attendance


@dataclass(frozen=True, slots=True)
class Word:
    """What one message, call or letter said. `tie` decides between words of the same moment, for ever the same way."""

    said_at: datetime
    tie: str
    source: Source
    bucket: Bucket | None = None
    message_id: int | None = None
    who: str = ""
    office: str = ""
    corrects: bool = False
    proposed: bool = False
    held: bool = False
    automatic: Automatic | None = None
    statements: tuple[Said, ...] = ()

    @property
    def by_staff(self) -> bool:
        """Entered by a person, not read from a message: outranks what was said at the same moment."""
        return self.source not in (Source.MESSAGE, Source.CALENDAR)


@dataclass(frozen=True, slots=True)
class _Stand:
    """A statement with the word that it belongs to (its rank in time) and the name its bearer goes under."""

    rank: int
    name: str
    said: Said
    word: Word


def stand(delegation: Delegation, conference: Conference, words: Iterable[Word], merged: dict[str, str]) -> BoardRow:
    """The row of one delegation. `merged` maps folded spellings to the name that staff gave them."""
    ordered = sorted(words, key=lambda word: (word.said_at, word.by_staff, word.tie))
    told = [word for word in ordered if not word.held]
    names = same_people({said.name for word in told for said in word.statements}, delegation, merged)
    cells = {day: _cell(_on(day, told, names)) for day in conference.days}
    companions = _companions(told, names, cells)
    state = _state(told, conference.days)
    conflict = any(cell.conflict for cell in cells.values())
    away = _away(ordered)
    failed = _failed(ordered)
    flags = {
        "conflict": conflict,
        "proposed": any(cell.proposed for cell in cells.values()) or any(one.proposed for one in companions),
        "too_many": any(_coming(companions, day) > conference.companions for day in conference.days),
        "new_minister": any(_is_new(cell, delegation) for cell in cells.values()),
        "not_delivered": bool(failed) or state is State.NOT_DELIVERED,
        "away": away is not None or state is State.AWAY,
        "held": any(word.held for word in ordered),
    }
    return BoardRow(
        delegation=delegation.code,
        name=delegation.name,
        kind=delegation.kind,
        state=state,
        conflict=conflict,
        days=cells,
        companions=companions,
        flags=tuple(flag for flag, raised in flags.items() if raised),
        last_word=_last_word(ordered),
        failed=failed,
        away_until=away,
        held=tuple(word.message_id for word in ordered if word.held and word.message_id is not None),
    )


def _on(day: date, words: Sequence[Word], names: dict[str, str]) -> list[_Stand]:
    return [
        _Stand(rank, names[said.name], said, word)
        for rank, word in enumerate(words)
        for said in word.statements
        if said.day == day
    ]


def _cell(stands: list[_Stand]) -> Cell:
    head = _head(stands)
    if head is None:
        return Cell()
    cell = _shown(head)
    against = _contradiction(head, stands)
    if against is not None:
        cell = replace(cell, conflict=True, other=_shown(against))
    if any(one.word.proposed for one in stands):
        settled = _cell([one for one in stands if not one.word.proposed])
        if _reads(settled) == _reads(cell):
            return settled  # a review that would change nothing need not worry anybody
        cell = replace(cell, proposed=True, settled=settled)
    return cell


def _reads(cell: Cell) -> tuple[Attendance | None, Role | None, str | None, bool]:
    return cell.attendance, cell.role, cell.name, cell.conflict


def _shown(one: _Stand) -> Cell:
    return Cell(
        attendance=one.said.attendance,
        role=one.said.role,
        name=one.name,
        proposed=one.word.proposed,
        statement_id=one.said.statement_id,
        message_id=one.word.message_id,
        said_at=one.word.said_at,
    )


def _last_words(stands: Iterable[_Stand]) -> dict[str, _Stand]:
    """The last word about each person; of two in one word the one that heads, else the one that came first."""
    last: dict[str, _Stand] = {}
    for one in stands:
        before = last.get(one.name)
        if before is None or before.rank < one.rank or _weight(one) > _weight(before):
            last[one.name] = one
    return last


def _head(stands: Sequence[_Stand]) -> _Stand | None:
    """Who heads: each person by their last word, then the principal if attending, the deputy, the principal with no."""
    last = _last_words(stands)
    minister_came = -1
    for one in stands:
        if one.said.role is Role.MINISTER and one.said.attendance is Attendance.YES:
            minister_came = max(minister_came, one.rank)
    ministers = [one for one in last.values() if one.said.role is Role.MINISTER]
    deputies = [one for one in last.values() if one.said.role is Role.DEPUTY]
    minister = _newest(ministers)
    # Once the principal came after all, the deputy's place was given up; a later refusal does not bring it back.
    deputy = _newest([one for one in deputies if one.said.attendance in _ATTENDS and one.rank >= minister_came])
    if minister is not None and minister.said.attendance in _ATTENDS:
        # To name a deputy afterwards says that the principal does not head, also where it is not said in so many words.
        return deputy if deputy is not None and deputy.rank > minister.rank else minister
    return deputy or minister or _newest(deputies)


def _newest(stands: list[_Stand]) -> _Stand | None:
    """Of the newest word the one attending, else the one named first."""
    if not stands:
        return None
    rank = max(one.rank for one in stands)
    newest = sorted((one for one in stands if one.rank == rank), key=lambda one: one.said.statement_id)
    return next((one for one in newest if one.said.attendance in _ATTENDS), newest[0])


def _weight(one: _Stand) -> int:
    """Within one word the same person may stand twice; heading outweighs coming along."""
    return 1 if one.said.role in _HEADS else 0


def _contradiction(head: _Stand, stands: list[_Stand]) -> _Stand | None:
    """What another office says against the head that stands, within three days, neither correcting; the newest such."""
    if head.word.by_staff or head.word.corrects:
        return None
    against: list[_Stand] = []
    by_office: dict[str, list[_Stand]] = {}
    for one in stands:
        if not one.word.by_staff and one.said.role in _HEADS and one.word.office != head.word.office:
            by_office.setdefault(one.word.office, []).append(one)
    decided = max((one.rank for one in stands if one.word.by_staff and one.said.role in _HEADS), default=-1)
    for theirs in by_office.values():
        newest = max(theirs, key=lambda one: one.rank)
        says = _head(theirs)
        if newest.word.corrects or newest.rank < decided or says is None:
            continue
        if abs(head.word.said_at - newest.word.said_at) <= CONFLICT_WITHIN and _contradict(head, says):
            against.append(says)
    return _newest(against)


def _contradict(one: _Stand, two: _Stand) -> bool:
    answers = {one.said.attendance, two.said.attendance}
    if one.name == two.name:
        return answers == {Attendance.YES, Attendance.NO}
    return answers == {Attendance.YES}


def _companions(words: Sequence[Word], names: dict[str, str], cells: dict[date, Cell]) -> tuple[Companion, ...]:
    gathered: dict[str, dict[date, _Stand]] = {}
    for day, cell in cells.items():
        for name, one in _last_words(_on(day, words, names)).items():
            if _comes_along(one, cell):
                gathered.setdefault(name, {})[day] = one
    return tuple(
        Companion(
            name=name,
            role=next(iter(days.values())).said.role,
            days={day: one.said.attendance for day, one in sorted(days.items())},
            proposed=any(one.word.proposed for one in days.values()),
        )
        for name, days in sorted(gathered.items(), key=lambda item: _place(item[1]))
    )


def _comes_along(one: _Stand, head: Cell) -> bool:
    """A delegate, or a deputy whom the same word names beside a principal who comes."""
    if one.said.attendance not in _ATTENDS or one.name == head.name:
        return False
    beside = head.role is Role.MINISTER and head.attendance in _ATTENDS and head.message_id == one.word.message_id
    return one.said.role is Role.DELEGATE or (one.said.role is Role.DEPUTY and beside)


def _place(days: dict[date, _Stand]) -> tuple[int, int]:
    """In the order of naming."""
    return min((one.rank, one.said.statement_id) for one in days.values())


def _coming(companions: Iterable[Companion], day: date) -> int:
    return sum(day in one.days for one in companions)


def _is_new(cell: Cell, delegation: Delegation) -> bool:
    return cell.role is Role.MINISTER and cell.name is not None and not is_minister(cell.name, delegation)


def _state(words: Sequence[Word], days: Sequence[date]) -> State:
    if any(said.day in days for word in words for said in word.statements):
        return State.ANSWERED
    heard = [word.bucket for word in words if word.bucket is not Bucket.UNRELATED]
    if not heard or any(bucket not in (Bucket.BOUNCE, Bucket.AUTO_REPLY) for bucket in heard):
        return State.NO_ANSWER
    return State.NOT_DELIVERED if heard[-1] is Bucket.BOUNCE else State.AWAY


def _newest_automatic(words: Sequence[Word], has: Callable[[Automatic], object]) -> Automatic | None:
    return next((word.automatic for word in reversed(words) if word.automatic and has(word.automatic)), None)


def _away(words: Sequence[Word]) -> date | None:
    newest = _newest_automatic(words, lambda automatic: automatic.returns)
    return newest.returns if newest else None


def _failed(words: Sequence[Word]) -> tuple[str, ...]:
    failed = {address: None for word in words if word.automatic for address in word.automatic.failed}
    return tuple(failed)


def _last_word(words: Sequence[Word]) -> LastWord | None:
    if not words:
        return None
    word = words[-1]
    kind = word.bucket.value if word.bucket is not None else word.source.value
    return LastWord(at=word.said_at, who=word.who, kind=kind, message_id=word.message_id)
