"""Days of the conference in running text: dates, ranges, weekdays, "both days", "the second day"; all other dates
apart.

General date finders see dates in plain words and know no ranges; this one knows which days it is looking for.
Day before month, always. A bare number is a day only where its surroundings say so.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from parsers.calendar_words import Phrase, Words, calendar_words
from parsers.text import fold

_DASHES = frozenset({"-", "–", "—", "/", "‑", "−"})
_EDGES = frozenset({":", "(", ")", ",", "–", "—", "|", "-", ";", "=", ".", "·", "•"})
_SKIP_BEFORE_MONTH = frozenset(
    {".", "of", "de", "d'", "d", "do", "ta", "ta'", "di", "del", "den", "la", "a", "i", "ir", "os", "th", ","}
)
_NUMBERED = frozenset(
    "version versie versione versao versija version verze verzia verzio versjon wersja vers v art article articolo "  # noqa: SIM905
    "articulo artikel artykul clanek cikk paragraph par ust abs section point punkt punto §".split()
)


@dataclass(frozen=True, slots=True)
class DayMention:
    """Tokens `start` to before `end`. `days` holds the conference days meant; empty where it is some other date.

    `mismatch`: the weekday written beside the date is not that date's. `last`: the last calendar date in it, if
    written.
    """

    start: int
    end: int
    days: tuple[date, ...]
    rule: str
    mismatch: bool = False
    last: date | None = None


def find_days(tokens: list[str], days: tuple[date, ...], languages: tuple[str, ...]) -> list[DayMention]:
    """The day mentions among these tokens (white space tokens left out by the caller), in order, not overlapping."""
    return _Finder(tokens, days, calendar_words(languages)).run()


class _Finder:
    def __init__(self, tokens: list[str], days: tuple[date, ...], known: Words) -> None:
        self.raw = tokens
        self.tokens = [fold(token).rstrip("'’") or token for token in tokens]
        self.days = days
        self.known = known
        self.found: list[DayMention] = []

    def run(self) -> list[DayMention]:
        index = 0
        while index < len(self.tokens):
            mention = self._ordinal(index) or self._dated(index) or self._weekday(index)
            if mention is None:
                index += 1
                continue
            index = max(mention.end, index + 1)
            joined = self._joined(mention)
            if joined is not None:
                mention = joined
                self.found.pop()
            self.found.append(mention)
        return self.found

    def _joined(self, second: DayMention) -> DayMention | None:
        """The range from the mention before to this one, where nothing but a range word joins two whole dates."""
        first = self.found[-1] if self.found else None
        if first is None or first.last is None or second.last is None or first.rule != "date" or second.rule != "date":
            return None
        step = self._in(self.known.through, first.end)
        if not step or self.tokens[first.end] == "/" or len(first.days) > 1 or len(second.days) > 1:
            return None
        position = first.end + step
        position += self._in(self.known.before, position) if position < second.start else 0
        if position != second.start or not first.last < second.last or not (first.days or second.days):
            return None
        days = tuple(day for day in self.days if first.last <= day <= second.last)
        wrong = first.mismatch or second.mismatch
        return DayMention(first.start, second.end, days, "date", wrong, second.last)

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

    def _ordinal(self, index: int) -> DayMention | None:
        hit = self._match(self.known.ordinals, index)
        if hit is None:
            return None
        phrase, name = hit
        end = index + len(phrase)
        if name == "all":
            return DayMention(index, end, self.days, "all days")
        if name == "first":
            return DayMention(index, end, self.days[:1], "first day")
        if name == "second":
            return DayMention(index, end, self.days[1:2] if len(self.days) > 1 else (), "second day")
        before = next((m for m in reversed(self.found) if len(m.days) == 1), None)
        if before is None:
            return None
        step = timedelta(days=1 if name == "next" else -1)
        day = before.days[0] + step
        return DayMention(index, end, (day,) if day in self.days else (), "relative day")

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
            and self.tokens[index] in _DASHES
            and self.tokens[index + 1] in self.known.suffixes
        ):
            return index + 2, True
        if index < len(self.tokens) and self.tokens[index] == ".":
            after, ordinal = (
                self._suffix(index + 1)
                if index + 1 < len(self.tokens) and self.tokens[index + 1] in _DASHES
                else (index + 1, False)
            )
            return (after, True) if ordinal else (index + 1, False)
        return index, False

    def _dated(self, index: int) -> DayMention | None:
        iso = self._iso(index)
        if iso is not None:
            return iso
        if self._number(index) is None:
            return None
        numbers, is_range, ordinal, end, month = self._numbers(index)
        start = index
        rule = "date"
        numeric = month is not None
        if numeric and self._numbered(index):
            return None
        if month is None:
            month_end, month = self._month_after(end)
            if month is not None:
                end = month_end
        if month is None:
            start, month = self._month_before(index)
        year_end, year = self._year(end, numeric=numeric) if month is not None else (end, None)
        end = year_end
        if month is None:
            return self._bare(index, end, numbers, is_range, ordinal)
        return self._mention(start, end, numbers, is_range, month, year, rule)

    def _iso(self, index: int) -> DayMention | None:
        t = self.tokens
        if (
            index + 4 < len(t)
            and len(t[index]) == 4
            and t[index].isdigit()
            and t[index + 1] in {"-", "/", "."}
            and t[index + 3] == t[index + 1]
        ):
            month, day = self._number(index + 2), self._number(index + 4)
            if month and day and month <= 12:
                return self._mention(index, index + 5, [day], False, month, int(t[index]), "date")
        return None

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

    def _month_before(self, index: int) -> tuple[int, int | None]:
        for length in (1, 2):
            start = index - length
            stop = index
            if length == 2 and (start < 0 or self.tokens[index - 1] not in {".", ",", "the"} | _DASHES):
                continue
            if start < 0:
                continue
            stop = start + 1
            phrase = tuple(self.tokens[start:stop])
            if phrase in self.known.months and not (self.found and self.found[-1].end > start):
                return start, self.known.months[phrase]
        return index, None

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

    def _bare(self, index: int, end: int, numbers: list[int], is_range: bool, ordinal: bool) -> DayMention | None:
        t = self.tokens
        own = {day.day: day for day in self.days}
        clock = end + 1 < len(t) and t[end] == ":" and t[end + 1].isdigit() and len(t[end + 1]) == 2
        if clock or (end < len(t) and (t[end] in self.known.units or t[end] in {"%", "€"})):
            return None
        if index > 0 and t[index - 1] in {"+", "/", "n°", "no", "nr", "№", "€"}:
            return None
        if (
            index > 1
            and t[index - 1] in {":", ".", ","}
            and t[index - 2].isdigit()
            and numbers[0] != int(t[index - 2]) + 1
        ):
            return None
        before = any(tuple(t[max(0, index - n) : index]) in self.known.before for n in (1, 2, 3))
        start, weekday = self._weekday_before(index)
        several = len(numbers) > 1 and all(n in own for n in numbers)
        edge = (index == 0 or t[index - 1] in _EDGES) and (end == len(t) or t[end] in _EDGES) and numbers[0] in own
        # "29. mit": a full stop behind a conference day and a small letter after it make an ordinal.
        dotted = (
            end == index + 2
            and t[index + 1] == "."
            and end < len(t)
            and self.raw[end][:1].islower()
            and numbers[0] in own
        )
        if not (before or ordinal or several or edge or dotted or weekday is not None):
            return None
        if not all(n in own for n in numbers):
            return (
                DayMention(start, end, (), "other day number")
                if (ordinal or weekday is not None) and numbers[0] not in own
                else None
            )
        chosen = self._expand([own[n] for n in numbers], is_range)
        wrong = weekday is not None and len(chosen) == 1 and chosen[0].weekday() != weekday
        return DayMention(start, end, chosen, "day number", wrong)

    def _expand(self, chosen: list[date], is_range: bool) -> tuple[date, ...]:
        if is_range and len(chosen) > 1:
            return tuple(day for day in self.days if chosen[0] <= day <= chosen[-1])
        return tuple(day for day in self.days if day in chosen)

    def _mention(
        self, start: int, end: int, numbers: list[int], is_range: bool, month: int, year: int | None, rule: str
    ) -> DayMention | None:
        moments: list[date] = []
        for number in numbers:
            try:
                moments.append(date(year or self.days[0].year, month, number))
            except ValueError:
                return None
        if is_range and len(moments) > 1 and (moments[-1] - moments[0]).days < 60:
            span = [moments[0] + timedelta(days=i) for i in range((moments[-1] - moments[0]).days + 1)]
            hits = (
                tuple(day for day in self.days if day in span)
                if moments[0] in self.days or moments[-1] in self.days
                else ()
            )
            if len(span) > len(self.days) + 1:
                hits = ()
        else:
            hits = tuple(day for day in self.days if day in moments)
        begin, weekday = self._weekday_before(start)
        wrong = weekday is not None and len(moments) == 1 and moments[0].weekday() != weekday
        if weekday is None and end < len(self.tokens):
            opening = end + (self.tokens[end] in {"(", ","})
            behind = self._match(self.known.weekdays, opening)
            if behind is not None and len(moments) == 1 and (self.tokens[end] == "(" or opening == end):
                end = opening + len(behind[0])
                wrong = moments[0].weekday() != int(behind[1])
        return DayMention(begin, end, hits, rule, wrong and bool(hits), moments[-1])

    def _weekday_before(self, index: int) -> tuple[int, int | None]:
        """A weekday directly before a number, perhaps with a comma or an article between; not one already taken."""
        position = index
        for _ in range(2):
            if position > 0 and (
                self.tokens[position - 1] in {",", ".", "(", "the", "den", "le"}
                or (self.tokens[position - 1],) in self.known.before
            ):
                weekday = self._ending(position)
                if weekday is not None:
                    return weekday
                position -= 1
        weekday = self._ending(position)
        return weekday if weekday is not None else (index, None)

    def _ending(self, stop: int) -> tuple[int, int] | None:
        taken = self.found[-1].end if self.found else 0
        for length in range(min(self.known.longest, stop - taken), 0, -1):
            phrase = tuple(self.tokens[stop - length : stop])
            if phrase in self.known.weekdays:
                return stop - length, self.known.weekdays[phrase]
        return None

    def _weekday(self, index: int) -> DayMention | None:
        hit = self._match(self.known.weekdays, index)
        if hit is None:
            return None
        phrase, number = hit
        end = index + len(phrase)
        if len("".join(phrase)) <= 3 and not self._beside_number(index, end) and not self._listed(index, end):
            return None
        if self._leads_to_number(end):
            return None
        days = tuple(day for day in self.days if day.weekday() == number)
        return DayMention(index, end, days, "weekday")

    def _beside_number(self, index: int, end: int) -> bool:
        before = self.tokens[max(0, index - 1) : index]
        behind = self.tokens[end : end + (2 if end < len(self.tokens) and self.tokens[end] in {".", ",", "("} else 1)]
        opened = before == ["("] and index > 1 and self.tokens[index - 2].isdigit()
        return opened or any(token.isdigit() and len(token) <= 2 for token in [*before, *behind])

    def _listed(self, index: int, end: int) -> bool:
        """Whether a short weekday name stands as in a list or a table: capitalised, beside a mark or another
        weekday.
        """
        if not self.raw[index][:1].isupper():
            return False
        marks = {":", "–", "+", "/", "&", "|", "-", ")"}
        behind = self.tokens[end] if end < len(self.tokens) else "|"
        before = self.tokens[index - 1] if index else "|"
        if behind == "." and end + 1 < len(self.tokens):
            behind = self.tokens[end + 1]
        beside = behind in marks or (before in marks and behind in {",", "|", "."})
        step = self._in(self.known.both, end) or self._in(self.known.through, end)
        other = (
            step
            and end + step < len(self.tokens)
            and self.raw[end + step][:1].isupper()
            and (self.tokens[end + step],) in self.known.weekdays
        )
        return (
            bool(other)
            or (beside and not (before == "-" and behind == "-"))
            or bool(self.found and self.found[-1].end >= index - 2 and self.found[-1].rule == "weekday")
        )

    def _leads_to_number(self, end: int) -> bool:
        """Whether a date follows that will take this weekday into its own span."""
        position = end
        for _ in range(2):
            if position < len(self.tokens) and (
                self.tokens[position] in {",", ".", "("} or (self.tokens[position],) in self.known.before
            ):
                position += 1
        if self._number(position) is None:
            return False
        probe = _Finder(self.raw, self.days, self.known)
        probe.found = list(self.found)
        return probe._dated(position) is not None
