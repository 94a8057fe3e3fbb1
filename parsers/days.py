"""Days of the conference in running text: dates, ranges, weekdays, "both days", "the second day"; all other dates
apart.

General date finders see dates in plain words and know no ranges; this one knows which days it is looking for.
Day before month, always. A bare number is a day only where its surroundings say so.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from parsers.calendar_words import Words, calendar_words
from parsers.day_tokens import DASHES, DayTokens

_EDGES = frozenset({":", "(", ")", ",", "–", "—", "|", "-", ";", "=", ".", "·", "•"})


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


class _Finder(DayTokens):
    def __init__(self, tokens: list[str], days: tuple[date, ...], known: Words) -> None:
        super().__init__(tokens, known)
        self.days = days
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

    def _month_before(self, index: int) -> tuple[int, int | None]:
        for length in (1, 2):
            start = index - length
            stop = index
            if length == 2 and (start < 0 or self.tokens[index - 1] not in {".", ",", "the"} | DASHES):
                continue
            if start < 0:
                continue
            stop = start + 1
            phrase = tuple(self.tokens[start:stop])
            if phrase in self.known.months and not (self.found and self.found[-1].end > start):
                return start, self.known.months[phrase]
        return index, None

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
