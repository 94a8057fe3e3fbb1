"""The one small network that the trained components share: hashed features, convolutions, attention, one or more
answers.

Written with thinc alone, so that it trains on a CPU core and saves to a few megabytes. `fused` runs the
networks of a committee at once.
"""

from typing import Any

import numpy as np
from thinc.api import (
    Dropout,
    HashEmbed,
    LayerNorm,
    Linear,
    Maxout,
    Model,
    NumpyOps,
    Optimizer,
    ParametricAttention,
    Ragged,
    chain,
    clone,
    concatenate,
    expand_window,
    reduce_sum,
    residual,
)

from parsers.marked import COLUMNS, FLAGS, IS_DAY, IS_PERSON, NEAR_DAY, NEAR_PERSON

Features = list[np.ndarray]
VIEWS = 6
"""How many vectors of a passage are laid side by side."""


class QuickOps(NumpyOps):  # type: ignore[misc]  # compiled, without types
    """thinc's operations for training: dropout masks from single-precision coins, which come twice as fast."""

    def get_dropout_mask(self, shape: Any, drop: float | None) -> Any:
        """As thinc's; zeros with probability `drop`, the rest scaled up."""
        if drop is None or drop <= 0:
            return np.ones(shape, dtype=np.float32)
        if not hasattr(self, "coins"):
            self.coins = np.random.default_rng(np.random.randint(2**31))
        kept = self.coins.random(shape, dtype=np.float32) >= drop
        return kept * np.float32(1 / (1 - drop))


def stacked(passages: Features, apart: int) -> tuple[np.ndarray, np.ndarray]:
    """All passages below each other with `apart` empty rows around each, so that no convolution reaches from one into
    the next, and the numbers of the rows that are tokens."""
    lengths = [len(passage) for passage in passages]
    starts = np.cumsum([apart, *(length + apart for length in lengths)])[:-1]
    out = np.zeros((sum(lengths) + apart * (len(passages) + 1), COLUMNS), dtype=np.uint64)
    tokens = np.concatenate([np.arange(at, at + length) for at, length in zip(starts, lengths, strict=True)])
    out[tokens] = np.concatenate(passages)
    return out, tokens


