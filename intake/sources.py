"""Where a setting may be given: command line over environment over file, and every secret in a file of its own."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from intake.mistakes import Mistake
from intake.settings import LIMITS, PATHS, SECRETS


class Sources:
    """The command line and the environment: what they say of one section, over what the file says."""

    def __init__(self, given: Mapping[str, str], environ: Mapping[str, str], mistakes: list[Mistake]) -> None:
        self.given = given
        self.environ = environ
        self.mistakes = mistakes

    def over(self, section: str, keys: tuple[str, ...], table: dict[str, Any], directory: Path) -> dict[str, Any]:
        """The table with every key replaced that is given elsewhere; secrets are read from the files named for them."""
        merged = dict(table)
        for key in PATHS:
            if isinstance(merged.get(key), str) and merged[key]:
                merged[key] = str(directory / merged[key])  # a path in a file is meant from that file
        for key in keys:
            variable = f"INTAKE_{section}_{key}".upper()
            if key in SECRETS:
                self._secret(section, key, variable, merged, directory)
            elif variable in self.environ:
                merged[key] = self._typed(key, self.environ[variable], variable)
            if f"{section}.{key}" in self.given:
                merged[key] = self._typed(key, self.given[f"{section}.{key}"], f"{section}.{key}")
        return merged

    def _typed(self, key: str, text: str, place: str) -> Any:
        source = "environment" if place.startswith("INTAKE_") else "command line"
        if key in LIMITS:
            try:
                return int(text)
            except ValueError:
                self.mistakes.append(Mistake(source, place, f"{text!r} is not a whole number", "Write digits"))
                return LIMITS[key][0]
        if key in ("folders", "junk", "archive"):
            if text.lstrip().startswith("["):
                try:
                    return json.loads(text)
                except ValueError:
                    wrong = f"{text!r} is not a list"
                    self.mistakes.append(Mistake(source, place, wrong, 'Write ["INBOX", "Archive"]'))
                    return []
            return [part.strip() for part in text.split(",") if part.strip()]
        return text

    def _secret(self, section: str, key: str, variable: str, merged: dict[str, Any], directory: Path) -> None:
        if key in merged:
            wrong = "a secret does not belong into this file"
            write = f"Put it into a file of its own and write {key}_file, or set {variable}_FILE"
            self.mistakes.append(Mistake("service.toml", f"{section}.{key}", wrong, write))
        value = merged.pop(f"{key}_file", None)
        path, place = (directory / str(value) if value else None), ("service.toml", f"{section}.{key}_file")
        if variable in self.environ and f"{variable}_FILE" in self.environ:
            wrong = f"{variable} is set as well"
            self.mistakes.append(Mistake("environment", f"{variable}_FILE", wrong, "Keep one of the two"))
        if variable in self.environ:
            merged[key] = self.environ[variable]
            return
        if f"{variable}_FILE" in self.environ:
            path, place = Path(self.environ[f"{variable}_FILE"]), ("environment", f"{variable}_FILE")
        if path is None:
            return
        try:
            merged[key] = path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            self.mistakes.append(Mistake(*place, f"{path} cannot be read ({reason})", "Name a readable file"))
