"""Connecting to an IMAP server, logging in and closing again: the only module that knows imapclient."""

import imaplib
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError, ProtocolError
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.imap_utf7 import decode as decode_utf7
from imapclient.tls import IMAP4_TLS

from intake.clock import Clock
from intake.mailbox.faults import Fault, MailboxError, from_answer, from_network, tame
from intake.mailbox.folders import Folder
from intake.mailbox.link import Link, Pace, harden
from intake.settings import Account

CONNECT_SECONDS = 15.0
ANSWER_SECONDS = 30.0
PATIENCE = 4
"""How many times as long an answer may take that comes piece by piece, before its size is asked."""

# A UID list of a large folder is one line; imaplib gives up on a line of 1,000,000 bytes, some 150,000 UIDs.
imaplib._MAXLINE = 20_000_000  # type: ignore[attr-defined]  # no public way to set it


class Credential(Protocol):
    """How to log in."""

    def log_in(self, client: Any, account: Account) -> None:
        """Logs in; `client` is an IMAPClient. Raises what that raises, or a `MailboxError`."""
        ...

    def explain(self, error: MailboxError) -> MailboxError:
        """The same error, or one that says more of why this way of logging in failed."""
        ...

    def warnings(self) -> tuple[str, ...]:
        """What will go wrong soon."""
        ...


class _PacedClient(IMAPClient):  # type: ignore[misc]  # imapclient ships no types
    """Whose answers have to come at some pace, from the greeting on: the constructor waits for that."""

    def __init__(self, pace: Callable[[Any], None], *arguments: Any, **more: Any) -> None:
        self._start_pace = pace
        super().__init__(*arguments, **more)

    def _create_IMAP4(self) -> Any:  # noqa: N802 - the name is imapclient's
        start = self._start_pace
        kind = IMAP4_TLS if self.ssl else IMAP4WithTimeout

        class Paced(kind):  # type: ignore[misc, valid-type]  # see above
            def open(self, *arguments: Any, **more: Any) -> None:
                super().open(*arguments, **more)
                start(self)

        context = (self.ssl_context,) if self.ssl else ()
        return Paced(self.host, self.port, *context, self._timeout.connect)


