"""Search, lists and the reconciling line; and the views for whoever opens the file without this program."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from register_samples import CONFERENCE, NO, both, on, raw_mail, reading

from intake.register import Bucket, Location, Register
from intake.register.datasette import HIDDEN, metadata
from intake.register.index import asked, indexed
from intake.register.views import VIEWS
from parsers.reading import Envelope, Neither, Zone, ZoneKind

TEXT = "Notre ministre Søren Kjærgaard et Mme Łucja Žižek viendront. Ο Υπουργός θα έρθει."


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with Register.open(tmp_path / "register.db") as opened:
        opened.enter(CONFERENCE, "bridges")
        opened.enter(replace(CONFERENCE, name="Tunnels"), "tunnels")
        for number, event in ((1, "bridges"), (2, "tunnels")):
            kept = opened.keep(event, raw_mail(number), None, received_at=on(number), fetched_at=on(number))
            quoted = "On Monday the host wrote: embargo"
            envelope = Envelope(
                from_name="Émilie Ünal", from_address="e.unal@justice-dep.example", subject="Réponse: Gand"
            )
            made = replace(
                reading(both("Petar Iliev"), text=TEXT + quoted, envelope=envelope),
                zones=(
                    Zone(ZoneKind.NEW, 0, len(TEXT)),
                    Zone(ZoneKind.QUOTED, len(TEXT), len(TEXT) + len(quoted)),
                ),
            )
            opened.record(kept.id, made, at=on(number))
        yield opened


@pytest.mark.parametrize(
    "words",
    ["ministre", "MINISTRE", "soren", "Søren kjaergaard", "lucja zizek", "Žiž", "Υπουργος", "ypourgos", "reponse",
     "Unal", "e.unal@justice-dep.example", "iliev", "petar iliev", "viendront ministre"],
)  # fmt: skip
def test_words_are_found_without_their_marks_and_by_their_beginnings(register: Register, words: str) -> None:
    assert [row.id for row in register.search("bridges", words)] == [1]


@pytest.mark.parametrize("words", ["", "   ", "embargo", "ministre absent", "inistre", "event2", "event : event2"])
def test_what_is_not_in_the_new_text_is_not_found(register: Register, words: str) -> None:
    assert register.search("bridges", words) == []


def test_the_beginning_of_a_word_is_looked_for_among_the_words_of_the_event_only() -> None:
    """Event 1 with a word 2x and event 12 with a word x are not mistaken for each other."""
    words = {event_id: indexed(event_id, "x 2x") for event_id in (1, 12)}

    assert set(words[1].split()).isdisjoint(words[12].split())
    assert asked(1, "min") == '"e1xmin"*'
    assert asked(1, "Łódź, 2024-04-30 — !") == '"e1xlodz"* AND "e1x2024 e1x04 e1x30"*'


def test_an_index_from_before_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "older.db"
    with Register.open(path) as register:
        register.enter(CONFERENCE, "bridges")
        kept = register.keep("bridges", raw_mail(1), None, received_at=on(1), fetched_at=on(1))
        register.record(kept.id, reading(both("Anna Berger"), text="Łódź greets Ghent"), at=on(1))
        for sql in (
            "DROP TABLE search",
            'CREATE VIRTUAL TABLE search USING fts5 (event, subject, people, text, tokenize = "unicode61")',
            "INSERT INTO search VALUES ('event1', 'ghent', 'anna berger', 'lodz greets ghent')",
            "DELETE FROM _sqlite_migrations WHERE name = 'search_by_event'",
        ):
            register.put(sql)

    with Register.open(path) as register:
        assert [row.id for row in register.search("bridges", "gree łód")] == [1]
        assert register.search("bridges", "event1") == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=30))
def test_no_words_break_the_search(register: Register, words: str) -> None:
    assert len(register.search("bridges", words)) <= 1


def test_a_changed_reading_is_found_by_its_new_words_only(register: Register) -> None:
    register.record(1, reading(both("Petar Iliev"), text="Nobody comes"), at=on(3))

    assert register.search("bridges", "ministre") == []
    assert [row.id for row in register.search("bridges", "nobody")] == [1]


class TestLists:
    def fill(self, register: Register) -> dict[str, int]:
        kinds = {
            "answer": reading(both("Anna Berger")),
            "question": reading(questions=("Where?",)),
            "acknowledgement": reading(neither=Neither.ACKNOWLEDGEMENT),
            "auto_reply": reading(neither=Neither.AUTO_REPLY),
            "bounce": reading(neither=Neither.BOUNCE),
            "unrelated": reading(neither=Neither.UNRELATED),
            "review": reading(both("Anna Berger"), review=("unsure",)),
        }
        numbers = {}
        for place, (name, made) in enumerate(kinds.items(), start=10):
            kept = register.keep("bridges", raw_mail(place), None, received_at=on(place), fetched_at=on(place))
            register.record(kept.id, made, at=on(place))
            numbers[name] = kept.id
        return numbers

    def test_every_message_stands_under_one_heading_and_the_line_adds_up(self, register: Register) -> None:
        self.fill(register)
        where = Location("box", "INBOX", 1, 1)
        register.keep("bridges", raw_mail(90), where, received_at=on(20), fetched_at=on(20))
        register.keep("bridges", raw_mail(90), replace(where, folder="Archive"), received_at=on(20), fetched_at=on(20))
        register.note_undeliverable("bridges", replace(where, uid=2), at=on(20), why="NIL")

        counts = register.counts("bridges")
        assert counts.by == {
            Bucket.ANSWER: 2, Bucket.QUESTION: 1, Bucket.ACKNOWLEDGEMENT: 1, Bucket.AUTO_REPLY: 1, Bucket.BOUNCE: 1,
            Bucket.UNRELATED: 1, Bucket.REVIEW: 1, Bucket.WAITING: 1,
        }  # fmt: skip
        assert (counts.total, counts.sightings, counts.undeliverable) == (9, 2, 1)

    def test_what_is_not_counted_says_why(self, register: Register) -> None:
        numbers = self.fill(register)

        assert {row.id: row.why for row in register.not_counted("bridges")} == {
            numbers["acknowledgement"]: "only acknowledges the letter",
            numbers["auto_reply"]: "was written by a machine",
            numbers["bounce"]: "says that a letter was not delivered",
            numbers["unrelated"]: "is about something else",
        }

    def test_pages_of_a_list_follow_each_other(self, register: Register) -> None:
        self.fill(register)
        first = register.messages("bridges", limit=3)
        second = register.messages("bridges", limit=3, before=first[-1].said_at)

        assert [row.id for row in first + second] == [9, 8, 7, 6, 5, 4]

    def test_statements_tell_which_are_in_force(self, register: Register) -> None:
        register.record(1, reading(both("Petar Iliev", NO)), at=on(3))

        assert [(one.attendance, one.in_force) for one in register.statements("bridges")] == [
            ("yes", False), ("yes", False), ("no", True), ("no", True),
        ]  # fmt: skip


class TestViews:
    def columns(self, register: Register, view: str) -> list[str]:
        return [row["name"] for row in register.rows(f"PRAGMA table_info({view})")]

    def test_every_column_is_described(self, register: Register) -> None:
        described = metadata("register")["databases"]["register"]["tables"]
        for view in VIEWS:
            assert list(described[view]["columns"]) == self.columns(register, view)
            assert all(described[view]["columns"].values())

    def test_every_table_is_hidden(self, register: Register) -> None:
        tables = {
            row["name"]
            for row in register.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        }

        assert tables == set(HIDDEN)

    def test_they_answer_in_plain_sql_without_this_program(self, register: Register) -> None:
        TestLists().fill(register)
        with closing(sqlite3.connect(f"{register.path.as_uri()}?mode=ro", uri=True)) as other:
            told = other.execute(
                "SELECT day, attendance, role, name, proposed FROM board WHERE event = 'bridges' AND delegation = 'AT'"
            ).fetchall()
            kinds = other.execute(
                "SELECT bucket, count(*) FROM messages WHERE event = 'bridges' GROUP BY bucket"
            ).fetchall()
            said = other.execute("SELECT count(*) FROM statements WHERE in_force AND NOT proposed").fetchone()
            asked = other.execute("SELECT text, state FROM questions").fetchall()

        assert told == [
            ("2024-04-29", "yes", "minister", "Anna Berger", 0),
            ("2024-04-30", "yes", "minister", "Anna Berger", 0),
        ]
        assert dict(kinds)["answer"] == 2
        assert said == (6,)
        assert asked == [("Where?", "open")]

    def test_the_board_says_the_same_as_the_program(self, register: Register) -> None:
        TestLists().fill(register)
        shown = {
            (row["delegation"], row["day"]): (row["attendance"], row["name"])
            for row in register.rows("SELECT * FROM board WHERE event = 'bridges'")
        }

        assert shown == {
            (row.delegation, day.isoformat()): (cell.attendance, cell.name)
            for row in register.board(CONFERENCE, event="bridges")
            for day, cell in row.days.items()
        }

    def test_the_metadata_is_json(self) -> None:
        assert json.loads(json.dumps(metadata("ghent")))["databases"]["ghent"]["tables"]["raw"] == {"hidden": True}
