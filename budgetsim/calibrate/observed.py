"""Coverage and plurality curves as observed: unbiased from all samples of a problem, averaged over problems."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from budgetsim.calibrate.tally import Floats, Integers
from budgetsim.theory.coverage import pass_at_k
from budgetsim.theory.plurality import plurality_from_counts


class Outcome(NamedTuple):
    """Counts of the samples of some problems: right, each wrong answer, unparsed. All with one leading shape."""

    correct: Floats
    wrong: Floats
    abstained: Floats

    @property
    def total(self) -> Floats:
        """Samples per problem."""
        return np.asarray(self.correct + self.wrong.sum(-1) + self.abstained)


def coverage_curve(outcome: Outcome, samples: int) -> Floats:
    """pass@k of each problem for k = 1 .. samples, shape ``(problems, samples)``; see arXiv 2407.21787.

    Examples
    --------
    >>> outcome = Outcome(np.array([1.0]), np.array([[1.0]]), np.array([0.0]))
    >>> coverage_curve(outcome, 2).round(9).tolist()
    [[0.5, 1.0]]
    """
    pairs = np.stack([outcome.total, outcome.correct], axis=1)
    distinct, where = np.unique(pairs, axis=0, return_inverse=True)
    table = np.stack(
        [np.asarray(pass_at_k(distinct[:, 0], distinct[:, 1], float(k))) for k in range(1, samples + 1)], axis=1
    )
    return table[where.ravel()]


def plurality_curve(outcome: Outcome, samples: int) -> Floats:
    """maj@k of each problem for k = 1 .. samples: a random subset of k votes, ties at random.

    Returns
    -------
    array
        Shape ``(problems, samples)``.

    Examples
    --------
    >>> outcome = Outcome(np.array([2.0]), np.array([[1.0]]), np.array([0.0]))
    >>> plurality_curve(outcome, 3).round(3).tolist()
    [[0.667, 0.667, 1.0]]
    """
    first, where = distinct_outcomes(outcome)
    counts = np.concatenate([outcome.correct[first, None], -np.sort(-outcome.wrong[first], axis=1)], axis=1)
    counts = counts[:, : 1 + int((counts[:, 1:] > 0).sum(1).max(initial=0))]
    table = np.stack(
        [
            np.asarray(plurality_from_counts(counts, k, abstentions=outcome.abstained[first]))
            for k in range(1, samples + 1)
        ],
        axis=1,
    )
    return table[where]


def distinct_outcomes(outcome: Outcome) -> tuple[Integers, Integers]:
    """First index of every distinct outcome, and which one each problem has; wrong answers may be permuted.

    Votes see only how often answers were given, so that problems with the same counts share one curve.
    """
    generator = np.random.default_rng(0)
    size = int(max(outcome.correct.max(initial=0), outcome.wrong.max(initial=0), outcome.abstained.max(initial=0))) + 1
    codes = generator.integers(1, 2**63, (3, size), dtype=np.uint64)
    codes[1:, 0] = 0  # an answer that nobody gave leaves no trace
    right = codes[0][outcome.correct.astype(np.int64)]
    wrong = codes[1][outcome.wrong.astype(np.int64)].sum(-1, dtype=np.uint64)
    silent = codes[2][outcome.abstained.astype(np.int64)]
    _, first, where = np.unique(right + wrong + silent, return_index=True, return_inverse=True)
    return first.astype(np.int64), where.ravel().astype(np.int64)
