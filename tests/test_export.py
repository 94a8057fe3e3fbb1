"""Files for others: what mail wrote into a cell never runs, dates are dates, and calendars take the calendar."""

import csv
import io
import json
from datetime import UTC, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from register_samples import CONFERENCE, DELEGATE, MAYBE, MINISTER, MONDAY, NO, TUESDAY, YES, on

from intake.export.calendar import board_calendar
from intake.export.tables import Table
from intake.export.writers import harmless, write_table
from intake.register import BoardRow, Cell, State

DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "＝1",
    "\x00=1",
    "\ufeff=1",
    "=\x07cmd|' /C calc'!A0",
]


def table(*cells: object) -> Table:
    return Table("board", tuple(f"column {n}" for n in range(len(cells))), (cells,))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_formula_is_text_in_csv(text: str) -> None:
    (_, row) = csv.reader(io.StringIO(write_table(table(text), "csv").decode("utf-8-sig"), newline=""))

    assert row[0].startswith("'")


@pytest.mark.parametrize("text", DANGEROUS)
def test_and_in_xlsx(text: str) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(write_table(table(text, "x"), "xlsx"))).active

    assert [cell.data_type for row in sheet.iter_rows() for cell in row].count("f") == 0


@given(st.text())
def test_no_text_escapes(text: str) -> None:
    assert not harmless(text).lstrip().startswith(("=", "+", "-", "@"))
    rows = list(csv.reader(io.StringIO(write_table(table(text, "end"), "csv").decode("utf-8-sig"), newline="")))
    assert [len(row) for row in rows] == [2, 2]
    assert json.loads(write_table(table(text), "json"))
    openpyxl.load_workbook(io.BytesIO(write_table(table(text), "xlsx")))


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_what_breaks_other_writers(form: str) -> None:
    assert write_table(table("a\ud800b", "x" * 40_000, "http://" + "y" * 3000, None, True, 1.5), form)


def test_dates_are_dates_in_a_spreadsheet() -> None:
    moment = datetime(2024, 3, 20, 17, 0, tzinfo=UTC)
    sheet = openpyxl.load_workbook(io.BytesIO(write_table(table(MONDAY, moment, YES, True), "xlsx"))).active

    assert [cell.value for cell in sheet[2]] == [
        datetime(2024, 4, 29),  # noqa: DTZ001  spreadsheets know no zones
        datetime(2024, 3, 20, 17, 0),  # noqa: DTZ001  the same
        "yes",
        "yes",
    ]


def test_accents_survive_a_spreadsheet_program() -> None:
    written = write_table(table("Dvořák", "Žižek; Łucja"), "csv", delimiter=";")

    assert written.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(written.decode("utf-8-sig")), delimiter=";"))[1] == ["Dvořák", "Žižek; Łucja"]


def test_the_board_as_a_calendar() -> None:
    def row(code: str, monday: Cell, tuesday: Cell) -> BoardRow:
        return BoardRow(code, code, "member-state", State.ANSWERED, False, {MONDAY: monday, TUESDAY: tuesday})

    rows = [
        row("AT", Cell(YES, MINISTER, "Anna Berger"), Cell(MAYBE, MINISTER, 'An "A" Berger', proposed=True)),
        row("CZ", Cell(NO, DELEGATE, "Jan\r\nATTENDEE:mailto:x@y"), Cell()),
    ]
    first, second = Calendar.from_ical(board_calendar(CONFERENCE, rows, now=on(1))).walk("VEVENT")

    assert (first.decoded("dtstart"), second.decoded("dtstart")) == (MONDAY, TUESDAY)
    assert [str(one) for one in first["attendee"]] == ["invalid:nomail", "invalid:nomail"]
    assert [one.params["PARTSTAT"] for one in first["attendee"]] == ["ACCEPTED", "DECLINED"]
    assert second["attendee"].params["PARTSTAT"] == "TENTATIVE"
    assert "CZ: -" in str(second["description"])
    assert "(proposed)" in str(second["description"])
