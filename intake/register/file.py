"""The SQLite file itself: how it is opened, how a change is made whole, and what its faults mean in words."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlite_utils import Database

from intake.register.schema import MIGRATIONS
from intake.register.values import RegisterBusyError, RegisterError
from intake.register.views import write_views

_WAIT_FOR_LOCK_MS = 15_000
_OLDEST_SQLITE = (3, 37, 0)  # the first with STRICT tables
_MOUNTS = Path("/proc/self/mounts")
_NETWORK = frozenset(["nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "9p", "fuse.sshfs", "fuse.rclone"])

_NO_REGISTER = "this SQLite file is no register of this program. Choose another --db."
_NO_SUCH_NUMBER = "A number of twenty digits and more stands for nothing in this register."

Row = sqlite3.Row


class File:
    """One connection to one register. Use it in the thread that opened it; open another for another thread."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, read_only: bool = False) -> None:
        self.path = path
        self.connection = connection
        self.read_only = read_only
        self._viewing = False

    @classmethod
    def open(cls, path: str | Path, *, create: bool = True, read_only: bool = False) -> Self:
        """The register at `path`, brought to this program's schema.

        Raises `RegisterError` where the file is missing (with `create=False`), no register, from a newer program, or
        cannot be opened. A new file is readable by its owner only.
        """
        path = Path(path)
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            needed = ".".join(map(str, _OLDEST_SQLITE))
            raise RegisterError(
                f"This Python has SQLite {sqlite3.sqlite_version}; the register needs {needed} or newer."
            )
        kind = network_kind(path)
        if kind:
            raise RegisterError(
                f"{path}: lies on a network drive ({kind}), where SQLite damages files. Choose a --db on a local disk."
            )
        if not path.exists():
            if not create or read_only:
                raise RegisterError(f"{path}: there is no register here. Check --db, or import something first.")
            _create_private(path)
        try:
            connection = _connect(path, read_only=read_only)
        except sqlite3.Error as error:
            raise in_words(path, error) from error
        try:
            _bring_up_to_date(path, connection, read_only=read_only)
        except sqlite3.Error as error:
            connection.close()
            raise in_words(path, error) from error
        except RegisterError:
            connection.close()
            raise
        return cls(path, connection, read_only=read_only)

    def close(self) -> None:
        """Closes the connection; the file stays consistent without it too."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """Everything within is kept, or nothing. Takes the write lock at once, so that it cannot lose it half-way.

        Raises `RegisterError` where the disk is full, the file locked for long or damaged; nothing was changed then.
        """
        if self._viewing:
            raise RegisterError("Nothing can be changed while a page is being put together from one view.")
        if self.connection.in_transaction:
            yield
            return
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.connection.rollback()
                raise
            self.connection.commit()
        except sqlite3.Error as error:
            if self.connection.in_transaction:
                self.connection.rollback()
            raise in_words(self.path, error) from error

    @contextmanager
    def one_view(self) -> Iterator[None]:
        """All reads within see the register at the same moment."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN")
        self._viewing = True
        try:
            yield
        finally:
            self._viewing = False
            self.connection.rollback()

    def may_write(self) -> bool:
        """Whether a change can be made now: not in a read-only register, nor within `one_view`."""
        return not self.read_only and not self._viewing

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        try:
            return self.connection.execute(sql, values).fetchall()
        except OverflowError as error:
            raise RegisterError(_NO_SUCH_NUMBER) from error
        except sqlite3.Error as error:
            raise in_words(self.path, error) from error

    def row(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row of a query, or None."""
        try:
            found: Row | None = self.connection.execute(sql, values).fetchone()
        except OverflowError as error:
            raise RegisterError(_NO_SUCH_NUMBER) from error
        except sqlite3.Error as error:
            raise in_words(self.path, error) from error
        return found

    def put(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Runs one change inside `change()`; the rowid of what was inserted."""
        return self.connection.execute(sql, values).lastrowid or 0


def in_words(path: Path, error: sqlite3.Error) -> RegisterError:
    """What a fault of SQLite means for the person who runs the service."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return RegisterBusyError(f"{path}: another program holds the register for too long. Stop it, or try again.")
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return RegisterBusyError(
            f"{path}: the disk is full or cannot be written. Nothing was lost; free some space and it goes on."
        )
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return RegisterError(
            f"{path}: this is no register, or it is damaged. Restore it with `intake restore` from the last backup."
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return RegisterError(
            f"{path}: the register cannot be opened or written. Check that its folder exists and belongs to you."
        )
    return RegisterError(f"{path}: the register answers “{error}”.")


def network_kind(path: Path, mounts: Path = _MOUNTS) -> str:
    """The kind of network file system that a path lies on; empty for a local one, or where the system does not tell.

    The write-ahead log needs memory shared by all who have the file open, which no network drive has.
    """
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    place = path.absolute()
    found = max(
        (
            (len(fields[1]), fields[2])
            for fields in (line.split(" ") for line in lines)
            if len(fields) > 2 and place.is_relative_to(fields[1].replace("\\040", " "))
        ),
        default=(0, ""),
    )
    return found[1] if found[1] in _NETWORK else ""


def _create_private(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its -wal and -shm files the mode of the database.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        words = f"{path}: the register cannot be made here ({error.strerror}). Choose another --db."
        raise RegisterError(words) from error


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}{'?mode=ro' if read_only else ''}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=_WAIT_FOR_LOCK_MS / 1000)
    connection.row_factory = sqlite3.Row
    # FULL: with NORMAL a power cut may lose the last commits of a WAL, and the cursor stands behind them.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA cache_size = -16000")
    return connection


def _bring_up_to_date(path: Path, connection: sqlite3.Connection, *, read_only: bool) -> None:
    database = Database(connection)
    known = {migration.name for migration in MIGRATIONS._migrations}  # the class offers no public list
    applied = _applied(path, database, known)
    if read_only:
        if not applied:
            raise RegisterError(f"{path}: {_NO_REGISTER}")
        if applied != known:
            raise RegisterError(f"{path}: this register is older than the program. Open it once with `intake check`.")
        return
    if not applied and database.table_names():
        raise RegisterError(f"{path}: {_NO_REGISTER}")
    # Only now: it is written into the file, and the file of another program or of a newer one is left alone.
    connection.execute("PRAGMA journal_mode = WAL")
    if applied == known:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again behind the lock: another process may have brought it up to date meanwhile.
        if _applied(path, database, known) != known:
            MIGRATIONS.apply(database)
            write_views(database)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _applied(path: Path, database: Database, known: set[str]) -> set[str]:
    applied = {migration.name for migration in MIGRATIONS.applied(database)}
    if applied - known:
        raise RegisterError(
            f"{path}: this register was written by a newer version of the program "
            f"({', '.join(sorted(applied - known))}). Install that version, or restore a backup made by this one."
        )
    return applied
