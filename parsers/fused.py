"""The networks of a committee as one, for reading: the same logits as thinc's own in less than half the time.

Three things make it so. A text is looked at once for each person and day, so most tokens come again and again: what a
token's features contribute to the first layer is computed once for each different token. The members' weights lie
side by side, so that one operation serves all. And a layer's pieces lie in blocks, where thinc has them interleaved.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from thinc.api import Model, NumpyOps

from parsers.marked import FLAGS, WORD_COLUMNS
from parsers.network import VIEWS, looked_at, stacked

MOST_TOKENS = 1200
"""Tokens in a batch: so many that the arrays of a layer stay in a core's cache."""
_SMALL = np.float32(1e-8)
_CLIP = 20.0
"""thinc's own bound for what goes into a softmax over a sequence."""
_OPS = NumpyOps()
_MIX = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xFF51AFD7ED558CCD],
    dtype=np.uint64,
)
"""Odd numbers that make one key of several columns."""
_GROUPS = (list(range(WORD_COLUMNS)), [5, 6], [7], [8])
"""Columns that change together: the word's, the states, the distances."""


class Fused:
    """`members` are networks of one shape from `network.build`, initialised and with their weights in place."""

    def __init__(self, members: Sequence[Model[Any, Any]]) -> None:
        nodes = [list(member.walk(order="dfs_pre")) for member in members]
        self.size = len(members)
        self.apart = int(next(node.attrs["apart"] for node in nodes[0] if node.name == "marked_pool"))
        self.tables = [[(n.attrs["seed"], _get(n, "E")) for n in each if n.name == "hashembed"] for each in nodes]
        maxouts = [[_Maxout(n) for n in each if n.name == "maxout"] for each in nodes]
        norms = [[n for n in each if n.name == "layernorm"] for each in nodes]
        self.norms = [
            (np.stack([_get(n, "G") for n in row])[:, None], np.stack([_get(n, "b") for n in row])[:, None])
            for row in zip(*norms, strict=True)
        ]
        self.first = [each[0] for each in maxouts]
        self.inner = [_side_by_side(row) for row in zip(*(each[1:-1] for each in maxouts), strict=True)]
        self.last = _side_by_side([each[-1] for each in maxouts])
        queries = [[_get(n, "Q") for n in each if n.name == "para-attn"] for each in nodes]
        self.queries = np.stack([np.stack(each, axis=1) for each in queries])
        ends = [next(n for n in each if n.name == "linear") for each in nodes]
        self.answer = (np.stack([_get(n, "W").T for n in ends]), np.stack([_get(n, "b") for n in ends])[:, None])

    def scores(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        """The mean logits of the members, a row an array of `marked.features`."""
        out = np.zeros((len(arrays), self.answer[1].shape[-1]), dtype=np.float32)
        for rows in _batches(arrays):
            out[rows] = self._batch([arrays[i] for i in rows])
        return out

    def _batch(self, passages: list[np.ndarray]) -> np.ndarray:
        rows, tokens = stacked(passages, self.apart)
        hidden = _normed(self._embedded(rows), self.norms[0])
        for layer, norm in zip(self.inner, self.norms[1:], strict=False):
            window = np.zeros((*hidden.shape[:2], 3 * hidden.shape[2]), dtype=np.float32)
            width = hidden.shape[2]
            window[:, 1:, :width] = hidden[:, :-1]
            window[:, :, width : 2 * width] = hidden
            window[:, :-1, 2 * width :] = hidden[:, 1:]
            hidden = hidden + _normed(_maxout(window, *layer), norm)
        pooled = self._pooled(hidden[:, tokens], passages)
        decided = _normed(_maxout(pooled, *self.last), self.norms[-1])
        weights, bias = self.answer
        return np.asarray((np.matmul(decided, weights) + bias).mean(axis=0))

    def _embedded(self, rows: np.ndarray) -> np.ndarray:
        """Shape `(members, rows, width)`."""
        pieces, width = self.first[0].pieces, self.first[0].width
        total = np.zeros((len(rows), self.size * pieces * width), dtype=np.float32)
        total += np.concatenate([layer.bias for layer in self.first])
        for columns in _GROUPS:
            key = (rows[:, columns] * _MIX[: len(columns)]).sum(axis=1, dtype=np.uint64)
            _, once, back = np.unique(key, return_index=True, return_inverse=True)
            total += self._contribution(rows[once], columns)[back]
        shaped = total.reshape(len(rows), self.size, pieces, width)
        return np.ascontiguousarray(shaped.max(axis=2).transpose(1, 0, 2))

    def _contribution(self, rows: np.ndarray, columns: list[int]) -> np.ndarray:
        parts = []
        for tables, layer in zip(self.tables, self.first, strict=True):
            start = sum(table.shape[1] for _, table in tables[: columns[0]])
            found = np.hstack([_looked_up(tables[column], rows[:, column]) for column in columns])
            parts.append(found @ layer.weights[start : start + found.shape[1]])
        return np.hstack(parts)

    def _pooled(self, vectors: np.ndarray, passages: list[np.ndarray]) -> np.ndarray:
        """Shape `(members, passages, VIEWS * width)`, as `network.pool`."""
        size, _, width = vectors.shape
        weights = np.exp(np.clip(np.matmul(vectors, self.queries), -_CLIP, _CLIP))
        out = np.zeros((size, len(passages), VIEWS, width), dtype=np.float32)
        start = 0
        for row, passage in enumerate(passages):
            stop = start + len(passage)
            own, weight = vectors[:, start:stop], weights[:, start:stop]
            near, person, day = looked_at(passage[:, FLAGS])
            shares = weight / weight.sum(axis=1, keepdims=True)
            out[:, row, :2] = np.matmul(shares.transpose(0, 2, 1), own)
            out[:, row, 2] = own.max(axis=1)
            out[:, row, 3] = own[:, near].max(axis=1)
            for place, chosen in ((4, person), (5, day)):
                if len(chosen):
                    out[:, row, place] = own[:, chosen].mean(axis=1)
            start = stop
        return out.reshape(size, len(passages), VIEWS * width)


class _Maxout:
    """A thinc maxout with its pieces in blocks: `weights` of shape `(inputs, pieces * width)`."""

    def __init__(self, node: Model[Any, Any]) -> None:
        weights, bias = _get(node, "W"), _get(node, "b")
        self.width, self.pieces, inputs = weights.shape
        self.weights = np.ascontiguousarray(weights.transpose(2, 1, 0)).reshape(inputs, -1)
        self.bias = np.ascontiguousarray(bias.T).reshape(-1)


def _get(node: Model[Any, Any], name: str) -> np.ndarray:
    return np.asarray(node.get_param(name), dtype=np.float32)


def _side_by_side(layers: Sequence[_Maxout]) -> tuple[np.ndarray, np.ndarray, int]:
    weights = np.stack([layer.weights for layer in layers])
    return weights, np.stack([layer.bias for layer in layers])[:, None], layers[0].pieces


def _maxout(inputs: np.ndarray, weights: np.ndarray, bias: np.ndarray, pieces: int) -> np.ndarray:
    total = np.matmul(inputs, weights)
    total += bias
    width = total.shape[2] // pieces
    best: np.ndarray = total[:, :, :width]
    for piece in range(1, pieces):
        best = np.maximum(best, total[:, :, piece * width : (piece + 1) * width])
    return best


def _normed(values: np.ndarray, norm: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Layer normalisation over the last axis."""
    gain, bias = norm
    out: np.ndarray = values - values.mean(axis=2, keepdims=True)
    spread = np.einsum("mtw,mtw->mt", out, out)[:, :, None] / np.float32(out.shape[2])
    out /= np.sqrt(spread + _SMALL)
    out *= gain
    out += bias
    return out


def _looked_up(seeded: tuple[int, np.ndarray], keys: np.ndarray) -> np.ndarray:
    """thinc's `HashEmbed`: the sum of the four rows that a key is hashed to."""
    seed, table = seeded
    places = _OPS.hash(np.ascontiguousarray(keys), seed) % len(table)
    return np.asarray(_OPS.gather_add(table, places))


def _batches(arrays: Sequence[np.ndarray]) -> Iterator[list[int]]:
    """The numbers of arrays that go together: of like length, not too many tokens at once."""
    batch: list[int] = []
    tokens = 0
    for number in sorted(range(len(arrays)), key=lambda i: len(arrays[i])):
        if batch and tokens + len(arrays[number]) > MOST_TOKENS:
            yield batch
            batch, tokens = [], 0
        batch.append(number)
        tokens += len(arrays[number])
    if batch:
        yield batch
