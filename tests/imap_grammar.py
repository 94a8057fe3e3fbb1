"""Every line that the service may send to an IMAP server; anything else is an injection or a mistake."""

import re

_TAG = rb"[A-Z0-9]+"
_QUOTED = rb'"(?:[^"\\\r\n\x00-\x1f\x7f]|\\["\\])*"'
_NAME = rb"(?:" + _QUOTED + rb"|[A-Za-z0-9._/&,+-]+)"
_SET = rb"[0-9]+(?:[:,][0-9]+)*"
_FLAG = rb"[\\$]?[A-Za-z0-9_-]+"

LINES = tuple(
    re.compile(rb"^" + line + rb"$")
    for line in (
        _TAG + rb" (?:CAPABILITY|NOOP|LOGOUT|STARTTLS|IDLE|EXPUNGE)",
        rb"DONE",
        _TAG + rb" LOGIN (?:" + _QUOTED + rb"|[A-Za-z0-9._@+-]+) " + _QUOTED,
        _TAG + rb" AUTHENTICATE [A-Z0-9-]+(?: [A-Za-z0-9+/=]+)?",
        rb"[A-Za-z0-9+/]*={0,2}",  # what answers a challenge
        _TAG + rb' LIST "" "\*"',
        _TAG + rb" (?:EXAMINE|SELECT) " + _NAME,
        _TAG + rb" UID SEARCH UID (?:[0-9]+:\*|" + _SET + rb")",
        _TAG + rb" UID SEARCH (?:UNKEYWORD " + _FLAG + rb"|UNFLAGGED|UID " + _SET + rb" ANSWERED)",
        _TAG + rb" UID FETCH " + _SET + rb" \(RFC822\.SIZE\)",
        _TAG + rb" UID FETCH " + _SET + rb" \(BODY\.PEEK\[\](?:<0\.[0-9]+>)? INTERNALDATE\)",
        _TAG
        + rb" UID FETCH "
        + _SET
        + rb" \(BODY\.PEEK\[HEADER\.FIELDS \(DATE FROM IN-REPLY-TO REFERENCES\)\] INTERNALDATE\)",
        _TAG + rb" UID STORE " + _SET + rb" \+FLAGS\.SILENT \(" + _FLAG + rb"\)",
        _TAG + rb" UID (?:MOVE|COPY) " + _SET + rb" " + _NAME,
        _TAG + rb" UID EXPUNGE " + _SET,
        _TAG + rb" APPEND " + _NAME + rb" \(\\Draft\)(?: " + _QUOTED + rb")? \{[0-9]+\}",
    )
)


def allowed(line: bytes) -> bool:
    """Whether a line, without its CR LF, is one of those that the service may send."""
    return any(pattern.match(line) for pattern in LINES)
