"""An event in full swing for tests of the page: a fictional list of 37, and messages with their readings made by hand."""
# ruff: noqa: E501  a sample message stands on one line, so that the table can be read

import base64
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from intake.register import Register
from intake.settings import Account, Settings
from parsers.conference import Conference, Delegation
from parsers.reading import (
    Attachment,
    Attendance,
    Automatic,
    Envelope,
    Evidence,
    Kind,
    Neither,
    Question,
    Reading,
    Role,
    Statement,
    Zone,
    ZoneKind,
)

MONDAY, TUESDAY = date(2024, 4, 29), date(2024, 4, 30)
NOW = datetime(2024, 3, 22, 13, 40, tzinfo=UTC)
EVENT = "bridges-2024"
_LIST = """
AT Austria|Anna Berger|de
BE Belgium|Joris Vandamme|nl fr de
BG Bulgaria|Petar Iliev|bg
CY Cyprus|Eleni Markou|el
CZ Czechia|Jan Dvořák|cs
DE Germany|Katrin Althoff|de
DK Denmark|Mette Kjærgaard|da
EE Estonia|Kadri Tammsalu|et
EL Greece|Nikos Petrakis|el
ES Spain|Lucía Serrano Vidal|es
FI Finland|Outi Korhola|fi
FR France|Hélène Marchand-Duval|fr
HR Croatia|Ivana Babić|hr
HU Hungary|Szabó Márton|hu
IE Ireland|Nora Ní Bhriain|en ga
IT Italy|Paolo Ferrante|it
LT Lithuania|Rasa Vaitkutė|lt
LU Luxembourg|Marc Thillen|fr de
LV Latvia|Ilze Krastiņa|lv
MT Malta|Joseph Zerafa|mt en
NL Netherlands|Sanne de Wit|nl
PL Poland|Tomasz Zieliński|pl
PT Portugal|Inês Carvalhal|pt
RO Romania|Mihai Dragomirescu|ro
SE Sweden|Elin Söderqvist|sv
SI Slovenia|Matej Hribernik|sl
SK Slovakia|Zuzana Hlaváčová|sk
CH Switzerland|Beat Aeschlimann|de fr it
IS Iceland|Sigrún Egilsdóttir|is
LI Liechtenstein|Clara Frommelt|de
NO Norway|Ingrid Solbakken|no
COM European Commission|Teresa Lindqvist-Moreau|en fr
EUAA European Union Agency for Asylum|Ruben Castellano|en
FRONTEX European Border and Coast Guard Agency|Aleksi Virtala|en
EULISA eu-LISA|Dagmar Oswald|en
EUROPOL Europol|Cornelia van Rijswijk|en
FRA European Union Agency for Fundamental Rights|Giulia Montanari|en
"""


def _delegations() -> tuple[Delegation, ...]:
    rows = []
    for line in _LIST.strip().splitlines():
        code, _, rest = line.partition(" ")
        name, minister, languages = rest.split("|")
        kind = "member-state"
        if code in ("CH", "IS", "LI", "NO"):
            kind = "associated"
        elif len(code) > 2:
            kind = "institution" if code == "COM" else "agency"
        rows.append(
            Delegation(
                code,
                name,
                kind,
                "Ministry of the Interior" if len(code) == 2 else "Executive office",
                minister,
                "Minister of the Interior" if len(code) == 2 else "Executive Director",
                domains=(f"interior-{code.lower()}.example", f"permrep-{code.lower()}.example"),
                languages=tuple(languages.split()),
                contacts=(f"cabinet@interior-{code.lower()}.example",),
            )
        )
    return tuple(rows)


CONFERENCE = Conference(
    name="Ministerial Conference on the Future of Bridges and Crossings",
    place="Ghent, Belgium",
    days=(MONDAY, TUESDAY),
    mailbox="bridges@host.example",
    invitation_sent=date(2024, 2, 23),
    delegations=_delegations(),
)


