"""Logging in with a password: LOGIN, or AUTH=PLAIN (RFC 4616) where the password or a shared mailbox needs it."""

import re
from typing import Any

from intake.mailbox.faults import Fault, MailboxError
from intake.settings import Account

_PRINTABLE = re.compile(r"[ -~]+")
_ATOM = re.compile(r"[A-Za-z0-9._@+-]+")


class Password:
    """The password of the settings. IMAPClient's LOGIN takes ASCII only, and knows no other mailbox than the user's."""

    def log_in(self, client: Any, account: Account) -> None:
        """Logs in; `client` is an IMAPClient."""
        shared = account.mailbox if account.mailbox and account.mailbox != account.user else ""
        wants_plain = account.login == "plain" or shared or client.has_capability("LOGINDISABLED")
        if not wants_plain and _PRINTABLE.fullmatch(account.user + account.password):
            # imaplib quotes the password and not the user.
            user = account.user if _ATOM.fullmatch(account.user) else _quoted(account.user)
            client.login(user, account.password)
            return
        if not client.has_capability("AUTH=PLAIN"):
            reason = "a shared mailbox" if shared else "this user name or password"
            raise MailboxError(
                Fault.REFUSED,
                f"The server does not offer AUTH=PLAIN, which {reason} needs",
                advice="Use a password of ASCII characters, or another kind of log-in (mailbox.login).",
            )
        client.plain_login(account.user, account.password, shared or None)

    def explain(self, error: MailboxError) -> MailboxError:
        """Nothing more to say."""
        return error

    def warnings(self) -> tuple[str, ...]:
        """A password does not say when it expires."""
        return ()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
