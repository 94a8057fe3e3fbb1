"""A message as its sender laid it out: the HTML body with everything taken out that acts, loads or leads elsewhere.

It is shown in a frame without rights besides; taking out is the first wall, the frame's policy the second.
"""

import re
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

import nh3

LARGEST = 400_000
MOST_MULTIPARTS = 100
DEEPEST = 256
"""The sanitiser's time grows with the square of the nesting; no mail program nests like this."""

FRAME_SECURITY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2",
    "h3", "h4", "h5", "h6", "hr", "i", "ins", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "bdi", "bdo", "font",
}  # fmt: skip
_SPANS = {"colspan", "rowspan"}
_ATTRIBUTES = {"*": {"dir", "lang", "align"}, "td": _SPANS, "th": _SPANS, "ol": {"start"}}
_SEARCHED = 4_000_000
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
# A new one of these ends the one before it, and void ones hold nothing (WHATWG HTML, 13.1.2): neither nests.
_FLAT = frozenset(
    [
        "p",
        "li",
        "dt",
        "dd",
        "tr",
        "td",
        "th",
        "tbody",
        "thead",
        "tfoot",
        "option",
        "optgroup",
        "rp",
        "rt",
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)
_CHARSET = re.compile(r"^[\w.:-]{1,40}$")


def html_of(raw: bytes) -> str:
    """The first HTML body of a message; empty where there is none or it is far too large."""
    head = raw[:_SEARCHED]
    if len(re.findall(rb"(?i)boundary=", head)) > MOST_MULTIPARTS:
        return ""
    try:
        for part in message_from_bytes(head, policy=compat32).walk():
            if part.get_content_type() == "text/html" and part.get_content_disposition() != "attachment":
                return _decoded(part)[:LARGEST]
    except RecursionError:  # parts within parts within parts, a thousand deep
        return ""
    return ""


def has_html(raw: bytes) -> bool:
    """Whether it is worth offering; cheap, and may be wrong about a message that only speaks of HTML."""
    return b"text/html" in raw[:_SEARCHED].lower()


def harmless(markup: str) -> str:
    """A whole document that shows the markup: no script, no style of its own, no picture, no link to follow."""
    if _depth(markup) > DEEPEST:
        markup = ""
    clean = nh3.clean(
        markup, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=set(), link_rel=None, strip_comments=True,
        clean_content_tags={"script", "style", "title", "svg", "math", "template", "noscript", "iframe", "object"},
    )  # fmt: skip
    return (
        '<!doctype html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light"><style>'
        "body{font:15px/1.5 sans-serif;margin:1rem;color:#131c2b;background:#fff;overflow-wrap:anywhere}"
        "table{border-collapse:collapse}td,th{padding:.2rem .5rem;border:1px solid #d3dae3;vertical-align:top}"
        "blockquote{margin:0 0 0 .8rem;padding-left:.8rem;border-left:3px solid #d3dae3}a{text-decoration:underline}"
        f"</style></head><body>{clean}</body></html>"
    )


def _depth(markup: str) -> int:
    """How deep the elements nest at most, about; a mistake of a few does no harm."""
    depth = deepest = 0
    for closing, name in _TAG.findall(markup):
        if name.lower() not in _FLAT:
            depth = max(0, depth + (-1 if closing else 1))
            deepest = max(deepest, depth)
    return deepest


def head_of(raw: bytes, longest: int = 60_000) -> str:
    """The header fields as they came, for whoever wants to see them."""
    head = re.split(rb"\r?\n\r?\n", raw[:longest], maxsplit=1)[0]
    return head.decode("utf-8", "replace").replace("\r\n", "\n")


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    charset = str(part.get_param("charset") or "utf-8")
    try:
        return data.decode(charset if _CHARSET.match(charset) else "utf-8", "replace")
    except LookupError:
        return data.decode("utf-8", "replace")