def settings(directory: Path) -> Settings:
    """Settings whose register lies in `directory`."""
    account = Account(host="127.0.0.1", port=143, tls="none", user="bridges@host.example", password="x")
    return Settings(directory, EVENT, (account,), page_port=0, database=directory / "intake.db")


@dataclass(frozen=True, eq=False)
class Mail:
    """One message to come: `people` are (quoted words, name, role, {day: attendance})."""

    code: str | None
    day: int
    text: str
    people: tuple[tuple[str, str, Role, dict[date, Attendance]], ...] = ()
    questions: tuple[str, ...] = ()
    subject: str = "Re: Save the date: 29-30 April 2024"
    sender: str = ""
    office: str = ""
    language: str = "en"
    neither: Neither | None = None
    review: tuple[str, ...] = ()
    automatic: Automatic | None = None
    quoted: str = ""
    signature: str = ""
    html: str = ""
    corrects: bool = False
    hour: int = 10


YES, NO, MAYBE = Attendance.YES, Attendance.NO, Attendance.MAYBE
M, D, C = Role.MINISTER, Role.DEPUTY, Role.DELEGATE
BOTH = (MONDAY, TUESDAY)


def on(*days: date, says: Attendance = YES) -> dict[date, Attendance]:
    """The same answer for those days."""
    return dict.fromkeys(days, says)


LETTER = "Ministerial Conference, 29-30 April 2024\nSAVE THE DATE\nDear colleagues,\nI have the pleasure to invite you to Ghent."

