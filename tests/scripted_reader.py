"""Readers for tests of the process around them: each does what the message's body tells it to."""

import os
import sys
import time
from datetime import datetime

from parsers.conference import Conference
from parsers.reading import Envelope, Neither, Reading


class ScriptedReader:
    def __init__(self, conference: Conference) -> None:
        self.conference = conference
        self.hoard: list[bytearray] = []

    def read(self, raw: bytes, *, received_at: datetime) -> Reading:
        text = raw.decode("utf-8", "replace")
        if "please hang" in text:
            while True:
                time.sleep(60)
        if "please die" in text:
            os._exit(3)
        if "please raise" in text:
            raise LookupError("no such thing")
        if "please hoard" in text:
            while True:
                self.hoard.append(bytearray(64 * 1024 * 1024))
        if "please print" in text:
            print("a library prints this")
            sys.stdout.flush()
        return Reading(
            text=text,
            envelope=Envelope(subject=str(os.getpid())),
            language=received_at.isoformat(),
            office=self.conference.name,
            neither=Neither.UNRELATED,
        )


def load(conference: Conference) -> ScriptedReader:
    return ScriptedReader(conference)


def cannot(conference: Conference) -> ScriptedReader:
    raise RuntimeError(conference.name)
