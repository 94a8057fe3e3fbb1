"""Fills a register with a million messages in minutes: one event by the program's own calls, the others in SQL.

Every row, index and index entry of the full-text search is as the program writes it, and the numbers of the events'
messages alternate, as they would where all events run at the same time. What is computed (which statements are the
newest, the board) is computed by the program for each event.
"""

from pathlib import Path

from intake.register import Register

# For each table the columns that differ between events; `{event}` is the event's number, the others stand below.
_LAID_OUT = {
    "message": {"id": "{message}", "event_id": "{event}", "entry_id": "{entry_id}"},
    "raw": {"message": "{message}"},
    "entry": {"id": "{entry}", "event_id": "{event}", "message": "{of_message}"},
    "reading": {"entry": "{of_entry}"},
    "statement": {"id": "{statement}", "entry": "{of_entry}"},
    "question": {"id": "{question}", "event_id": "{event}", "message": "{of_message}"},
}
_MESSAGE_OF = {
    "message": "t.id", "raw": "t.message", "entry": "t.message", "reading": "t.entry", "statement": "t.entry",
    "question": "t.message",
}  # fmt: skip
_AT_ONCE = 10_000


def lay_out(register: Register, template: Path, after: int, upto: int) -> None:
    """Gives every event of `register` the messages numbered from `after` (exclusive) to `upto` of the template's one.

    The template holds one event; each of its messages has been read once, so message n has the entry n.
    """
    connection = register.connection
    connection.execute("ATTACH ? AS template", (str(template),))
    events = int(register.rows("SELECT count(*) AS n FROM event")[0]["n"])
    step = max(1, _AT_ONCE // events)
    for start in range(after, upto, step):
        with register.change():
            _lay_out_range(register, start, min(start + step, upto), events)
    connection.execute("DETACH template")
    for row in register.rows("SELECT id FROM event"):
        with register.change():
            register._restand_again(row["id"])


def _lay_out_range(register: Register, after: int, upto: int, events: int) -> None:
    def highest(table: str) -> int:
        return int(register.rows(f"SELECT coalesce(max(id), 0) AS id FROM {table}")[0]["id"])

    def lowest(table: str) -> int:
        sql = f"SELECT coalesce(min(id), 1) AS id FROM template.{table} t WHERE {_MESSAGE_OF[table]} > {after}"
        return int(register.rows(sql)[0]["id"])

    def numbered(table: str, column: str) -> str:
        return f"({before[table]} + (t.{column} - {first[table]}) * {events} + e.id)"

    before = {table: highest(table) for table in ("message", "entry", "statement", "question")}
    first = {table: lowest(table) for table in before}
    names = {
        "event": "e.id",
        "message": numbered("message", "message"),
        "of_message": numbered("message", "message"),
        "entry": numbered("entry", "id"),
        "entry_id": numbered("entry", "entry_id"),
        "of_entry": numbered("entry", "entry"),
        "statement": numbered("statement", "id"),
        "question": numbered("question", "id"),
    }
    for table, differs in _LAID_OUT.items():
        columns = [row["name"] for row in register.rows(f"PRAGMA table_info({table})")]
        here = names | {"message": numbered("message", "id" if table == "message" else "message")}
        values = [differs[column].format(**here) if column in differs else f"t.{column}" for column in columns]
        register.put(
            f"INSERT INTO main.{table} ({', '.join(columns)}) SELECT {', '.join(values)}"
            f" FROM template.{table} t CROSS JOIN main.event e"
            f" WHERE {_MESSAGE_OF[table]} > {after} AND {_MESSAGE_OF[table]} <= {upto}"
        )
    own = ", ".join(f"replace(t.{column}, 'e1x', 'e' || e.id || 'x')" for column in ("subject", "people", "text"))
    register.put(
        f"INSERT INTO main.search (rowid, subject, people, text) SELECT {numbered('message', 'rowid')}, {own}"
        f" FROM template.search t CROSS JOIN main.event e WHERE t.rowid > {after} AND t.rowid <= {upto}"
    )
