"""The register: one SQLite file that holds every message, what it was taken to say, and what now stands.

The only room that knows SQLite. Statements are appended and never changed; the board is computed from them.
"""

from intake.register.backup import Backups
from intake.register.generations import Generations
from intake.register.values import (
    BoardRow,
    Bucket,
    Cell,
    Companion,
    Counts,
    DecisionRow,
    EntryRow,
    Kept,
    LastWord,
    Location,
    Message,
    MessageRow,
    QuestionRow,
    RegisterBusyError,
    RegisterError,
    Round,
    Source,
    StaleError,
    State,
    StatementRow,
)


class Register(Backups, Generations):
    """One connection to one register; open one a thread. The parts stand in the modules of this package."""


__all__ = [
    "BoardRow",
    "Bucket",
    "Cell",
    "Companion",
    "Counts",
    "DecisionRow",
    "EntryRow",
    "Kept",
    "LastWord",
    "Location",
    "Message",
    "MessageRow",
    "QuestionRow",
    "Register",
    "RegisterBusyError",
    "RegisterError",
    "Round",
    "Source",
    "StaleError",
    "State",
    "StatementRow",
]
