"""When a person should look before a reading is recorded, and why, in words that a secretary understands."""

import re
from dataclasses import dataclass

from parsers.conference import Conference
from parsers.context import Context
from parsers.document import Shown
from parsers.lexicon import contains
from parsers.names import parts
from parsers.origin import Origin
from parsers.reading import Attendance, Envelope, Neither, Role, Statement

_FAILED = re.compile(
    r"\bdmarc\s*=\s*(?:fail|permerror)|\bspf\s*=\s*fail\b.{0,300}\bdkim\s*=\s*(?:fail|none)", re.IGNORECASE | re.DOTALL
)
_CORRECTS = (
    "correction", "corrected", "corrigendum", "instead of", "no longer", "disregard", "cancel", "scrap",
    "change of plan", "update",
    "supersedes", "replaces", "rectification", "annule", "finalement", "korrektur", "berichtigung",
    "doch nicht", "rectificatie",
    "correctie", "correzione", "rettifica", "corrección", "correção", "korekta", "oprava", "popravek",
    "ispravak", "javítás",
    "korjaus", "parandus", "labojums", "pataisymas", "rättelse", "rettelse", "leiðrétting", "διόρθωση",
    "поправка", "corectură",
)  # fmt: skip


UNCLEAR = 0.5
"""The sureness of a reading of which one sentence is as likely a question as not."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Reasons for review (empty: sure), whether the message takes back something said before, and the overall
    sureness.
    """

    reasons: list[str]
    corrects: bool
    sureness: float


def judge(
    conference: Conference,
    state: Context,
    shown: Shown,
    head: Envelope,
    origin: Origin,
    said: list[Statement],
    neither: Neither | None,
    problems: tuple[str, ...],
    *,
    doubted: bool = False,
    unclear_question: bool = False,
) -> Judged:
    """The doubts about a person's message."""
    reasons: list[str] = [*problems]
    sureness = min((s.sureness for s in said), default=1.0)
    if origin.code is None:
        reasons.append("nothing tells which delegation this speaks for")
    elif not origin.sure:
        reasons.append("the delegation is only guessed, from the " + origin.sign)
    if _FAILED.search(head.authentication):
        reasons.append("the sender's domain did not vouch for this message (DMARC)")
    if head.reply_to and head.reply_to.rpartition("@")[2] != head.from_address.rpartition("@")[2]:
        reasons.append("answers would go to another domain than the sender's")
    if any(mention.mismatch for mention in state.day_mentions):
        reasons.append("a weekday in the text does not fit its date")
    if shown.zoned.inner_from:
        reasons.append("passed on by somebody else")
    reasons.extend(_people(said, conference))
    if doubted:
        reasons.append("somebody is named, but the message may not be about attendance")
    if said and sureness < conference.threshold:
        reasons.append("the reader is not sure who comes on which day")
    if neither is not None:
        share = state.sorts.get(neither.value, 0.0)
        sureness = min(sureness, share)
        if share < conference.threshold:
            reasons.append("it is not clear what this message is about")
    if unclear_question:
        sureness = min(sureness, UNCLEAR)
        reasons.append("a sentence may or may not be a question")
    corrects = bool(contains(f"{head.subject}\n{shown.read[:3000]}", _CORRECTS))
    return Judged(list(dict.fromkeys(reasons)), corrects, round(sureness, 3))


def _people(said: list[Statement], conference: Conference) -> list[str]:
    out: list[str] = []
    if any(len(parts(s.name)) < 2 for s in said):
        out.append("a person is named by one word only")
    for day in conference.days:
        heads = {s.name for s in said if s.day == day and s.role is Role.DEPUTY and s.attendance is not Attendance.NO}
        if len(heads) > 1:
            out.append("two persons would head the delegation on the same day")
    coming = {s.name for s in said if s.attendance is not Attendance.NO}
    if len(coming) > 1 + conference.companions:
        out.append(f"more people are named than the format 1+{conference.companions}")
    return out
