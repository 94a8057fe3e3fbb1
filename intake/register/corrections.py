"""Decisions about one message: accept its reading, reject it, correct it, or count what was not counted."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Unpack

from intake.register.checks import Checked
from intake.register.decisions import Decisions, Form
from intake.register.file import Row
from intake.register.people import fold, key
from intake.register.values import Bucket, Kept, RegisterError
from parsers.conference import Conference
from parsers.reading import Attendance, Envelope, Evidence, Kind, Neither, Question, Reading, Role, Statement, from_json

BY_HAND = Evidence(0, 0, "", "a person")
_NO_MORE = (Bucket.COPY, Bucket.ERASED)


class Keep:
    """Stands for a value that a correction leaves as it is."""


KEEP = Keep()
PersonDay = tuple[str, Role, date, Attendance]


class Corrections(Decisions):
    """The acts of the review tray and of the message's page."""

    def accept(self, number: int, **how: Unpack[Form]) -> int:
        """What the message was read as counts from now on. Raises `RegisterError` where no delegation is known."""
        return self._correct(number, "accept", {}, **how)

    def reject(self, number: int, *, neither: Neither = Neither.UNRELATED, **how: Unpack[Form]) -> int:
        """The message says nothing for the table and asks nothing: `neither` says what it is instead."""
        changes = {"neither": neither, "statements": (), "questions": ()}
        return self._correct(number, "reject", changes, **how)

    def correct(
        self,
        number: int,
        *,
        delegation: str | Keep | None = KEEP,
        people: Iterable[PersonDay] | Keep = KEEP,
        questions: Sequence[str] | Keep = KEEP,
        **how: Unpack[Form],
    ) -> int:
        """The message says this instead; what is not given stays. `people` are all person-days, also unchanged ones."""
        changes: dict[str, Any] = {}
        if not isinstance(delegation, Keep):
            changes["delegation"] = delegation
        if not isinstance(people, Keep):
            changes["statements"] = tuple(people)
            refuse_people(changes["statements"])
        if not isinstance(questions, Keep):
            changes["questions"] = tuple(questions)
        return self._correct(number, "correct", changes, **how)

    def count(self, number: int, **how: Unpack[Form]) -> int:
        """Puts a message that was not counted into the tray, with whatever the reader found in it."""
        return self._correct(number, "count", {}, **how)

    def move(self, number: int, event: str, **how: Unpack[Form]) -> Kept:
        """Gives a message to another event, where it waits to be read with that event's list and days."""
        with self.change():
            message = self._message_row(number)
            if event not in self.events():
                raise RegisterError(f"There is no event {event} in this register; it has {', '.join(self.events())}.")
            if self._event_id(event) == message["event_id"]:
                raise RegisterError(f"Message {number} belongs to the event {event} already.")
            raw, arrived = self.raw(number), self.received_at(number)
            self.reject(number, **(how | {"why": how.get("why") or f"moved to the event {event}"}))
            return self.keep(event, raw, None, received_at=arrived, fetched_at=how["at"])

    def _correct(self, number: int, act: str, changes: dict[str, Any], **how: Unpack[Form]) -> int:
        by, at = how["by"], how["at"]
        with self.change():
            done = self._done(how)
            if done is not None:
                return done
            message = self._message_row(number)
            if message["bucket"] in _NO_MORE:
                raise RegisterError(f"Message {number} is not counted itself: {message['why'] or message['bucket']}.")
            self._refuse_stale(self.mark_of_message(number), how)
            conference = self._stored_conference(message["event_id"])
            before = self._latest_reading(message)
            delegation = changes.pop("delegation", message["delegation"])
            after = _changed(before, changes)
            reasons = (f"{by} says that this counts",) if act == "count" else ()
            if act != "count":
                _refuse_nonsense(number, after, delegation, conference)
            decision = self._decide(
                message["event_id"],
                act,
                how,
                message=number,
                delegation=delegation,
                before=summary(before, message["delegation"]),
                after=summary(after, delegation),
            )
            checked = Checked(delegation, reasons)
            entry = self._write_entry(message, after, checked, by=by.strip(), at=at, decision=decision)
            self._put_in_force(message, entry, at)
        return decision

    def _latest_reading(self, message: Row) -> Reading:
        """The reading in force, or of a message that could not be read what little its row knows."""
        row = self.row("SELECT json FROM reading WHERE entry = ?", (message["entry_id"],))
        if row is not None:
            return from_json(row["json"])
        envelope = Envelope(
            message_id=message["message_id"],
            from_name=message["from_name"],
            from_address=message["from_address"],
            subject=message["subject"],
        )
        return Reading(text="", envelope=envelope, neither=Neither.UNRELATED)


def summary(reading: Reading, delegation: str | None) -> dict[str, Any]:
    """What a decision notes of a reading: in the fields and words of `intake read`."""
    return {
        "delegation": delegation,
        "kinds": [kind.value for kind in reading.kinds],
        "neither": reading.neither.value if reading.neither else None,
        "people": reading.people(),
        "questions": [question.text for question in reading.questions],
    }


def _changed(before: Reading, changes: dict[str, Any]) -> Reading:
    statements, questions = before.statements, before.questions
    if "statements" in changes:
        known = {(one.name, one.role, one.day, one.attendance): one for one in before.statements}
        statements = tuple(
            known.get((name, role, day, says)) or Statement(name, role, day, says, 1.0, (BY_HAND,))
            for name, role, day, says in changes["statements"]
        )
    if "questions" in changes:
        asked = {fold(one.text): one for one in before.questions}
        questions = tuple(
            asked.get(fold(text)) or Question(text, _found(before.text, text)) for text in changes["questions"]
        )
    kinds = tuple(
        kind
        for kind, there in ((Kind.AVAILABILITY, bool(statements)), (Kind.QUESTION, bool(questions)))
        if there or (kind in before.kinds and not changes)
    )
    neither = None if kinds else changes.get("neither", before.neither or Neither.UNRELATED)
    return replace(before, statements=statements, questions=questions, kinds=kinds, neither=neither, review=())


def _found(text: str, words: str) -> Evidence:
    start = text.find(words)
    return Evidence(start, start + len(words), words, "a person") if start >= 0 else BY_HAND


def _refuse_nonsense(number: int, reading: Reading, delegation: str | None, conference: Conference | None) -> None:
    if reading.statements and delegation is None:
        raise RegisterError(f"Nothing tells whose delegation message {number} is; correct it with --delegation.")
    refuse_unknown(conference, delegation, (statement.day for statement in reading.statements))


def refuse_people(people: Iterable[PersonDay]) -> None:
    """Raises `RegisterError` where somebody has no name, or is named twice for one day."""
    named: set[tuple[str, date]] = set()
    for name, _, day, _ in people:
        if not key(name):
            raise RegisterError("Somebody who comes or does not come needs a name; give it as it stands on the list.")
        if (key(name), day) in named:
            raise RegisterError(f"{name} is named twice for {day.isoformat()}; say it once.")
        named.add((key(name), day))


def refuse_unknown(conference: Conference | None, delegation: str | None, days: Iterable[date] = ()) -> None:
    """Raises `RegisterError` for a delegation that is not on the list and for a day that the event does not have."""
    if conference is None:
        return
    if delegation is not None and conference.delegation(delegation) is None:
        codes = ", ".join(row.code for row in conference.delegations)
        raise RegisterError(f"{delegation} is not on the list; it has {codes}.")
    for day in days:
        if day not in conference.days:
            known = ", ".join(one.isoformat() for one in conference.days)
            raise RegisterError(f"{day.isoformat()} is no day of the event; it has {known}.")
