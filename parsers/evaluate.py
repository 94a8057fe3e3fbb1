"""`python -m parsers.evaluate`: what the trained components reach on corpus entries that their training did not see.

Held out are whole stretches of a file, as one writer wrote them, never single random sentences; with `--languages`
whole languages. Prints the figures by language and the curve from which `threshold` in `conference.toml` is chosen.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import click
import numpy as np

from parsers.corpus_format import Entry, read_corpus
from parsers.examples import ATTENDANCE, pairs
from parsers.lexicon import LANGUAGES
from parsers.marked import Passage, features
from parsers.network import softmax
from parsers.neural import SORTS, AsksModel, AttendanceModel, SortModel
from parsers.train import (
    ATTENDANCE_EPOCHS,
    MEMBERS,
    SMALL_EPOCHS,
    asks_items,
    sort_items,
    train_asks,
    train_attendance,
    train_sort,
)

STRETCH = 12
THRESHOLDS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(slots=True)
class Figures:
    """Hits and totals by name, and for every entry with people how sure the least sure cell was and whether all were
    right.
    """

    hits: dict[tuple[str, str], list[bool]] = field(default_factory=lambda: defaultdict(list))
    entries: list[tuple[float, bool]] = field(default_factory=list)

    def share(self, name: str, language: str | None = None) -> str:
        """The share of hits under a name, over one language or all."""
        found = [x for (n, tongue), xs in self.hits.items() if n == name and language in {None, tongue} for x in xs]
        return f"{np.mean(found):.3f} ({len(found)})" if found else "-"


def folds(entries: list[Entry], count: int) -> Iterator[tuple[list[Entry], list[Entry]]]:
    """`(training, held out)` by stretches of twelve lines."""
    for fold in range(count):
        yield (
            [e for e in entries if (e.number // STRETCH) % count != fold],
            [e for e in entries if (e.number // STRETCH) % count == fold],
        )


def language_folds(entries: list[Entry], count: int) -> Iterator[tuple[list[Entry], list[Entry]]]:
    """`(training, held out)` by whole languages; English is never held out."""
    others = [language for language in LANGUAGES if language != "en"]
    for fold in range(count):
        out = set(others[fold::count])
        yield [e for e in entries if e.language not in out], [e for e in entries if e.language in out]


def measure_attendance(component: AttendanceModel, entries: list[Entry], figures: Figures) -> None:
    """Person-day cells and roles."""
    for entry in entries:
        jobs = list(pairs(entry))
        if not jobs:
            continue
        logits = component.scores([features(p.passage, p.target) for p in jobs])
        size = len(ATTENDANCE)
        sure, right = 1.0, True
        for job, row in zip(jobs, logits, strict=True):
            attendance, role = softmax(row[None, :size])[0], softmax(row[None, size:])[0]
            hit = bool(attendance.argmax() == job.attendance)
            figures.hits["cells", entry.language].append(hit)
            if job.role:
                figures.hits["roles", entry.language].append(bool(role[1:].argmax() + 1 == job.role))
            sure, right = min(sure, float(attendance.max())), right and hit
        figures.hits["entries", entry.language].append(right)
        figures.entries.append((sure, right))


def _measure(
    component: AsksModel | SortModel, items: list[tuple[Passage, object, list[int]]], name: str, figures: Figures
) -> None:
    logits = component.scores([features(passage, None) for passage, _, _ in items])
    for (passage, _, labels), row in zip(items, logits, strict=True):
        figures.hits[name, passage.language].append(bool(row.argmax() == labels[0]))
        if name == "questions" and labels[0]:
            figures.hits["questions found", passage.language].append(bool(row.argmax() == 1))


def curve(figures: Figures) -> list[str]:
    """For each threshold the share of entries that would go to review, and the share wrong among the rest."""
    out = ["threshold  to review  wrong among recorded"]
    for threshold in THRESHOLDS:
        kept = [right for sure, right in figures.entries if sure >= threshold]
        total = max(1, len(figures.entries))
        wrong = 1 - np.mean(kept) if kept else 0.0
        out.append(f"{threshold:9.2f}  {1 - len(kept) / total:9.3f}  {wrong:20.3f}")
    return out


@click.command()
@click.option("--folds", "count", default=3, show_default=True, help="How many parts; each is held out once.")
@click.option("--only", default=0, show_default=True, help="Stop after this many parts; 0 runs all.")
@click.option("--languages", is_flag=True, help="Hold out whole languages instead of stretches of a file.")
@click.option("--epochs", default=1.0, show_default=True, help="Scales the passes over the corpus.")
@click.option("--members", default=MEMBERS, show_default=True, help="How many networks decide on attendance together.")
def main(count: int, only: int, languages: bool, epochs: float, members: int) -> None:
    """Measure on what training did not see."""
    entries = list(read_corpus())
    figures = Figures()
    split = language_folds if languages else folds
    sorting = f"sort ({len(SORTS)})"
    for number, (training, held_out) in enumerate(split(entries, count), 1):
        click.echo(f"part {number}: {len(training)} entries to train, {len(held_out)} held out", err=True)
        quiet = lambda _: None  # noqa: E731 - a log that says nothing

        def passes(usual: int) -> int:
            return max(1, round(usual * epochs))

        attendance = train_attendance(training, quiet, passes(ATTENDANCE_EPOCHS), range(members))
        measure_attendance(attendance, held_out, figures)
        _measure(train_asks(training, quiet, passes(SMALL_EPOCHS)), asks_items(held_out), "questions", figures)
        _measure(train_sort(training, quiet, passes(SMALL_EPOCHS)), sort_items(held_out), sorting, figures)
        if number == only:
            break
    names = ("cells", "entries", "roles", "questions", "questions found", sorting)
    click.echo("| language | " + " | ".join(names) + " |\n|" + " --- |" * (len(names) + 1))
    for language in (*LANGUAGES, None):
        click.echo(f"| {language or 'all'} | " + " | ".join(figures.share(name, language) for name in names) + " |")
    click.echo("\n" + "\n".join(curve(figures)))


if __name__ == "__main__":
    main()
