"""The configuration directory: the event, its list and letter (`Conference`) and the service's settings (`Settings`).

`conference.toml`, `delegations.toml` and, optionally, `invitation.txt` or `invitation.eml` describe the event;
`service.toml` describes where this installation finds its mailbox, its page and its register.
"""

import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from intake.mistakes import ConfigError, Mistake, Table, read_text, read_toml
from intake.service_file import read_service
from intake.settings import Account, Reader, Settings
from parsers.conference import Conference, Delegation

__all__ = [
    "Account",
    "ConfigError",
    "Mistake",
    "Reader",
    "Settings",
    "check_config",
    "event_key",
    "load_conference",
    "load_settings",
]


def load_conference(directory: Path | str) -> Conference:
    """The event, its list and its letter. Raises `ConfigError` with every mistake of the three files."""
    mistakes: list[Mistake] = []
    conference, _ = _conference(Path(directory), mistakes)
    if mistakes or conference is None:
        raise ConfigError(mistakes)
    return conference


def load_settings(
    directory: Path | str,
    *,
    given: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    for_mailbox: bool = False,
) -> Settings:
    """The service's settings; what is `given` on the command line wins over the environment, the file and the default.

    `given` and the environment name a setting by its key: `mailbox.host` is `INTAKE_MAILBOX_HOST`. With `for_mailbox`
    everything that is needed to log in has to be there. Raises `ConfigError`.
    """
    mistakes: list[Mistake] = []
    settings = _settings(Path(directory), mistakes, given or {}, environ, for_mailbox=for_mailbox)
    if mistakes:
        raise ConfigError(mistakes)
    return settings


def check_config(
    directory: Path | str,
    *,
    given: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    for_mailbox: bool = True,
) -> tuple[Settings, Conference]:
    """Both at once, so that a `ConfigError` holds the mistakes of all four files."""
    mistakes: list[Mistake] = []
    conference, _ = _conference(Path(directory), mistakes)
    settings = _settings(Path(directory), mistakes, given or {}, environ, for_mailbox=for_mailbox)
    if mistakes or conference is None:
        raise ConfigError(mistakes)
    return settings, conference


