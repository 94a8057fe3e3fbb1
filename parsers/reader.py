"""One message through every stage, in order. Read `Reader.read` first."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import cast

import spacy
from spacy.language import Language
from spacy.tokens import Doc

import parsers.components  # noqa: F401 - registers the factories that the model's configuration names
from parsers import automatic, decide, proof, review
from parsers.body import Body, gather
from parsers.conference import Conference, Delegation
from parsers.context import Context
from parsers.document import Shown, show
from parsers.headers import envelope
from parsers.mime import parse
from parsers.names import parts
from parsers.neural import SortModel
from parsers.origin import Origin, Origins, office, row_of
from parsers.people import Roster, Token, known_as, personal_name
from parsers.reading import Automatic, Envelope, Kind, Neither, Reading
from parsers.returns import absence
from parsers.sentences import words
from parsers.text import fold

MODEL = Path(__file__).parent / "model"
FOR_PEOPLE = ("asks", "sort", "attendance")
"""Components that a machine's message does not need."""


class Reader:
    """Reads messages of one conference. Not for two threads at once."""

    def __init__(self, conference: Conference, nlp: Language | None = None) -> None:
        self.conference = conference
        self.nlp = nlp if nlp is not None else spacy.load(MODEL)
        self.roster = Roster(conference)
        self.origins = Origins(conference)

    def read(self, raw: bytes, *, received_at: datetime) -> Reading:
        """The reading of a message. `received_at` is aware. Whatever the bytes, there is a reading; nothing raises."""
        message, problems = parse(raw)
        head = envelope(message, received_at)
        body = gather(message)
        shown = show(
            body,
            subject=head.subject,
            sender_name=head.from_name,
            mailbox=self.conference.mailbox,
            letter=self.conference.letter,
            signs=self.roster.signs,
        )
        machine = automatic.classify(message, head, body, shown, self.conference.mailbox)
        origin = self._origin(head, shown, machine)
        row = row_of(self.conference, origin.code)
        doc = self.document(
            shown.read,
            row,
            head,
            shown.context,
            _writer(head, shown),
            disable=FOR_PEOPLE if machine is not None else (),
        )
        state = doc.user_data["intake"]
        base = {
            "text": shown.text,
            "envelope": head,
            "zones": shown.zones,
            "attachments": shown.attachments,
            "language": state.language,
            "delegation": origin.code,
            "delegation_evidence": proof.of_delegation(origin, doc, shown),
            "office": office(shown.zoned.inner_from or head.from_address),
            "problems": tuple(dict.fromkeys([*problems, *body.problems, *_length(shown)])),
        }
        if machine is not None:
            return self._machine(machine, doc, state, head, base, shown)
        return self._person(doc, state, shown, head, body, origin, row, base)

    def document(
        self,
        text: str,
        row: Delegation | None = None,
        head: Envelope | None = None,
        quoted: tuple[tuple[int, int], ...] = (),
        writer: str = "",
        disable: tuple[str, ...] = (),
    ) -> Doc:
        """The text through the pipeline, for anyone who wants to look inside with spaCy."""
        doc = self.nlp.make_doc(text)
        sender = head.from_name if head is not None else ""
        doc.user_data["intake"] = Context(
            text=text,
            days=self.conference.days,
            roster=self.roster,
            own=row,
            sender_words=frozenset(fold(word) for word in parts(sender)),
            writer=writer,
            principal_writes=bool(writer) and row is not None and known_as(writer, row),
            quoted=quoted,
        )
        return self.nlp(doc, disable=list(disable))

    def _origin(self, head: Envelope, shown: Shown, machine: automatic.Machine | None) -> Origin:
        if machine is not None and machine.kind is Neither.BOUNCE:
            for address in machine.failed:
                found = self.origins.find(address, "", "", Counter())
                if found.code is not None:
                    return found
            return Origin(None, "", False)
        author = shown.zoned.inner_from or head.from_address
        direct = self.origins.by_address(author) or self.origins.by_address(head.from_address)
        if direct is not None:
            told = author if self.origins.by_address(author) else head.from_address
            return Origin(direct, "sender's domain", True, told)
        tokens = [Token(i, word, 0) for i, word in enumerate(words(shown.read[:6000])[0]) if not word.isspace()]
        named = Counter(code for code, _ in self.roster.find(tokens, None, frozenset()))
        signature = f"{shown.signature}\n{head.from_name}"
        return self.origins.find(author, signature, shown.read, named, head.subject)

    def _machine(
        self,
        machine: automatic.Machine,
        doc: Doc,
        state: Context,
        head: Envelope,
        base: dict[str, object],
        shown: Shown,
    ) -> Reading:
        away = Automatic(failed=machine.failed)
        if machine.kind is Neither.AUTO_REPLY:
            away = absence(doc, state, head)
        return Reading(
            **base,  # type: ignore[arg-type]  # the fields that both kinds of reading share
            neither=machine.kind,
            neither_evidence=proof.of_machine(machine.sign, shown),
            automatic=away,
            sureness=1.0,
        )

    def _person(
        self,
        doc: Doc,
        state: Context,
        shown: Shown,
        head: Envelope,
        body: Body,
        origin: Origin,
        row: Delegation | None,
        base: dict[str, object],
    ) -> Reading:
        found = decide.statements(doc, state, shown)
        answered = decide.calendar(body.replies, row, self.conference, shown)
        doubted = decide.doubted(found, state)
        said = decide.merge([] if doubted else found, answered)
        weighed = decide.asking(doc, state)
        asked = decide.questions(doc, state, shown, weighed)
        kinds: list[Kind] = []
        if said or state.sorts.get("availability", 0.0) > 0.9:
            kinds.append(Kind.AVAILABILITY)
        if asked:
            kinds.append(Kind.QUESTION)
        neither = None if kinds else _neither(state, shown)
        sorter = cast("SortModel", self.nlp.get_pipe("sort"))
        judged = review.judge(
            self.conference,
            state,
            shown,
            head,
            origin,
            said,
            neither,
            cast("tuple[str, ...]", base["problems"]),
            doubted=doubted,
            unclear_question=decide.unclear_question(weighed),
        )
        return Reading(
            **base,  # type: ignore[arg-type]  # the fields that both kinds of reading share
            kinds=tuple(kinds),
            neither=neither,
            neither_evidence=proof.of_sort(sorter.telling(doc, neither.value), doc, shown) if neither else None,
            statements=tuple(said),
            questions=tuple(asked),
            automatic=absence(doc, state, head) if neither is Neither.AUTO_REPLY else None,
            corrects=judged.corrects,
            review=tuple(judged.reasons),
            sureness=judged.sureness,
        )


def _writer(head: Envelope, shown: Shown) -> str:
    """The name of whoever says "I": from the signature, else from the sender; empty where neither holds one."""
    names = [personal_name(line) for line in (*shown.signature.split("\n"), head.from_name)]
    found = [name for name in names if name]
    # An initial says less than the first name that stands elsewhere.
    return next((name for name in found if len(name.split()[0].rstrip(".")) > 1), found[0] if found else "")


def _length(shown: Shown) -> list[str]:
    return ["the text is very long; only its first 20,000 characters were read"] if shown.cut else []


def _neither(state: Context, shown: Shown) -> Neither:
    if automatic.says_away(shown.read) and state.sorts.get("auto_reply", 0.0) > 0.3:
        return Neither.AUTO_REPLY
    names = ("acknowledgement", "unrelated", "auto_reply")
    best = max(names, key=lambda name: state.sorts.get(name, 0.0))
    return Neither(best)
