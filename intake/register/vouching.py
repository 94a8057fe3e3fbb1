"""What the header itself tells of the sender: how many authors it names, and what the mailbox's own server found.

Read from the bytes, since every field of a kind counts here. Of the Authentication-Results (RFC 8601) the topmost of
the trusted server is believed, wherever it stands, and the topmost of all where that names no server, as Microsoft 365
writes it. Of its words only the method `dmarc` at the beginning of a result counts: a comment, or an envelope address
that the sender chose, may hold the same words.
"""

import re
from collections.abc import Sequence

from intake.register.identity import header_fields

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
_DEEPEST = 20
_DMARC = re.compile(r"(?i)\s*dmarc\s*(?:/\s*\d+\s*)?=\s*([a-z]+)")
_ADDRESS = re.compile(r"[^\s<>,;:\"()]+@[^\s<>,;:\"()]+")
_FAILED = ("fail", "permerror")


def authors(head: bytes) -> tuple[str, ...]:
    """The addresses in the From fields, in lower case, each once; RFC 5322, 3.6.2 allows several in one field."""
    found: dict[str, None] = {}
    for field in header_fields(head, b"from"):
        for part in _plain(field.decode("utf-8", "replace")).split(","):
            _, bracket, rest = part.rpartition("<")
            found |= dict.fromkeys(one.lower() for one in _ADDRESS.findall(rest if bracket else part))
    return tuple(found)


def results(head: bytes) -> tuple[str, ...]:
    """The Authentication-Results fields, the topmost first."""
    return tuple(field.decode("utf-8", "replace") for field in header_fields(head, b"authentication-results"))


def failed_dmarc(fields: Sequence[str], trusted: str) -> str:
    """The verdict against the sender (`fail`, `permerror`) that can be believed; empty where there is none."""
    for place, field in enumerate(fields):
        server, *found = _plain(field).split(";")
        named = "=" not in server
        if named and trusted and server.strip().split(" ")[0].lower() != trusted.lower():
            continue
        if not named and place:
            continue  # it names no server: only on top of all others it can be the own server's
        verdicts = [match[1].lower() for one in (found if named else [server, *found]) if (match := _DMARC.match(one))]
        if any(verdict in _FAILED for verdict in verdicts):
            return next(verdict for verdict in verdicts if verdict in _FAILED)
        if named or not trusted:
            return ""  # the topmost counts; what stands below it anybody may have written
    return ""


def _plain(field: str) -> str:
    """Without quoted strings and comments, nested ones too."""
    plain = _QUOTED.sub("", field)
    for _ in range(_DEEPEST):
        shorter = _COMMENT.sub("", plain)
        if shorter == plain:
            break
        plain = shorter
    return plain
