"""Erasing one person: out of raw mail, readings, statements, questions, decisions, address book and search index.

Messages that name the person go whole, since nobody can take a name out of a signed or encoded mail. What they said of
others stays on the board without its evidence; what they said of the person stays without the name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import Any

from intake.register.contents import readable
from intake.register.keeping import Keeping
from intake.register.moment import to_text
from intake.register.people import fold
from intake.register.values import Bucket, RegisterError

ERASED = "[erased]"
_MOST_WORDS = 5
_ENDINGS = r"\w{0,3}"
"""Case endings of a name that count as the name; a longer one would be another name."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What went, in numbers; nothing in it tells who. `clean` is True where the bytes are gone from the file too."""

    at: datetime
    messages: int
    statements: int
    questions: int
    decisions: int
    addresses: int
    spellings: int
    clean: bool
    remains: tuple[str, ...] = ()
    numbers: tuple[int, ...] = field(default=(), repr=False)


class Person:
    """Who is to be erased: an address, or a name in either order and with case endings."""

    def __init__(self, term: str) -> None:
        words = re.findall(r"[\w.+-]+@[\w.-]+|\w+", fold(term))
        if not words or len("".join(words)) < 3 or len(words) > _MOST_WORDS:
            raise RegisterError("Give one e-mail address, or one name of at most five words.")
        self.address = term.strip().lower() if "@" in term else ""
        if self.address:
            pattern = rf"(?<![\w.+-]){re.escape(fold(self.address))}(?![\w-])"
        else:
            between = r"[\W_]{1,8}"
            orders = {between.join(re.escape(word) + _ENDINGS for word in order) for order in permutations(words)}
            pattern = rf"(?<!\w)(?:{'|'.join(sorted(orders))})(?!\w)"
        self._pattern = re.compile(pattern)

    def named_in(self, text: str) -> bool:
        """Whether the text, folded or not, names the person."""
        return bool(self._pattern.search(fold(text)))

    def named_in_folded(self, text: str) -> bool:
        """The same for a text that is folded already."""
        return bool(self._pattern.search(text))


