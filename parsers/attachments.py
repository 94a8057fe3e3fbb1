"""The text of attachments that may hold the answer: PDF, DOCX, ODT, RTF, TXT, HTML. Each within limits, nothing
executed.

A part that cannot be opened gives no text and a note that says why, in words for the secretariat.
"""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from docx import Document
from docx.table import Table
from docx.text.paragraph import Paragraph
from pypdf import PdfReader
from selectolax.lexbor import LexborHTMLParser
from striprtf.striprtf import rtf_to_text

from parsers import html
from parsers.mime import Part
from parsers.text import clean, decode

LARGEST = 15_000_000
MOST_TEXT = 60_000
_GAPS = re.compile(r"(?<=\S) {1,40}(?=\S)")
MOST_PAGES = 12
MOST_UNPACKED = 40_000_000
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ODT = "application/vnd.oasis.opendocument.text"


@dataclass(frozen=True, slots=True)
class Opened:
    """The text that was found, and a note where something has to be said about it."""

    text: str
    note: str = ""


def kind(part: Part) -> str:
    """`pdf`, `docx`, `odt`, `rtf`, `txt`, `html`, or empty: by type, else by name, else by the first bytes."""
    name = part.name.lower()
    if part.media_type == "application/pdf" or name.endswith(".pdf") or part.raw[:5] == b"%PDF-":
        return "pdf"
    if part.media_type == _WORD or name.endswith((".docx", ".docm")):
        return "docx"
    if part.media_type == _ODT or name.endswith(".odt"):
        return "odt"
    if part.media_type in {"application/rtf", "text/rtf"} or name.endswith(".rtf") or part.raw[:5] == b"{\\rtf":
        return "rtf"
    if part.media_type == "text/html" or name.endswith((".htm", ".html")):
        return "html"
    if part.media_type == "text/plain" or name.endswith(".txt"):
        return "txt"
    return ""


def open_part(part: Part) -> Opened:
    """The text of an attachment, at most 60,000 characters. Never raises."""
    opener = _OPENERS.get(kind(part))
    if opener is None:
        return Opened("")
    if len(part.raw) > LARGEST:
        return Opened("", "an attachment is larger than 15 MB and was not opened")
    try:
        opened = opener(part)
    except (MemoryError, RecursionError):
        return Opened("", "an attachment was too complex to be opened")
    except Exception:
        return Opened("", "an attachment is damaged and could not be opened")
    return Opened(clean(opened.text)[:MOST_TEXT].strip(), opened.note)


def _pdf(part: Part) -> Opened:
    if part.raw.count(b"/ObjStm") > 2000 or part.raw.count(b" obj") > 50_000:
        return Opened("", "a PDF was too complex to be opened")
    reader = PdfReader(io.BytesIO(part.raw), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        return Opened("", "a PDF is locked with a password")
    pages = []
    length = 0
    for page in reader.pages[:MOST_PAGES]:
        text = page.extract_text() or ""
        pages.append(text)
        length += len(text)
        if length > MOST_TEXT:
            break
    text = "\n".join(_unjustified(line) for line in "\n\n".join(pages).split("\n"))
    if len(re.sub(r"\W", "", text)) < 20:
        return Opened("", "a PDF holds only a picture (scan): a person has to read it")
    return Opened(text)


def _unjustified(line: str) -> str:
    """A line that was set flush on both sides comes out with two blanks in every gap; columns differ in theirs."""
    gaps = _GAPS.findall(line)
    return " ".join(line.split()) if len(gaps) > 2 and set(gaps) == {"  "} else line


def _unpacked(archive: zipfile.ZipFile) -> None:
    if sum(item.file_size for item in archive.infolist()) > MOST_UNPACKED or len(archive.infolist()) > 2000:
        raise ValueError("unpacks to more than 40 MB")


def _docx(part: Part) -> Opened:
    with zipfile.ZipFile(io.BytesIO(part.raw)) as archive:
        _unpacked(archive)
    lines: list[str] = []
    document = Document(io.BytesIO(part.raw))
    lists = {style.style_id for style in document.styles if "List" in (style.name or "")}
    for block in document.iter_inner_content():
        if isinstance(block, Paragraph):
            # `block.style` looks through all styles for the default one, each time.
            numbered = block._p.style in lists
            lines.append(("- " if numbered else "") + block.text)
        elif isinstance(block, Table):
            for row in block.rows[:200]:
                cells: list[str] = []
                for cell in row.cells[:20]:
                    text = " ".join(cell.text.split())
                    if not cells or cells[-1] != text:
                        cells.append(text)
                lines.append(" | ".join(cells))
    return Opened("\n".join(lines))


def _odt(part: Part) -> Opened:
    with zipfile.ZipFile(io.BytesIO(part.raw)) as archive:
        _unpacked(archive)
        source = archive.read("content.xml").decode("utf-8", "replace")
    # The body is plain enough to be read as tags: paragraphs and headings break lines, cells stand side by side.
    source = re.sub(
        r"<office:(?:automatic-styles|font-face-decls)\b.{0,2000000}?</office:[\w-]+>", "", source, flags=re.DOTALL
    )
    source = re.sub(r"</table:table-cell>\s*(?=<table:table-cell)", " | ", source)
    source = re.sub(r"(</table:table-cell>)", "", re.sub(r"</text:p>(?=\s*(?:</table:table-cell>| \| ))", "", source))
    source = re.sub(r"</text:(?:p|h)>|</table:table-row>|<text:line-break\s*/>", "\n", source)
    source = re.sub(r"<text:(?:s|tab)\b[^>]{0,200}/>", " ", source)
    text = LexborHTMLParser("<pre>" + re.sub(r"<[^>]{0,3000}>", "", source)).text()
    return Opened(re.sub(r"\n{3,}", "\n\n", text))


def _rtf(part: Part) -> Opened:
    if part.raw.count(b"{") > 200_000:
        return Opened("", "an attachment was too complex to be opened")
    return Opened(
        rtf_to_text(  # type: ignore[no-untyped-call]  # the library has no types
            part.raw[:4_000_000].decode("latin-1"), errors="replace"
        )
    )


def _txt(part: Part) -> Opened:
    return Opened(decode(part.raw[: 4 * MOST_TEXT], part.charset)[0])


def _html(part: Part) -> Opened:
    return Opened("\n".join(line.text for line in html.lines(decode(part.raw[:2_000_000], part.charset)[0])))


_OPENERS: dict[str, Callable[[Part], Opened]] = {
    "pdf": _pdf,
    "docx": _docx,
    "odt": _odt,
    "rtf": _rtf,
    "txt": _txt,
    "html": _html,
}