class Connection:
    """One connection, closed on every path. Use it in one thread; `interrupt` may be called from another."""

    def __init__(
        self,
        account: Account,
        credential: Credential,
        clock: Clock,
        *,
        connect_seconds: float,
        answer_seconds: float,
        context: ssl.SSLContext | None,
    ) -> None:
        self._account = account
        self._credential = credential
        self._clock = clock
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._context = context
        self._client: IMAPClient | None = None
        self._closing = threading.Event()
        self._broken = False

    @property
    def client(self) -> Any:
        """The IMAPClient underneath."""
        if self._client is None:
            raise MailboxError(Fault.LOST, "There is no connection to the mailbox")
        return self._client

    def connect(self) -> None:
        """Connects and logs in. Raises `MailboxError` naming the step that failed; nothing stays open then."""
        self.close()
        self._broken = False
        try:
            self._connect()
            if self._closing.is_set():
                raise MailboxError(Fault.LOST, "The service is stopping")
            try:
                with self.command(Fault.WRONG_SECRET):
                    self._credential.log_in(self.client, self._account)
            except MailboxError as error:
                raise self._credential.explain(error) from error
        except BaseException:
            self.close()
            raise

    def listing(self) -> tuple[Folder, ...]:
        """Every folder that LIST tells of."""
        with self.command(Fault.REFUSED):
            self.client.folder_encode = False
            try:
                listing = self.client.list_folders()
            finally:
                self.client.folder_encode = True
        return tuple(_folder(flags, delimiter, name) for flags, delimiter, name in listing)

    def close(self) -> None:
        """LOGOUT as far as the server listens; the socket is closed whatever happens."""
        client, self._client = self._client, None
        if client is None:
            return
        sock = client.socket()
        with suppress(Exception):  # whatever a dying connection raises, it is closed below
            sock.settimeout(2.0)
            if not self._broken and not self._closing.is_set():
                client.logout()
        with suppress(Exception):
            client.shutdown()
        with suppress(OSError):
            sock.close()

    def interrupt(self) -> None:
        """Ends whatever waits on this connection, at once and for good."""
        self._closing.set()
        client = self._client
        if client is not None:
            with suppress(Exception):
                Link(client).cut()

    @contextmanager
    def command(self, otherwise: Fault) -> Iterator[None]:
        """Turns whatever imapclient, imaplib and the network raise within into a `MailboxError`.

        `otherwise` is the fault where the server says NO or BAD without telling more.
        """
        try:
            with _in_words(otherwise):
                yield
        except MailboxError as error:
            # After these nothing more can be said on this connection, not even LOGOUT.
            self._broken = self._broken or error.fault in (Fault.LOST, Fault.SLOW, Fault.UNREADABLE)
            raise

    def _connect(self) -> None:
        account = self._account
        context = self._context or ssl.create_default_context()
        try:
            client = _PacedClient(
                self._pace,
                account.host,
                account.port,
                ssl=account.tls == "implicit",
                ssl_context=context if account.tls == "implicit" else None,
                timeout=SocketTimeout(connect=self._connect_seconds, read=self._answer_seconds),
            )
        except OSError as error:
            raise from_network(error, account.host, account.port) from error
        except IMAPClientError as error:
            raise from_answer(str(error), Fault.UNAVAILABLE) from error
        self._client = client
        client.normalise_times = False  # otherwise times come back naive, in this machine's zone
        harden(client)
        if account.tls == "starttls":
            with self.command(Fault.TLS):
                self._start_tls(client, context)
            harden(client)
            self._pace(client._imap)  # STARTTLS has made another file

    def _pace(self, imap: Any) -> None:
        imap.pace = Pace(imap, self._clock, PATIENCE * self._answer_seconds)

    def _start_tls(self, client: IMAPClient, context: ssl.SSLContext) -> None:
        try:
            client.starttls(context)
        except OSError as error:
            raise from_network(error, self._account.host, self._account.port) from error
        except (IMAPClientError, ProtocolError) as error:
            raise MailboxError(Fault.TLS, f"The server does not offer STARTTLS ({tame(str(error))})") from error


@contextmanager
def _in_words(otherwise: Fault) -> Iterator[None]:
    try:
        yield
    except MailboxError:
        raise
    except LoginError as error:
        # imapclient says so, too, where the connection ended in mid-log-in: that is nobody's password.
        ended = isinstance(error.__context__, IMAPClientAbortError)
        raise from_answer(str(error), Fault.LOST if ended else Fault.WRONG_SECRET) from error
    except IMAPClientAbortError as error:
        raise from_answer(str(error), Fault.LOST) from error
    except ProtocolError as error:
        raise MailboxError(Fault.UNREADABLE, f"The server's answer cannot be read ({tame(str(error))})") from error
    except IMAPClientError as error:
        raise from_answer(str(error), otherwise) from error
    except TimeoutError as error:
        raise MailboxError(Fault.LOST, "The server does not answer any more") from error
    except (OSError, EOFError) as error:
        raise MailboxError(Fault.LOST, f"The connection broke ({tame(str(error))})") from error
    except (ValueError, TypeError, KeyError, IndexError, AssertionError) as error:
        # imaplib and imapclient meet an answer that they did not expect in many ways.
        words = f"The server's answer cannot be read ({type(error).__name__})"
        raise MailboxError(Fault.UNREADABLE, words) from error


def _folder(flags: Iterable[Any], delimiter: Any, name: Any) -> Folder:
    """One line of LIST. A name that is no modified UTF-7 (RFC 3501, 5.1.3) is taken as it stands."""
    raw = name if isinstance(name, bytes) else str(name).encode("utf-8", "surrogateescape")
    try:
        text = decode_utf7(raw)
    except (ValueError, LookupError):
        text = raw.decode("utf-8", "replace")
    separator = delimiter.decode("ascii", "replace") if isinstance(delimiter, bytes) else ""
    return Folder(text, separator, frozenset(flag.decode("ascii", "replace").lower() for flag in flags))
