"""Calendar replies: iTIP REPLY and COUNTER (RFC 5546 3.2.3, 3.2.7), as Outlook, Exchange and Nextcloud send them."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from icalendar import Calendar

from parsers.mime import Part
from parsers.reading import Attendance
from parsers.text import clean

LARGEST = 1_000_000
_PARTSTAT = {
    "ACCEPTED": Attendance.YES,
    "DECLINED": Attendance.NO,
    "TENTATIVE": Attendance.MAYBE,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """One attendee's answer. `attendance` is None for NEEDS-ACTION and DELEGATED; `days` are the days the event spans,
    the end exclusive as in RFC 5545 3.6.1; `comment` holds what the person wrote; `shown` is the answer as a line."""

    method: str
    address: str
    name: str
    attendance: Attendance | None
    summary: str
    comment: str
    days: tuple[date, ...]
    shown: str = ""


def reply(part: Part) -> Reply | None:
    """The reply in a `text/calendar` part, or None where it is a request, a publication, or not readable. Never
    raises.
    """
    if len(part.raw) > LARGEST:
        return None
    try:
        return _reply(Calendar.from_ical(part.text))
    except Exception:
        return None


def _reply(calendar: Calendar) -> Reply | None:
    method = str(calendar.get("METHOD", "")).upper()
    if method not in {"REPLY", "COUNTER"}:
        return None
    for event in calendar.walk("VEVENT"):
        attendees = event.get("ATTENDEE")
        for attendee in attendees if isinstance(attendees, list) else [attendees]:
            if attendee is None:
                continue
            comments = event.get("COMMENT", "")
            texts = comments if isinstance(comments, list) else [comments]
            start = event.get("DTSTART")
            end = event.get("DTEND")
            partstat = re.sub(r"[^A-Z-]", "", str(attendee.params.get("PARTSTAT", "")).upper())[:20]
            spanned = _days(start.dt if start else None, end.dt if end else None)
            return Reply(
                method=method,
                shown=f"{method} PARTSTAT={partstat} " + ", ".join(day.strftime("%d/%m/%Y") for day in spanned[:5]),
                address=clean(str(attendee)).lower().removeprefix("mailto:").strip(),
                name=clean(str(attendee.params.get("CN", ""))).strip("\"' "),
                attendance=_PARTSTAT.get(partstat),
                summary=clean(str(event.get("SUMMARY", ""))),
                comment=clean("\n".join(str(text) for text in texts)).strip(),
                days=spanned,
            )
    return None


def _days(start: date | datetime | None, end: date | datetime | None) -> tuple[date, ...]:
    if start is None:
        return ()
    first = start.date() if isinstance(start, datetime) else start
    if end is None:
        return (first,)
    last = end.toordinal() + (isinstance(end, datetime) and end.hour * 60 + end.minute > 0)
    count = max(1, min(31, last - first.toordinal()))
    return tuple(date.fromordinal(first.toordinal() + i) for i in range(count))
