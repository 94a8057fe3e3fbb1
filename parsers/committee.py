"""Several networks of one shape that decide together: the mean of their logits is right more often than any of them.

Kept as spaCy components keep themselves, in a folder: the shape as JSON, the weights in half precision.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from thinc.api import Model

from parsers.fused import Fused
from parsers.marked import Passage, features
from parsers.network import build


class Committee:
    """Networks with `answers` logits each. Without members every answer is equally likely."""

    answers = 2

    def __init__(self) -> None:
        self.shape: dict[str, int] = {}
        self.members: list[Model[Any, Any]] = []
        self._fused: Fused | None = None

    def scores(self, arrays: list[np.ndarray]) -> np.ndarray:
        """Logits, a row an array."""
        if not self.members:
            return np.zeros((len(arrays), self.answers), dtype=np.float32)
        if self._fused is None or self._fused.size != len(self.members):
            self._fused = Fused(self.members)
        return self._fused.scores(arrays)

    def to_disk(self, path: Path, **_: object) -> None:
        """Saves shape and weights in a folder."""
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        (path / "shape.json").write_text(json.dumps(self.shape, sort_keys=True) + "\n", encoding="utf-8")
        for number, member in enumerate(self.members):
            np.savez(path / f"weights-{number}.npz", **_weights(member))  # type: ignore[arg-type]  # its options are named beside the arrays

    def from_disk(self, path: Path, **_: object) -> "Committee":
        """Loads what `to_disk` saved."""
        path = Path(path)
        if not (path / "shape.json").exists():
            return self
        self.shape = json.loads((path / "shape.json").read_text(encoding="utf-8"))
        self.members = []
        for saved in sorted(path.glob("weights-*.npz")):
            member = build(self.answers, **self.shape)
            sample = Passage(language="en")
            sample.add("a", 0)
            member.initialize(X=[features(sample, None)], Y=np.zeros((1, self.answers), dtype=np.float32))
            with np.load(saved) as weights:
                for place, node in enumerate(member.walk()):
                    for name in node.param_names:
                        if f"{place}.{name}" in weights:
                            node.set_param(name, weights[f"{place}.{name}"].astype(np.float32))
            self.members.append(member)
        return self

    def to_bytes(self, **_: object) -> bytes:
        """Not kept in byte form; the model lives in its folder."""
        return b""

    def from_bytes(self, _: bytes, **__: object) -> "Committee":
        """See `to_bytes`."""
        return self


def _weights(member: Model[Any, Any]) -> dict[str, np.ndarray]:
    return {
        f"{place}.{name}": np.asarray(node.get_param(name)).astype(np.float16)
        for place, node in enumerate(member.walk())
        for name in node.param_names
        if node.has_param(name)
    }
