"""`service.toml`, read into `Settings`: every key checked, every mistake noted."""

import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

from intake.mistakes import Mistake, Table
from intake.settings import CHOICES, LIMITS, SECRETS, Account, Reader, Settings, is_loopback, needed
from intake.sources import Sources

LOOPBACK_ONLY = "The page has no access control and listens on this machine only"
EXAMPLES = {
    "host": '"imap.ministry.example"',
    "user": '"conference@ministry.example"',
    "address": '"127.0.0.1:8080"',
    "database": '"intake.db"',
    "tenant": '"ministry.example"',
    "client_id": '"the application id"',
    "path": '"/srv/mail"',
    "password": '"…"',
    "client_secret": '"…"',
}
_FLAG = re.compile(r"\\?[A-Za-z0-9$_-]+")
SECTIONS = ("mailbox", "page", "register", "reader")
PAGE_KEYS = ("address", "authserv_id")


def read_service(
    directory: Path,
    values: Mapping[str, Any],
    given: Mapping[str, str],
    environ: Mapping[str, str],
    mistakes: list[Mistake],
    *,
    for_mailbox: bool,
) -> Settings:
    """The settings of `service.toml` under what the environment and the command line say; mistakes are added."""
    sources = Sources(given, environ, mistakes)
    top = Table(values, "service.toml", mistakes)
    tables: dict[str, Any] = {}
    for section in SECTIONS:
        value = top.get(section)
        if section == "mailbox" and isinstance(value, list) and all(isinstance(item, dict) for item in value):
            tables[section] = value
        elif value is None or isinstance(value, dict):
            tables[section] = value or {}
        else:
            top.wrong(section, "is not a table", f"Write [{section}]")
            tables[section] = {}
    top.unknown()
    page = Table(sources.over("page", PAGE_KEYS, tables["page"], directory), "service.toml", mistakes, "page")
    host, port = _listen(page)
    authserv_id = page.text("authserv_id", '"mx.ministry.example"', required=False)
    page.unknown()
    merged = sources.over("register", ("database", "retention_days"), tables["register"], directory)
    register = Table(merged, "service.toml", mistakes, "register")
    database = Path(register.text("database", EXAMPLES["database"], required=False) or "intake.db")
    retention = _number(register, "retention_days", 365) if "retention_days" in register.values else None
    register.unknown()
    reader_keys = tuple(item.name for item in fields(Reader))
    reader = Table(sources.over("reader", reader_keys, tables["reader"], directory), "service.toml", mistakes, "reader")
    limits = {key: _number(reader, key, getattr(Reader(), key)) for key in reader_keys}
    reader.unknown()
    return Settings(
        directory=directory,
        mailboxes=_accounts(tables["mailbox"], sources, directory, for_mailbox=for_mailbox),
        page_host=host,
        page_port=port,
        database=database,
        reader=Reader(**limits),
        authserv_id=authserv_id,
        retention_days=retention,
    )


def _accounts(table: Any, sources: Sources, directory: Path, *, for_mailbox: bool) -> tuple[Account, ...]:
    keys = tuple(item.name for item in fields(Account))
    several = isinstance(table, list)
    file_only = Sources({}, {}, sources.mistakes)
    accounts = []
    for number, values in enumerate(table if several else [table], 1):
        # The environment and the command line know one mailbox: the first.
        merged = (sources if number == 1 else file_only).over("mailbox", keys, values, directory)
        if not merged and not several and not for_mailbox:
            continue
        read = Table(merged, "service.toml", sources.mistakes, f"mailbox {number}" if several else "mailbox")
        accounts.append(_account(read, for_mailbox=for_mailbox))
    names = [account.name for account in accounts]
    for name in {name for name in names if name and names.count(name) > 1}:
        wrong = f"{name} is named twice"
        sources.mistakes.append(Mistake("service.toml", "mailbox", wrong, "Give its folders in one [[mailbox]]"))
    return tuple(accounts)


def _account(table: Table, *, for_mailbox: bool) -> Account:
    values: dict[str, Any] = {}
    for item in fields(Account):
        default = getattr(Account(), item.name)
        if item.name in CHOICES:
            values[item.name] = _choice(table, item.name, default)
        elif item.name in LIMITS:
            values[item.name] = _number(table, item.name, default)
        elif isinstance(default, tuple):
            given = table.texts(item.name, '["INBOX"]')
            values[item.name] = given or default
        else:
            values[item.name] = table.text(item.name, EXAMPLES.get(item.name, '"…"'), required=False) or default
    if "port" not in table.values:
        values["port"] = 993 if values["tls"] == "implicit" else 143
    account = Account(**values)
    table.unknown()
    if for_mailbox:
        for key in needed(account):
            variable = f"INTAKE_MAILBOX_{key}".upper() + ("_FILE" if key in SECRETS else "")
            name = f"{key}_file" if key in SECRETS else key
            example = EXAMPLES.get(key, '"…"')
            table.wrong(name, "is missing", f"Write {name} = {example}, or set {variable}")
    if account.tls == "none" and account.host and not is_loopback(account.host):
        table.wrong("tls", f"would send the password to {account.host} for all to read", 'Write tls = "implicit"')
    try:
        date.fromisoformat(account.client_secret_expires or "2025-02-28")
    except ValueError:
        table.wrong("client_secret_expires", "is no date", 'Write client_secret_expires = "2025-02-28"')
    if account.after == "move" and not account.after_folder:
        table.wrong("after_folder", "is missing", 'Write after_folder = "Recorded"')
    if account.after == "flag" and not _FLAG.fullmatch(account.after_flag):
        table.wrong("after_flag", "is no flag (RFC 9051, 2.3.2)", 'Write after_flag = "$Recorded"')
    return account


def _listen(table: Table) -> tuple[str, int]:
    text = table.text("address", EXAMPLES["address"], required=False) or "127.0.0.1:8080"
    host, colon, digits = text.rpartition(":")
    if not colon or not digits.isdecimal() or not 0 <= int(digits) <= 65535 or not host.strip("[]"):
        table.wrong("address", f"{text!r} is not an address and a port", f"Write address = {EXAMPLES['address']}")
        return "127.0.0.1", 8080
    if not is_loopback(host):
        table.wrong("address", f"{host} can be reached by others. {LOOPBACK_ONLY}", 'Write address = "127.0.0.1:8080"')
    return host.strip("[]"), int(digits)


def _choice(table: Table, key: str, default: str) -> str:
    value = table.text(key, f'"{default}"', required=False) or default
    if value not in CHOICES[key]:
        table.wrong(key, f"{value!r} is none of {', '.join(CHOICES[key])}", f'Write {key} = "{default}"')
        return default
    return value


def _number(table: Table, key: str, default: int) -> int:
    value = table.get(key)
    low, high = LIMITS[key]
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        table.wrong(key, f"{value!r} is not a whole number from {low} to {high}", f"Write {key} = {default}")
        return default
    return value
