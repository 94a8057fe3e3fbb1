"""The board as a calendar (RFC 5545): one entry a day of the event, with the heads of delegation as participants."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from icalendar import Calendar, Event, vCalAddress, vText

from intake.export.writers import clean
from intake.register import BoardRow
from parsers.conference import Conference
from parsers.reading import Attendance

_PARTSTAT = {Attendance.YES: "ACCEPTED", Attendance.NO: "DECLINED", Attendance.MAYBE: "TENTATIVE"}
_NO_ADDRESS = "invalid:nomail"
"""What calendars take for a participant without an address; an address would invite somebody."""


def board_calendar(conference: Conference, rows: Iterable[BoardRow], *, now: datetime) -> bytes:
    """The bytes of an iCalendar file without METHOD: to be opened, never to be sent as an invitation."""
    calendar = Calendar()
    calendar.add("prodid", "-//availability-intake//EN")
    calendar.add("version", "2.0")
    board = list(rows)
    for day in conference.days:
        entry = Event()
        entry.add("uid", f"{uuid5(NAMESPACE_URL, f'{conference.name}/{day}')}@availability-intake")
        entry.add("dtstamp", now.astimezone(UTC))
        entry.add("dtstart", day)
        entry.add("dtend", day + timedelta(days=1))
        entry.add("summary", clean(conference.name))
        entry.add("location", clean(conference.place))
        lines = []
        for row in board:
            cell = row.days[day]
            if cell.attendance is None or cell.name is None:
                lines.append(f"{row.delegation}: -")
                continue
            sure = " (proposed)" if cell.proposed else ""
            lines.append(f"{row.delegation}: {cell.attendance.value} {clean(cell.name)}{sure}")
            person = vCalAddress(_NO_ADDRESS)
            person.params["CN"] = vText(clean(f"{cell.name} ({row.delegation})").replace('"', "'"))
            person.params["PARTSTAT"] = vText(_PARTSTAT[cell.attendance])
            entry.add("attendee", person, encode=False)
        entry.add("description", "\n".join(lines))
        calendar.add_component(entry)
    return bytes(calendar.to_ical())
