"""Mail that no person wrote: bounces, then automatic replies and receipts; everything else is a person's.

The order matters, and so does what is no sign: a null Return-Path alone is no bounce; `X-Auto-Response-Suppress`,
`Precedence: bulk` or `List-Id` alone are no automatic reply. Some Exchange replies carry nothing but a localised
subject.
"""

import re
from dataclasses import dataclass
from email.message import Message
from functools import cache

from parsers.body import Body
from parsers.document import Shown
from parsers.headers import field
from parsers.lexicon import contains, every, key, starts_with
from parsers.reading import Envelope, Neither
from parsers.text import fold

_DAEMON = re.compile(
    r"^(mailer-daemon|postmaster|mail-daemon|mdaemon|bounce[\w+.-]{0,20}|microsoftexchange[0-9a-f]{6,})@"
)
_DAEMON_NAME = re.compile(
    r"mail delivery|mailer-daemon|postmaster|delivery subsystem|microsoft outlook$", re.IGNORECASE
)
_RECIPIENT = re.compile(r"(?im)^(?:final-recipient|original-recipient)\s*:\s*(?:rfc822\s*;)?\s*<?([^\s<>;]{3,254})>?")
_ACTION = re.compile(r"(?im)^action\s*:\s*(\w+)")
_REJECTED = re.compile(
    r"\b5\d\d[ -]\d\.\d{1,3}\.\d{1,3}\b|\b[45]\.\d{1,3}\.\d{1,3}\b|\b55\d[ -]|mailbox (?:is )?full|user unknown|"
    r"over quota|recipient address rejected|address not found|no such user|does not exist",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_BY_ITSELF = ("auto", "авто", "αυτο", "uathoib", "sjalfvirk", "samodejn", "abwesenheitsnotiz", "ooo")
_RECEIPT_SUBJECT = re.compile(r"\[(?:ticket|case|request|ref|sd|inc)[ #:-]{0,3}[\w-]*\d+\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Machine:
    """Which automatic mail it is, what told so (a header or words of the subject), and the addresses that failed."""

    kind: Neither
    sign: str
    failed: tuple[str, ...] = ()
    delayed: bool = False


def classify(message: Message, envelope: Envelope, body: Body, shown: Shown, mailbox: str) -> Machine | None:
    """The automatic mail this is, or None for a person's."""
    bounce = _bounce(envelope, body, shown, mailbox)
    if bounce is not None:
        return bounce
    if any(reply.method == "REPLY" for reply in body.replies):
        # Exchange sends a person's calendar answer with the marks of an automatic message.
        return None
    return _automatic(message, envelope, body, shown)


def _bounce(envelope: Envelope, body: Body, shown: Shown, mailbox: str) -> Machine | None:
    status = "\n".join(body.status_parts)
    actions = {action.lower() for action in _ACTION.findall(status)}
    report = body.report_type == "delivery-status" or bool(actions)
    daemon = bool(_DAEMON.match(envelope.from_address)) or bool(_DAEMON_NAME.search(envelope.from_name))
    subject = starts_with(envelope.subject, every("automatic", "bounce")) or contains(
        envelope.subject, every("automatic", "bounce")
    )
    text = shown.read[:8000]
    rejected = bool(_REJECTED.search(text)) and bool(_ADDRESS.search(text))
    if not (report or (daemon and (subject or rejected)) or (subject and rejected)):
        return None
    if report and actions and actions <= {"delivered", "relayed", "expanded"}:
        return Machine(Neither.AUTO_REPLY, "delivery report: delivered")
    failed = [address.lower() for address in _RECIPIENT.findall(status)]
    if not failed:
        failed = [a.lower() for a in _ADDRESS.findall(text) if a.lower() not in {mailbox, envelope.from_address}]
    unique = tuple(dict.fromkeys(a for a in failed if a != mailbox))[:20]
    return Machine(
        Neither.BOUNCE, "delivery report" if report else "mail system's notice", unique, delayed=actions == {"delayed"}
    )


def _automatic(message: Message, envelope: Envelope, body: Body, shown: Shown) -> Machine | None:
    submitted = field(message, "Auto-Submitted").lower()
    kind = Neither.AUTO_REPLY
    if body.report_type == "disposition-notification":
        return Machine(kind, "read receipt")
    if submitted.startswith(("auto-replied", "auto-generated", "auto-notified")):
        return Machine(kind, "Auto-Submitted header")
    for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-Mail-Autoreply", "X-Vacation"):
        value = field(message, name).lower()
        if value and value not in {"no", "false", "0"}:
            return Machine(kind, f"{name} header")
    if field(message, "Precedence").lower() in {"auto_reply", "auto-reply"}:
        return Machine(kind, "Precedence header")
    if field(message, "X-MS-Exchange-Inbox-Rules-Loop") and field(message, "X-Auto-Response-Suppress"):
        return Machine(kind, "Exchange inbox rule")
    if _announced(envelope.subject, shown.read):
        return Machine(kind, "subject")
    if _receipt(envelope.subject, shown.read):
        return Machine(kind, "receipt by a machine")
    nobody = re.match(
        r"^(no-?reply|do-?not-?reply|nepas-?repondre|ticket|helpdesk|servicedesk|nao-?responder)", envelope.from_address
    )
    if nobody and (_RECEIPT_SUBJECT.search(envelope.subject) or _said_receipt(shown.read)):
        return Machine(kind, "receipt by a machine")
    return None


def _announced(subject: str, text: str) -> bool:
    """Whether the subject is an automatic reply's: "Automatic reply: …", "Out of office".

    One word that a person may write too ("Absence of the Minister") needs a colon or nothing behind it, and a text that
    speaks of the writer's own absence.
    """
    phrase = starts_with(subject, every("automatic", "subjects"))
    if len(phrase) <= 5:
        return False
    if " " in phrase or any(stem in phrase for stem in _BY_ITSELF):
        return True
    rest = key(subject)[len(phrase) :].lstrip()
    return (not rest or rest[0] in ":-–—(") and bool(says_away(text))


def _receipt(subject: str, text: str) -> bool:
    phrase = starts_with(subject, every("automatic", "receipt"))
    if len(phrase) > 8:
        return True
    marked = bool(phrase) and key(subject)[len(phrase) :].lstrip().startswith(":")
    return (marked or bool(contains(subject, _long("receipt", 12)))) and _said_receipt(text)


def _said_receipt(text: str) -> bool:
    return bool(contains(text[:1500], _long("receipt", 10)))


def says_away(text: str) -> str:
    """The phrase by which a text without any header or subject says that its writer is away; empty where none does."""
    return contains(fold(text[:1500]), _long("away", 9))


@cache
def _long(name: str, size: int) -> frozenset[str]:
    """The phrases under a key that are long enough to tell something by themselves."""
    return frozenset(phrase for phrase in every("automatic", name) if len(phrase) > size)
