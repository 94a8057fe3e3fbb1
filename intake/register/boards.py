"""The board of an event: now, or as it stood at a moment; and what changed between two moments."""

import json
from dataclasses import dataclass, replace
from datetime import date, datetime

from pydantic import TypeAdapter

from intake.register.board import Said, Word, stand
from intake.register.file import Row
from intake.register.moment import from_text, to_text
from intake.register.newest import NEWEST_OF, Newest, newest_when
from intake.register.people import key
from intake.register.values import BoardRow, Bucket, Cell, Source, State
from parsers.conference import Conference, Delegation
from parsers.reading import Attendance, Automatic, Kind, Neither, Role

_ROW = TypeAdapter(BoardRow)
_AUTOMATIC = TypeAdapter(Automatic)

_WORDS = """
    SELECT n.delegation, e.id AS entry, e.source, e.by_whom, e.office, e.corrects, e.kinds, e.neither, e.automatic,
           e.proposed, e.held, e.message, coalesce(e.said_at, m.said_at) AS said_at, m.identity,
           m.from_name, m.from_address,
           s.id AS statement, s.name, s.role, s.day, s.attendance
    FROM ({newest}) n JOIN entry e ON e.id = n.entry LEFT JOIN message m ON m.id = e.message
    LEFT JOIN statement s ON s.id = n.statement
    ORDER BY e.id, s.id
"""
_THEN = "e.from_at <= ? AND (e.until_at IS NULL OR e.until_at > ?)"
_RECORDED = "e.from_at IS NOT NULL AND max(e.from_at, e.recorded_at) <= ? AND (e.until_at IS NULL OR e.until_at > ?)"


@dataclass(frozen=True, slots=True)
class Change:
    """What is different on the board between two moments: `day` is None where the state of the delegation changed."""

    delegation: str
    day: date | None
    before: Cell | State | None
    after: Cell | State | None


class Boards(Newest):
    """The part of the register that computes."""

    def board(
        self,
        conference: Conference,
        *,
        event: str | None = None,
        as_of: datetime | None = None,
        as_recorded: bool = False,
    ) -> list[BoardRow]:
        """Every delegation of the list, in its order.

        `as_of` gives the board as it stood: with what had arrived by that moment and what staff had decided by then;
        with `as_recorded` only with what the register itself held by then.
        """
        event = event or self.key_of(conference)
        entered = self.conference(event) == conference
        if not entered and self.may_write():
            event, entered = self.enter(conference, event), True
        event_id = self._event_id(event)
        if as_of is None and entered:
            return self._standing(event)
        if as_of is None:
            words = self._words(NEWEST_OF, (event_id,))
            merged = self._spellings(event_id)
            asked = self._open_questions(event_id)
        else:
            moment = to_text(as_of)
            words = self._words(newest_when(_RECORDED if as_recorded else _THEN), (event_id, moment, moment))
            merged = self._spellings_at(event_id, moment)
            asked = self._open_questions(event_id, moment)
        return [
            replace(
                stand(row, conference, words.get(row.code, []), merged.get(row.code, {})),
                open_questions=asked.get(row.code, 0),
            )
            for row in conference.delegations
        ]

    def board_diff(
        self, conference: Conference, before: datetime, after: datetime, *, event: str | None = None
    ) -> list[Change]:
        """What changed on the board between two moments, cell by cell."""
        return compare(
            self.board(conference, event=event, as_of=before), self.board(conference, event=event, as_of=after)
        )

    def _standing(self, event: str) -> list[BoardRow]:
        event_id = self._event_id(event)
        asked = self._open_questions(event_id)
        found = self.rows("SELECT delegation, row FROM standing WHERE event_id = ? ORDER BY place", (event_id,))
        return [
            replace(_ROW.validate_json(row["row"]), open_questions=asked.get(row["delegation"], 0)) for row in found
        ]

    def _open_questions(self, event_id: int, moment: str | None = None) -> dict[str | None, int]:
        """How many questions of each delegation are open, or were at a moment."""
        if moment is None:
            sql = (
                "SELECT delegation, count(*) AS n FROM question WHERE event_id = ? AND present = 1 AND state = 'open'"
                " GROUP BY delegation"
            )
            return {row["delegation"]: row["n"] for row in self.rows(sql, (event_id,))}
        sql = (
            "SELECT q.delegation, count(*) AS n FROM question q JOIN message m ON m.id = q.message"
            " WHERE q.event_id = ? AND q.present = 1 AND m.arrived_at <= ? AND (q.state = 'open' OR q.state_at > ?)"
            " GROUP BY q.delegation"
        )
        return {row["delegation"]: row["n"] for row in self.rows(sql, (event_id, moment, moment))}

    def _restand(self, event_id: int, delegations: set[str | None] | None = None) -> None:
        """Writes the board anew, in the transaction of the change; only of `delegations` where they are given."""
        conference = self._stored_conference(event_id)
        if conference is None:
            return
        merged = self._spellings(event_id)
        if delegations is None:
            self.put("DELETE FROM standing WHERE event_id = ?", (event_id,))
            words = self._words(NEWEST_OF, (event_id,))
        else:
            words = {}
            for code in delegations:
                words |= self._words(NEWEST_OF + " AND delegation = ?", (event_id, code))
        for place, row in enumerate(conference.delegations):
            if delegations is None or row.code in delegations:
                self._write_row(event_id, place, row, conference, words.get(row.code, []), merged.get(row.code, {}))

    def _write_row(
        self,
        event_id: int,
        place: int,
        row: Delegation,
        conference: Conference,
        words: list[Word],
        merged: dict[str, str],
    ) -> None:
        written = _ROW.dump_json(stand(row, conference, words, merged)).decode()
        self.put(
            "INSERT OR REPLACE INTO standing (event_id, delegation, place, row) VALUES (?, ?, ?, ?)",
            (event_id, row.code, place, written),
        )

    def _words(self, newest: str, values: tuple[object, ...]) -> dict[str, list[Word]]:
        """What each delegation said, by its code, in no order that matters; `newest` is a query for what can matter."""
        gathered: dict[int, list[Row]] = {}
        for row in self.rows(_WORDS.format(newest=newest), values):
            gathered.setdefault(row["entry"], []).append(row)
        words: dict[str, list[Word]] = {}
        for rows in gathered.values():
            words.setdefault(rows[0]["delegation"], []).append(_word(rows))
        return words

    def _spellings(self, event_id: int) -> dict[str, dict[str, str]]:
        merged: dict[str, dict[str, str]] = {}
        for row in self.rows("SELECT delegation, key, name FROM spelling WHERE event_id = ?", (event_id,)):
            merged.setdefault(row["delegation"], {})[row["key"]] = row["name"]
        return merged

    def _spellings_at(self, event_id: int, moment: str) -> dict[str, dict[str, str]]:
        """The same as it was at a moment, from the log."""
        merged: dict[str, dict[str, str]] = {}
        for row in self.rows(
            "SELECT d.delegation, d.after FROM decision d LEFT JOIN decision b ON b.id = d.takes_back"
            " WHERE d.event_id = ? AND 'merge' IN (d.act, b.act) AND d.at <= ? ORDER BY d.id",
            (event_id, moment),
        ):
            after = json.loads(row["after"])
            of_delegation = merged.setdefault(row["delegation"], {})
            of_delegation.pop(key(after["spelling"]), None)
            if after["name"] is not None:
                of_delegation[key(after["spelling"])] = after["name"]
        return merged


