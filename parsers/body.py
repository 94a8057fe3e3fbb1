"""What a reader of the message sees: the body that says more, the text of its attachments, its calendar replies."""

import re
from dataclasses import dataclass, field
from email.message import Message

from parsers import attachments, html, itip, smime, tnef
from parsers.headers import addresses, fields, unfold
from parsers.html import Line
from parsers.mime import Part, content_type, leaves, parse

DEEPEST_MESSAGE = 3
MOST_ATTACHMENTS = 200
_EMPTY_HINT = re.compile(
    r"(?i)html[ -](?:e-?)?mail|enable html|does not support html|view (?:this|it) in (?:a|your) browser"
)
_BLANK_RUN = re.compile(r"\n{4,}")
_PICTURE_NOTE = re.compile(r"\[(?:cid:[^\]]{0,200}|image[^\]]{0,80}|[^\]\s]{1,60}\.(?:png|jpg|gif))\]")


@dataclass(frozen=True, slots=True)
class Appended:
    """The text of one attachment; `sender` and `subject` are filled for an attached message."""

    name: str
    media_type: str
    size: int
    text: str = ""
    note: str = ""
    sender: str = ""
    message: bool = False


@dataclass(slots=True)
class Body:
    """Everything in a message that may hold words. `lines` is the chosen body, `appended` what hung on it."""

    lines: list[Line] = field(default_factory=list)
    appended: list[Appended] = field(default_factory=list)
    replies: list[itip.Reply] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    status_parts: list[str] = field(default_factory=list)
    returned: list[bytes] = field(default_factory=list)
    report_type: str = ""
    signed: bool = False


def gather(message: Message, depth: int = 0) -> Body:
    """The body of a parsed message, attached messages opened three deep. Never raises."""
    body = Body()
    plain: list[Part] = []
    rich: list[Part] = []
    if content_type(message) == "multipart/report":
        match = re.search(r"(?i)report-type=\"?([\w.-]{1,60})", str(message.get("Content-Type", "")))
        body.report_type = match.group(1).lower() if match else "delivery-status"
    for part in leaves(message):
        _sort(part, body, plain, rich, depth)
    body.lines = _choose(plain, rich)
    return body


def _sort(part: Part, body: Body, plain: list[Part], rich: list[Part], depth: int) -> None:
    kind = part.media_type
    report = "multipart/report" in part.inside
    if kind in {"message/delivery-status", "message/disposition-notification", "message/global-delivery-status"}:
        body.status_parts.append(part.text)
    elif kind in {"message/rfc822", "message/global"} or part.name.lower().endswith(".eml"):
        if report:
            body.returned.append(part.raw)
        else:
            _attached_message(part, body, depth)
    elif kind in {"text/rfc822-headers", "message/rfc822-headers"}:
        body.returned.append(part.raw)
    elif kind == "text/calendar" or part.name.lower().endswith(".ics"):
        answer = itip.reply(part)
        if answer is not None:
            body.replies.append(answer)
        body.appended.append(Appended(part.name, kind, len(part.raw)))
    elif smime.is_opaque(part) and depth < DEEPEST_MESSAGE:
        _opaque(part, body, plain, rich, depth)
    elif kind == "application/ms-tnef" or part.name.lower() == "winmail.dat":
        for inner in tnef.parts(part):
            _sort(inner, body, plain, rich, DEEPEST_MESSAGE)
    elif kind in {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}:
        body.signed = True
    elif kind == "text/plain" and not part.attached and not (part.name and plain):
        plain.append(part)
    elif kind == "text/html" and not part.attached:
        rich.append(part)
    else:
        _attachment(part, body)


def _attachment(part: Part, body: Body) -> None:
    if len(body.appended) >= MOST_ATTACHMENTS:
        return
    opened = attachments.open_part(part)
    body.appended.append(Appended(part.name, part.media_type, len(part.raw), opened.text, opened.note))
    if opened.note:
        body.problems.append(opened.note)


def _opaque(part: Part, body: Body, plain: list[Part], rich: list[Part], depth: int) -> None:
    inner = smime.content(part)
    if inner is None:
        body.problems.append("the message is encrypted; nobody but its addressee can open it")
        return
    body.signed = True
    message, problems = parse(inner)
    body.problems.extend(problems)
    for leaf in leaves(message):
        _sort(leaf, body, plain, rich, depth + 1)


def _attached_message(part: Part, body: Body, depth: int) -> None:
    if depth >= DEEPEST_MESSAGE:
        body.appended.append(Appended(part.name, part.media_type, len(part.raw), note="a message nested too deep"))
        return
    message, problems = (part.message, []) if part.message is not None else parse(part.raw)
    inner = gather(message, depth + 1)
    senders = addresses(fields(message, "From"))
    subjects = fields(message, "Subject")
    body.problems.extend(problems)
    body.replies.extend(inner.replies)
    body.appended.append(
        Appended(
            name=part.name or (unfold(subjects[0])[:200] if subjects else ""),
            media_type="message/rfc822",
            size=len(part.raw),
            text="\n".join(line.text for line in inner.lines if not line.quoted),
            sender=senders[0][1] if senders else "",
            message=True,
        )
    )
    body.appended.extend(inner.appended)


def _choose(plain: list[Part], rich: list[Part]) -> list[Line]:
    """The plain body, unless the HTML one says clearly more."""
    plain_lines = [line for part in plain for line in _plain_lines(part)]
    if not rich:
        return plain_lines
    rich_lines = [line for part in rich for line in html.lines(part.text)]
    plain_size = sum(len(re.sub(r"[\W_]", "", line.text)) for line in plain_lines)
    rich_size = sum(len(re.sub(r"[\W_]", "", line.text)) for line in rich_lines)
    hollow = plain_size < 400 and any(_EMPTY_HINT.search(line.text) for line in plain_lines)
    if plain_size == 0 or plain_size < 0.6 * rich_size or (hollow and rich_size > plain_size):
        return rich_lines if rich_size else plain_lines
    return plain_lines


def _plain_lines(part: Part) -> list[Line]:
    text = _BLANK_RUN.sub("\n\n\n", _PICTURE_NOTE.sub("", part.text))
    lines = text.split("\n")
    if part.parameters.get("format", "").lower() == "flowed":
        lines = _unflow(lines, delsp=part.parameters.get("delsp", "").lower() == "yes")
    return [Line(line.rstrip()) for line in lines]


def _unflow(lines: list[str], *, delsp: bool) -> list[str]:
    """Soft breaks undone (RFC 3676): a line that ends with a space goes on in the next of the same quote depth."""
    out: list[str] = []
    open_depth = -1
    for line in lines:
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        flows = content.endswith(" ") and content != "-- "
        if open_depth == depth and out and content != "-- ":
            out[-1] += content
        else:
            out.append((">" * depth + " " if depth else "") + content)
        open_depth = depth if flows else -1
        if flows and delsp:
            out[-1] = out[-1][:-1]
    return out