def looked_at(flags: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the tokens of one passage, by their flags: those near the target (in sentences with the person and the day,
    else with the person, else all), those that are the target person, those that are the target day."""
    person_near = flags & NEAR_PERSON > 0
    both = person_near & (flags & NEAR_DAY > 0)
    near = both if both.any() else person_near if person_near.any() else np.ones(len(flags), dtype=bool)
    return near.nonzero()[0], (flags & IS_PERSON > 0).nonzero()[0], (flags & IS_DAY > 0).nonzero()[0]


def _ragged(data: np.ndarray, lengths: np.ndarray) -> Ragged:
    return Ragged(data, lengths)  # type: ignore[arg-type]  # thinc names its arrays more narrowly than numpy's


def build(
    answers: int, *, width: int = 64, depth: int = 3, rows: int = 6000, dropout: float = 0.25
) -> Model[Features, Any]:
    """Feature arrays `(tokens, COLUMNS)` to logits `(passages, answers)`. `rows` is the size of the largest hash
    table.
    """
    sizes = [rows, rows // 2, rows // 4, rows, 600, 200, 60, 120, 240]
    widths = [48, 32, 24, 48, 48, 24, 12, 16, 24]
    tables: list[Model[Any, Any]] = [
        HashEmbed(nO=breadth, nV=size, column=column, seed=7 + column, dropout=0.0)
        for column, (size, breadth) in enumerate(zip(sizes, widths, strict=True))
    ]
    if len(tables) != FLAGS:
        raise ValueError("one table a feature column")
    embed: Model[Any, Any] = chain(
        concatenate(*tables),
        Dropout(dropout),
        Maxout(nO=width, nI=sum(widths), nP=3, normalize=True),
    )
    step = residual(
        chain(expand_window(window_size=1), Maxout(nO=width, nI=width * 3, nP=3, normalize=True, dropout=dropout / 2))
    )
    encode: Model[Any, Any] = chain(embed, clone(step, depth))
    return chain(
        pool(encode, width, depth),
        Dropout(dropout),
        Maxout(nO=width, nI=width * VIEWS, nP=2),
        LayerNorm(nI=width),
        Linear(nO=answers, nI=width),
    )


def pool(encode: Model[Any, Any], width: int, depth: int) -> Model[Features, Any]:
    """Token vectors to one vector a passage: two learned attentions and the maximum over all tokens, the mean at the
    marks of the target person and of the target day, and the maximum over the sentences that name the person and, where
    there are such, the day. Widths add up to `VIEWS` times `width`."""
    heads: list[Model[Any, Any]] = [chain(ParametricAttention(nO=width), reduce_sum()) for _ in range(2)]
    model: Model[Features, Any] = Model(
        "marked_pool",
        _pool_forward,
        layers=[encode, *heads],
        init=_pool_init,
        dims={"nO": VIEWS * width},
        attrs={"apart": depth},
    )
    return model


def _pool_init(model: Model[Features, Any], X: Features | None = None, Y: Any = None) -> None:  # noqa: ARG001, N803 - thinc's names
    if X is None:
        return
    rng = np.random.default_rng(11)
    rows, tokens = stacked(X, model.attrs["apart"])
    model.layers[0].initialize(X=rows)
    encoded = _ragged(model.layers[0].predict(rows)[tokens], np.array([len(x) for x in X], dtype="int32"))
    for head in model.layers[1:]:
        head.initialize(X=encoded)
        query = head.layers[0].get_param("Q")
        head.layers[0].set_param("Q", rng.normal(0, 0.1, query.shape).astype("float32"))  # type: ignore[arg-type]  # as above


def _pool_forward(model: Model[Features, Any], X: Features, is_train: bool) -> tuple[np.ndarray, Any]:  # noqa: N803 - thinc's name
    lengths = np.array([len(x) for x in X], dtype="int32")
    rows, tokens = stacked(X, model.attrs["apart"])
    encoded, back_encode = model.layers[0](rows, is_train)
    vectors = encoded[tokens]
    attended = [head(_ragged(vectors, lengths), is_train) for head in model.layers[1:]]
    width = vectors.shape[1]
    count = len(X)
    tops = np.zeros((2, count, width), dtype="int64")
    pooled = np.zeros((4, count, width), dtype="float32")
    groups: list[tuple[np.ndarray, np.ndarray]] = []
    start = 0
    for row, passage in enumerate(X):
        near, person, day = (start + found for found in looked_at(passage[:, FLAGS]))
        stop = start + len(passage)
        tops[0, row] = start + vectors[start:stop].argmax(axis=0)
        tops[1, row] = near[vectors[near].argmax(axis=0)]
        groups.append((person, day))
        for place, chosen in ((2, person), (3, day)):
            if len(chosen):
                pooled[place, row] = vectors[chosen].mean(axis=0)
        start = stop
    columns = np.arange(width)
    pooled[0] = vectors[tops[0], columns]
    pooled[1] = vectors[tops[1], columns]

    def backprop(gradient: np.ndarray) -> list[np.ndarray]:
        parts = [np.ascontiguousarray(gradient[:, i * width : (i + 1) * width]) for i in range(VIEWS)]
        back = np.zeros_like(vectors)
        for (_, back_head), part in zip(attended, parts[:2], strict=True):
            back += back_head(part).dataXd
        for place in (0, 1):
            np.add.at(back, (tops[place], np.broadcast_to(columns, tops[place].shape)), parts[2 + place])
        for row, chosen_two in enumerate(groups):
            for part, chosen in zip(parts[4:], chosen_two, strict=True):
                if len(chosen):
                    back[chosen] += part[row] / len(chosen)
        spread = np.zeros_like(encoded)
        spread[tokens] = back
        back_encode(spread)
        return []

    return np.hstack([output for output, _ in attended] + list(pooled)), backprop


def softmax(logits: np.ndarray) -> np.ndarray:
    """Rows of probabilities."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    exp = np.exp(shifted)
    return np.asarray(exp / exp.sum(axis=1, keepdims=True))


def train_step(
    model: Model[Features, Any],
    optimizer: Optimizer,
    batch: Features,
    targets: list[tuple[slice, np.ndarray, np.ndarray]],
) -> float:
    """One update. Each target is `(columns, one-hot or soft rows, weights a row)`; the loss is summed cross-entropy."""
    logits, backprop = model.begin_update(batch)
    gradient = np.zeros_like(logits)
    loss = 0.0
    for columns, gold, weights in targets:
        probabilities = softmax(logits[:, columns])
        gradient[:, columns] = (probabilities - gold) * weights[:, None] / len(batch)
        loss -= float((np.log(probabilities + 1e-9) * gold).sum(axis=1) @ weights)
    backprop(gradient)
    model.finish_update(optimizer)
    return loss / len(batch)
