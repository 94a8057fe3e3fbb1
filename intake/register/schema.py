"""The tables, made and changed only by the migrations below; each is applied once, in order, and never edited after.

Times are UTC text of one width (`moment.to_text`), so that they sort; JSON columns say so in their comment.
"""

from sqlite_utils import Database, Migrations

from intake.register.index import indexed

MIGRATIONS = Migrations("availability-intake")

_TABLES = (
    """
    CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL DEFAULT '',
        mailbox TEXT NOT NULL DEFAULT '',
        last_day TEXT,
        invited_at TEXT,
        conference TEXT,                    -- JSON: the list and the days as last entered
        trusted TEXT NOT NULL DEFAULT '',   -- the authserv-id whose Authentication-Results count (RFC 8601)
        retention_days INTEGER,
        pulse INTEGER NOT NULL DEFAULT 0,   -- grows with every change of the event
        purged_at TEXT,
        totals TEXT                         -- JSON: the reconciling line as it stood when the event was purged
    ) STRICT
    """,
    "CREATE INDEX event_mailbox ON event (mailbox)",
    # AUTOINCREMENT: a number is never given twice, so a link or an audit line never points to another mail.
    """
    CREATE TABLE message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        event_id INTEGER NOT NULL REFERENCES event,
        identity BLOB NOT NULL,
        digest BLOB NOT NULL,
        message_id TEXT NOT NULL DEFAULT '',
        size INTEGER NOT NULL,
        bucket TEXT NOT NULL,
        why TEXT NOT NULL DEFAULT '',
        arrived_at TEXT NOT NULL,
        fetched_at TEXT NOT NULL,
        sent_at TEXT,
        said_at TEXT NOT NULL,
        state_at TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        from_name TEXT NOT NULL DEFAULT '',
        from_address TEXT NOT NULL DEFAULT '',
        subject TEXT NOT NULL DEFAULT '',
        language TEXT NOT NULL DEFAULT '',
        delegation TEXT,
        entry_id INTEGER,
        copy_of INTEGER REFERENCES message
    ) STRICT
    """,
    "CREATE UNIQUE INDEX message_identity ON message (event_id, identity)",
    "CREATE INDEX message_bucket ON message (event_id, bucket, said_at)",
    "CREATE INDEX message_said ON message (event_id, said_at)",
    "CREATE INDEX message_delegation ON message (event_id, delegation, said_at)",
    "CREATE INDEX message_message_id ON message (event_id, message_id)",
    "CREATE INDEX message_from ON message (event_id, from_address)",
    "CREATE INDEX message_copy ON message (copy_of) WHERE copy_of IS NOT NULL",
    # Apart from the row, so that lists of messages read few pages.
    "CREATE TABLE raw (message INTEGER PRIMARY KEY REFERENCES message, bytes BLOB NOT NULL) STRICT",
    """
    CREATE TABLE sighting (
        id INTEGER PRIMARY KEY,
        event_id INTEGER NOT NULL REFERENCES event,
        account TEXT NOT NULL,
        folder TEXT NOT NULL,
        uidvalidity INTEGER NOT NULL,
        uid INTEGER NOT NULL,
        message INTEGER REFERENCES message,
        at TEXT NOT NULL,
        why TEXT NOT NULL DEFAULT '',       -- what the server did not deliver of it; empty where all
        tries INTEGER NOT NULL DEFAULT 0,
        gone_at TEXT,
        answered_at TEXT
    ) STRICT
    """,
    "CREATE UNIQUE INDEX sighting_place ON sighting (event_id, account, folder, uidvalidity, uid)",
    "CREATE INDEX sighting_message ON sighting (message)",
    "CREATE INDEX sighting_why ON sighting (event_id) WHERE message IS NULL",
    """
    CREATE TABLE decision (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        event_id INTEGER NOT NULL REFERENCES event,
        at TEXT NOT NULL,
        by_whom TEXT NOT NULL,
        act TEXT NOT NULL,
        message INTEGER,
        delegation TEXT,
        question INTEGER,
        before TEXT,                        -- JSON
        after TEXT,                         -- JSON
        why TEXT NOT NULL DEFAULT '',
        token TEXT UNIQUE,                  -- of the form that was sent, so that a double click decides once
        takes_back INTEGER UNIQUE REFERENCES decision
    ) STRICT
    """,
    "CREATE INDEX decision_event ON decision (event_id, id)",
    "CREATE INDEX decision_message ON decision (message) WHERE message IS NOT NULL",
    "CREATE INDEX decision_delegation ON decision (event_id, delegation) WHERE delegation IS NOT NULL",
    "CREATE INDEX decision_question ON decision (question) WHERE question IS NOT NULL",
    # In force from `from_at` to before `until_at`; never in force where `from_at` is null.
    """
    CREATE TABLE entry (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        event_id INTEGER NOT NULL REFERENCES event,
        message INTEGER REFERENCES message,
        decision INTEGER REFERENCES decision,
        source TEXT NOT NULL,
        by_whom TEXT NOT NULL,
        version TEXT NOT NULL DEFAULT '',
        delegation TEXT,
        office TEXT NOT NULL DEFAULT '',
        corrects INTEGER NOT NULL DEFAULT 0,
        kinds TEXT NOT NULL DEFAULT '',     -- the kinds, separated by a blank
        neither TEXT,
        automatic TEXT,                     -- JSON: return date, stand-in, failed addresses
        proposed INTEGER NOT NULL DEFAULT 0,
        held INTEGER NOT NULL DEFAULT 0,
        review TEXT NOT NULL DEFAULT '[]',  -- JSON: the reasons
        said_at TEXT,                       -- null for a message: the message knows
        recorded_at TEXT NOT NULL,
        from_at TEXT,
        until_at TEXT
    ) STRICT
    """,
    "CREATE INDEX entry_in_force ON entry (event_id, delegation) WHERE until_at IS NULL AND from_at IS NOT NULL",
    "CREATE INDEX entry_delegation ON entry (event_id, delegation)",
    "CREATE INDEX entry_from ON entry (event_id, from_at) WHERE from_at IS NOT NULL",
    "CREATE INDEX entry_message ON entry (message) WHERE message IS NOT NULL",
    "CREATE INDEX entry_decision ON entry (decision) WHERE decision IS NOT NULL",
    "CREATE TABLE reading (entry INTEGER PRIMARY KEY REFERENCES entry, json TEXT NOT NULL) STRICT",
    """
    CREATE TABLE statement (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        entry INTEGER NOT NULL REFERENCES entry,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        day TEXT NOT NULL,
        attendance TEXT NOT NULL,
        sureness REAL NOT NULL,
        evidence TEXT NOT NULL DEFAULT '[]' -- JSON: start, end, text, rule, sureness
    ) STRICT
    """,
    "CREATE INDEX statement_entry ON statement (entry)",
    """
    CREATE TABLE question (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        event_id INTEGER NOT NULL REFERENCES event,
        message INTEGER REFERENCES message,
        delegation TEXT,
        asker TEXT NOT NULL DEFAULT '',
        text TEXT NOT NULL,
        folded TEXT NOT NULL,
        topic TEXT NOT NULL DEFAULT '',
        language TEXT NOT NULL DEFAULT '',
        start_at INTEGER NOT NULL DEFAULT 0,
        end_at INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL DEFAULT 'open',
        state_at TEXT,
        state_by TEXT NOT NULL DEFAULT '',
        how TEXT NOT NULL DEFAULT '',
        assigned_to TEXT NOT NULL DEFAULT '',
        asked_at TEXT NOT NULL,
        present INTEGER NOT NULL DEFAULT 1  -- 0 where the entry in force no longer has it
    ) STRICT
    """,
    "CREATE UNIQUE INDEX question_once ON question (message, folded)",
    "CREATE INDEX question_event ON question (event_id, present, state, delegation)",
    # Which message refers to which Message-ID (RFC 5322, 3.6.4).
    """
    CREATE TABLE reference (
        event_id INTEGER NOT NULL REFERENCES event,
        refers_to TEXT NOT NULL,
        message INTEGER NOT NULL REFERENCES message,
        PRIMARY KEY (event_id, refers_to, message)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX reference_message ON reference (message)",
    # The answers that staff sent, by the Message-IDs they refer to.
    """
    CREATE TABLE reply (
        event_id INTEGER NOT NULL REFERENCES event,
        refers_to TEXT NOT NULL,
        at TEXT NOT NULL,
        by_whom TEXT NOT NULL,
        PRIMARY KEY (event_id, refers_to, at, by_whom)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE address (
        event_id INTEGER NOT NULL REFERENCES event,
        address TEXT NOT NULL,
        delegation TEXT NOT NULL,
        decision INTEGER NOT NULL REFERENCES decision,
        PRIMARY KEY (event_id, address)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE spelling (
        event_id INTEGER NOT NULL REFERENCES event,
        delegation TEXT NOT NULL,
        key TEXT NOT NULL,                  -- the folded spelling
        name TEXT NOT NULL,                 -- the name it stands for
        decision INTEGER NOT NULL REFERENCES decision,
        PRIMARY KEY (event_id, delegation, key)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE round (
        event_id INTEGER NOT NULL REFERENCES event,
        account TEXT NOT NULL,
        folder TEXT NOT NULL,
        at TEXT NOT NULL,
        ok INTEGER NOT NULL,
        holds INTEGER,
        knows INTEGER NOT NULL,
        words TEXT NOT NULL,
        good_at TEXT,
        PRIMARY KEY (event_id, account, folder)
    ) STRICT, WITHOUT ROWID
    """,
    # The board as it stands, written in the transaction that changes it: what the view `board` shows.
    """
    CREATE TABLE standing (
        event_id INTEGER NOT NULL REFERENCES event,
        delegation TEXT NOT NULL,
        place INTEGER NOT NULL,             -- in the order of the list
        row TEXT NOT NULL,                  -- JSON
        PRIMARY KEY (event_id, delegation)
    ) STRICT, WITHOUT ROWID
    """,
    # Of everything said and heard of a delegation the newest only (module `newest`); computed, like `standing`.
    """
    CREATE TABLE newest (
        event_id INTEGER NOT NULL REFERENCES event,
        delegation TEXT NOT NULL,
        what TEXT NOT NULL,
        sort TEXT NOT NULL,
        entry INTEGER NOT NULL,
        statement INTEGER,
        PRIMARY KEY (event_id, delegation, what)
    ) STRICT, WITHOUT ROWID
    """,
    # `event` holds one token an event, so that a search walks the few messages of its event only.
    """
    CREATE VIRTUAL TABLE search USING fts5 (
        event, subject, people, text, tokenize = "unicode61 remove_diacritics 2"
    )
    """,
)


@MIGRATIONS()
def tables(db: Database) -> None:
    """Everything that the register keeps."""
    for statement in _TABLES:
        db.execute(statement)


@MIGRATIONS()
def generations(db: Database) -> None:
    """The UIDVALIDITY under which each folder was last seen."""
    db.execute(
        """
        CREATE TABLE generation (
            event_id INTEGER NOT NULL REFERENCES event,
            account TEXT NOT NULL,
            folder TEXT NOT NULL,
            uidvalidity INTEGER NOT NULL,
            PRIMARY KEY (event_id, account, folder)
        ) STRICT, WITHOUT ROWID
        """
    )


@MIGRATIONS()
def search_by_event(db: Database) -> None:
    """The words of the index carry their event's number (module `index`), where a token of the event stood apart."""
    db.execute("ALTER TABLE search RENAME TO search_before")
    db.execute(
        """
        CREATE VIRTUAL TABLE search USING fts5 (subject, people, text, tokenize = "unicode61 remove_diacritics 2")
        """
    )
    found = db.execute(
        "SELECT s.rowid, m.event_id, s.subject, s.people, s.text FROM search_before s JOIN message m ON m.id = s.rowid"
    )
    for number, event_id, *columns in found:
        db.execute(
            "INSERT INTO search (rowid, subject, people, text) VALUES (?, ?, ?, ?)",
            (number, *(indexed(event_id, column) for column in columns)),
        )
    db.execute("DROP TABLE search_before")


@MIGRATIONS()
def backups(db: Database) -> None:
    """Where copies of the register were put, so that whoever erases a person learns of them."""
    db.execute("CREATE TABLE backup (id INTEGER PRIMARY KEY, at TEXT NOT NULL, path TEXT NOT NULL) STRICT")
