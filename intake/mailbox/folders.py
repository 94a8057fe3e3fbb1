"""Folder names: any name, separator and prefix; Sent, Drafts and Junk by what the server or the language calls them."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from intake.mailbox.faults import Fault, MailboxError, tame


class Wanted(StrEnum):
    """Folders that are found by their special use (RFC 6154) before they are found by name."""

    SENT = "\\Sent"
    DRAFTS = "\\Drafts"
    JUNK = "\\Junk"
    ARCHIVE = "\\Archive"


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder as LIST tells it: `name` decoded, `flags` lower-case."""

    name: str
    delimiter: str
    flags: frozenset[str]

    @property
    def parts(self) -> tuple[str, ...]:
        """The name cut at the server's separator."""
        return tuple(self.name.split(self.delimiter)) if self.delimiter else (self.name,)

    @property
    def selectable(self) -> bool:
        """Whether messages can lie here."""
        return not self.flags & {"\\noselect", "\\nonexistent"}


# What the servers and mail programs that ministries use call these folders, by language.
NAMES = {
    Wanted.SENT: (
        "Sent", "Sent Items", "Sent Mail", "Sent Messages",
        "Gesendet", "Gesendete Elemente", "Gesendete Objekte", "Gesendete Nachrichten",
        "Envoyés", "Éléments envoyés", "Messages envoyés", "Courrier envoyé",
        "Verzonden", "Verzonden items", "Verzonden berichten", "Inviata", "Posta inviata", "Inviati",
        "Enviados", "Elementos enviados", "Mensajes enviados", "Itens Enviados", "Mensagens enviadas",
        "Wysłane", "Elementy wysłane", "Odeslané", "Odeslaná pošta", "Odoslané", "Odoslaná pošta",
        "Elküldött", "Elküldött elemek", "Trimise", "Elemente trimise", "Изпратени", "Изпратени елементи",
        "Απεσταλμένα", "Στοιχεία απεσταλμένων", "Sendt", "Sendt post", "Sendte elementer", "Skickat",
        "Skickade objekt", "Lähetetyt", "Lähetetyt viestit", "Saadetud", "Saadetud üksused", "Nosūtītie",
        "Nosūtītie vienumi", "Išsiųsti", "Išsiųsti elementai", "Poslano", "Poslane stavke", "Poslani elementi",
        "Poslana pošta", "Mibgħuta", "Seolta", "Sent póstur", "Send hlutir",
    ),
    Wanted.DRAFTS: (
        "Drafts", "Draft", "Entwürfe", "Brouillons", "Concepten", "Bozze", "Borradores", "Rascunhos", "Szkice",
        "Wersje robocze", "Kopie robocze", "Koncepty", "Rozpracované", "Piszkozatok", "Ciorne", "Schițe", "Чернови",
        "Πρόχειρα", "Kladder", "Utkast", "Luonnokset", "Mustandid", "Melnraksti", "Juodraščiai", "Skice", "Osnutki",
        "Abbozzi", "Dréachtaí", "Drög",
    ),
    Wanted.JUNK: (
        "Junk", "Junk Email", "Junk E-mail", "Spam", "Bulk Mail", "Junk-E-Mail", "Unerwünscht", "Courrier indésirable",
        "Indésirables", "Ongewenste e-mail", "Ongewenst", "Posta indesiderata", "Correo no deseado", "Lixo Eletrónico",
        "Wiadomości-śmieci", "Nevyžádaná pošta", "Nevyžiadaná pošta", "Levélszemét", "E-mail nedorit", "Нежелана поща",
        "Ανεπιθύμητη αλληλογραφία", "Uønsket mail", "Uønsket e-post", "Skräppost", "Roskaposti", "Rämpspost",
        "Mēstules", "Šlamštas", "Neželjena pošta", "Neželena e-pošta",
    ),
    Wanted.ARCHIVE: ("Archive", "Archives", "Archiv", "Archief", "Archivio", "Archivo", "Arkiv", "Arkisto"),
}  # fmt: skip


def find(listing: Iterable[Folder], wanted: Wanted | str) -> str:
    """The server's own name for a wanted folder.

    A name from the settings fits as it stands, with `/` for the server's separator, or without the prefix that the
    server puts before every name (`INBOX.`). Raises `MailboxError` that names what is near.
    """
    folders = [folder for folder in listing if folder.selectable]
    special = _special(wanted)
    found = _by_use(folders, special) if special else _by_name(folders, str(wanted))
    if found is not None:
        return found.name
    if not special and str(wanted).upper() == "INBOX":
        return "INBOX"  # always there (RFC 9051, 5.1), also where LIST forgets it
    raise MailboxError(Fault.FOLDER, f"There is no folder {tame(str(wanted))}", advice=_hint(folders, str(wanted)))


def _special(wanted: Wanted | str) -> Wanted | None:
    return next((use for use in Wanted if use.value.lower() == str(wanted).lower()), None)


def _by_use(folders: list[Folder], use: Wanted) -> Folder | None:
    for folder in folders:
        if use.value.lower() in folder.flags:
            return folder
    names = [name.casefold() for name in NAMES[use]]
    near = [folder for folder in folders if folder.parts[-1].casefold() in names]
    # The one highest up, and of those the more common name: archives hold folders of old sent mail.
    near.sort(key=lambda folder: (len(folder.parts), names.index(folder.parts[-1].casefold())))
    return near[0] if near else None


def _by_name(folders: list[Folder], wanted: str) -> Folder | None:
    for folder in folders:
        if folder.name == wanted or (folder.name.upper() == wanted.upper() == "INBOX"):
            return folder
    for folder in folders:
        parts = tuple(wanted.split("/"))
        if folder.parts == parts or (folder.parts[0].upper() == "INBOX" and folder.parts[1:] == parts):
            return folder
    return next((folder for folder in folders if folder.name.casefold() == wanted.casefold()), None)


def _hint(folders: list[Folder], wanted: str) -> str:
    names = [folder.name for folder in folders]
    near = get_close_matches(wanted, names, n=3, cutoff=0.5)
    shown = ", ".join(tame(name, 60) for name in near or names[:20])
    return f"Write one of: {shown}." if shown else "The server lists no folders for this user."
