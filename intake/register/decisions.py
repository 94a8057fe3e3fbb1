"""What people decide: every decision is a row with who, when, before, after and why, and none is ever changed.

A form is answered once (`token`), and not over somebody else's answer (`seen`, the mark that the form was made with).
"""

import json
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from intake.register.entries import Entries
from intake.register.events import to_json
from intake.register.file import Row
from intake.register.moment import from_text, to_text
from intake.register.values import DecisionRow, RegisterError, StaleError

TAKE_BACK = "take back"


class Form(TypedDict):
    """What every decision carries: who, when and why; the token of the form, and the mark that it was made with."""

    by: str
    at: datetime
    why: NotRequired[str]
    token: NotRequired[str | None]
    seen: NotRequired[int | None]


class Decisions(Entries):
    """The log of decisions, and the marks by which a form knows that it is out of date."""

    def decisions(
        self, event: str, *, message: int | None = None, delegation: str | None = None, limit: int = 1000
    ) -> list[DecisionRow]:
        """The newest decisions first; those about one message or one delegation where that is given."""
        sql = (
            "SELECT d.*, (SELECT 1 FROM decision b WHERE b.takes_back = d.id) AS taken_back FROM decision d"
            " WHERE d.event_id = ?"
        )
        values: list[object] = [self._event_id(event)]
        if message is not None:
            sql, values = sql + " AND d.message = ?", [*values, message]
        if delegation is not None:
            sql, values = sql + " AND d.delegation = ?", [*values, delegation]
        return [_decision(row) for row in self.rows(sql + " ORDER BY d.id DESC LIMIT ?", (*values, limit))]

    def mark_of_message(self, number: int) -> int:
        """Changes whenever another entry comes into force for the message; for `seen`."""
        return int(self._message_row(number)["entry_id"] or 0)

    def mark_of_delegation(self, event: str, delegation: str) -> int:
        """Changes with every decision about the delegation; for `seen`."""
        row = self.row(
            "SELECT max(id) AS id FROM decision WHERE event_id = ? AND delegation = ?",
            (self._event_id(event), delegation),
        )
        return int(row["id"] or 0) if row else 0

    def mark_of_question(self, number: int) -> int:
        """Changes with every decision about the question; for `seen`."""
        row = self.row("SELECT max(id) AS id FROM decision WHERE question = ?", (number,))
        return int(row["id"] or 0) if row else 0

    def _done(self, form: Form) -> int | None:
        """The decision that was made with this form before, if any."""
        token = form.get("token")
        row = self.row("SELECT id FROM decision WHERE token = ?", (token,)) if token else None
        return int(row["id"]) if row else None

    def _refuse_stale(self, mark: int, form: Form) -> None:
        seen = form.get("seen")
        if seen is not None and mark != seen:
            raise StaleError(mark)

    def _decide(
        self,
        event_id: int,
        act: str,
        form: Form,
        *,
        message: int | None = None,
        delegation: str | None = None,
        question: int | None = None,
        before: Any = None,
        after: Any = None,
        takes_back: int | None = None,
    ) -> int:
        by = form["by"].strip()
        if not by:
            raise RegisterError("A decision needs a name: say with --by who decides.")
        self._changed(event_id)
        return self.put(
            "INSERT INTO decision (event_id, at, by_whom, act, message, delegation, question, before, after, why,"
            " token, takes_back) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event_id,
                to_text(form["at"]),
                by,
                act,
                message,
                delegation,
                question,
                to_json(before),
                to_json(after),
                form.get("why", ""),
                form.get("token") or None,
                takes_back,
            ),
        )

    def _decision_row(self, number: int) -> Row:
        row = self.row("SELECT * FROM decision WHERE id = ?", (number,))
        if row is None:
            raise RegisterError(f"There is no decision {number} in this register.")
        return row

    def _again(self, entry: Row, at: datetime) -> int:
        """A copy of an earlier entry, so that it can come into force a second time; nothing earlier is touched."""
        columns = (
            "event_id, message, decision, source, by_whom, version, delegation, office, corrects, kinds, neither,"
            " automatic, proposed, held, review, said_at"
        )
        # The names of the columns stand two lines above; no value is put into the text.
        copy = self.put(
            f"INSERT INTO entry ({columns}, recorded_at) SELECT {columns}, ? FROM entry WHERE id = ?",  # noqa: S608
            (to_text(at), entry["id"]),
        )
        self.put("INSERT INTO reading (entry, json) SELECT ?, json FROM reading WHERE entry = ?", (copy, entry["id"]))
        self.put(
            "INSERT INTO statement (entry, name, role, day, attendance, sureness, evidence)"
            " SELECT ?, name, role, day, attendance, sureness, evidence FROM statement WHERE entry = ? ORDER BY id",
            (copy, entry["id"]),
        )
        return copy


def _decision(row: Row) -> DecisionRow:
    return DecisionRow(
        id=row["id"],
        at=from_text(row["at"]),
        by=row["by_whom"],
        act=row["act"],
        why=row["why"],
        message_id=row["message"],
        delegation=row["delegation"],
        question_id=row["question"],
        before=json.loads(row["before"]) if row["before"] else None,
        after=json.loads(row["after"]) if row["after"] else None,
        taken_back=bool(row["taken_back"]),
    )
