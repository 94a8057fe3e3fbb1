"""The order of the tray: what the table waits for most comes first."""

from intake.register import Register, State
from intake.register.page_queries import Waiting, waiting
from parsers.conference import Conference


def tray_order(register: Register, conference: Conference, event: str) -> list[int]:
    """The messages that wait for a person, the most urgent first, among equals the oldest."""
    unsettled = {
        row.delegation
        for row in register.board(conference, event=event)
        if row.state is not State.ANSWERED or row.conflict or any(cell.proposed for cell in row.days.values())
    }
    found = waiting(register, event)
    return [one.id for one in sorted(found, key=lambda one: (-urgency(one, unsettled), one.said_at, one.id))]


def urgency(one: Waiting, unsettled: set[str]) -> int:
    """First who comes from a delegation that is not settled or not known, then who comes, the unreadable, the rest."""
    if one.speaks and (one.delegation is None or one.delegation in unsettled or one.held):
        return 3
    if one.speaks:
        return 2
    return 1 if one.unreadable else 0
