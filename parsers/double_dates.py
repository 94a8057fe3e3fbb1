"""Another meeting on days of the same numbers: "29 and 30 May", and then "both days" and "on the 30th"."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from parsers.days import DayMention

BARE = frozenset({"day number", "all days", "first day", "second day"})


def told_apart(mentions: Sequence[DayMention], tokens: Sequence[str], days: Sequence[date]) -> list[DayMention]:
    """The mentions of a text in order, token indices into `tokens`. What names days without a month, behind the same
    numbers in another month, means that month's until a date of the conference is named."""
    numbers = {day.day for day in days}
    elsewhere = False
    out: list[DayMention] = []
    for mention in mentions:
        if mention.rule == "date":
            named = {int(n) for token in tokens[mention.start : mention.end] for n in re.findall(r"\d+", token)}
            elsewhere = not mention.days and (elsewhere or (len(numbers) > 1 and numbers <= named))
        elif elsewhere and mention.rule in BARE:
            mention = replace(mention, days=())
        out.append(mention)
    return out
