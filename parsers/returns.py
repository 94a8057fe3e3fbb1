"""What an automatic reply tells: until when its writer is away, and who stands in."""

from datetime import date, timedelta

from spacy.tokens import Doc

from parsers.context import Context
from parsers.lexicon import every, key
from parsers.names import parts, tidy
from parsers.reading import Automatic, Envelope
from parsers.text import fold

LONGEST = timedelta(days=200)


def absence(doc: Doc, state: Context, head: Envelope) -> Automatic:
    """The date of return, where one is written behind a word such as "until" or "back on", else the latest date in the
    text; the first other person named as stand-in."""
    backs = {phrase for phrase in every("automatic", "back") if phrase}
    marked: list[date] = []
    plain: list[date] = []
    for mention in state.day_mentions:
        moment = mention.last or (mention.days[-1] if mention.days else None)
        if moment is None or (head.sent is not None and not _near(moment, head.sent.date())):
            continue
        before = key(doc[max(0, mention.start - 6) : mention.start].text)
        (marked if any(before.endswith(back) for back in backs) else plain).append(moment)
    returns = max(marked or plain, default=None)
    own = {fold(part) for part in parts(head.from_name)}
    others = [p.name for p in state.people if not p.delegation and not {fold(x) for x in parts(p.name)} <= own]
    return Automatic(returns=returns, stand_in=tidy(others[0]) if others else "")


def _near(moment: date, sent: date) -> bool:
    return sent - timedelta(days=1) <= moment < sent + LONGEST
