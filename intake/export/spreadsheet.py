"""Tables as XLSX: real dates, filters, a fixed head; text is written as text, so nothing in it can run."""

import io
from datetime import UTC, date, datetime
from enum import Enum

import xlsxwriter

from intake.export.tables import Table, Value
from intake.export.writers import clean

_MOST_CHARACTERS = 32_767  # of a cell, by the file format (ECMA-376)
_WIDEST, _NARROWEST = 60, 9


def spreadsheet(table: Table) -> bytes:
    """The bytes of an XLSX file with one sheet; moments are in UTC."""
    stream = io.BytesIO()
    # What begins with = is text here and not a formula, and an address is no link.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(stream, options)
    sheet = book.add_worksheet(table.name[:31])
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    formats = {
        date: book.add_format({"num_format": "dd.mm.yyyy", "align": "left"}),
        datetime: book.add_format({"num_format": "dd.mm.yyyy hh:mm", "align": "left"}),
    }
    widths = [len(head) for head in table.head]
    for column, head in enumerate(table.head):
        sheet.write_string(0, column, clean(head), bold)
    for place, row in enumerate(table.rows, start=1):
        for column, value in enumerate(row):
            plain = _plain(value)
            widths[column] = max(widths[column], len(str(plain if plain is not None else "")))
            if isinstance(plain, datetime | date):
                sheet.write_datetime(place, column, plain, formats[type(plain)])
            elif isinstance(plain, int | float):
                sheet.write_number(place, column, plain)
            elif plain:
                sheet.write_string(place, column, plain)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(max(width + 1, _NARROWEST), _WIDEST))
    sheet.freeze_panes(1, 1)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.head) - 1)
    book.close()
    return stream.getvalue()


def _plain(value: Value) -> str | int | float | date | datetime | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, str):
        return clean(value)[:_MOST_CHARACTERS]
    return value