MAILS = (
    Mail("AT", 1, "Sehr geehrte Damen und Herren,\n\nBundesministerin Berger wird an beiden Tagen teilnehmen. Begleitet wird sie von Herrn Lukas Hofer.\n\nWann beginnt die Sitzung am Montag?",
         (("Bundesministerin Berger wird an beiden Tagen teilnehmen", "Anna Berger", M, on(*BOTH)), ("Herrn Lukas Hofer", "Lukas Hofer", C, on(*BOTH))),
         ("Wann beginnt die Sitzung am Montag?",), language="de", quoted=LETTER, signature="-- \nMag. Eva Kern\nKabinett der Bundesministerin"),
    Mail("NL", 2, "Geachte collega's,\n\nMinister De Wit is verhinderd. Staatssecretaris Bram Hoekstra zal Nederland op 29 april vertegenwoordigen.",
         (("Minister De Wit is verhinderd", "Sanne de Wit", M, on(*BOTH, says=NO)), ("Staatssecretaris Bram Hoekstra zal Nederland op 29 april vertegenwoordigen", "Bram Hoekstra", D, on(MONDAY))), language="nl", quoted=LETTER),
    Mail("FR", 3, "Madame, Monsieur,\n\nLa Ministre participera le 29 avril ; sa présence le 30 reste à confirmer.\n\nEst-il possible d'atterrir à Ostende avec un avion gouvernemental ?",
         (("La Ministre participera le 29 avril", "Hélène Marchand-Duval", M, {MONDAY: YES}), ("sa présence le 30 reste à confirmer", "Hélène Marchand-Duval", M, {TUESDAY: MAYBE})),
         ("Est-il possible d'atterrir à Ostende avec un avion gouvernemental ?",), language="fr"),
    Mail("SE", 4, "Minister Söderqvist will attend on both days, accompanied by Nils Ekdahl and Maja Lund.",
         (("Minister Söderqvist will attend on both days", "Elin Söderqvist", M, on(*BOTH)), ("Nils Ekdahl", "Nils Ekdahl", C, on(*BOTH)), ("Maja Lund", "Maja Lund", C, on(*BOTH)))),
    Mail("DE", 5, "Guten Tag,\n\nFrau Ministerin Althoff nimmt am 29. April teil, am 30. April vertritt sie Staatssekretär Jens Wiebe.",
         (("Frau Ministerin Althoff nimmt am 29. April teil", "Katrin Althoff", M, {MONDAY: YES, TUESDAY: NO}), ("am 30. April vertritt sie Staatssekretär Jens Wiebe", "Jens Wiebe", D, on(TUESDAY))), language="de"),
    Mail("PL", 6, "Szanowni Państwo,\n\nMinister Zieliński weźmie udział w konferencji w obu dniach.", (("Minister Zieliński weźmie udział w konferencji w obu dniach", "Tomasz Zieliński", M, on(*BOTH)),), language="pl"),
    Mail("IT", 7, "Gentili colleghi,\n\nil Ministro Ferrante parteciperà a entrambe le giornate.\n\nPotreste inviarci il programma?", (("il Ministro Ferrante parteciperà a entrambe le giornate", "Paolo Ferrante", M, on(*BOTH)),),
         ("Potreste inviarci il programma?",), language="it"),
    Mail("DK", 8, "Dear colleagues,\n\nOur Minister intends to come to Ghent, subject to a vote in the Folketing.\nWhen will the programme be available?",
         (("Our Minister intends to come to Ghent, subject to a vote in the Folketing", "Mette Kjærgaard", M, on(*BOTH, says=MAYBE)),), ("When will the programme be available?",)),
    Mail("FI", 9, "Hyvät kollegat,\n\nMinisteri Korhola osallistuu maanantaina.", (("Ministeri Korhola osallistuu maanantaina", "Outi Korhola", M, {MONDAY: YES, TUESDAY: NO}),), language="fi"),
    Mail("EE", 10, "The Minister will take part. She will be accompanied by three colleagues: Mart Saar, Liis Kask and Toomas Rebane.",
         (("The Minister will take part", "Kadri Tammsalu", M, on(*BOTH)), ("Mart Saar", "Mart Saar", C, on(*BOTH)), ("Liis Kask", "Liis Kask", C, on(*BOTH)), ("Toomas Rebane", "Toomas Rebane", C, on(*BOTH)))),
    Mail("IE", 11, "Hi,\n\nMinister Ní Bhriain can make it on the 30th only.\n\nIs there a dinner on the evening of the 29th?", (("Minister Ní Bhriain can make it on the 30th only", "Nora Ní Bhriain", M, {MONDAY: NO, TUESDAY: YES}),),
         ("Is there a dinner on the evening of the 29th?",)),
    Mail("ES", 12, "Estimados colegas:\n\nLa Ministra asistirá los dos días.", (("La Ministra asistirá los dos días", "Lucía Serrano Vidal", M, on(*BOTH)),), language="es"),
    Mail("ES", 13, "Dear colleagues,\n\nThe Minister will not be able to attend. Secretary of State Álvaro Quintana will lead the delegation.",
         (("The Minister will not be able to attend", "Lucía Serrano Vidal", M, on(*BOTH, says=NO)), ("Secretary of State Álvaro Quintana will lead the delegation", "Álvaro Quintana", D, on(*BOTH))), office="permrep-es.example"),
    Mail("HR", 14, "Dear all, please note the letter. We shall inform you in due course.", neither=Neither.ACKNOWLEDGEMENT),
    Mail("HU", 14, "Ez egy automatikus válasz. Március 28-án térek vissza.", neither=Neither.AUTO_REPLY, automatic=Automatic(returns=date(2024, 3, 28), stand_in="helyettes@interior-hu.example"), subject="Automatikus válasz", language="hu"),
    Mail("MT", 1, "Delivery has failed to these recipients: cabinet@interior-mt.example", neither=Neither.BOUNCE, automatic=Automatic(failed=("cabinet@interior-mt.example",)), subject="Undeliverable: SAVE THE DATE", sender="postmaster@interior-mt.example"),
    Mail("RO", 15, "Dear colleagues,\n\nMinister Dragomirescu might be represented by Ms Oana Petcu; the 30th would be difficult.",
         (("Minister Dragomirescu might be represented by Ms Oana Petcu", "Oana Petcu", D, on(*BOTH, says=MAYBE)),), review=("the reader is not sure who comes on which day",)),
    Mail("BG", 16, "Уважаеми колеги,\n\nМинистър Илиев ще участва и в двата дни.", (("Министър Илиев ще участва и в двата дни", "Petar Iliev", M, on(*BOTH)),), language="bg", review=("passed on by somebody else",)),
    Mail("EL", 16, "Αγαπητοί συνάδελφοι,\n\nο Υπουργός κ. Πετράκης θα παραστεί στις 29 Απριλίου.", (("ο Υπουργός κ. Πετράκης θα παραστεί στις 29 Απριλίου", "Nikos Petrakis", M, {MONDAY: YES}),), language="el"),
    Mail(None, 17, "Hello, I write on behalf of the Minister. He will attend both days.", (("He will attend both days", "Minister", M, on(*BOTH)),), sender="assistant@mail.example", review=("nothing tells which delegation this speaks for",)),
    Mail("CH", 18, "Sehr geehrte Kolleginnen und Kollegen,\n\nBundesrat Aeschlimann kommt am 29. April.\n\nKann die Delegation 1+3 umfassen?", (("Bundesrat Aeschlimann kommt am 29. April", "Beat Aeschlimann", M, {MONDAY: YES}),), ("Kann die Delegation 1+3 umfassen?",), language="de"),
    Mail("NO", 19, "Dear colleagues,\n\nMinister Solbakken will attend both days.\nWill there be interpretation into English?", (("Minister Solbakken will attend both days", "Ingrid Solbakken", M, on(*BOTH)),), ("Will there be interpretation into English?",)),
    Mail("EUAA", 20, "Dear colleagues, the Executive Director confirms both days.", (("the Executive Director confirms both days", "Ruben Castellano", M, on(*BOTH)),)),
    Mail("COM", 21, "Dear Presidency,\n\nThe Commissioner will attend on 29 April. On 30 April the Director-General, Pierre Lambermont, will represent her.",
         (("The Commissioner will attend on 29 April", "Teresa Lindqvist-Moreau", M, {MONDAY: YES, TUESDAY: NO}), ("the Director-General, Pierre Lambermont, will represent her", "Pierre Lambermont", D, on(TUESDAY)))),
    Mail("LV", 22, "Could you send the programme? When will the programme be available to delegations?", questions=("When will the programme be available to delegations?",)),
    Mail("CZ", 23, "Vážení kolegové,\n\nministr Dvořák se zúčastní oba dny.", (("ministr Dvořák se zúčastní oba dny", "Jan Dvořák", M, on(*BOTH)),), language="cs"),
    Mail("CZ", 25, "Correction: on 30 April the Minister has to leave. Deputy Minister Pavla Horáková stays.",
         (("on 30 April the Minister has to leave", "Jan Dvořák", M, {TUESDAY: NO}), ("Deputy Minister Pavla Horáková stays", "Pavla Horáková", D, on(TUESDAY))), corrects=True),
    Mail("PT", 26, "Prezados colegas,\n\na Ministra participará nos dois dias.", (("a Ministra participará nos dois dias", "Inês Carvalhal", M, on(*BOTH)),), language="pt"),
    Mail(None, 26, "Our newsletter: offers for hotels in Ghent on 29 April.", neither=Neither.UNRELATED, sender="offers@hotel.example", subject="Hotels in Ghent"),
    Mail("SI", 27, "Spoštovani,\n\nminister Hribernik se bo udeležil konference.", (("minister Hribernik se bo udeležil konference", "Matej Hribernik", M, on(*BOTH)),), language="sl", review=("a weekday in the text does not fit its date",)),
)  # fmt: skip


