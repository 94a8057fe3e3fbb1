"""Moments as the register writes them, and which of two clocks to believe."""

from datetime import UTC, date, datetime, timedelta

SKEW = timedelta(minutes=15)
"""How far a sender's clock may run ahead of the mailbox's before it is not believed."""

_BEGIN = datetime(1, 1, 2, tzinfo=UTC)

LONG_WAY = timedelta(days=400)
"""Where the event's invitation is unknown: a Date older than this at arrival is a wrong clock."""


def to_text(moment: datetime) -> str:
    """UTC with microseconds and Z, always 27 characters, so that text order is time order. Refuses naive moments."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(UTC).strftime("%04Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def from_text(text: str) -> datetime:
    """The aware moment that `to_text` wrote."""
    return datetime.fromisoformat(text)


def maybe_from_text(text: str | None) -> datetime | None:
    """The same where the column may be null."""
    return None if text is None else datetime.fromisoformat(text)


def invited_text(invitation_sent: date) -> str:
    """The earliest moment at which an answer can have been written: a day before the letter, for all time zones."""
    midnight = datetime(invitation_sent.year, invitation_sent.month, invitation_sent.day, tzinfo=UTC)
    return to_text(midnight - timedelta(days=1) if midnight > _BEGIN else midnight)


def said_at(sent: datetime | None, arrived: datetime, invited: str | None) -> datetime:
    """When a message was written: by its own Date (RFC 5322, 3.6.1) where that can be, else when it arrived.

    It cannot have been written after it arrived, nor before the letter that it answers went out (a clock in 1970, say).
    """
    if sent is None or sent > arrived + SKEW:
        return arrived
    too_old = to_text(sent) < invited if invited else sent < arrived - LONG_WAY
    return arrived if too_old else sent
