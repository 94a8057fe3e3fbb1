"""The service's settings as values: its mailboxes, its page, its register, the limits of its reader."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Account:
    """One mailbox. `mailbox` is whose mail it is if not `user`'s own (a shared mailbox). Secrets do not print.

    `kind` is imap, graph or folder. `folders` are read; what lies in `junk` is read with a mark, and `archive` holds
    answers that colleagues have filed. `poll_seconds` passes between two rounds whatever IDLE says.
    """

    kind: str = "imap"
    host: str = ""
    port: int = 993
    tls: str = "implicit"
    user: str = ""
    mailbox: str = ""
    login: str = "password"
    password: str = field(default="", repr=False)
    oauth: str = "client-secret"
    tenant: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    client_secret_expires: str = ""
    certificate: str = ""
    certificate_key: str = field(default="", repr=False)
    token_file: str = ""
    authority: str = "https://login.microsoftonline.com"
    graph: str = "https://graph.microsoft.com/v1.0"
    folders: tuple[str, ...] = ("INBOX",)
    junk: tuple[str, ...] = ()
    archive: tuple[str, ...] = ()
    sent: str = ""
    drafts: str = ""
    path: str = ""
    poll_seconds: int = 300
    after: str = "nothing"
    after_folder: str = ""
    after_flag: str = ""

    @property
    def name(self) -> str:
        """What the register calls this mailbox: whose mail it is, or where its files lie."""
        return self.path if self.kind == "folder" else self.mailbox or self.user


@dataclass(frozen=True, slots=True)
class Reader:
    """Limits of the child process that reads: seconds and MiB for one message, and how many until it is replaced."""

    seconds: int = 10
    memory_mb: int = 2048
    messages: int = 2000


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything but the event itself: `event` is its key, `database` the register's file.

    `retention_days` is how long after its last day everything of the event is kept; None for no limit of its own.
    """

    directory: Path
    event: str = "event"
    mailboxes: tuple[Account, ...] = ()
    page_host: str = "127.0.0.1"
    page_port: int = 8080
    database: Path = Path("intake.db")
    reader: Reader = Reader()
    authserv_id: str = ""
    retention_days: int | None = None


CHOICES = {
    "kind": ("imap", "graph", "folder"),
    "tls": ("implicit", "starttls", "none"),
    "login": ("password", "plain", "xoauth2", "oauthbearer"),
    "oauth": ("client-secret", "certificate", "device-code", "file"),
    "after": ("nothing", "flag", "move"),
}
LIMITS = {
    "port": (1, 65535),
    "poll_seconds": (10, 3600),
    "seconds": (1, 600),
    "memory_mb": (256, 65536),
    "messages": (1, 1_000_000),
    "retention_days": (1, 36_500),
}
SECRETS = ("password", "client_secret", "certificate_key")
PATHS = ("certificate", "token_file", "path", "database")


def needed(account: Account) -> tuple[str, ...]:
    """The keys without which this kind of mailbox cannot be opened and which are empty."""
    if account.kind == "folder":
        wanted: tuple[str, ...] = ("path",)
    elif account.kind == "imap" and account.login in ("password", "plain"):
        wanted = ("host", "user", "password")
    else:
        wanted = ("tenant", "client_id", "user")
        wanted = ("host", *wanted) if account.kind == "imap" else wanted
        wanted += {"client-secret": ("client_secret",), "certificate": ("certificate", "certificate_key")}.get(
            account.oauth, ("token_file",)
        )
        if account.oauth == "file":
            wanted = tuple(key for key in wanted if key not in ("tenant", "client_id"))
    return tuple(key for key in wanted if not getattr(account, key))


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine and nobody else."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
