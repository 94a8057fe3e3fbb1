"""Decisions about delegations, people, addresses and questions; and how any decision is taken back."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Unpack

from intake.register.corrections import Corrections, PersonDay, refuse_people, refuse_unknown
from intake.register.decisions import TAKE_BACK, Form
from intake.register.file import Row
from intake.register.moment import to_text
from intake.register.people import key
from intake.register.questions import ANSWERED, DROPPED, OPEN
from intake.register.values import Bucket, RegisterError, Source
from parsers.reading import Statement

_STATES = (OPEN, ANSWERED, DROPPED)


class Staff(Corrections):
    """What staff know from elsewhere, and what they teach the register."""

    def note_told(
        self,
        event: str,
        delegation: str,
        people: Iterable[PersonDay],
        *,
        source: Source,
        said_at: datetime,
        **how: Unpack[Form],
    ) -> int:
        """An answer by phone or letter, or (source staff) what staff decide where two offices contradict each other.

        It counts like a message written at `said_at`, from the moment it was entered on.
        """
        at = how["at"]
        told = list(people)
        refuse_people(told)
        if not told:
            raise RegisterError("Say who comes on which day: a name, a role, a day and yes, no or maybe.")
        if source in (Source.MESSAGE, Source.CALENDAR):
            raise RegisterError("Only an answer by phone or letter, or a decision of staff, is entered by hand.")
        with self.change():
            done = self._done(how)
            if done is not None:
                return done
            event_id = self._event_for_writing(event)
            refuse_unknown(self._stored_conference(event_id), delegation, (day for _, _, day, _ in told))
            self._refuse_stale(self.mark_of_delegation(event, delegation), how)
            after = [{"name": name, "role": role, "day": day, "attendance": says} for name, role, day, says in told]
            decision = self._decide(event_id, source.value, how, delegation=delegation, after=after)
            entry = self.put(
                "INSERT INTO entry (event_id, decision, source, by_whom, delegation, kinds, said_at, recorded_at,"
                " from_at) VALUES (?, ?, ?, ?, ?, 'availability', ?, ?, ?)",
                (
                    event_id,
                    decision,
                    source,
                    how["by"].strip(),
                    delegation,
                    to_text(min(said_at, at)),
                    to_text(at),
                    to_text(at),
                ),
            )
            for said in told:
                self._write_statement(entry, Statement(*said, sureness=1.0))
            self._newer(event_id, entry)
            self._restand(event_id, {delegation})
        return decision

    def assign(self, event: str, address: str, delegation: str, **how: Unpack[Form]) -> int:
        """From now on what this address writes comes from that delegation; what it wrote is judged again."""
        address = address.strip().lower()
        with self.change():
            done = self._done(how)
            if done is not None:
                return done
            event_id = self._event_for_writing(event)
            refuse_unknown(self._stored_conference(event_id), delegation)
            if "@" not in address:
                raise RegisterError(f"{address} is no address; write it as name@ministry.example.")
            before = self._learned(event_id, address)
            decision = self._decide(
                event_id,
                "assign",
                how,
                delegation=delegation,
                before={"address": address, "delegation": before},
                after={"address": address, "delegation": delegation},
            )
            self._learn(event_id, address, delegation, decision, how["at"])
        return decision

    def merge(self, event: str, delegation: str, spelling: str, name: str, **how: Unpack[Form]) -> int:
        """Two spellings are one person, who goes under `name`."""
        with self.change():
            done = self._done(how)
            if done is not None:
                return done
            event_id = self._event_for_writing(event)
            refuse_unknown(self._stored_conference(event_id), delegation)
            if not key(spelling) or not name.strip():
                raise RegisterError("Both the spelling and the name have to be given.")
            row = self.row(
                "SELECT name FROM spelling WHERE event_id = ? AND delegation = ? AND key = ?",
                (event_id, delegation, key(spelling)),
            )
            decision = self._decide(
                event_id,
                "merge",
                how,
                delegation=delegation,
                before={"spelling": spelling, "name": row["name"] if row else None},
                after={"spelling": spelling, "name": name.strip()},
            )
            self._spell(event_id, delegation, spelling, name.strip(), decision)
        return decision

    def answer(self, question: int, state: str, *, assigned_to: str | None = None, **how: Unpack[Form]) -> int:
        """A question is `answered`, `dropped` or `open` again; `assigned_to` hands it to a colleague."""
        if state not in _STATES:
            raise RegisterError(f"{state} is no state of a question; it is {', '.join(_STATES)}.")
        with self.change():
            done = self._done(how)
            if done is not None:
                return done
            row = self.row("SELECT * FROM question WHERE id = ?", (question,))
            if row is None:
                raise RegisterError(f"There is no question {question} in this register.")
            self._refuse_stale(self.mark_of_question(question), how)
            before = {name: row[name] for name in ("state", "state_at", "state_by", "how", "assigned_to")}
            after = {
                "state": state,
                "state_at": to_text(how["at"]),
                "state_by": how["by"].strip(),
                "how": how.get("why") or "a person",
                "assigned_to": row["assigned_to"] if assigned_to is None else assigned_to.strip(),
            }
            decision = self._decide(
                row["event_id"], "question", how, message=row["message"],
                delegation=row["delegation"], question=question, before=before, after=after,
            )  # fmt: skip
            self._set_question(question, after)
        return decision

    def note(self, event: str, delegation: str, text: str, **how: Unpack[Form]) -> int:
        """A remark about a delegation, for colleagues; it changes nothing on the board."""
        with self.change():
            done = self._done(how)
            if done is not None:
                return done
            event_id = self._event_for_writing(event)
            refuse_unknown(self._stored_conference(event_id), delegation)
            return self._decide(event_id, "note", {**how, "why": text}, delegation=delegation)

    def addresses(self, event: str, delegation: str | None = None) -> list[tuple[str, str]]:
        """The address book that staff taught: address and delegation."""
        sql, values = "SELECT address, delegation FROM address WHERE event_id = ?", [self._event_id(event)]
        found = self.rows(sql + " ORDER BY delegation, address", values)
        return [(row["address"], row["delegation"]) for row in found if delegation in (None, row["delegation"])]

    def take_back(self, number: int, **how: Unpack[Form]) -> int:
        """Undoes a decision: what stood before it stands again. The decision and its undoing both stay in the log."""
        with self.change():
            done = self._done(how)
            if done is not None:
                return done
            undone = self._decision_row(number)
            if undone["act"] == TAKE_BACK:
                raise RegisterError(f"Decision {number} took another one back; decide anew instead.")
            if self.row("SELECT 1 FROM decision WHERE takes_back = ?", (number,)):
                raise RegisterError(f"Decision {number} was taken back already.")
            decision = self._decide(
                undone["event_id"], TAKE_BACK, how, message=undone["message"],
                delegation=undone["delegation"], question=undone["question"], takes_back=number,
                before=json.loads(undone["after"] or "null"), after=json.loads(undone["before"] or "null"),
            )  # fmt: skip
            self._undo(undone, decision, how["at"])
        return decision

    def _undo(self, undone: Row, decision: int, at: datetime) -> None:
        before = json.loads(undone["before"] or "null")
        if before is None and undone["act"] in ("assign", "merge", "question"):
            raise RegisterError(f"What stood before decision {undone['id']} was erased; decide anew instead.")
        event_id = undone["event_id"]
        if undone["act"] == "assign":
            self._learn(event_id, before["address"], before["delegation"], decision, at)
        elif undone["act"] == "merge":
            self._spell(event_id, undone["delegation"], before["spelling"], before["name"], decision)
        elif undone["act"] == "question":
            self._set_question(undone["question"], before)
        elif undone["message"] is not None:
            self._undo_correction(undone, at)
        else:
            self.put(
                "UPDATE entry SET until_at = ? WHERE decision = ? AND until_at IS NULL", (to_text(at), undone["id"])
            )
            self._restand_again(event_id, {undone["delegation"]})

    def _undo_correction(self, undone: Row, at: datetime) -> None:
        """The newest decision about the message that was not taken back comes into force, else the reader's reading."""
        message = self._message_row(undone["message"])
        current = self.row("SELECT decision FROM entry WHERE id = ?", (message["entry_id"],))
        if current is None or current["decision"] != undone["id"]:
            return  # a later decision stands; this one is out of force already
        row = self.row(
            "SELECT e.* FROM entry e WHERE e.message = ?"
            " AND NOT EXISTS (SELECT 1 FROM decision b WHERE b.takes_back = e.decision)"
            " ORDER BY e.decision IS NOT NULL DESC, e.id DESC LIMIT 1",
            (message["id"],),
        )
        if row is None:
            self._unread_again(message, at)
            return
        self._put_in_force(message, self._again(row, at), at)

    def _unread_again(self, message: Row, at: datetime) -> None:
        """A message that no reader could read and about which no decision stands any more."""
        self.put("UPDATE entry SET until_at = ? WHERE id = ?", (to_text(at), message["entry_id"]))
        self.put(
            "UPDATE message SET entry_id = NULL, delegation = NULL, bucket = ?, why = ?, state_at = ? WHERE id = ?",
            (Bucket.QUARANTINED, "could not be read", to_text(at), message["id"]),
        )
        self._restand_again(message["event_id"], {message["delegation"]})

    def _learn(self, event_id: int, address: str, delegation: str | None, decision: int, at: datetime) -> None:
        if delegation is None:
            self.put("DELETE FROM address WHERE event_id = ? AND address = ?", (event_id, address))
        else:
            self.put(
                "INSERT INTO address (event_id, address, delegation, decision) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (event_id, address) DO UPDATE SET delegation = excluded.delegation,"
                " decision = excluded.decision",
                (event_id, address, delegation, decision),
            )
        for row in self.rows(
            "SELECT id FROM message WHERE event_id = ? AND from_address = ? AND copy_of IS NULL", (event_id, address)
        ):
            self._judge_again(row["id"], at)

    def _spell(self, event_id: int, delegation: str, spelling: str, name: str | None, decision: int) -> None:
        if name is None:
            self.put(
                "DELETE FROM spelling WHERE event_id = ? AND delegation = ? AND key = ?",
                (event_id, delegation, key(spelling)),
            )
        else:
            self.put(
                "INSERT INTO spelling (event_id, delegation, key, name, decision) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (event_id, delegation, key) DO UPDATE SET name = excluded.name,"
                " decision = excluded.decision",
                (event_id, delegation, key(spelling), name, decision),
            )
        self._restand(event_id, {delegation})

    def _set_question(self, question: int, values: dict[str, str | None]) -> None:
        self.put(
            "UPDATE question SET state = ?, state_at = ?, state_by = ?, how = ?, assigned_to = ? WHERE id = ?",
            (*(values[name] for name in ("state", "state_at", "state_by", "how", "assigned_to")), question),
        )
