"""From the bytes of a message to a `Reading`: `parsers.load(conference).read(raw, received_at=...)`.

Pure: no clock, no network, no database, no environment. Importing this package does not import spaCy; `load` does.
"""

from typing import TYPE_CHECKING

from parsers.conference import Conference, Delegation
from parsers.reading import Reading

if TYPE_CHECKING:
    from parsers.reader import Reader

__all__ = ["Conference", "Delegation", "Reading", "load"]


def load(conference: Conference) -> "Reader":
    """A warm reader for this event. Takes a second or two and some 200 MB; keep it."""
    from parsers.reader import Reader  # spaCy is only wanted where messages are read

    return Reader(conference)
