"""Who wrote: whether the sender's domain is on the list, and whether somebody pretends to be on it.

Only what the mailbox's own server says counts (module `vouching`). A forged pass gains nothing, because an unknown
domain stays unknown; a failure is always shown.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from intake.register.people import fold
from intake.register.vouching import authors, failed_dmarc, results
from parsers.conference import Conference
from parsers.reading import Envelope

_ADDRESS = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
# Pairs that one reads for the other in a proportional typeface; what a fold does not bring together already.
_LOOKS_LIKE = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"), ("-", ""))
_LONG_ENOUGH = 8


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whose listed domain the sender writes from (a code, or None), reasons for review, and whether it pretends."""

    domain_of: str | None
    reasons: tuple[str, ...]
    pretends: bool


def judge(
    envelope: Envelope, conference: Conference, *, learned: str | None, trusted: str, head: bytes = b""
) -> Judgement:
    """Looks at the From, Reply-To and Authentication-Results of one message.

    `head` are its bytes, as far as its header goes; without them only the topmost results, in the envelope, are seen.
    """
    domain = domain_of(envelope.from_address)
    owner = whose(domain, conference)
    reasons: list[str] = []
    failed = failed_dmarc(results(head) if head else (envelope.authentication,), trusted)
    if failed:
        reasons.append(f"the sender is not proven: {domain} failed DMARC ({failed})")
    named = {domain_of(address) for address in authors(head)} - {""}
    if len(named) > 1:
        reasons.append(f"the message names several senders, of {' and '.join(sorted(named))}")
    if owner is None and learned is None:
        like = _looks_like(domain, conference)
        if like:
            reasons.append(f"the sender's domain {domain} looks like {like}, and is not it")
    shown = _ADDRESS.search(envelope.from_name)
    if shown and domain_of(shown[0]) != domain:
        reasons.append(f"the sender shows the name {shown[0]} and writes from {envelope.from_address}")
    pretends = bool(reasons)
    reply_domain = domain_of(envelope.reply_to)
    if reply_domain and reply_domain != domain and not _same_house(reply_domain, domain, conference):
        reasons.append(f"answers would go to {envelope.reply_to}, which is not the sender's")
        pretends = pretends or owner is not None
    return Judgement(owner, tuple(reasons), pretends)


@lru_cache(maxsize=4096)
def domain_of(address: str) -> str:
    """The domain of an address in lower case and in A-labels (RFC 5890); empty where there is none."""
    domain = address.rpartition("@")[2].strip(" <>").rstrip(".").lower() if "@" in address else ""
    try:
        return domain.encode("idna").decode("ascii") if domain else ""
    except UnicodeError:
        return domain


def whose(domain: str, conference: Conference) -> str | None:
    """The code of the delegation with that domain or one above it, or None."""
    for row in conference.delegations:
        for listed in row.domains:
            known = domain_of("@" + listed)
            if known and (domain == known or domain.endswith("." + known)):
                return row.code
    return None


def _same_house(one: str, two: str, conference: Conference) -> bool:
    if one.endswith("." + two) or two.endswith("." + one):
        return True
    house = whose(two, conference)
    return house is not None and house == whose(one, conference)


def _looks_like(domain: str, conference: Conference) -> str:
    """The listed domain that this one is made to resemble; empty where none."""
    shown = _shown(domain)
    for row in conference.delegations:
        for listed in row.domains:
            known = domain_of("@" + listed)
            if not known:
                continue
            if domain.startswith(known + ".") or _skeleton(shown) == _skeleton(known):
                return known
            one, two = shown.split("."), known.split(".")
            if one[1:] == two[1:] and len(two[0]) >= _LONG_ENOUGH and _one_slip(one[0], two[0]):
                return known
    return ""


def _shown(domain: str) -> str:
    """As a mail program shows it, in Unicode."""
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


def _skeleton(domain: str) -> str:
    """Equal for domains that look the same, in the spirit of UTS 39, 4: letters folded, look-alikes made one."""
    plain = fold(domain)
    for pair, single in _LOOKS_LIKE:
        plain = plain.replace(pair, single)
    return plain


def _one_slip(one: str, two: str) -> bool:
    """Whether two different words differ by one letter left out, added or changed, or by two neighbours exchanged."""
    if one == two or abs(len(one) - len(two)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    return (
        one[at + 1 :] == two[at + 1 :]
        or one[at + 1 :] == two[at:]
        or one[at:] == two[at + 1 :]
        or (one[at : at + 2] == two[at : at + 2][::-1] and one[at + 2 :] == two[at + 2 :])
    )