class Erasing(Keeping):
    """The part of the register that forgets one person."""

    def erase(self, term: str, *, at: datetime, event: str | None = None, dry_run: bool = False) -> Receipt:
        """Erases a person from one event or from all, and sweeps the file. With `dry_run` only counts.

        The identity of an erased mail (a digest) stays, so that it does not come back from the mailbox.
        """
        if event is not None and event not in self.events():
            raise RegisterError(f"There is no event {event} in this register; it has {', '.join(self.events())}.")
        person = Person(term)
        numbers = [number for number in self._numbers(event) if self._names(number, person)]
        statements = self._statements_of(person, event)
        counted = Receipt(
            at=at,
            messages=len(numbers),
            statements=len(statements),
            questions=len(self._questions_of(person, numbers, event)),
            decisions=len(self._decisions_of(person, numbers, event)),
            addresses=len(self._addresses_of(person, event)),
            spellings=len(self._spellings_of(person, event)),
            clean=False,
            remains=self._remains(person),
            numbers=tuple(numbers),
        )
        if dry_run:
            return counted
        with self.change():
            self._forget_people(person, numbers, event)
            for number in numbers:
                self._forget_message(number, at)
            for event_id in {self._message_row(number)["event_id"] for number in numbers} | self._event_ids(event):
                self._restand_again(event_id)
                self._changed(event_id)
        clean = self.sweep()
        return Receipt(**{name: getattr(counted, name) for name in counted.__slots__} | {"clean": clean})

    def _event_ids(self, event: str | None) -> set[int]:
        if event is not None:
            return {self._event_id(event)}
        return {row["id"] for row in self.rows("SELECT id FROM event")}

    def _numbers(self, event: str | None) -> Iterator[int]:
        for event_id in sorted(self._event_ids(event)):
            for row in self.rows(
                "SELECT id FROM message WHERE event_id = ? AND bucket <> ? ORDER BY id", (event_id, Bucket.ERASED)
            ):
                yield row["id"]

    def _names(self, number: int, person: Person) -> bool:
        """In the bytes, or in what any reader made of them: the text of attachments stands only there."""
        raw = self.row("SELECT bytes FROM raw WHERE message = ?", (number,))
        if raw is not None and person.named_in_folded(readable(bytes(raw["bytes"]))):
            return True
        readings = self.rows(
            "SELECT r.json FROM entry e JOIN reading r ON r.entry = e.id WHERE e.message = ?", (number,)
        )
        return any(person.named_in(row["json"].replace("\\n", "\n")) for row in readings)

    def _rows_naming(self, sql: str, event: str | None, person: Person, columns: tuple[str, ...]) -> list[Any]:
        return [
            row
            for event_id in self._event_ids(event)
            for row in self.rows(sql, (event_id,))
            if any(row[column] and person.named_in(str(row[column])) for column in columns)
        ]

    def _statements_of(self, person: Person, event: str | None) -> list[int]:
        sql = "SELECT s.id, s.name FROM entry e JOIN statement s ON s.entry = e.id WHERE e.event_id = ?"
        return [row["id"] for row in self._rows_naming(sql, event, person, ("name",))]

    def _questions_of(self, person: Person, numbers: list[int], event: str | None) -> list[int]:
        sql = "SELECT id, message, text, asker, state_by, how, assigned_to FROM question WHERE event_id = ?"
        named = self._rows_naming(sql, event, person, ("text", "asker", "state_by", "how", "assigned_to"))
        gone = {row["id"] for row in named}
        for number in numbers:
            gone |= {row["id"] for row in self.rows("SELECT id FROM question WHERE message = ?", (number,))}
        return sorted(gone)

    def _decisions_of(self, person: Person, numbers: list[int], event: str | None) -> list[int]:
        sql = "SELECT id, by_whom, before, after, why FROM decision WHERE event_id = ?"
        gone = {row["id"] for row in self._rows_naming(sql, event, person, ("by_whom", "before", "after", "why"))}
        for number in numbers:
            gone |= {row["id"] for row in self.rows("SELECT id FROM decision WHERE message = ?", (number,))}
        return sorted(gone)

    def _addresses_of(self, person: Person, event: str | None) -> list[Any]:
        sql = "SELECT event_id, address FROM address WHERE event_id = ?"
        return self._rows_naming(sql, event, person, ("address",))

    def _spellings_of(self, person: Person, event: str | None) -> list[Any]:
        sql = "SELECT event_id, delegation, key, name FROM spelling WHERE event_id = ?"
        return self._rows_naming(sql, event, person, ("key", "name"))

    def _forget_people(self, person: Person, numbers: list[int], event: str | None) -> None:
        """Everything that names the person outside the messages that go whole."""
        for number in self._statements_of(person, event):
            self.put("UPDATE statement SET name = ?, evidence = '[]' WHERE id = ?", (ERASED, number))
        for number in self._questions_of(person, numbers, event):
            self.put("DELETE FROM question WHERE id = ?", (number,))
        for number in self._decisions_of(person, numbers, event):
            self.put(
                "UPDATE decision SET before = NULL, after = NULL, why = ?,"
                " by_whom = CASE WHEN ? THEN ? ELSE by_whom END WHERE id = ?",
                (ERASED, person.named_in(self._decision_row(number)["by_whom"]), ERASED, number),
            )
        for row in self._addresses_of(person, event):
            self.put("DELETE FROM address WHERE event_id = ? AND address = ?", (row["event_id"], row["address"]))
        for row in self._spellings_of(person, event):
            self.put(
                "DELETE FROM spelling WHERE event_id = ? AND delegation = ? AND key = ?",
                (row["event_id"], row["delegation"], row["key"]),
            )
        for event_id in self._event_ids(event):
            for row in self.rows("SELECT id, by_whom, review FROM entry WHERE event_id = ?", (event_id,)):
                if person.named_in(row["by_whom"]) or person.named_in(row["review"]):
                    self.put("UPDATE entry SET by_whom = ?, review = '[]' WHERE id = ?", (ERASED, row["id"]))
            for row in self.rows("SELECT DISTINCT by_whom FROM reply WHERE event_id = ?", (event_id,)):
                if person.named_in(row["by_whom"]):
                    self.put("DELETE FROM reply WHERE event_id = ? AND by_whom = ?", (event_id, row["by_whom"]))

    def _forget_message(self, number: int, at: datetime) -> None:
        """The bytes, the readings, the envelope and the index go; the digest and what was said of others stay."""
        self.put("DELETE FROM raw WHERE message = ?", (number,))
        self.put("DELETE FROM search WHERE rowid = ?", (number,))
        self.put("DELETE FROM reference WHERE message = ?", (number,))
        self.put("DELETE FROM reading WHERE entry IN (SELECT id FROM entry WHERE message = ?)", (number,))
        self.put(
            "UPDATE statement SET evidence = '[]' WHERE entry IN (SELECT id FROM entry WHERE message = ?)", (number,)
        )
        self.put("UPDATE entry SET review = '[]', automatic = NULL, office = '' WHERE message = ?", (number,))
        self.put(
            "UPDATE message SET message_id = '', from_name = '', from_address = '', subject = '', bucket = ?, why = ?,"
            " state_at = ? WHERE id = ?",
            (Bucket.ERASED, f"erased on {to_text(at)[:10]}", to_text(at), number),
        )

    def _remains(self, person: Person) -> tuple[str, ...]:
        """What the register cannot erase, and who can."""
        remains = ["backups made before, and files written by intake export or intake cases", "the mailbox itself"]
        remains += [
            f"the backup {row['path']} of {row['at'][:10]}: delete it, or erase in it too"
            for row in self.rows("SELECT at, path FROM backup ORDER BY id")
            if Path(row["path"]).exists()
        ]
        if any(row["conference"] and person.named_in(row["conference"]) for row in self.rows("SELECT * FROM event")):
            remains.append("the invitation list names the person: edit delegations.toml and start the service again")
        return tuple(remains)
