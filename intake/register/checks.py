"""What the register itself checks before a reading counts: who wrote, whether the delegation and the days exist."""

from dataclasses import dataclass

from intake.register.people import is_minister
from intake.register.sender import judge
from parsers.conference import Conference
from parsers.reading import Reading, Role, ZoneKind

_OF_SENDER = ("the sender's domain did not vouch", "answers would go to another domain")
"""How the reader's doubts about the sender begin; `sender.judge` knows the trusted server and the houses better."""

_OF_ORIGIN = ("nothing tells which delegation", "the delegation is only guessed")
"""How its doubts about the delegation begin, which an address that staff have assigned settles."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Whose message it is taken to be, every reason why a person should look, and whether it is kept off the board."""

    delegation: str | None
    reasons: tuple[str, ...]
    held: bool = False


def new_text(reading: Reading) -> str:
    """The words written for this message, attachments included; the whole text where the zones tell nothing."""
    wanted = (ZoneKind.NEW, ZoneKind.ATTACHMENT)
    parts = [reading.text[zone.start : zone.end] for zone in reading.zones if zone.kind in wanted]
    return "\n".join(parts) if any(part.strip() for part in parts) else reading.text


def check(
    reading: Reading, conference: Conference | None, *, learned: str | None, trusted: str, head: bytes = b""
) -> Checked:
    """Judges a reading against the list. `learned` is the delegation that staff gave the sender's address, if any.

    `head` are the message's bytes as far as its header goes.
    """
    delegation = learned or reading.delegation
    if conference is None:
        return Checked(delegation, reading.review)
    known_better = (*_OF_SENDER, *_OF_ORIGIN) if learned else _OF_SENDER
    reasons = [reason for reason in reading.review if not reason.startswith(known_better)]
    sender = judge(reading.envelope, conference, learned=learned, trusted=trusted, head=head)
    reasons += sender.reasons
    on_list = conference.delegation(delegation) if delegation else None
    if delegation and on_list is None:
        reasons.append(f"the delegation {delegation} is not on the list")
        delegation = None
    if delegation is None and reading.statements and not any(reason.startswith(_OF_ORIGIN) for reason in reasons):
        reasons.append("nothing tells which delegation this is")
    strange = sorted({s.day for s in reading.statements if s.day not in conference.days})
    if strange:
        days = ", ".join(day.isoformat() for day in strange)
        reasons.append(f"speaks about {days}, which is no day of the event")
    if on_list is not None and sender.domain_of != on_list.code and learned is None:
        reasons += _shared_names(reading, conference, on_list.code)
    return Checked(delegation, tuple(dict.fromkeys(reasons)), sender.pretends)


def _shared_names(reading: Reading, conference: Conference, code: str) -> list[str]:
    """Two ministers with one name, and nothing but the name to tell them apart."""
    found = []
    for name in dict.fromkeys(s.name for s in reading.statements if s.role is Role.MINISTER):
        bearers = [row.code for row in conference.delegations if is_minister(name, row)]
        if len(bearers) > 1 and code in bearers:
            found.append(f"{name} may be the minister of {' or '.join(bearers)}")
    return found
