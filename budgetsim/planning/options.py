"""The organizations that a budget can buy from one calibrated group, what they cost and how good they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from budgetsim.calibrate.calibration import GroupCalibration
from budgetsim.parameters import Organization
from budgetsim.theory.organization import exact_tree_tokens
from budgetsim.theory.phase import iterate_bias
from budgetsim.theory.plurality import plurality_accuracy

Floats = NDArray[np.float64]
Kind = Literal["single", "votes", "tree"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What organizations of agents cost beyond their leaf calls.

    Attributes
    ----------
    message_tokens
        Tokens of one message from a child to its aggregator; each is written once and read once.
    fidelity
        Factor by which a message multiplies the bias of the vote it carries, in (0, 1].
    correlation
        Shared-vote correlation at every aggregator *given the problem*, in [0, 1).
    window
        Tokens that one aggregator can read; None is no limit.
    max_votes
        Largest number of plurality votes looked at.
    """

    message_tokens: float = 10.0
    fidelity: float = 1.0
    correlation: float = 0.0
    window: float | None = None
    max_votes: int = 64

    def __post_init__(self) -> None:
        if not 0.0 <= self.message_tokens < float("inf"):
            raise ValueError(f"message_tokens must be 0 or more, got {self.message_tokens}")
        if not 0.0 < self.fidelity <= 1.0:
            raise ValueError(f"fidelity must lie in (0, 1], got {self.fidelity}")
        if not 0.0 <= self.correlation < 1.0:
            raise ValueError(f"correlation must lie in [0, 1), got {self.correlation}")
        if self.window is not None and not self.window > 0.0:
            raise ValueError(f"window must be above 0, got {self.window}")
        if self.max_votes < 1:
            raise ValueError(f"max_votes must be 1 or more, got {self.max_votes}")


@dataclass(frozen=True, slots=True)
class Shape:
    """One organization: a single sample, a plurality of votes counted by a program, or a majority tree of agents."""

    kind: Kind
    fan_in: int
    depth: int

    @property
    def leaves(self) -> int:
        """Leaf calls, ``fan_in ** depth``."""
        return int(self.fan_in**self.depth)

    def label(self) -> str:
        """Short text for tables and figures."""
        if self.kind == "single":
            return "single sample"
        if self.kind == "votes":
            return f"plurality of {self.fan_in}"
        return f"majority tree {self.fan_in}^{self.depth}"

    def tokens(self, leaf_tokens: float, costs: Costs) -> float:
        """Tokens of the whole organization on one problem; votes counted by a program send no messages.

        Examples
        --------
        >>> Shape("tree", 5, 3).tokens(30.4, Costs(message_tokens=20))
        10000.0
        """
        if self.kind == "tree":
            return float(exact_tree_tokens(self.fan_in, self.depth, leaf_tokens, costs.message_tokens))
        return self.leaves * leaf_tokens

    def organization(self, costs: Costs) -> Organization:
        """The same as a parameter of the simulator; votes are a star without channel or sharing."""
        if self.kind == "tree":
            return Organization.tree(self.fan_in, self.depth, fidelity=costs.fidelity, correlation=costs.correlation)
        return Organization.single() if self.kind == "single" else Organization.star(self.fan_in)


SINGLE = Shape("single", 1, 0)
#: Trees of more leaf calls than this are not looked at: nobody can play them out.
MOST_LEAVES = 2**20
#: Numbers of votes are looked at one by one up to here; beyond, in steps of about a quarter.
EVERY_VOTE = 8


def vote_counts(most: int) -> list[int]:
    """Numbers of votes to look at, from 2 to ``most``, and ``most`` itself.

    Examples
    --------
    >>> vote_counts(64)
    [2, 3, 4, 5, 6, 7, 8, 10, 13, 16, 20, 25, 31, 39, 49, 61, 64]
    """
    counts = list(range(2, min(most, EVERY_VOTE) + 1))
    while counts and (step := (5 * counts[-1] + 2) // 4) < most:
        counts.append(step)
    return [*counts, most] if most > EVERY_VOTE else counts


def affordable(leaf_tokens: float, budget: float, costs: Costs) -> Iterator[Shape]:
    """Every organization whose tokens fit into the budget and whose aggregators fit into the window.

    Parameters
    ----------
    leaf_tokens
        Tokens of one leaf call, above 0.
    budget
        Tokens for one problem.
    costs
        Costs of messages, window and the largest number of votes.
    """
    if leaf_tokens > budget:
        return
    yield SINGLE
    for votes in vote_counts(int(min((budget + 1e-9) / leaf_tokens, costs.max_votes))):
        yield Shape("votes", votes, 1)
    widest = budget / leaf_tokens
    if costs.window is not None and costs.message_tokens > 0:
        widest = min(widest, costs.window / costs.message_tokens)
    fan_in = 3
    while fan_in <= min(widest, costs.max_votes):
        depth = 1
        while fan_in**depth <= MOST_LEAVES and Shape("tree", fan_in, depth).tokens(leaf_tokens, costs) <= budget + 1e-9:
            yield Shape("tree", fan_in, depth)
            depth += 1
        fan_in += 2 if fan_in < EVERY_VOTE else 2 * max(1, fan_in // 14)


#: Fewer problems with repeated samples than this say too little of how samples hang together to vote on them.
LEAST_REPEATED = 10


def problem_accuracy(group: GroupCalibration, shape: Shape, costs: Costs) -> Floats:
    """Accuracy of an organization on every problem and each of its evenly likely answer distributions.

    Parameters
    ----------
    group
        The calibrated group whose samples are the leaves.
    shape
        The organization.
    costs
        Fidelity and correlation of trees.

    Returns
    -------
    array
        Shape ``(problems, atoms)``. Votes are a plurality over all answers, ties at random; trees pass one bit, right
        or wrong, so that all wrong answers count as the same one (arXiv 2601.17311).
    """
    table = group.answer_probabilities
    right = table[..., 0]
    if shape.kind == "single":
        return np.asarray(right)
    if shape.kind == "votes":
        return np.asarray(plurality_accuracy(table, shape.fan_in, copies=group.answer_copies))
    bias = iterate_bias(2.0 * right - 1.0, shape.fan_in, shape.depth, costs.fidelity, costs.correlation)
    return np.asarray(0.5 * (1.0 + np.asarray(bias)))


def one_rho_accuracy(group: GroupCalibration, shape: Shape, costs: Costs) -> float:
    """What one average accuracy and one shared-vote correlation would predict: shown beside, never planned with.

    The total intra-problem correlation is taken for shared errors drawn anew at every aggregator, which a tree can
    outvote, although most of it is the problem's difficulty, which nothing outvotes.
    """
    bias = 2.0 * group.accuracy.value - 1.0
    if shape.kind == "single":
        return group.accuracy.value
    fidelity = costs.fidelity if shape.kind == "tree" else 1.0
    fan_in = shape.fan_in
    if fan_in % 2 == 0:  # an even vote is as good as one vote fewer
        fan_in -= 1
    if fan_in == 1:
        return group.accuracy.value
    last = float(iterate_bias(bias, fan_in, shape.depth, fidelity, group.correlation_total.value))
    return 0.5 * (1.0 + last)