def moment(day: int, hour: int = 10) -> datetime:
    """That many days after the letter."""
    return datetime(2024, 2, 23, hour, tzinfo=UTC) + timedelta(days=day)


def raw_of(mail: Mail, number: int) -> bytes:
    """The bytes as they would have arrived."""
    message = EmailMessage()
    message["From"] = f"Desk <{_sender(mail)}>"
    message["To"] = CONFERENCE.mailbox
    message["Subject"] = mail.subject
    message["Message-ID"] = f"<{number}@sample.example>"
    message["Date"] = format_datetime(moment(mail.day, mail.hour))
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message.as_bytes()


def _sender(mail: Mail) -> str:
    code = (mail.code or "xx").lower()
    return mail.sender or "office@" + (mail.office or f"interior-{code}.example")


def reading_of(mail: Mail, number: int) -> Reading:
    """What the reader would make of it."""
    parts = [(ZoneKind.NEW, mail.text), (ZoneKind.SIGNATURE, mail.signature), (ZoneKind.QUOTED, mail.quoted)]
    text, zones = "", []
    for kind, part in parts:
        if part:
            start = len(text)
            text += part + "\n\n"
            zones.append(Zone(kind, start, len(text)))
    statements = tuple(
        Statement(name, role, day, answer, 0.93, (_evidence(text, words, "attendance", 0.93),))
        for words, name, role, days in mail.people
        for day, answer in days.items()
    )
    questions = tuple(
        Question(asked, _evidence(text, asked, "question"), mail.language, _topic(asked)) for asked in mail.questions
    )
    kinds = ((Kind.AVAILABILITY,) if statements else ()) + ((Kind.QUESTION,) if questions else ())
    sender = _sender(mail)
    return Reading(
        text=text,
        envelope=Envelope(
            message_id=f"{number}@sample.example",
            from_name="Eva Kern" if mail.code else "",
            from_address=sender,
            to=(CONFERENCE.mailbox,),
            subject=mail.subject,
            sent=moment(mail.day, mail.hour),
            authentication=f"mx.host.example; dkim=pass header.d={sender.partition('@')[2]}; dmarc=pass",
        ),
        zones=tuple(zones),
        language=mail.language,
        delegation=mail.code,
        kinds=kinds,
        neither=None if kinds else mail.neither,
        statements=statements,
        questions=questions,
        automatic=mail.automatic,
        corrects=mail.corrects,
        office=mail.office or sender.partition("@")[2],
        review=mail.review,
        sureness=0.4 if mail.review else 0.93,
    )


