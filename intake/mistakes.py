"""What is wrong in a configuration: gathered while reading, reported all at once."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from email_validator import EmailNotValidError, validate_email


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend: in which file, at which key, what is wrong with it, and what to write instead."""

    file: str
    key: str
    wrong: str
    write: str

    def __str__(self) -> str:
        where = f"{self.file}, {self.key}" if self.key else self.file
        return f"{where}: {self.wrong}. {self.write}"


class ConfigError(Exception):
    """A configuration that cannot be used; `mistakes` holds every mistake found in it."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class Table:
    """One TOML table, read key by key. What does not fit is added to `mistakes`, and a stand-in value is returned.

    `place` stands before the key in a mistake, for instance `delegation 3 (BG)`.
    """

    def __init__(self, values: Mapping[str, Any], file: str, mistakes: list[Mistake], place: str = "") -> None:
        self.values = values
        self.file = file
        self.mistakes = mistakes
        self.place = place
        self.asked: list[str] = []

    def wrong(self, key: str, wrong: str, write: str) -> None:
        """Note a mistake at `key` of this table."""
        self.mistakes.append(Mistake(self.file, f"{self.place}.{key}" if self.place else key, wrong, write))

    def get(self, key: str) -> Any:
        """The raw value, or None; the key counts as known from now on."""
        self.asked.append(key)
        return self.values.get(key)

    def text(self, key: str, example: str, *, required: bool = True) -> str:
        """A string without surrounding white space; an empty one is a mistake where it is required."""
        value = self.get(key)
        if value is None and not required:
            return ""
        if value is None:
            self.wrong(key, "is missing", f"Write {key} = {example}")
            return ""
        if not isinstance(value, str):
            self.wrong(key, f"is {_kind(value)}, not text", f"Write {key} = {example}")
            return ""
        if required and not value.strip():
            self.wrong(key, "is empty", f"Write {key} = {example}")
        return value.strip()

    def texts(self, key: str, example: str) -> tuple[str, ...]:
        """A list of strings; absent means empty."""
        value = self.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            self.wrong(key, "is not a list of texts", f"Write {key} = {example}")
            return ()
        return tuple(item.strip() for item in value)

    def day(self, key: str, example: str) -> date | None:
        """A TOML date without a time."""
        value = self.get(key)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        self.wrong(key, "is missing" if value is None else f"is {_kind(value)}, not a date", f"Write {key} = {example}")
        return None

    def address(self, key: str, value: str, example: str) -> str:
        """`value` as an e-mail address in its normal form; the domain is not looked up."""
        try:
            return validate_email(value, check_deliverability=False, test_environment=True).normalized
        except EmailNotValidError as error:
            self.wrong(key, f"{value!r} is no e-mail address ({str(error).rstrip('.')})", f"Write {key} = {example}")
            return value

    def unknown(self) -> None:
        """Note every key that nobody asked for: most often a slip of the finger."""
        for key in self.values:
            if key not in self.asked:
                near = get_close_matches(key, self.asked, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(sorted(self.asked))}"
                self.wrong(key, "is not a key that this file can hold", hint)


def read_toml(path: Path, mistakes: list[Mistake], *, required: bool = True) -> dict[str, Any] | None:
    """The file as a dictionary, or None with the mistake noted (or without one, where it may be absent)."""
    text = read_text(path, mistakes, required=required)
    if text is None:
        return None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        mistakes.append(Mistake(path.name, "", f"is not valid TOML: {error}", "Mend that line"))
        return None


def read_text(path: Path, mistakes: list[Mistake], *, required: bool = True) -> str | None:
    """The file's text, or None with the mistake noted."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        if required:
            mistakes.append(Mistake(path.name, "", f"is missing in {path.parent}", "See config/ for an example"))
    except UnicodeDecodeError as error:
        mistakes.append(Mistake(path.name, "", f"is not UTF-8 (byte {error.start})", "Save it as UTF-8"))
    except OSError as error:
        mistakes.append(Mistake(path.name, "", f"cannot be read ({error.strerror})", "Make it readable for this user"))
    return None


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a table"}
    return names.get(type(value), "a date" if isinstance(value, date) else type(value).__name__)
