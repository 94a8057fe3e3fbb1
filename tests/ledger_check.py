"""A separate reader of mailbox and register, which shares no code with the service: is every message counted once?"""

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path


def counted(database: Path) -> dict[str, int]:
    """SHA-256 of the bytes of every message in the register, each with the number of rows that hold it."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        found: dict[str, int] = {}
        for (raw,) in db.execute("SELECT bytes FROM raw JOIN message ON message.id = raw.message"):
            digest = hashlib.sha256(bytes(raw)).hexdigest()
            found[digest] = found.get(digest, 0) + 1
        return found


def seen(database: Path) -> dict[tuple[str, int, int], str]:
    """(folder, UIDVALIDITY, UID) of what lies in the mailbox by the register's account, to the digest kept for it."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        rows = db.execute(
            "SELECT s.folder, s.uidvalidity, s.uid, r.bytes FROM sighting s LEFT JOIN raw r ON r.message = s.message"
            " WHERE s.gone_at IS NULL"
        )
        return {
            (folder, validity, uid): hashlib.sha256(bytes(raw)).hexdigest() if raw is not None else ""
            for folder, validity, uid, raw in rows
        }


def whole(database: Path) -> bool:
    """Whether SQLite finds the file whole."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return bool(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok")


def buckets(database: Path) -> dict[str, int]:
    """How many messages stand under each heading."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return dict(db.execute("SELECT bucket, count(*) FROM message GROUP BY bucket"))


def disagreements(database: Path, mailbox: Mapping[tuple[str, int, int], bytes]) -> list[str]:
    """In words, everything in which register and mailbox differ; `mailbox` is what FETCH gives for each place."""
    register = seen(database)
    wanted = {place: hashlib.sha256(raw).hexdigest() for place, raw in mailbox.items()}
    found = [f"lost: {place}" for place in wanted if place not in register]
    found += [f"other bytes: {place}" for place in wanted if place in register and register[place] != wanted[place]]
    found += [f"not in the mailbox: {place}" for place in register if place not in wanted]
    found += [f"{number} rows for one message" for number in counted(database).values() if number != 1]
    return found
