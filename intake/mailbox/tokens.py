"""Access tokens: from Microsoft by secret, certificate or device code, or from a file that another program renews.

The only module that knows msal. msal keeps a token until shortly before it expires, so the token endpoint is asked
about once an hour, however often the mailbox is opened.
"""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from intake.clock import Clock
from intake.mailbox.aadsts import explained
from intake.mailbox.faults import Fault, MailboxError, tame
from intake.settings import Account

IMAP_APP = "https://outlook.office365.com/.default"
IMAP_USER = "https://outlook.office365.com/IMAP.AccessAsUser.All"
GRAPH_APP = "https://graph.microsoft.com/.default"
GRAPH_USER = "https://graph.microsoft.com/Mail.Read"

WARN_BEFORE = timedelta(days=30)
REFRESH_LASTS = timedelta(days=90)
"""A refresh token that is not used for so long is no longer taken."""


class TokenSource(Protocol):
    """Something that gives access tokens."""

    def token(self) -> str:
        """A token that is valid now. Raises `MailboxError`."""
        ...

    def forget(self) -> None:
        """The last token was refused; the next call asks for a new one."""
        ...

    def warnings(self) -> tuple[str, ...]:
        """What expires within a month."""
        ...


class FileTokens:
    """A token in a file that some other program renews."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def token(self) -> str:
        try:
            token = self._path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise MailboxError(
                Fault.TOKEN, f"{self._path} holds no token", advice="Check mailbox.token_file."
            ) from error
        if not token:
            raise MailboxError(Fault.TOKEN, f"{self._path} is empty", advice="Check the program that renews it.")
        return token

    def forget(self) -> None:
        """The other program has to."""

    def warnings(self) -> tuple[str, ...]:
        return ()


class MicrosoftTokens:
    """Tokens from Microsoft's identity platform, as the application itself or for the user who signed in once."""

    def __init__(self, account: Account, clock: Clock, *, http_client: Any = None) -> None:
        self._account = account
        self._clock = clock
        self._http_client = http_client
        self._application: Any = None
        self._cache: Any = None
        self._refused = False
        self._not_kept = ""

    def token(self) -> str:
        result = self._asked(self._silently)
        if "access_token" not in result:
            raise explained(str(result.get("error", "")), str(result.get("error_description", "")))
        return str(result["access_token"])

    def forget(self) -> None:
        self._application = None  # and with it the tokens that it remembers
        self._refused = True

    def warnings(self) -> tuple[str, ...]:
        found = []
        today = self._clock.now().date()
        for what, ends in (("The certificate", self._certificate_ends()), ("The client secret", self._secret_ends())):
            if ends is not None and ends - today < WARN_BEFORE:
                found.append(f"{what} of the application expires on {ends:%d/%m/%Y}. Register a new one before then.")
        if self._not_kept:
            found.append(f"{self._not_kept}: the sign-in is lost when the service ends. Mend that before then.")
        last = self._last_used()
        if last is not None and last + REFRESH_LASTS - self._clock.now() < WARN_BEFORE:
            found.append(
                f"The sign-in was last used on {last:%d/%m/%Y} and ends soon. Sign in with `intake check --sign-in`."
            )
        return tuple(found)

    def sign_in(self, show: Callable[[str], None]) -> None:
        """Lets a person sign in with a code on another device (RFC 8628); `show` gets Microsoft's instruction."""
        application = self._asked(self._made)
        scopes = [self._scope()]
        flow = self._asked(lambda: application.initiate_device_flow(scopes=scopes))
        if "user_code" not in flow:
            raise explained(str(flow.get("error", "")), str(flow.get("error_description", "")))
        show(tame(str(flow["message"])))
        result = self._asked(lambda: application.acquire_token_by_device_flow(flow))
        if "access_token" not in result:
            raise explained(str(result.get("error", "")), str(result.get("error_description", "")))
        self._save()
        if self._not_kept:
            raise MailboxError(Fault.TOKEN, self._not_kept, advice="Check mailbox.token_file and its directory.")

    def _silently(self) -> dict[str, Any]:
        application = self._made()
        if self._account.oauth != "device-code":
            return dict(application.acquire_token_for_client(scopes=[self._scope()]))
        accounts = application.get_accounts(username=self._account.user)
        result = None
        if accounts:
            result = application.acquire_token_silent_with_error(
                [self._scope()], account=accounts[0], force_refresh=self._refused
            )
        self._refused = False
        self._save()
        if result is None:
            raise MailboxError(
                Fault.TOKEN,
                f"Nobody has signed in for {self._account.user} yet",
                advice="Start `intake check --sign-in` and follow what it says.",
            )
        return dict(result)

    def _made(self) -> Any:
        """The msal application; making it asks Microsoft about the tenant, once."""
        if self._application is not None:
            return self._application
        import msal

        account = self._account
        authority = f"{account.authority}/{account.tenant}"
        common = {"authority": authority, "http_client": self._http_client, "instance_discovery": False}
        if account.oauth == "device-code":
            if self._cache is None:
                cache = msal.SerializableTokenCache()
                with suppress(FileNotFoundError):
                    self._load(cache)
                self._cache = cache
            self._application = msal.PublicClientApplication(account.client_id, token_cache=self._cache, **common)
        else:
            self._application = msal.ConfidentialClientApplication(
                account.client_id, client_credential=self._credential(), **common
            )
        return self._application

    def _credential(self) -> Any:
        if self._account.oauth == "client-secret":
            return self._account.client_secret
        from cryptography.hazmat.primitives import hashes

        certificate = self._certificate()
        return {
            "private_key": self._account.certificate_key,
            "thumbprint": certificate.fingerprint(hashes.SHA1()).hex(),  # noqa: S303 - what the platform asks for
            "public_certificate": Path(self._account.certificate).read_text(encoding="ascii"),
        }

    def _asked(self, ask: Callable[[], Any]) -> Any:
        """The answer of the identity platform, or a `MailboxError` where there is none."""
        try:
            return ask()
        except MailboxError:
            raise
        except (OSError, ValueError, KeyError) as error:  # requests raises OSErrors; msal raises ValueError
            if isinstance(error, OSError):
                words = f"Microsoft's identity platform does not answer ({type(error).__name__})"
                raise MailboxError(Fault.UNAVAILABLE, words) from error
            no_tenant = "authority configuration" in str(error)  # how msal says that it was told AADSTS90002
            raise explained("", "AADSTS90002" if no_tenant else str(error)) from error

    def _scope(self) -> str:
        graph, user = self._account.kind == "graph", self._account.oauth == "device-code"
        if graph:
            return GRAPH_USER if user else GRAPH_APP
        return IMAP_USER if user else IMAP_APP

    def _certificate(self) -> Any:
        from cryptography import x509

        try:
            return x509.load_pem_x509_certificate(Path(self._account.certificate).read_bytes())
        except (OSError, ValueError) as error:
            raise MailboxError(
                Fault.TOKEN,
                f"{self._account.certificate} holds no certificate in PEM form",
                advice="Check mailbox.certificate.",
            ) from error

    def _certificate_ends(self) -> date | None:
        if self._account.oauth != "certificate":
            return None
        with suppress(MailboxError):
            ends: datetime = self._certificate().not_valid_after_utc
            return ends.date()
        return None

    def _secret_ends(self) -> date | None:
        if self._account.oauth != "client-secret" or not self._account.client_secret_expires:
            return None
        return date.fromisoformat(self._account.client_secret_expires)

    def _last_used(self) -> datetime | None:
        if self._account.oauth != "device-code":
            return None
        with suppress(OSError):
            return datetime.fromtimestamp(Path(self._account.token_file).stat().st_mtime, UTC)
        return None

    def _load(self, cache: Any) -> None:
        try:
            cache.deserialize(Path(self._account.token_file).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as error:
            words = f"{self._account.token_file} cannot be read ({type(error).__name__})"
            raise MailboxError(
                Fault.TOKEN, words, advice="Check its rights, or sign in again with `intake check --sign-in`."
            ) from error

    def _save(self) -> None:
        if self._cache is not None and (self._cache.has_state_changed or self._not_kept):
            try:
                write_private(Path(self._account.token_file), self._cache.serialize())
            except OSError as error:
                # The mailbox can be read all the same until this program ends.
                self._not_kept = f"{self._account.token_file} cannot be written ({error.strerror})"
                return
        self._not_kept = ""


def write_private(path: Path, text: str) -> None:
    """Writes a file that only this user can read; the old one stays until the new one is there in full."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:  # mkstemp makes it 0600
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class TokenLogin:
    """Logging in with a token: XOAUTH2 (Microsoft, Google) or OAUTHBEARER (RFC 7628)."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source

    def log_in(self, client: Any, account: Account) -> None:
        """Logs in as `account.mailbox`, which is how Exchange opens a shared mailbox; `client` is an IMAPClient."""
        token = self._source.token()
        whose = account.mailbox or account.user
        if account.login == "oauthbearer":
            client.oauthbearer_login(whose, token)
        else:
            client.oauth2_login(whose, token)

    def explain(self, error: MailboxError) -> MailboxError:
        """The token was given and the mailbox refuses it: that is a question of permission, not of a secret."""
        if error.fault is not Fault.WRONG_SECRET:
            return error
        self._source.forget()
        return MailboxError(
            Fault.NO_ACCESS,
            f"The token is valid, and the mailbox refuses it. {error.words}",
            advice="Check mailbox.user and mailbox.mailbox, that IMAP is enabled for the mailbox, and that the"
            " application or user may read it (New-ServicePrincipal and Add-MailboxPermission in Exchange).",
        )

    def warnings(self) -> tuple[str, ...]:
        """What expires within a month."""
        return self._source.warnings()
