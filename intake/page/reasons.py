"""The reasons of reader and register in the page's language. They are English sentences; those that are fixed have
translations, a sentence with a name or a number in it is matched by its pattern, and anything new stays as it is."""

import re

from intake.page.marks import N_
from intake.page.words import Words

_FIXED = (
    N_("nothing tells which delegation this speaks for"),
    N_("nothing tells which delegation this is"),
    N_("the sender's domain did not vouch for this message (DMARC)"),
    N_("answers would go to another domain than the sender's"),
    N_("a weekday in the text does not fit its date"),
    N_("passed on by somebody else"),
    N_("the reader is not sure who comes on which day"),
    N_("somebody is named, but the message may not be about attendance"),
    N_("the message is encrypted; nobody but its addressee can open it"),
    N_("the message is larger than 25 MB; only its beginning was read"),
    N_("the message is nested too deep to be opened"),
    N_("the structure of the message is damaged"),
    N_("the text is very long; only its first 20,000 characters were read"),
    N_("The reader's process ended over this message"),
    N_("it is not clear what this message is about"),
    N_("a sentence may or may not be a question"),
    N_("a person is named by one word only"),
    N_("two persons would head the delegation on the same day"),
    N_("It lay in the junk folder"),
    N_("Not all of this message was fetched. Open it in the mailbox to see the rest"),
    N_("says who comes"),
    N_("asks something, and does not say who comes"),
    N_("only acknowledges the letter"),
    N_("was written by a machine"),
    N_("says that a letter was not delivered"),
    N_("is about something else"),
)
_PATTERNS = tuple(
    (re.compile("^" + re.sub(r"%\\?\((\w+)\\?\)s", r"(?P<\1>.+?)", re.escape(message)) + "$", re.DOTALL), message)
    for message in (
        N_("the delegation is only guessed, from the %(sign)s"),
        N_("more people are named than the format %(format)s"),
        N_("the delegation %(code)s is not on the list"),
        N_("speaks about %(days)s, which is no day of the event"),
        N_("%(name)s may be the minister of %(codes)s"),
        N_("the sender is not proven: %(domain)s failed DMARC (%(what)s)"),
        N_("the message names several senders, of %(who)s"),
        N_("Reading took longer than %(seconds)s seconds and was stopped"),
        N_("Reading needed more than %(size)s MB"),
        N_("The reader failed over this message (%(what)s)"),
        N_("the sender's domain %(domain)s looks like %(like)s, and is not it"),
        N_("the sender shows the name %(name)s and writes from %(address)s"),
        N_("answers would go to %(address)s, which is not the sender's"),
        N_("%(who)s says that this counts"),
        N_("the same mail as message %(number)s"),
    )
)

_SIGNS = {
    "sender's domain": N_("sender's domain"),
    "signature": N_("signature"),
    "text": N_("text"),
    "subject": N_("subject"),
    "conversation": N_("conversation"),
    "name of the principal": N_("name of the principal"),
}
"""What a delegation was guessed from."""


def reason(words: Words, text: str) -> str:
    """One reason, or several joined by semicolons, in this language."""
    return "; ".join(_one(words, part) for part in _parts(text)) if text else ""


def _parts(text: str) -> list[str]:
    """The single reasons; some have a semicolon of their own."""
    parts: list[str] = []
    for piece in text.split("; "):
        if parts and f"{parts[-1]}; {piece}" in _FIXED:
            parts[-1] += f"; {piece}"
        else:
            parts.append(piece)
    return parts


def _one(words: Words, text: str) -> str:
    if text in _FIXED:
        return words.say(text)
    for pattern, message in _PATTERNS:
        match = pattern.match(text)
        if match:
            values = match.groupdict()
            if "sign" in values:
                values["sign"] = words.say(_SIGNS.get(values["sign"], values["sign"]))
            return words.say(message, **values)
    return text
