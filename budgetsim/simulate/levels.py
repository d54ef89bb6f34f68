"""What an organization is made of when its levels are not all alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from math import prod
from typing import Literal

from budgetsim.parameters import Organization
from budgetsim.simulate import _domain

Sharing = Literal["vote", "beta"]
MOST_LEAVES = 2**30
MOST_LEVELS = 2**20
MOST_RUNS = 2**7  # of equal levels: each is compiled
MOST_URN = 2**10  # an urn's work grows with the square of its votes


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of aggregators that all read the same number of messages.

    Parameters
    ----------
    fan_in
        Votes that one aggregator reads, 1 or more, with ``sharing="beta"`` at most 2**10. Half of an even number of
        votes is a tie, broken by a fair coin.
    fidelity
        Factor in [0, 1] by which one message multiplies the bias of its vote: it is flipped with probability
        ``(1 - fidelity) / 2``.
    correlation
        Correlation in [0, 1] of any two votes that one aggregator receives, given the problem.
    sharing
        How they are correlated. ``"vote"``: with probability ``correlation`` one received vote stands for all;
        with children that differ, one of them at random. ``"beta"``: the received votes go through Polya's urn.
        Child ``j`` (from 0) is heard with probability ``M / (M + j)``, ``M = 1 / correlation - 1``, and otherwise
        one of the ``j`` votes delivered before is delivered again, each as likely. So the number of right votes is
        beta-binomial, ``q ~ Beta(p M, (1 - p) M)`` with ``p`` the probability that a received vote is right,
        although every child votes and nobody knows ``p``. Aggregators draw anew: the next level outvotes both.
    loss
        Probability in [0, 1] that a child's message never arrives, independently of all else. The aggregator votes
        with the majority of what arrived and breaks ties by a fair coin, also the tie of no votes against none; so it
        always votes, and with ``loss=1`` it is a coin. Sharing concerns what is said, not who is heard: where one vote
        stands for all, it is heard if any message arrives, and an urn's later votes may repeat one that was lost.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Source: the shared vote from *Phase Transition for Budgeted Multi-Agent Synergy*, Bang Liu, Linglong Kong,
    Jian Pei, arXiv 2601.17311; the urn from David Blackwell, James B. MacQueen, *Ferguson Distributions Via Polya Urn
    Schemes*, Annals of Statistics 1, 1973.

    Examples
    --------
    >>> Level(fan_in=4, correlation=0.2, sharing="beta")
    Level(fan_in=4, fidelity=1.0, correlation=0.2, sharing='beta', loss=0.0)
    """

    fan_in: int
    fidelity: float = 1.0
    correlation: float = 0.0
    sharing: Sharing = "vote"
    loss: float = 0.0

    def __post_init__(self) -> None:
        _domain.count("fan_in", self.fan_in, most=MOST_LEAVES)
        _domain.share("fidelity", self.fidelity)
        _domain.share("correlation", self.correlation)
        _domain.share("loss", self.loss)
        if self.sharing not in ("vote", "beta"):
            raise ValueError(f"sharing must be 'vote' or 'beta', got {self.sharing!r}")
        if self.sharing == "beta":
            _domain.count("fan_in with sharing='beta'", self.fan_in, most=MOST_URN)


def levels_of(organization: Organization | Sequence[Level], *, played_whole: bool = True) -> tuple[Level, ...]:
    """The levels of an organization, from the leaves up; checks that it can be played."""
    if isinstance(organization, Organization):
        level = Level(fan_in=organization.fan_in, fidelity=organization.fidelity, correlation=organization.correlation)
        levels = (level,) * _domain.count("depth", organization.depth, least=0, most=MOST_LEVELS)
    else:
        levels = tuple(organization)
        if any(not isinstance(level, Level) for level in levels):
            raise ValueError(f"organization must be an Organization or a sequence of Level, got {organization!r}")
        _domain.count("levels of the organization", len(levels), least=0, most=MOST_LEVELS)
    _domain.count("runs of equal levels in the organization", sum(1 for _ in groupby(levels)), least=0, most=MOST_RUNS)
    if played_whole and (leaves := prod(level.fan_in for level in levels)) > MOST_LEAVES:
        raise ValueError(
            f"organization must have at most {MOST_LEAVES} leaves to be played vote by vote, got {leaves}; "
            "give pool= to resample votes level by level"
        )
    return levels


def describe(organization: Organization | Sequence[Level]) -> object:
    """The organization as plain values."""
    if isinstance(organization, Organization):
        return asdict(organization)
    return [asdict(level) for level in organization]
