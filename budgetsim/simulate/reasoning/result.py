"""What a strategy achieved on many problems, put together from chunks of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.reasoning.accountant import BROWSES, CALLS, INPUT, KINDS, OUTPUT
from budgetsim.simulate.reasoning.world import NO_ANSWER

BLOCK = 1024  # problems drawn together on the host; a chunk is a whole number of blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyResult:
    """What a strategy achieved on many problems.

    Parameters
    ----------
    accuracy
        Share of problems answered right; a problem without an answer counts as wrong.
    answered
        Share of problems with an answer.
    input_tokens, output_tokens, calls, browses
        Mean spent on a problem.
    unspent
        Mean share of the scarcest limit that was left; 1 where nothing is limited.
    crowded
        Share of problems in which the size of the tree, not the budget, refused a step: 0 unless ``nodes`` is too small
        for what the strategy would do.
    largest
        Largest spent on any problem [input tokens, output tokens, calls, browse calls].
    expansions
        Steps of the generator that were made, over all problems.
    curve
        Accuracy of the answer held when (1, 2, ... 16) / 16 of the budget was spent.
    answers
        Answer of every problem [problems]; -1 is none, 0 is right.
    """

    accuracy: Estimate
    answered: Estimate
    input_tokens: Estimate
    output_tokens: Estimate
    calls: Estimate
    browses: Estimate
    unspent: Estimate
    crowded: Estimate
    largest: tuple[int, ...]
    expansions: int
    curve: tuple[Estimate, ...]
    answers: NDArray[np.int8]


class Part(NamedTuple):
    """What is kept of a chunk: all but the answers is a handful of numbers, so a million problems take no more room."""

    answers: NDArray[np.int8]
    blocks: NDArray[np.float64]  # [kinds of cost, then the share left; size, mean, squares; blocks]
    right: NDArray[np.int64]
    largest: NDArray[np.int32]
    expansions: int
    crowded: int


def summarized(
    answers: NDArray[Any],
    spent: NDArray[Any],
    left: NDArray[Any],
    nodes: NDArray[Any],
    curve: NDArray[Any],
    crowded: NDArray[np.bool_],
) -> Part:
    values = np.stack([*spent, left]).astype(np.float64)
    cuts = [values[:, first : first + BLOCK] for first in range(0, values.shape[1], BLOCK)]
    # block by block, so that no sum depends on how blocks are put together into chunks
    rows = [[(cut.shape[1], row.mean(), np.sum((row - row.mean()) ** 2)) for row in cut] for cut in cuts]
    return Part(
        answers=answers.astype(np.int8),
        blocks=np.moveaxis(np.array(rows, np.float64), 0, -1),
        right=np.sum(curve == 0, axis=-1),
        largest=spent.max(axis=1),
        expansions=int(nodes.sum(dtype=np.int64)) - answers.size,
        crowded=int(np.sum(crowded)),
    )


def result_of(parts: Sequence[Part], problems: int, provenance: dict[str, object]) -> StrategyResult:
    """The result of all chunks."""
    answers = np.concatenate([part.answers for part in parts])
    blocks = np.concatenate([part.blocks for part in parts], axis=-1)
    right = np.sum([part.right for part in parts], axis=0)
    largest = np.max([part.largest for part in parts], axis=0)

    def share(count: Any) -> Estimate:
        return Estimate.from_count(int(count), problems, provenance=provenance)

    means = [mean_of(rows, provenance) for rows in blocks]
    return StrategyResult(
        accuracy=share(np.sum(answers == 0)),
        answered=share(np.sum(answers != NO_ANSWER)),
        input_tokens=means[INPUT],
        output_tokens=means[OUTPUT],
        calls=means[CALLS],
        browses=means[BROWSES],
        unspent=means[KINDS],
        crowded=share(sum(part.crowded for part in parts)),
        largest=tuple(largest.tolist()),
        expansions=sum(part.expansions for part in parts),
        curve=tuple(share(count) for count in right),
        answers=answers,
    )


def mean_of(blocks: NDArray[np.float64], provenance: dict[str, object]) -> Estimate:
    """The mean of blocks [size, mean, sum of squares around it; blocks]."""
    size, mean, squares = blocks
    draws = float(size.sum())
    whole = math.fsum(size * mean) / draws
    around = math.fsum(squares) + math.fsum(size * (mean - whole) ** 2)
    error = math.sqrt(around / (draws - 1.0) / draws) if draws > 1.0 else math.inf
    return Estimate(value=whole, standard_error=error, draws=int(draws), provenance=provenance)
