"""The page's names for what the register holds. Each is an English text that the catalogues translate."""

from intake.page.marks import N_, NN_
from intake.page.words import Words
from intake.register import Bucket, Cell, Source, State
from parsers.conference import Conference
from parsers.reading import Attendance, Neither, Role, ZoneKind

STANDS = {
    "minister": N_("Minister"),
    "deputy": N_("Deputy"),
    "maybe": N_("Perhaps"),
    "no": N_("Nobody comes"),
    "open": N_("Not said"),
}
SIGNS = {"minister": "●", "deputy": "◐", "maybe": "?", "no": "✕", "open": "○"}
"""What stands beside each colour, so that no colour stands alone."""

STATES = {
    State.ANSWERED: N_("Answered"),
    State.NO_ANSWER: N_("No answer yet"),
    State.NOT_DELIVERED: N_("Letter not delivered"),
    State.AWAY: N_("Away"),
}
ROLES = {Role.MINISTER: N_("Minister"), Role.DEPUTY: N_("Deputy"), Role.DELEGATE: N_("Companion")}
HEADS = {Role.MINISTER: N_("Principal"), Role.DEPUTY: N_("Deputy"), Role.DELEGATE: N_("Companion")}
"""The same for a house that has no minister: the Commission, an agency."""

ATTENDANCES = {Attendance.YES: N_("yes"), Attendance.NO: N_("no"), Attendance.MAYBE: N_("perhaps")}
KINDS = {
    "member-state": N_("Member States"),
    "associated": N_("Associated countries"),
    "institution": N_("Institutions"),
    "agency": N_("Agencies"),
}
FLAGS = {
    "conflict": N_("Conflict"),
    "proposed": N_("To confirm"),
    "too_many": N_("Over 1+%(companions)s"),
    "new_minister": N_("New name"),
    "not_delivered": N_("Not delivered"),
    "away": N_("Away"),
    "held": N_("Sender in doubt"),
}
FLAG_HELP = {
    "conflict": N_("Two offices of this delegation contradict each other; somebody has to decide."),
    "proposed": N_("This rests on a message that nobody has looked at yet."),
    "too_many": N_("More people are named than the format allows."),
    "new_minister": N_("The minister named is not the one on the list."),
    "not_delivered": N_("A letter to this delegation came back."),
    "away": N_("An automatic reply says that nobody is there."),
    "held": N_("A message is kept off the board because its sender may be pretending."),
}
BUCKETS = {
    Bucket.WAITING: NN_("waiting to be read", "waiting to be read"),
    Bucket.ANSWER: NN_("answer", "answers"),
    Bucket.QUESTION: NN_("question", "questions"),
    Bucket.ACKNOWLEDGEMENT: NN_("acknowledgement", "acknowledgements"),
    Bucket.AUTO_REPLY: NN_("automatic reply", "automatic replies"),
    Bucket.BOUNCE: NN_("delivery failure", "delivery failures"),
    Bucket.UNRELATED: NN_("about something else", "about something else"),
    Bucket.REVIEW: NN_("to review", "to review"),
    Bucket.QUARANTINED: NN_("could not be read", "could not be read"),
    Bucket.COPY: NN_("copy of another message", "copies of another message"),
    Bucket.ERASED: NN_("erased", "erased"),
}
NEITHERS = {
    Neither.ACKNOWLEDGEMENT: N_("an acknowledgement"),
    Neither.AUTO_REPLY: N_("an automatic reply"),
    Neither.BOUNCE: N_("a delivery failure"),
    Neither.UNRELATED: N_("about something else"),
}
SOURCES = {
    Source.MESSAGE: N_("by mail"),
    Source.CALENDAR: N_("by calendar reply"),
    Source.PHONE: N_("by phone"),
    Source.LETTER: N_("by letter"),
    Source.STAFF: N_("decided here"),
}
LAST_WORDS = {
    Bucket.ANSWER: N_("answer"),
    Bucket.QUESTION: N_("question"),
    Bucket.ACKNOWLEDGEMENT: N_("acknowledgement"),
    Bucket.AUTO_REPLY: N_("automatic reply"),
    Bucket.BOUNCE: N_("letter came back"),
    Bucket.UNRELATED: N_("something else"),
    Source.PHONE: N_("by phone"),
    Source.LETTER: N_("by letter"),
    Source.STAFF: N_("decided here"),
}
ZONES = {
    ZoneKind.NEW: N_("Written for this message"),
    ZoneKind.QUOTED: N_("Quoted from earlier mail"),
    ZoneKind.ATTRIBUTION: N_("Quoted from earlier mail"),
    ZoneKind.SIGNATURE: N_("Signature"),
    ZoneKind.DISCLAIMER: N_("Disclaimer"),
    ZoneKind.LETTER: N_("Our own letter"),
    ZoneKind.ATTACHMENT: N_("Attachment"),
}
QUESTION_STATES = {"open": N_("Open"), "answered": N_("Answered"), "dropped": N_("Needs no answer")}
TOPICS = {
    "visa": N_("visa"),
    "passport": N_("passports"),
    "practical": N_("practical arrangements"),
    "weapons": N_("weapons"),
    "bilateral": N_("bilateral meetings"),
    "interpretation": N_("interpretation"),
    "documents": N_("documents"),
    "speaking": N_("speaking time"),
    "parking": N_("parking"),
    "transfer": N_("transfer"),
    "hotel": N_("hotel"),
    "accreditation": N_("accreditation"),
    "registration": N_("registration"),
    "programme": N_("programme"),
    "dinner": N_("meals"),
    "companions": N_("companions"),
    "level": N_("level of representation"),
    "seating": N_("seating"),
    "press": N_("press"),
    "security": N_("security"),
    "remote": N_("taking part online"),
    "deadline": N_("deadline"),
}
"""What a question may be about: the keys of `intake/register/topics.toml`."""

ACTS = {
    "accept": N_("accepted the reading"),
    "reject": N_("said that it is no answer"),
    "correct": N_("corrected the reading"),
    "count": N_("put it up for review"),
    "phone": N_("entered an answer by phone"),
    "letter": N_("entered an answer by letter"),
    "staff": N_("decided"),
    "assign": N_("said whose address it is"),
    "merge": N_("said that two spellings are one person"),
    "question": N_("dealt with a question"),
    "note": N_("wrote a note"),
    "take back": N_("took a decision back"),
}


def role_name(words: Words, role: Role, kind: str) -> str:
    """`Minister`, or what fits a house that has none."""
    return words.say((ROLES if kind in ("member-state", "associated") else HEADS)[role])


def cell_words(words: Words, cell: Cell, kind: str) -> str:
    """What stands under a name on the board."""
    if cell.attendance is None or cell.role is None:
        return words.say(STANDS["open"])
    role = role_name(words, cell.role, kind)
    if cell.attendance is Attendance.NO:
        return words.say(N_("%(role)s, does not come"), role=role)
    if cell.attendance is Attendance.MAYBE:
        return words.say(N_("%(role)s, perhaps"), role=role)
    return role


def flag_name(words: Words, flag: str, conference: Conference) -> str:
    """A flag's short name."""
    text = words.say(FLAGS.get(flag, flag))
    return text % {"companions": conference.companions} if "%(" in text else text


def last_word_name(words: Words, kind: str) -> str:
    """What the last word of a delegation was; the register's own word where it is new to the page."""
    return words.say(LAST_WORDS.get(kind, kind))  # type: ignore[call-overload]  # both enums are strings
