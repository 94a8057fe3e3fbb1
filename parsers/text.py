"""The one border where bytes become text, and the ways in which words are compared.

Everything behind `clean` may trust its strings: no surrogates, no NUL, no control characters but newline and tab.
"""

import codecs
import re
import unicodedata
from functools import lru_cache

from charset_normalizer import from_bytes

GUESS_BYTES = 65_536
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\u00ad\u200b\ufeff\ufff9-\ufffb]")
_NEWLINES = re.compile(r"\r\n?|\x85|\u2028|\u2029")
_SPACES = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_BYTES_C1 = re.compile(rb"[\x80-\x9f]")

# Names that mailers write and Python does not know; utf-7 is refused because it can hide any character, punycode
# because its time grows with the square of the length.
_ALIASES = {
    "": "utf-8",
    "unknown-8bit": "utf-8",
    "x-unknown": "utf-8",
    "default": "utf-8",
    "binary": "utf-8",
    "8bit": "utf-8",
    "uft-8": "utf-8",
    "utf8mb4": "utf-8",
    "utf-7": "utf-8",
    "punycode": "utf-8",
    "idna": "utf-8",
    "unicode-1-1-utf-7": "utf-8",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-roman": "mac_roman",
    "x-mac-greek": "mac_greek",
    "x-mac-ce": "mac_latin2",
    "windows-874": "cp874",
    "ansi_x3.110-1983": "cp1252",
    "x-user-defined": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
}
_LETTERS = str.maketrans(
    {
        "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th",
        "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ħ": "h", "Ħ": "H", "ı": "i", "’": "'", "‘": "'",
    }
)  # fmt: skip


def clean(text: str) -> str:
    """The same text with newlines as `\\n`, odd spaces as a space, composed (NFC), and nothing that breaks a
    database.
    """
    text = _NEWLINES.sub("\n", text)
    text = _SPACES.sub(" ", text)
    text = _CONTROL.sub(lambda m: "\ufffd" if m.group() >= "\ud800" and m.group() <= "\udfff" else "", text)
    return unicodedata.normalize("NFC", text)


def decode(raw: bytes, charset: str | None) -> tuple[str, bool]:
    """The text of these bytes, and whether the declared charset was believed.

    A charset that is missing, unknown or contradicted by the bytes is guessed: UTF-8 first, then charset-normalizer.
    """
    name = re.sub(r"[^\w.:+-]", "", (charset or "").strip().strip("\"'").lower())[:40]
    name = re.sub(r"^(charset=|cs)", "", name)
    name = _ALIASES.get(name, name)
    try:
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):
        codec = ""
    text_codec = bool(codec) and getattr(codecs.lookup(codec), "_is_text_encoding", True)
    if codec in {"utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"} and b"\0" not in raw[:200]:
        text_codec = False
    if codec != "utf-8" and any(b > 127 for b in raw[:GUESS_BYTES]):
        utf8 = _strict(raw, "utf-8")
        # Bytes that are valid UTF-8 beyond ASCII are nearly never anything else.
        if utf8 is not None and not codec.startswith(("utf-16", "utf-32", "iso2022")):
            return clean(utf8), codec == "utf-8"
    if text_codec:
        text = _strict(raw, codec)
        if text is not None:
            return clean(text), True
        if codec == "cp1252":
            return clean(raw.decode("latin-1")), True
    return clean(_guess(raw)), not raw


def _strict(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except (UnicodeError, ValueError, LookupError):
        return None


def _guess(raw: bytes) -> str:
    text = _strict(raw, "utf-8")
    if text is not None:
        return text
    best = from_bytes(raw[:GUESS_BYTES]).best()
    if best is not None:
        text = _strict(raw, best.encoding)
        if text is not None:
            return text
    return raw.decode("cp1252" if not _BYTES_C1.search(raw) else "latin-1", "replace")


_MARKS = re.compile("[" + "".join(c for c in map(chr, range(0x300, 0x20000)) if unicodedata.combining(c)) + "]+")
"""The marks that a decomposed letter carries."""


def fold(text: str) -> str:
    """Lower case without diacritics: `Kjærgaard` and `KJAERGAARD` fold alike."""
    # Words recur, whole texts do not: kept, they would fill the memory.
    return _kept(text) if len(text) < 80 else _folded(text)


def _folded(text: str) -> str:
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS).casefold())
    return _MARKS.sub("", decomposed).replace("\u2019", "'")


_kept = lru_cache(maxsize=50_000)(_folded)
