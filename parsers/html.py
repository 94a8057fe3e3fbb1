"""HTML to lines of text that remember which of them the mail client marked as somebody else's.

Walks the tree without recursion: mail nests thousands deep. Nothing is ever loaded.
"""

import re
from dataclasses import dataclass
from html import unescape

from selectolax.lexbor import LexborHTMLParser, LexborNode

from parsers.text import clean

LONGEST = 8_000_000
DEEPEST = 3_000
MOST_NODES = 400_000
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)
_SKIPPED = frozenset(
    [
        "head",
        "script",
        "style",
        "title",
        "template",
        "noscript",
        "svg",
        "math",
        "object",
        "iframe",
        "select",
        "option",
        "meta",
        "link",
    ]
)
_QUOTE_CLASSES = re.compile(
    r"\b(gmail_quote(?:_container)?|yahoo_quoted|moz-cite-prefix|protonmail_quote|zmail_extra|tutanota_quote|"
    r"WordSection1_quoted|OutlookMessageHeader|quoted-text|cite|ms-outlook-mobile-reference-message|mail-quote-collapse)\b"
)
_REST_IDS = re.compile(
    r"^(x_)*(divRplyFwdMsg|appendonsend|mail-editor-reference-message-container|zwchr|reply-intro|"
    r"OLK_SRC_BODY_SECTION|ms-outlook-mobile-body-separator-line|isForwardContent|isReplyContent)$"
)
_REST_STYLE = re.compile(r"border-top:\s*(?:solid|1(?:\.0)?p[xt]|#?\w+\s+solid)[^;\"]{0,40}", re.IGNORECASE)
_HIDDEN = re.compile(
    r"display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|pt)?\s*(?:;|$)",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_OPENED = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,15})")
_UNENDED = frozenset(
    "p li td tr th dt dd option br hr img meta link input col wbr area base source param embed".split()  # noqa: SIM905
)
_SPACE = re.compile(r"[ \t\n\r\f]+")


@dataclass(frozen=True, slots=True)
class Line:
    """One line as a reader sees it. `quoted`: the client marked it as a quotation or as what follows the reply."""

    text: str
    quoted: bool = False


def lines(source: str) -> list[Line]:
    """The visible lines of an HTML body. Cells of a table row stand on one line, separated by ` | `."""
    source = source[:LONGEST]
    if _too_deep(source):
        # The parser's time grows with the square of the depth; no mail client nests like that.
        return [Line(text.strip()) for text in clean(unescape(_TAG.sub("\n", source))).split("\n") if text.strip()]
    parser = LexborHTMLParser(source)
    root = parser.body or parser.root
    writer = _Writer()
    if root is not None:
        _walk(root, writer)
    writer.end()
    return writer.lines


def _too_deep(source: str) -> bool:
    """Whether more than 3,000 elements stand open at once, those left out whose end tag is often not written."""
    depth = 0
    for match in _OPENED.finditer(source):
        if match.group(2).lower() not in _UNENDED:
            depth = max(0, depth + (-1 if match.group(1) else 1))
            if depth > DEEPEST:
                return True
    return False


class _Writer:
    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.current: list[str] = []
        self.quote = 0
        self.rest = False
        self.pre = 0
        self.cells = 0

    def text(self, value: str) -> None:
        if self.pre:
            first, *others = value.split("\n")
            self.current.append(first)
            for other in others:
                self.end()
                self.current.append(other)
            return
        value = _SPACE.sub(" ", value)
        if value == " " and (not self.current or self.current[-1].endswith(" ")):
            return
        self.current.append(value)

    def end(self) -> None:
        text = clean("".join(self.current)).replace("\n", " ").rstrip()
        self.current = []
        if not self.pre:
            text = text.strip()
        if text or (self.lines and self.lines[-1].text):
            self.lines.append(Line(text, self.quote > 0 or self.rest))


def _quotes(node: LexborNode, tag: str) -> bool:
    if tag == "blockquote":
        # Some writers indent with it; a client that quotes says so, or stands below its own attribution.
        return True
    classes = node.attributes.get("class") or ""
    return bool(classes and _QUOTE_CLASSES.search(classes))


def _starts_rest(node: LexborNode, tag: str) -> bool:
    ident = node.attributes.get("id") or ""
    if ident and _REST_IDS.match(ident):
        return True
    if tag == "div":
        style = node.attributes.get("style") or ""
        return bool(style and "border:none" in style.replace(" ", "") and _REST_STYLE.search(style))
    return False


def _walk(root: LexborNode, writer: _Writer) -> None:
    stack: list[tuple[LexborNode | None, str]] = [(root, "open")]
    seen = 0
    while stack:
        node, action = stack.pop()
        if action != "open":
            _close(action, writer)
            continue
        assert node is not None  # noqa: S101 - an "open" entry always carries its node
        seen += 1
        if seen > MOST_NODES:
            writer.text(" […]")
            return
        tag = node.tag or ""
        if tag == "-text":
            writer.text(node.text_content or "")
            continue
        if tag in _SKIPPED or tag.startswith("-") or (tag in {"o:p", "v:shape"} and not node.child):
            continue
        style = node.attributes.get("style") or ""
        if style and _HIDDEN.search(style):
            continue
        closing = _open(node, tag, writer)
        stack.extend((None, item) for item in closing)
        children: list[LexborNode] = []
        child = node.child
        while child is not None:
            children.append(child)
            child = child.next
        stack.extend((item, "open") for item in reversed(children))


def _open(node: LexborNode, tag: str, writer: _Writer) -> list[str]:
    """Writes what an opening tag shows; the actions to take at its end, last first."""
    closing: list[str] = []
    if tag == "br":
        writer.end()
        return closing
    if tag in {"td", "th"}:
        if writer.current and "".join(writer.current).strip():
            writer.current.append(" | ")
        writer.cells += 1
        closing.append("cell")
    elif tag in _BLOCKS and not (writer.cells and tag in {"p", "div"}):
        if writer.current:
            writer.end()
        closing.append("block")
    if tag == "p" and not writer.cells:
        closing.insert(0, "gap")
    if tag == "pre":
        writer.pre += 1
        closing.append("pre")
    if tag == "li":
        writer.current.append("- ")
    if tag == "hr" and not writer.cells:
        writer.current.append("________________________________")
        writer.end()
    if _starts_rest(node, tag):
        writer.rest = True
    if _quotes(node, tag):
        writer.quote += 1
        closing.append("quote")
    return closing


def _close(action: str, writer: _Writer) -> None:
    if action == "block":
        if writer.current:
            writer.end()
    elif action == "gap":
        if writer.lines and writer.lines[-1].text:
            writer.lines.append(Line("", writer.lines[-1].quoted))
    elif action == "cell":
        writer.cells -= 1
    elif action == "pre":
        writer.pre -= 1
    elif action == "quote":
        if writer.current:
            writer.end()
        writer.quote -= 1