def compare(before: list[BoardRow], after: list[BoardRow]) -> list[Change]:
    """What differs between two boards, delegation by delegation in the order of the second."""
    old = {row.delegation: row for row in before}
    changes: list[Change] = []
    for row in after:
        was = old.pop(row.delegation, None)
        if was is None or was.state is not row.state:
            changes.append(Change(row.delegation, None, was.state if was else None, row.state))
        for day, cell in row.days.items():
            cell_before = was.days.get(day, Cell()) if was else Cell()
            if _seen(cell_before) != _seen(cell):
                changes.append(Change(row.delegation, day, cell_before, cell))
    changes.extend(Change(code, None, row.state, None) for code, row in old.items())
    return changes


def _seen(cell: Cell) -> tuple[object, ...]:
    return cell.attendance, cell.role, cell.name, cell.proposed, cell.conflict


def _word(rows: list[Row]) -> Word:
    first = rows[0]
    source = Source(first["source"])
    automatic = _AUTOMATIC.validate_json(first["automatic"]) if first["automatic"] else None
    from_message = first["message"] is not None
    return Word(
        said_at=from_text(first["said_at"]),
        tie=bytes(first["identity"]).hex() if from_message else f"{first['entry']:020}",
        source=source,
        bucket=_bucket(first["kinds"], first["neither"]) if from_message else None,
        message_id=first["message"],
        who=(first["from_name"] or first["from_address"]) if from_message else first["by_whom"],
        office=first["office"],
        corrects=bool(first["corrects"]),
        proposed=bool(first["proposed"]),
        held=bool(first["held"]),
        automatic=automatic,
        statements=tuple(
            Said(
                row["statement"],
                row["name"],
                Role(row["role"]),
                date.fromisoformat(row["day"]),
                Attendance(row["attendance"]),
            )
            for row in rows
            if row["statement"] is not None
        ),
    )


def _bucket(kinds: str, neither: str | None) -> Bucket:
    """What the message brings, apart from whether it waits for review."""
    if Kind.AVAILABILITY in kinds.split():
        return Bucket.ANSWER
    if Kind.QUESTION in kinds.split():
        return Bucket.QUESTION
    return Bucket(neither) if neither else Bucket.UNRELATED


assert {one.value for one in Neither} <= {one.value for one in Bucket}  # noqa: S101  a new kind needs a heading
