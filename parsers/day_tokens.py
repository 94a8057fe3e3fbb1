"""What stands at a place of a sentence that may be part of a date: numbers, ordinal endings, month names, years.

Nothing is decided here; `days` puts the pieces together.
"""

from parsers.calendar_words import Phrase, Words
from parsers.text import fold

DASHES = frozenset({"-", "–", "—", "/", "‑", "−"})
_SKIP_BEFORE_MONTH = frozenset(
    {".", "of", "de", "d'", "d", "do", "ta", "ta'", "di", "del", "den", "la", "a", "i", "ir", "os", "th", ","}
)
_NUMBERED = frozenset(
    "version versie versione versao versija version verze verzia verzio versjon wersja vers v art article articolo "  # noqa: SIM905
    "articulo artikel artykul clanek cikk paragraph par ust abs section point punkt punto §".split()
)


class DayTokens:
    """The tokens of a sentence, folded, with the calendar words of its languages."""

    def __init__(self, tokens: list[str], known: Words) -> None:
        self.raw = tokens
        self.tokens = [fold(token).rstrip("'’") or token for token in tokens]
        self.known = known

    def _match(self, table: dict[Phrase, int] | dict[Phrase, str], index: int) -> tuple[Phrase, int | str] | None:
        for length in range(min(self.known.longest, len(self.tokens) - index), 0, -1):
            phrase = tuple(self.tokens[index : index + length])
            if phrase in table:
                return phrase, table[phrase]
        return None

    def _in(self, phrases: frozenset[Phrase], index: int) -> int:
        for length in (3, 2, 1):
            if tuple(self.tokens[index : index + length]) in phrases and index + length <= len(self.tokens):
                return length
        return 0

    def _number(self, index: int) -> int | None:
        if index < 0 or index >= len(self.tokens):
            return None
        token = self.tokens[index]
        return int(token) if token.isdigit() and token.isascii() and len(token) <= 2 and 1 <= int(token) <= 31 else None

    def _suffix(self, index: int) -> tuple[int, bool]:
        """The index behind what is glued to a day number, and whether that makes it an ordinal."""
        if index < len(self.tokens) and self.tokens[index] in self.known.suffixes and self.tokens[index].isalpha():
            return index + 1, True
        if (
            index + 1 < len(self.tokens)
            and self.tokens[index] in DASHES
            and self.tokens[index + 1] in self.known.suffixes
        ):
            return index + 2, True
        if index < len(self.tokens) and self.tokens[index] == ".":
            after, ordinal = (
                self._suffix(index + 1)
                if index + 1 < len(self.tokens) and self.tokens[index + 1] in DASHES
                else (index + 1, False)
            )
            return (after, True) if ordinal else (index + 1, False)
        return index, False

    def _numbers(self, index: int) -> tuple[list[int], bool, bool, int, int | None]:
        """`29`, `29-30`, `29. und 30.`, `29/04`, `29./30.04.`: numbers, range, ordinal mark, end, numeric month."""
        numbers = [int(self.tokens[index])]
        is_range = ordinal = False
        end, marked = self._suffix(index + 1)
        ordinal |= marked
        while end < len(self.tokens):
            month = self._numeric_month(end)
            if month is not None:
                return numbers, is_range, True, month[0], month[1]
            step, ranged = self._joint(end)
            following = self._number(end + step) if step else None
            if following is None or (following <= numbers[-1] and ranged):
                break
            numbers.append(following)
            is_range |= ranged
            end, marked = self._suffix(end + step + 1)
            ordinal |= marked
        return numbers, is_range, ordinal, end, None

    def _numeric_month(self, end: int) -> tuple[int, int] | None:
        """`.04.`, `/4`, `-04-2024` behind a day number; the full stop may already have been passed."""
        t = self.tokens
        position = end
        dotted = position > 0 and t[position - 1] == "."
        if not dotted:
            if t[position] not in {"/", ".", "-"}:
                return None
            mark = t[position]
            position += 1
        else:
            mark = "."
        month = self._number(position)
        if month is None or month > 12:
            return None
        after = position + 1
        if after < len(t) and t[after] in {"h", "uhr", "%", "€"}:
            return None
        if after + 1 < len(t) and t[after] == ":" and t[after + 1].isdigit():
            return None
        if mark == "-" and not (
            after + 1 < len(t) and t[after] == "-" and t[after + 1].isdigit() and len(t[after + 1]) == 4
        ):
            return None
        if after < len(t) and t[after] == ".":
            after += 1
        if after + 1 < len(t) and t[after] in {"/", "-", "."} and t[after + 1].isdigit():
            return after, month
        return after, month

    def _joint(self, index: int) -> tuple[int, bool]:
        """How many tokens join one day number to the next, and whether they make a range."""
        t = self.tokens
        length = self._in(self.known.through, index)
        ranged = length > 0 and t[index] != "/"
        if not length:
            length = self._in(self.known.both, index)
        if not length:
            return 0, False
        position = index + length
        for _ in range(2):
            more = self._in(self.known.both, position) or self._in(self.known.before, position)
            if self._number(position) is None and more:
                position += more
        weekday = self._match(self.known.weekdays, position) if position < len(t) else None
        if weekday is not None:
            position += len(weekday[0])
            position += position < len(t) and t[position] in {",", "."}
            position += self._in(self.known.before, position)
        return position - index, ranged

    def _month_after(self, end: int) -> tuple[int, int | None]:
        position = end
        for _ in range(3):
            if position >= len(self.tokens):
                break
            hit = self._match(self.known.months, position)
            if hit is not None:
                position += len(hit[0])
                if position < len(self.tokens) and self.tokens[position] == "." and len(hit[0][0]) <= 4:
                    position += 1
                return position, int(hit[1])
            if self.tokens[position] not in _SKIP_BEFORE_MONTH and self.tokens[position] not in self.known.suffixes:
                break
            position += 1
        return end, None

    def _numbered(self, index: int) -> bool:
        """Whether the number belongs to a version, an article or the like: "version 2.4"."""
        before = index - 1 - (index > 1 and self.tokens[index - 1] == ".")
        return index > 0 and self.tokens[before] in _NUMBERED

    def _year(self, end: int, *, numeric: bool) -> tuple[int, int | None]:
        """A year of four digits, or, behind a month in figures and a slash, of two; "29/04 - 30/04" has none."""
        t = self.tokens
        position = end
        while (
            position < len(t) and position < end + 2 and t[position] in {",", ".", "/", "-", "de", "del", "d", "g", "m"}
        ):
            position += 1
        if position < len(t) and t[position].isdigit() and len(t[position]) == 4 and t[position][:2] in {"19", "20"}:
            return position + 1, int(t[position])
        if (
            numeric
            and position == end + 1
            and position < len(t)
            and t[end] == "/"
            and t[position].isdigit()
            and len(t[position]) == 2
            and not (position + 2 < len(t) and t[position + 1] == "/" and t[position + 2].isdigit())
        ):
            return position + 1, 2000 + int(t[position])
        return end, None
