"""`python -m parsers.train`: rebuilds the model in `parsers/model` from the corpus, the same from the same seed."""

import os
import random
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click
import numpy as np
import spacy
from spacy.language import Language
from thinc.api import Adam, Config, fix_random_seed, set_current_ops

from parsers.committee import Committee
from parsers.corpus_format import Entry, read_corpus
from parsers.examples import ATTENDANCE, ROLES, add_sentence, attending, one_hot, pairs, passage_of
from parsers.marked import Passage, features
from parsers.network import QuickOps, build, train_step
from parsers.neural import SORTS, AsksModel, AttendanceModel, SortModel
from parsers.together import count
from parsers.train_names import train_names

HERE = Path(__file__).parent
SEED = 20240429
MAYBE_WEIGHT = 1.7
BLANK, MOSTLY_BLANK, BARE = 0.2, 0.85, 0.6
"""The share of words blanked, the same in the passages that are to be nearly bare, and how many of those there are."""
MEMBERS = 3
ATTENDANCE_EPOCHS, SMALL_EPOCHS, NAME_EPOCHS = 5, 6, 8
SHAPE = {"width": 64, "depth": 3, "rows": 6000}
SMALL = {"width": 48, "depth": 2, "rows": 4000}
Item = tuple[Passage, Any, list[int]]
Log = Callable[[str], None]


def fit(
    component: Committee,
    items: Callable[[random.Random], list[Item]],
    heads: list[tuple[slice, int, float]],
    *,
    epochs: int,
    shape: dict[str, int],
    log: Log,
    seed: int = SEED,
    rate: float = 0.002,
) -> None:
    """Trains one more member of a component. `items` makes the examples of one epoch; `heads` are `(columns, size,
    weight)` of each answer.
    """
    rng = random.Random(seed)  # noqa: S311 - repeatable training, no secret
    fix_random_seed(seed)
    model = build(component.answers, **shape)
    first = items(rng)[:64]
    model.initialize(
        X=[features(p, t) for p, t, _ in first], Y=np.zeros((len(first), component.answers), dtype=np.float32)
    )
    optimizer = Adam(rate, L2=1e-4, L2_is_weight_decay=True, use_averages=True)
    for epoch in range(epochs):
        begun = time.perf_counter()
        optimizer.learn_rate = rate * (1 - epoch / epochs) + rate * 0.08
        losses = [train_step(model, optimizer, *_batch(chunk, heads, rng)) for chunk in _chunks(items(rng), rng)]
        log(f"  epoch {epoch + 1}/{epochs}  loss {sum(losses) / len(losses):.3f}  {time.perf_counter() - begun:.0f} s")
    # The running average of the weights generalises better than the last ones.
    with model.use_params(optimizer.averages):
        averaged = model.to_bytes()
    component.shape = shape
    component.members.append(model.from_bytes(averaged))


def _batch(
    chunk: list[Item], heads: list[tuple[slice, int, float]], rng: random.Random
) -> tuple[list[np.ndarray], Any]:
    arrays = []
    for seen, target, _ in chunk:
        # In some passages hardly a word is left but what the glossaries say of it, so that languages help each other.
        blank = MOSTLY_BLANK if rng.random() < BARE else BLANK
        arrays.append(features(seen, target, [k for k in range(len(seen.words)) if rng.random() < blank]))
    targets = [
        (
            columns,
            one_hot([labels[i] for _, _, labels in chunk], size),
            np.array([weight * _stress(i, size, labels[i]) for _, _, labels in chunk], dtype=np.float32),
        )
        for i, (columns, size, weight) in enumerate(heads)
    ]
    return arrays, targets


def _stress(head: int, size: int, label: int) -> float:
    """ "Maybe" is rarer than yes and no, and the costliest to overlook."""
    return MAYBE_WEIGHT if head == 0 and size == len(ATTENDANCE) and ATTENDANCE[label] == "maybe" else 1.0


def _chunks(items: list[Item], rng: random.Random, size: int = 32) -> list[list[Item]]:
    """Batches of like length, in random order."""
    rng.shuffle(items)
    chunks: list[list[Item]] = []
    for start in range(0, len(items), 512):
        block = sorted(items[start : start + 512], key=lambda item: len(item[0].words))
        chunks.extend(block[i : i + size] for i in range(0, len(block), size))
    rng.shuffle(chunks)
    return chunks


def train_attendance(
    entries: list[Entry], log: Log, epochs: int = ATTENDANCE_EPOCHS, members: Iterable[int] = range(MEMBERS)
) -> AttendanceModel:
    """The pair component from entries, with these members of its committee."""
    fillers: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if not entry.people:
            fillers[entry.language].append(entry)

    def items(rng: random.Random) -> list[Item]:
        return [
            (p.passage, p.target, [p.attendance, p.role])
            for entry in entries
            for p in pairs(entry, rng, fillers[entry.language])
        ]

    component = AttendanceModel()
    size = len(ATTENDANCE)
    heads = [(slice(0, size), size, 1.0), (slice(size, size + len(ROLES)), len(ROLES), 0.5)]
    for member in members:
        fit(component, items, heads, epochs=epochs, shape=SHAPE, log=log, seed=SEED + member)
    component.table = count(day for entry in entries for day in attending(entry))
    return component


