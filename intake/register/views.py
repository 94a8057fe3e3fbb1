"""The read-only views for whoever opens the file with Datasette or another SQLite program; their columns are fixed."""

from sqlite_utils import Database

VIEWS = {
    "messages": """
        SELECT m.id, v.key AS event, m.bucket, m.why, m.delegation, m.said_at, m.arrived_at, m.sent_at, m.from_name,
               m.from_address, m.subject, m.language, m.size, m.copy_of
        FROM message m JOIN event v ON v.id = m.event_id
    """,
    "statements": """
        SELECT s.id, v.key AS event, e.delegation, s.name, s.role, s.day, s.attendance, e.source,
               coalesce(e.said_at, m.said_at) AS said_at, e.recorded_at, e.by_whom, s.sureness, e.proposed, e.held,
               e.from_at IS NOT NULL AND e.until_at IS NULL AS in_force, e.message AS message_id, e.office, s.evidence
        FROM statement s JOIN entry e ON e.id = s.entry JOIN event v ON v.id = e.event_id
        LEFT JOIN message m ON m.id = e.message
    """,
    "questions": """
        SELECT q.id, v.key AS event, q.delegation, q.asker, q.text, q.topic, q.language, q.state, q.asked_at,
               q.state_at, q.state_by, q.how, q.assigned_to, q.message AS message_id
        FROM question q JOIN event v ON v.id = q.event_id WHERE q.present = 1
    """,
    "board": """
        SELECT v.key AS event, t.delegation, json_extract(t.row, '$.name') AS delegation_name,
               json_extract(t.row, '$.state') AS state, d.key AS day,
               json_extract(d.value, '$.attendance') AS attendance, json_extract(d.value, '$.role') AS role,
               json_extract(d.value, '$.name') AS name, json_extract(d.value, '$.proposed') AS proposed,
               json_extract(d.value, '$.conflict') AS conflict, json_extract(d.value, '$.said_at') AS said_at,
               json_extract(d.value, '$.message_id') AS message_id,
               json_extract(d.value, '$.statement_id') AS statement_id
        FROM standing t JOIN event v ON v.id = t.event_id, json_each(t.row, '$.days') d
    """,
}


def write_views(database: Database) -> None:
    """Drops the views and makes them anew; part of every change of the schema."""
    for name, select in VIEWS.items():
        database.execute(f"DROP VIEW IF EXISTS [{name}]")
        database.execute(f"CREATE VIEW [{name}] AS {select}")
