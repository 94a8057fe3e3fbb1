"""What the board is asked to show, as it stands in its address: so a view can be shared by sending the link."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from intake.page.told import plain

GROUPS = ("answer", "kind", "none")
SORTS = ("list", "name", "last", "questions")
SHOWS = ("", "missing", "minister", "deputy", "maybe", "no", "flagged", "questions", "new")
_LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class BoardQuery:
    """`day` is the one that map and filter look at (None: all); `at` the moment as of which the board is shown."""

    day: date | None = None
    group: str = "answer"
    sort: str = "list"
    show: str = ""
    kind: str = ""
    words: str = ""
    at: datetime | None = None

    def address(self, **changes: object) -> str:
        """The board's address with some of it changed; what is as usual is left out."""
        asked = replace(self, **changes)  # type: ignore[arg-type]  # each change carries the field's own type
        values = {
            "q": asked.words,
            "day": asked.day.isoformat() if asked.day else "",
            "show": asked.show,
            "kind": asked.kind,
            "group": asked.group if asked.group != "answer" else "",
            "sort": asked.sort if asked.sort != "list" else "",
            "at": local_text(asked.at) if asked.at else "",
        }
        query = urlencode({name: value for name, value in values.items() if value})
        return f"/?{query}" if query else "/"

    @property
    def narrowed(self) -> bool:
        """Whether some delegations may be left out."""
        return bool(self.show or self.kind or self.words)


def query_from(query: Mapping[str, str], days: tuple[date, ...]) -> BoardQuery:
    """The query of an address; what it does not understand is as if it were not there."""
    return BoardQuery(
        day=next((day for day in days if day.isoformat() == query.get("day")), None),
        group=_one_of(GROUPS, query.get("group", "")),
        sort=_one_of(SORTS, query.get("sort", "")),
        show=_one_of(SHOWS, query.get("show", "")),
        kind=plain(query.get("kind", ""), 40),
        words=plain(query.get("q", ""), _LONGEST_SEARCH),
        at=moment_from(query.get("at", "")),
    )


def moment_from(text: str) -> datetime | None:
    """The moment that a date box sends, in this machine's zone; None where it is none, or beyond all calendars."""
    try:
        moment = datetime.fromisoformat(text).astimezone()
        moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if 1970 < moment.year < 9000 else None


def local_text(moment: datetime) -> str:
    """`2024-03-20T17:00`, as a date box wants it."""
    return moment.astimezone().strftime("%Y-%m-%dT%H:%M")


def _one_of(known: tuple[str, ...], value: str) -> str:
    return value if value in known else known[0]
