"""The one small network that the trained components share: hashed features, convolutions, attention, one or more
answers.

Written with thinc alone, so that it trains and runs on a CPU core and saves to a few megabytes.
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
    Optimizer,
    ParametricAttention,
    Ragged,
    chain,
    clone,
    concatenate,
    expand_window,
    reduce_sum,
    residual,
    with_array,
)

from parsers.marked import FLAGS, IS_DAY, IS_PERSON, NEAR_DAY, NEAR_PERSON

Features = list[np.ndarray]


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
    views = 6
    return chain(
        pool(encode, width),
        Dropout(dropout),
        Maxout(nO=width, nI=width * views, nP=2),
        LayerNorm(nI=width),
        Linear(nO=answers, nI=width),
    )


def pool(encode: Model[Any, Any], width: int) -> Model[Features, Any]:
    """Token vectors to one vector a passage: two learned attentions and the maximum over all tokens, the mean at the
    marks of the target person and of the target day, and the maximum over the sentences that name the person and, where
    there are such, the day. Widths add up to six times `width`."""
    heads: list[Model[Any, Any]] = [chain(ParametricAttention(nO=width), reduce_sum()) for _ in range(2)]
    model: Model[Features, Any] = Model(
        "marked_pool", _pool_forward, layers=[with_array(encode), *heads], init=_pool_init, dims={"nO": 6 * width}
    )
    return model


def _pool_init(model: Model[Features, Any], X: Features | None = None, Y: Any = None) -> None:  # noqa: ARG001, N803 - thinc's names
    if X is None:
        return
    rng = np.random.default_rng(11)
    sample = _ragged(np.ascontiguousarray(np.vstack(X)), np.array([len(x) for x in X], dtype="int32"))
    model.layers[0].initialize(X=sample)
    encoded = model.layers[0].predict(sample)
    for head in model.layers[1:]:
        head.initialize(X=encoded)
        query = head.layers[0].get_param("Q")
        head.layers[0].set_param("Q", rng.normal(0, 0.1, query.shape).astype("float32"))  # type: ignore[arg-type]  # as above


def _pool_forward(model: Model[Features, Any], X: Features, is_train: bool) -> tuple[np.ndarray, Any]:  # noqa: N803 - thinc's name
    lengths = np.array([len(x) for x in X], dtype="int32")
    flags = np.concatenate([x[:, FLAGS] for x in X])
    encoded, back_encode = model.layers[0](_ragged(np.ascontiguousarray(np.vstack(X)), lengths), is_train)
    vectors = encoded.dataXd
    attended = [head(encoded, is_train) for head in model.layers[1:]]
    width = vectors.shape[1]
    count = len(X)
    tops = np.zeros((2, count, width), dtype="int64")
    pooled = np.zeros((4, count, width), dtype="float32")
    groups: list[tuple[np.ndarray, np.ndarray]] = []
    start = 0
    for row, length in enumerate(lengths):
        own = flags[start : start + length]
        here = np.arange(start, start + length)
        both = (own & NEAR_PERSON > 0) & (own & NEAR_DAY > 0)
        near = both if both.any() else own & NEAR_PERSON > 0
        near = here[near] if near.any() else here
        tops[0, row] = start + vectors[start : start + length].argmax(axis=0)
        tops[1, row] = near[vectors[near].argmax(axis=0)]
        person, day = here[own & IS_PERSON > 0], here[own & IS_DAY > 0]
        groups.append((person, day))
        for place, chosen in ((2, person), (3, day)):
            if len(chosen):
                pooled[place, row] = vectors[chosen].mean(axis=0)
        start += length
    columns = np.arange(width)
    pooled[0] = vectors[tops[0], columns]
    pooled[1] = vectors[tops[1], columns]

    def backprop(gradient: np.ndarray) -> list[np.ndarray]:
        parts = [np.ascontiguousarray(gradient[:, i * width : (i + 1) * width]) for i in range(6)]
        back = np.zeros_like(vectors)
        for (_, back_head), part in zip(attended, parts[:2], strict=True):
            back += back_head(part).dataXd
        for place in (0, 1):
            np.add.at(back, (tops[place], np.broadcast_to(columns, tops[place].shape)), parts[2 + place])
        for row, chosen_two in enumerate(groups):
            for part, chosen in zip(parts[4:], chosen_two, strict=True):
                if len(chosen):
                    back[chosen] += part[row] / len(chosen)
        back_encode(_ragged(back, lengths))
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
