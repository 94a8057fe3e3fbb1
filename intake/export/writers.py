"""Tables as bytes. Mail writes the cells, so nothing in them may run: a cell that a spreadsheet would take for a
formula gets an apostrophe before it (OWASP ASVS 5.0, 1.2.10), and control characters go."""

import csv
import io
import json
import re
from datetime import UTC, date, datetime
from enum import Enum

from intake.export.tables import Table, Value

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_table(table: Table, form: str, *, delimiter: str = ",") -> bytes:
    """The bytes of a file of that form: csv, json or xlsx."""
    if form == "xlsx":
        from intake.export.spreadsheet import spreadsheet  # a library that only this form needs

        return spreadsheet(table)
    if form == "json":
        return _json(table)
    return _csv(table, delimiter)


def clean(text: str) -> str:
    """The text without control characters, which spreadsheets and calendars refuse or obey."""
    return _CONTROL.sub("", text)


def harmless(text: str) -> str:
    """The text for a CSV file's cell: no formula, no control characters."""
    cleaned = clean(text)
    # A spreadsheet skips blanks before it looks for the sign.
    if cleaned.startswith(_FORMULA) or cleaned.lstrip().startswith(_FORMULA):
        return "'" + cleaned
    return cleaned


def _csv(table: Table, delimiter: str) -> bytes:
    """RFC 4180 with a byte-order mark, by which spreadsheets know UTF-8."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerow([harmless(cell) for cell in table.head])
    for row in table.rows:
        writer.writerow([_cell(value) for value in row])
    return stream.getvalue().encode("utf-8-sig")


def _cell(value: Value) -> str | int | float:
    plain = _plain(value)
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    if isinstance(plain, str):
        return harmless(plain)
    return "" if plain is None else plain


def _json(table: Table) -> bytes:
    rows = [
        {head: _without_control(_plain(value)) for head, value in zip(table.head, row, strict=True)}
        for row in table.rows
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1).encode() + b"\n"


def _without_control(value: str | int | float | None) -> str | int | float | None:
    return clean(value) if isinstance(value, str) else value


def _plain(value: Value) -> str | int | float | None:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return value
