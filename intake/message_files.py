"""Messages that lie in files: .eml, .msg, mbox, Maildir, folders of them, and zip archives of them."""

import mailbox
import re
import zipfile
from collections.abc import Iterable, Iterator
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


def found_in(paths: Iterable[Path]) -> Iterator[MessageFile]:
    """Every message under the paths, folders in the order of their names. Raises OSError where one cannot be read."""
    for path in paths:
        if path.is_dir():
            if (path / "cur").is_dir() and (path / "new").is_dir():
                for folder in (path / "new", path / "cur"):
                    yield from (_file(one) for one in sorted(folder.iterdir()) if one.is_file())
            else:
                yield from found_in(one for one in sorted(path.iterdir()) if _wanted(one))
        elif path.suffix.lower() == ".zip":
            yield from _in_zip(path)
        elif path.suffix.lower() in _MBOX or _looks_like_mbox(path):
            yield from _in_mbox(path)
        else:
            yield _file(path)


def _wanted(path: Path) -> bool:
    return not path.name.startswith(".") and (
        path.is_dir() or path.suffix.lower() in _EML | _MBOX | _OUTLOOK | {".zip"}
    )


def _file(path: Path) -> MessageFile:
    raw = path.read_bytes()
    if raw.startswith(SIGNATURE):
        try:
            raw = to_mime(raw)
        except NotReadableError as error:
            raise OSError(0, f"{error}; save it in Outlook as .eml", str(path)) from error
    return MessageFile(str(path), raw, path.stat().st_mtime)


def _looks_like_mbox(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(5) == b"From "


def _in_mbox(path: Path) -> Iterator[MessageFile]:
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.iterkeys():
            yield MessageFile(f"{path}#{key}", box.get_bytes(key), path.stat().st_mtime)
    finally:
        box.close()


def _in_zip(path: Path) -> Iterator[MessageFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            for item in sorted(archive.infolist(), key=lambda item: item.filename):
                if Path(item.filename).suffix.lower() in _EML and item.file_size <= _MAX_IN_ZIP:
                    moment = datetime(*item.date_time, tzinfo=UTC).timestamp()
                    yield MessageFile(f"{path}#{item.filename}", archive.read(item), moment)
    except zipfile.BadZipFile as error:
        raise OSError(0, "is no zip archive, or it is damaged", str(path)) from error