def event_key(name: str) -> str:
    """The short name of an event in the register: lower-case ASCII words joined by hyphens, at most 60 characters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-") or "event"


def _settings(
    directory: Path,
    mistakes: list[Mistake],
    given: Mapping[str, str],
    environ: Mapping[str, str] | None,
    *,
    for_mailbox: bool,
) -> Settings:
    values = read_toml(directory / "service.toml", mistakes, required=False) or {}
    environment = os.environ if environ is None else environ
    settings = read_service(directory, values, given, environment, mistakes, for_mailbox=for_mailbox)
    event = read_toml(directory / "conference.toml", [], required=False) or {}
    name = event.get("name")
    key = event.get("key")
    chosen = key if isinstance(key, str) and key else event_key(name if isinstance(name, str) else "")
    return replace(settings, event=chosen)


def _conference(directory: Path, mistakes: list[Mistake]) -> tuple[Conference | None, str]:
    if not directory.is_dir():
        wrong = "is not a directory"
        mistakes.append(Mistake(str(directory), "", wrong, "Name the directory that holds conference.toml"))
        return None, ""
    values = read_toml(directory / "conference.toml", mistakes)
    delegations = _delegations(directory, mistakes)
    letter = _letter(directory, mistakes)
    if values is None:
        return None, ""
    table = Table(values, "conference.toml", mistakes)
    name = table.text("name", '"Ministerial Conference"')
    place = table.text("place", '"Ghent, Belgium"')
    key = table.text("key", '"ghent-2024"', required=False)
    if key and not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", key):
        table.wrong("key", f"{key!r} is no short name", "Write lower-case letters, digits and hyphens, at most 60")
    days = _days(table)
    mailbox = table.text("mailbox", '"conference@ministry.example"')
    if mailbox:
        mailbox = table.address("mailbox", mailbox, '"conference@ministry.example"')
    companions = _companions(table)
    sent = table.day("invitation_sent", "2024-02-23")
    threshold = table.get("threshold")
    if threshold is None:
        threshold = 0.85
    elif isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        table.wrong("threshold", "is not a number from 0 to 1", "Write threshold = 0.85")
        threshold = 0.85
    if days and sent and sent > days[0]:
        table.wrong("invitation_sent", f"is after the first day, {days[0]}", "Write the day the letter went out")
    table.unknown()
    event = Conference(
        name=name,
        place=place,
        days=days,
        mailbox=mailbox,
        invitation_sent=sent or date.min,
        delegations=delegations,
        companions=companions,
        letter=letter,
        threshold=float(threshold),
    )
    return event, key


def _days(table: Table) -> tuple[date, ...]:
    example = "Write days = [2024-04-29, 2024-04-30]"
    value = table.get("days")
    if not isinstance(value, list) or not value:
        table.wrong("days", "is missing" if value is None else "is not a list of dates", example)
        return ()
    if not all(isinstance(day, date) and not isinstance(day, datetime) for day in value):
        table.wrong("days", "holds something that is not a date without a time", example)
        return ()
    if sorted(set(value)) != value:
        table.wrong("days", "is not in order, or names a day twice", example)
    return tuple(sorted(set(value)))


def _companions(table: Table) -> int:
    value = table.text("format", '"1+2"', required=False)
    if not value:
        return 2
    match = re.fullmatch(r"1\s*\+\s*(\d{1,2})", value)
    if match is None:
        table.wrong("format", f"{value!r} is not a head of delegation plus a number", 'Write format = "1+2"')
        return 0
    return int(match[1])


def _delegations(directory: Path, mistakes: list[Mistake]) -> tuple[Delegation, ...]:
    values = read_toml(directory / "delegations.toml", mistakes)
    if values is None:
        return ()
    table = Table(values, "delegations.toml", mistakes)
    rows = table.get("delegation")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        table.wrong("delegation", "names no delegation", "Write one [[delegation]] table for each of the invited")
        return ()
    table.unknown()
    seen: dict[str, int] = {}
    return tuple(_delegation(row, number, seen, mistakes) for number, row in enumerate(rows, 1))


def _delegation(row: dict[str, Any], number: int, seen: dict[str, int], mistakes: list[Mistake]) -> Delegation:
    code = row.get("code")
    table = Table(row, "delegations.toml", mistakes, f"delegation {number}" + (f" ({code})" if code else ""))
    code = table.text("code", '"BG"')
    if code and not re.fullmatch(r"[A-Z][A-Z0-9-]{1,15}", code):
        table.wrong("code", f"{code!r} is no code", 'Write capitals, as in code = "BG" or code = "EUAA"')
    if code in seen:
        table.wrong("code", f"{code!r} stands at delegation {seen[code]} already", "Give each delegation its own code")
    seen.setdefault(code, number)
    kind = table.text("kind", '"member-state"')
    if kind and not re.fullmatch(r"[a-z]+(-[a-z]+)*", kind):
        table.wrong("kind", f"{kind!r} is no kind", "Write member-state, associated, institution or agency")
    contacts = tuple(
        table.address("contacts", contact, '["office@ministry.example"]')
        for contact in table.texts("contacts", '["office@ministry.example"]')
    )
    domains = tuple(domain.lower().lstrip("@") for domain in table.texts("domains", '["mvr.bg", "mfa.bg"]'))
    for domain in domains:
        table.address("domains", f"office@{domain}", '["mvr.bg", "mfa.bg"]')
    languages = table.texts("languages", '["bg"]')
    for language in languages:
        if not re.fullmatch(r"[a-z]{2,3}", language):
            table.wrong("languages", f"{language!r} is no ISO 639 code", 'Write languages = ["bg"]')
    delegation = Delegation(
        code=code,
        name=table.text("name", '"Bulgaria"'),
        kind=kind,
        ministry=table.text("ministry", '"Ministry of Interior"'),
        minister=table.text("minister", '"First Last"'),
        title=table.text("title", '"Minister of Interior"'),
        minister_also=table.texts("minister_also", '["the name in another script"]'),
        domains=domains,
        languages=languages,
        contacts=contacts,
    )
    table.unknown()
    return delegation


def _letter(directory: Path, mistakes: list[Mistake]) -> str:
    """The letter as it was sent: `invitation.txt`, else the text of `invitation.eml`, else nothing."""
    text = read_text(directory / "invitation.txt", mistakes, required=False)
    if text is not None:
        return text
    path = directory / "invitation.eml"
    if not path.exists():
        return ""
    try:
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        body = message.get_body(("plain", "html"))
        content = body.get_content() if body is not None else ""
    except (OSError, LookupError, ValueError) as error:
        mistakes.append(Mistake(path.name, "", f"cannot be read ({error})", "Save the letter as invitation.txt"))
        return ""
    if body is not None and body.get_content_subtype() == "html":
        tree = LexborHTMLParser(str(content))
        tree.strip_tags(["script", "style", "head"])
        content = tree.body.text(separator="\n") if tree.body else ""
    if not str(content).strip():
        mistakes.append(Mistake(path.name, "", "holds no text", "Save the letter as invitation.txt"))
    return str(content)
