"""What the codes of Microsoft's identity platform (AADSTS...) mean for the person who set the application up.

Source: Microsoft's public reference of authentication and authorization error codes.
"""

import re

from intake.mailbox.faults import Fault, MailboxError, tame

_CODE = re.compile(r"AADSTS(\d+)")

# code: fault, what it means, what to do
MEANINGS: dict[str, tuple[Fault, str, str]] = {
    "16000": (Fault.TOKEN, "several accounts fit and none was chosen", "Sign in again with `intake check --sign-in`."),
    "50020": (
        Fault.TOKEN,
        "the user belongs to another tenant",
        "Check mailbox.tenant, and sign in with a user of that tenant.",
    ),
    "50034": (Fault.TOKEN, "the user does not exist in this tenant", "Check mailbox.user and mailbox.tenant."),
    "50053": (Fault.TOKEN, "the account is locked after too many attempts", "Wait, or ask the administrator."),
    "50055": (Fault.TOKEN, "the password of the user has expired", "Set a new one, then sign in again."),
    "50057": (Fault.TOKEN, "the account of the user is disabled", "Ask the administrator to enable it."),
    "50076": (Fault.TOKEN, "a second factor is asked for", "Sign in again with `intake check --sign-in`."),
    "50079": (Fault.TOKEN, "the user has to set up a second factor first", "Sign in to the web mail once."),
    "50105": (
        Fault.TOKEN,
        "the user is not assigned to the application",
        "Ask the administrator to assign the user under Enterprise applications.",
    ),
    "50126": (Fault.TOKEN, "user name or password is wrong", "Check mailbox.user, and sign in again."),
    "50173": (
        Fault.TOKEN,
        "the sign-in was withdrawn, for instance after a change of password",
        "Sign in again with `intake check --sign-in`.",
    ),
    "53000": (Fault.TOKEN, "a rule asks for a managed device", "Ask the administrator for an exception."),
    "53003": (Fault.TOKEN, "a rule of conditional access forbids it", "Ask the administrator for an exception."),
    "65001": (
        Fault.TOKEN,
        "nobody has consented to what the application asks for",
        "Ask the administrator to grant consent (API permissions: IMAP.AccessAsApp or Mail.Read).",
    ),
    "70008": (Fault.TOKEN, "the sign-in has expired", "Sign in again with `intake check --sign-in`."),
    "70016": (Fault.TOKEN, "nobody has entered the code yet", "Enter the code on the page that was shown."),
    "70020": (Fault.TOKEN, "the code was not entered in time", "Start `intake check --sign-in` again."),
    "90002": (Fault.TOKEN, "there is no such tenant", "Check mailbox.tenant."),
    "90006": (Fault.UNAVAILABLE, "the identity platform has a passing fault", "It is tried again by itself."),
    "90033": (Fault.UNAVAILABLE, "the identity platform has a passing fault", "It is tried again by itself."),
    "500011": (
        Fault.TOKEN,
        "the service asked for is not known in this tenant",
        "Check mailbox.tenant; the tenant needs Exchange Online.",
    ),
    "700016": (
        Fault.TOKEN,
        "the application is not known in this tenant",
        "Check mailbox.client_id and mailbox.tenant.",
    ),
    "700024": (Fault.TOKEN, "this machine's clock is wrong", "Set the clock of this machine."),
    "700027": (
        Fault.TOKEN,
        "the certificate is not the one that was registered",
        "Register this certificate for the application, or check mailbox.certificate and its key.",
    ),
    "700082": (
        Fault.TOKEN,
        "the sign-in has expired because it was not used for a long time",
        "Sign in again with `intake check --sign-in`.",
    ),
    "900023": (Fault.TOKEN, "the name of the tenant is not valid", "Check mailbox.tenant."),
    "7000112": (Fault.TOKEN, "the application is disabled", "Ask the administrator to enable it."),
    "7000215": (
        Fault.TOKEN,
        "the client secret is wrong",
        "Check mailbox.client_secret; it is the secret's value, not its id.",
    ),
    "7000218": (
        Fault.TOKEN,
        "the application does not allow public clients",
        "Allow public client flows for the application (Authentication), or use a secret or certificate.",
    ),
    "7000222": (
        Fault.TOKEN,
        "the client secret has expired",
        "Make a new secret for the application and set mailbox.client_secret.",
    ),
}


def explained(error: str, description: str) -> MailboxError:
    """The fault in words, for the `error` and `error_description` of a token answer (RFC 6749, 5.2)."""
    match = _CODE.search(description)
    if match is not None and match[1] in MEANINGS:
        fault, meaning, advice = MEANINGS[match[1]]
        return MailboxError(fault, f"Microsoft gives no token: {meaning} (AADSTS{match[1]})", advice=advice)
    said = tame(description.split("\r\n")[0].split(" Trace ID")[0]) or tame(error)
    fault = Fault.UNAVAILABLE if error == "temporarily_unavailable" else Fault.TOKEN
    return MailboxError(fault, f"Microsoft gives no token: {said}")