def _topic(asked: str) -> str:
    return "programme" if "program" in asked.lower() else ""


def _evidence(text: str, words: str, rule: str, sureness: float = 1.0) -> Evidence:
    start = text.index(words)
    return Evidence(start, start + len(words), words, rule, sureness)


def put(register: Register, mail: Mail, number: int, *, arrived: datetime | None = None) -> int:
    """Keeps and records one message; its number in the register."""
    at = arrived or moment(mail.day, mail.hour)
    kept = register.keep(EVENT, raw_of(mail, number), None, received_at=at, fetched_at=at)
    register.record(kept.id, reading_of(mail, number), at=at)
    return kept.id


def fill(path: Path, mails: tuple[Mail, ...] = MAILS) -> None:
    """A register with the event and its messages."""
    with Register.open(path) as register:
        register.enter(CONFERENCE, EVENT)
        for number, mail in enumerate(mails, 1):
            put(register, mail, number)
        register.note_round(
            EVENT, "bridges@host.example", "INBOX", at=NOW - timedelta(minutes=1), ok=True, holds=0, words=""
        )


PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
HOSTILE = replace(
    MAILS[3],
    code="LT",
    day=28,
    text="<script>alert(1)</script> \u202eMinister\u202c <img src=x onerror=alert(2)> will attend on both days & more.",
    people=(
        ("will attend on both days", "<b>Rasa</b> \u202eetuktiaV\u202c \"'><script>alert(3)</script>", M, on(*BOTH)),
    ),
    subject="</title><script>alert(4)</script>",
    questions=("<img src=x onerror=alert(2)>",),
    html="<p onclick='alert(5)'>Hello <script>alert(6)</script><img src='https://tracker.example/p.gif'><a href='javascript:alert(7)'>link</a></p>",
)
"""Markup and marks in every field that a sender writes."""

__all__ = ["CONFERENCE", "EVENT", "HOSTILE", "MAILS", "NOW", "PIXEL", "Attachment", "Mail", "fill", "put", "settings"]
