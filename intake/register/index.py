"""The words of the full-text index (FTS5), each with its event's number before it.

A search for the beginning of a word has to walk every word with that beginning. With the number before it that is a
word of its own event, so that a search costs what the event holds and not what the file holds.
"""

import re

from intake.register.people import fold

_WORD = re.compile(r"[^\W_]+")


def indexed(event_id: int, text: str) -> str:
    """The words of a text for the index: folded, so that ł and ø are found by l and o too."""
    return " ".join(_of_event(event_id, text))


def asked(event_id: int, words: str) -> str:
    """The FTS5 expression for rows of an event with all these words, or words that begin so; empty where none is."""
    phrases = [" ".join(_of_event(event_id, word)) for word in words.split()]
    return " AND ".join(f'"{phrase}"*' for phrase in phrases if phrase)


def _of_event(event_id: int, text: str) -> list[str]:
    # The letters keep event 1 with a word 2x apart from event 12 with a word x.
    return [f"e{event_id}x{word}" for word in _WORD.findall(fold(text))]