def asks_items(entries: list[Entry]) -> list[Item]:
    """Every sentence with whether it asks."""
    ready: list[Item] = []
    for entry in entries:
        for sentence in entry.sentences:
            passage = Passage(language=entry.language)
            add_sentence(passage, sentence, 0, {})
            ready.append((passage, None, [int(sentence.asks)]))
    return ready


def train_asks(entries: list[Entry], log: Log, epochs: int = SMALL_EPOCHS) -> AsksModel:
    """The question component from sentences."""
    ready = asks_items(entries)
    component = AsksModel()
    fit(component, lambda _: list(ready), [(slice(0, 2), 2, 1.0)], epochs=epochs, shape=SMALL, log=log)
    return component


def sort_label(entry: Entry) -> int:
    """The index in `SORTS` of an entry."""
    if entry.kind:
        return SORTS.index({"K": "acknowledgement", "U": "unrelated", "O": "auto_reply"}[entry.kind])
    return int(any(set(days) - {"-"} for days in entry.people.values()))


def sort_items(entries: list[Entry]) -> list[Item]:
    """Every entry with its sort."""
    return [(passage_of(entry)[0], None, [sort_label(entry)]) for entry in entries]


def train_sort(entries: list[Entry], log: Log, epochs: int = SMALL_EPOCHS) -> SortModel:
    """The component for the whole message from entries."""
    ready = sort_items(entries)
    component = SortModel()
    fit(
        component, lambda _: list(ready), [(slice(0, len(SORTS)), len(SORTS), 1.0)], epochs=epochs, shape=SMALL, log=log
    )
    return component


def build_pipeline() -> Language:
    """The pipeline of `pipeline.cfg`, untrained."""
    import parsers.components  # noqa: F401 - registers the factories that the configuration names

    return spacy.util.load_model_from_config(Config().from_disk(HERE / "pipeline.cfg"), auto_fill=True)


def _apart(name: str, number: int, entries: list[Entry], scale: float, folder: str) -> None:
    """Trains a component, or a member of one, and leaves it in a folder; for a process of its own."""
    set_current_ops(QuickOps(use_blis=False))

    def log(line: str) -> None:
        click.echo(f"{name} {number}{line}")

    def passes(count: int) -> int:
        return max(1, round(count * scale))

    if name == "asks":
        train_asks(entries, log, passes(SMALL_EPOCHS)).to_disk(Path(folder))
    elif name == "sort":
        train_sort(entries, log, passes(SMALL_EPOCHS)).to_disk(Path(folder))
    elif name == "ner":
        nlp = build_pipeline()
        train_names(nlp, entries, log, passes(NAME_EPOCHS), SEED)
        nlp.get_pipe("ner").to_disk(Path(folder))  # type: ignore[attr-defined]  # a trainable pipe, which get_pipe does not say
    else:
        train_attendance(entries, log, passes(ATTENDANCE_EPOCHS), [number]).to_disk(Path(folder))


def train(entries: Iterable[Entry], log: Log, *, epochs: float = 1.0) -> Language:
    """A trained pipeline from these entries; `epochs` scales the passes of every component.

    Components and members of committees learn in processes of their own, two at a time, so that two cores are used.
    """
    ready = list(entries)
    nlp = build_pipeline()
    log(f"{len(ready)} entries")
    # One thread a process: two processes fill the cores, and sums come out the same every time.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    jobs = [*(("attendance", member) for member in range(MEMBERS)), ("ner", 0), ("asks", 0), ("sort", 0)]
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(2, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool,
    ):
        places = [str(Path(folder) / f"{name}-{number}") for name, number in jobs]
        running = [
            pool.submit(_apart, name, number, ready, epochs, place)
            for (name, number), place in zip(jobs, places, strict=True)
        ]
        for job in running:
            job.result()
        for (name, number), place in zip(jobs, places, strict=True):
            pipe: Any = nlp.get_pipe(name)
            if number == 0:
                pipe.from_disk(Path(place))
            else:
                pipe.members += AttendanceModel().from_disk(Path(place)).members
    return nlp


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), default=HERE / "model", show_default=True, help="Where the model goes."
)
@click.option("--epochs", type=float, default=1.0, show_default=True, help="Scales the passes over the corpus.")
def main(out: Path, epochs: float) -> None:
    """Rebuild the model from the corpus."""
    begun = time.perf_counter()
    nlp = train(read_corpus(), click.echo, epochs=epochs)
    if out.exists():
        shutil.rmtree(out)
    nlp.to_disk(out)
    click.echo(f"wrote {out.name} in {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
