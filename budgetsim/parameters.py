"""Parameter objects that mean the same in the theory, the simulator, the calibration and the plan."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """A majority organization of calls: ``fan_in ** depth`` leaves below ``depth`` levels of majority votes.

    One shape covers them all: a single call (``depth=0``), a star of votes (``depth=1``), a chain of relays
    (``fan_in=1``) and a tree of agents.

    Parameters
    ----------
    fan_in
        Votes that one aggregator reads; 1 or an odd number (a majority of an even number may be tied).
    depth
        Levels of aggregation; 0 is a single call.
    fidelity
        Factor by which one message multiplies the bias of the vote it carries, in (0, 1]; a binary symmetric
        channel flips the vote with probability ``(1 - fidelity) / 2``.
    correlation
        Probability that all children of one aggregator deliver the same vote, in [0, 1), drawn anew at every
        aggregator *given the problem*. The difficulty of a problem is not part of it.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Examples
    --------
    >>> Organization.tree(fan_in=5, depth=2).leaves
    25
    """

    fan_in: int = 1
    depth: int = 0
    fidelity: float = 1.0
    correlation: float = 0.0

    def __post_init__(self) -> None:
        if self.fan_in < 1 or self.fan_in % 2 == 0:
            raise ValueError(f"fan_in must be 1 or an odd number, got {self.fan_in}")
        if self.depth < 0:
            raise ValueError(f"depth must be 0 or more, got {self.depth}")
        if not 0.0 < self.fidelity <= 1.0:
            raise ValueError(f"fidelity must lie in (0, 1], got {self.fidelity}")
        if not 0.0 <= self.correlation < 1.0:
            raise ValueError(f"correlation must lie in [0, 1), got {self.correlation}")

    @property
    def leaves(self) -> int:
        """Number of leaf calls, ``fan_in ** depth``."""
        return int(self.fan_in**self.depth)

    @property
    def messages(self) -> int:
        """Number of messages sent up, one for every node below the root."""
        if self.fan_in == 1:
            return self.depth
        return self.fan_in * (self.leaves - 1) // (self.fan_in - 1)

    @classmethod
    def single(cls) -> Organization:
        """One call that answers alone."""
        return cls()

    @classmethod
    def star(cls, leaves: int, *, fidelity: float = 1.0, correlation: float = 0.0) -> Organization:
        """A flat majority of ``leaves`` votes."""
        return cls(fan_in=leaves, depth=1, fidelity=fidelity, correlation=correlation)

    @classmethod
    def chain(cls, depth: int, *, fidelity: float = 1.0) -> Organization:
        """One vote relayed ``depth`` times."""
        return cls(fan_in=1, depth=depth, fidelity=fidelity)

    @classmethod
    def tree(cls, fan_in: int, depth: int, *, fidelity: float = 1.0, correlation: float = 0.0) -> Organization:
        """A majority tree of agents."""
        return cls(fan_in=fan_in, depth=depth, fidelity=fidelity, correlation=correlation)
