"""Copies of the register: made while it is in use, verified, and put back in one transaction."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from intake.register.erasing import Erasing
from intake.register.file import in_words
from intake.register.moment import to_text
from intake.register.schema import MIGRATIONS
from intake.register.values import RegisterBusyError, RegisterError


class Backups(Erasing):
    """The part of the register that looks at the file as a whole."""

    def backup(self, target: Path, *, at: datetime) -> int:
        """Copies the register into a new file, readable by its owner only, and verifies it; how many messages it holds.

        The register remembers where it lies, for the receipt of `erase`.
        Raises `RegisterError` where the target exists, cannot be written, or does not verify; no half copy is left.
        """
        if target.exists():
            raise RegisterError(f"{target} exists already. A backup never overwrites; choose another name.")
        part = target.with_name(target.name + ".part")
        try:
            os.close(os.open(part, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600))
            with closing(sqlite3.connect(part, isolation_level=None)) as copy:
                self.connection.backup(copy, pages=4096)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, which can be carried away
            messages = verify(part)
            with part.open("rb") as written:
                os.fsync(written.fileno())
            with self.change():
                place = os.fsencode(target.absolute()).decode("utf-8", "replace")
                self.put("INSERT INTO backup (at, path) VALUES (?, ?)", (to_text(at), place))
            part.rename(target)
        except OSError as error:
            raise RegisterError(f"{target}: the backup cannot be written ({error.strerror}).") from error
        except sqlite3.Error as error:
            raise in_words(target, error) from error
        finally:
            part.unlink(missing_ok=True)
        return messages

    def faults(self) -> list[str]:
        """What is wrong with the file or its contents, in words; empty where all is well. Reads everything."""
        try:
            found = [
                f"the file is damaged: {row[0]}"
                for row in self.connection.execute("PRAGMA integrity_check(20)")
                if row[0] != "ok"
            ]
            broken = self.connection.execute("PRAGMA foreign_key_check").fetchall()
        except sqlite3.Error as error:
            return [str(in_words(self.path, error))]
        found += [f"a row of {row[0]} points to a row of {row[2]} that is not there" for row in broken[:20]]
        for words, sql in _MUST_BE_EMPTY.items():
            found += [f"message {row[0]} {words}" for row in self.rows(sql)]
        for event in self.events():
            conference = self.conference(event)
            if conference is not None and self.board(conference, event=event) != self._computed(event):
                found.append(f"the board of {event} is not what its statements say; start the service again")
        return found

    def _computed(self, event: str) -> object:
        """The board from its statements, without keeping it."""
        with self.one_trial():
            self._restand_again(self._event_id(event))
            return self._standing(event)

    @contextmanager
    def one_trial(self) -> Iterator[None]:
        """Whatever is written within is undone."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            self.connection.rollback()


_MUST_BE_EMPTY = {
    "has no bytes": (
        "SELECT m.id FROM message m LEFT JOIN raw r ON r.message = m.id"
        " WHERE r.message IS NULL AND m.bucket <> 'erased' LIMIT 20"
    ),
    "is read and has no entry": (
        "SELECT id FROM message WHERE entry_id IS NULL AND bucket NOT IN ('waiting', 'quarantined', 'copy', 'erased')"
        " LIMIT 20"
    ),
    "has two entries in force": (
        "SELECT message FROM entry WHERE message IS NOT NULL AND from_at IS NOT NULL AND until_at IS NULL"
        " GROUP BY message HAVING count(*) > 1 LIMIT 20"
    ),
}


def verify(path: Path) -> int:
    """The number of messages in a register's file, after looking at every page. Raises `RegisterError`."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as copy:
            result = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if result != "ok":
                raise RegisterError(f"{path}: this file is damaged ({result}). Take another backup.")
            known = {migration.name for migration in MIGRATIONS._migrations}  # the class offers no public list
            applied = {row[0] for row in copy.execute("SELECT name FROM _sqlite_migrations")}
            if applied - known:
                raise RegisterError(f"{path}: this backup was made by a newer version of the program.")
            return int(copy.execute("SELECT count(*) FROM message").fetchone()[0])
    except sqlite3.Error as error:
        raise RegisterError(f"{path}: this is no register, or it is damaged. Take another backup.") from error


def restore(backup: Path, target: Path) -> int:
    """Puts a verified backup in the place of a register, in one transaction; how many messages it holds.

    Nobody may be using the register. A register that is damaged is kept beside under another name.
    """
    messages = verify(backup)
    _set_aside_if_damaged(target)
    if not target.exists():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_RDWR, 0o600))
    try:
        with (
            closing(sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(target, isolation_level=None, timeout=1)) as register,
        ):
            # Refused while any other connection is open, also one that only reads.
            register.execute("PRAGMA locking_mode = EXCLUSIVE")
            register.execute("BEGIN EXCLUSIVE")
            register.rollback()
            source.backup(register, pages=-1)
    except sqlite3.OperationalError as error:
        if (getattr(error, "sqlite_errorname", "") or "").startswith("SQLITE_BUSY"):
            raise RegisterBusyError(f"{target}: the register is in use. Stop the service, then restore.") from error
        raise in_words(target, error) from error
    return messages


def _set_aside_if_damaged(target: Path) -> None:
    if not target.exists():
        return
    try:
        verify(target)
    except RegisterError:
        number = 1
        while (aside := target.with_name(f"{target.name}.damaged-{number}")).exists():
            number += 1
        target.rename(aside)
        for suffix in ("-wal", "-shm"):
            Path(f"{target}{suffix}").unlink(missing_ok=True)
