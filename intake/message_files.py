"""Messages that lie in files: .eml, .msg, mbox, Maildir, folders of them, and zip archives of them."""

import mailbox
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from intake.outlook_file import SIGNATURE, NotReadableError, to_mime
from intake.register.identity import header_field

_EML = {".eml", ".mime", ".msg822"}
_OUTLOOK = {".msg"}
_MBOX = {".mbox", ".mbx"}
_MAX_IN_ZIP = 64 << 20


@dataclass(frozen=True, slots=True)
class MessageFile:
    """One message and where it lay; `modified` is the file's own time, in seconds since 1970."""

    name: str
    raw: bytes
    modified: float

    def arrived_at(self, now: datetime) -> datetime:
        """When the mailbox received it, as far as the file tells: topmost Received, else Date, else the file's time."""
        told = re.split(rb";(?=[^;]*$)", header_field(self.raw, b"received"))[-1], header_field(self.raw, b"date")
        for text in told:
            try:
                moment = parsedate_to_datetime(text.decode("ascii", "replace").strip())
                if moment.tzinfo is None:
                    moment = moment.replace(tzinfo=UTC)
                moment = moment.astimezone(UTC)
            except (ValueError, TypeError, IndexError, OverflowError):
                continue
            if datetime(1990, 1, 1, tzinfo=UTC) < moment <= now:
                return moment
        return datetime.fromtimestamp(self.modified, UTC)


Refused = Callable[[OSError], None]


def found_in(paths: Iterable[Path], refused: Refused | None = None) -> Iterator[MessageFile]:
    """Every message under the paths, folders in the order of their names.

    What cannot be read is told to `refused`, and the rest goes on; without that OSError is raised, naming the file.
    """
    for path in _files(paths):
        try:
            yield from _messages(path, refused)
        except OSError as error:
            if refused is None:
                raise
            refused(error)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
        elif (path / "cur").is_dir() and (path / "new").is_dir():
            for folder in (path / "new", path / "cur"):
                yield from sorted(one for one in folder.iterdir() if one.is_file())
        else:
            yield from _files(one for one in sorted(path.iterdir()) if _wanted(one))


def _messages(path: Path, refused: Refused | None) -> Iterator[MessageFile]:
    if path.suffix.lower() == ".zip":
        yield from _in_zip(path, refused)
    elif path.suffix.lower() in _MBOX or _looks_like_mbox(path):
        yield from _in_mbox(path, str(path))
    else:
        yield MessageFile(str(path), as_mime(path.read_bytes(), str(path)), path.stat().st_mtime)


def _wanted(path: Path) -> bool:
    return not path.name.startswith(".") and (
        path.is_dir() or path.suffix.lower() in _EML | _MBOX | _OUTLOOK | {".zip"}
    )


def as_mime(raw: bytes, name: str) -> bytes:
    """The message itself, also where it was saved by Outlook. Raises OSError where that cannot be read."""
    if not raw.startswith(SIGNATURE):
        return raw
    try:
        return to_mime(raw)
    except NotReadableError as error:
        raise OSError(0, f"{error}; save it in Outlook as .eml", name) from error


def _looks_like_mbox(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(5) == b"From "


def _in_mbox(path: Path, name: str) -> Iterator[MessageFile]:
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.iterkeys():
            yield MessageFile(f"{name}#{key}", box.get_bytes(key), path.stat().st_mtime)
    finally:
        box.close()


def _in_zip(path: Path, refused: Refused | None) -> Iterator[MessageFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            for item in sorted(archive.infolist(), key=lambda item: item.filename):
                if Path(item.filename).suffix.lower() in _EML | _OUTLOOK | _MBOX | {".zip"}:
                    try:
                        yield from _in_item(archive, item, f"{path}#{item.filename}")
                    except OSError as error:
                        if refused is None:
                            raise
                        refused(error)
    except zipfile.BadZipFile as error:
        raise OSError(0, "is no zip archive, or it is damaged", str(path)) from error


def _in_item(archive: zipfile.ZipFile, item: zipfile.ZipInfo, name: str) -> Iterator[MessageFile]:
    suffix = Path(item.filename).suffix.lower()
    if suffix == ".zip":
        raise OSError(0, "is an archive within an archive; unpack it", name)
    if item.file_size > _MAX_IN_ZIP:
        raise OSError(0, f"has more than {_MAX_IN_ZIP >> 20} MB; unpack it", name)
    try:
        raw = archive.read(item)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        # RuntimeError is how zipfile asks for a password.
        raise OSError(0, "cannot be unpacked; it is damaged, or locked by a password", name) from error
    if suffix not in _MBOX:
        moment = datetime(*item.date_time, tzinfo=UTC).timestamp()
        yield MessageFile(name, as_mime(raw, name), moment)
        return
    with tempfile.TemporaryDirectory() as directory:  # the library reads a file only
        unpacked = Path(directory) / "mbox"
        unpacked.write_bytes(raw)
        yield from _in_mbox(unpacked, name)
