"""One problem, one request at a time, in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from budgetsim.simulate.reasoning.accountant import KINDS, UNLIMITED, Budget
from budgetsim.simulate.reasoning.reference.desk import Costs, together

EXPAND, ANSWER, STOP = range(3)
CHOICE, STEP, CRITIC, WORLD_ANSWER, VOTE = range(5)
NO_ANSWER = -1
PATIENCE = 2


class Numbers(Protocol):
    """Uniform numbers of one purpose in one request."""

    def __getitem__(self, number: int, /) -> Any: ...


def heaviest(votes: Mapping[int, Any], uniform: float) -> int:
    """The answer of most weight, one of equal ones at random; no answer without a vote.

    Examples
    --------
    >>> heaviest({2: 1.5, 0: 1.5, 1: 1.0}, 0.4), heaviest({2: 1.5, 0: 1.5, 1: 1.0}, 0.6), heaviest({}, 0.5)
    (0, 2, -1)
    """
    leaders = sorted(answer for answer, weight in votes.items() if weight == max(votes.values()))
    return leaders[int(uniform * len(leaders))] if leaders else NO_ANSWER


class Purse(NamedTuple):
    """What a strategy may look at besides the tree it built itself."""

    left: np.float32
    shares: tuple[np.float32, ...]
    refused: int


class Happened(NamedTuple):
    """What came of a request; ``child`` is None where no node was made."""

    made: bool
    kind: int
    node: int
    child: int | None
    delta: np.float32
    score: np.float32
    ends: bool
    answer: int


class PlainWorld(Protocol):
    """One problem of a world: it keeps its own memory; states are objects of its own."""

    def root(self) -> Any:
        """The state before the first step."""

    def step(self, uniform: Numbers, state: Any, hint: int) -> tuple[Any, bool, Costs, Callable[[], None]]:
        """Child state, whether the generator believes that it is done, costs, and what to do once it is paid."""

    def critic(self, uniform: Numbers, state: Any, child: Any) -> tuple[float, float, Costs]:
        """Raw points for relative progress, an absolute score, and the costs of asking."""

    def answer(self, uniform: Numbers, state: Any) -> tuple[int, Costs]:
        """The answer given from a state, and its costs."""


class PlainPolicy(Protocol):
    """A strategy at work on one problem; it keeps its own state. The three functions of a `Policy`."""

    uses_critic: bool

    def choose(self, uniform: Numbers, purse: Purse) -> tuple[int, int, int]:
        """Kind, node and hint of the next request."""

    def update(self, event: Happened) -> None:
        """Take note of what came of it."""

    def answer(self, uniform: Numbers) -> int:
        """The answer that would be given if the run ended now, or -1."""


@dataclass(frozen=True)
class Request:
    """One line of a run."""

    kind: int
    node: int
    hint: int
    made: bool
    costs: Costs
    held: int


@dataclass
class Tale:
    """A whole run."""

    requests: list[Request] = field(default_factory=list)
    spent: list[int] = field(default_factory=lambda: [0] * KINDS)
    nodes: int = 1
    answer: int = NO_ANSWER


def play_plain(
    world: PlainWorld,
    policy: PlainPolicy,
    budget: Budget,
    *,
    nodes: int,
    requests: int,
    uniform: Callable[[int, int], Numbers],
    last: Numbers,
) -> Tale:
    """Play one problem to its end.

    ``uniform(made, purpose)`` gives the numbers of the request after so many that were made, ``last`` those of the
    final answer.
    """
    tale, states, refused, paid, done = Tale(), [world.root()], 0, 0, False
    limits, rates = budget.limits().tolist(), budget.rates().tolist()
    priced = [limit < UNLIMITED for limit in limits]
    priced[2] |= any(rates[2])

    def use(costs: Sequence[int]) -> list[int]:
        return [sum(rate * cost for rate, cost in zip(row, costs, strict=True)) for row in rates]

    def purse() -> Purse:
        used = use(tale.spent)
        shares = tuple(
            np.float32(limit - spent) / np.float32(max(limit, 1)) if counts else np.float32(1.0)
            for limit, spent, counts in zip(limits, used, priced, strict=True)
        )
        return Purse(min(shares), shares, refused)

    for _ in range(requests):
        if done:
            break
        kind, node, hint = policy.choose(uniform(paid, CHOICE), purse())
        if kind == STOP:
            break
        delta = score = np.float32(0.0)
        ends, answer, settle = False, NO_ANSWER, _nothing
        child: Any = None
        if kind == EXPAND:
            child, ends, costs, settle = world.step(uniform(paid, STEP), states[node], hint)
            if policy.uses_critic:
                points, level, more = world.critic(uniform(paid, CRITIC), states[node], child)
                delta = np.float32(0.0 if np.isnan(points) else points)
                score = np.float32(min(level, 1.0) if level > np.float32(0.1) else 0.1)
                costs = together(costs, more)
        else:
            answer, costs = world.answer(uniform(paid, WORLD_ANSWER), states[node])
        costs = together(costs)
        left = [limit - spent for limit, spent in zip(limits, use(tale.spent), strict=True)]
        made = all(units <= rest for units, rest in zip(use(costs), left, strict=True))
        made = made and not (kind == EXPAND and tale.nodes >= nodes)
        new = None
        if made:
            refused = 0
            tale.spent = list(together(tale.spent, costs))
            if kind == EXPAND:
                settle()
                states.append(child)
                new, tale.nodes = tale.nodes, tale.nodes + 1
        else:
            refused += 1
            done = refused >= PATIENCE
        policy.update(Happened(made, kind, node, new, delta, score, ends, answer if made else NO_ANSWER))
        held = policy.answer(uniform(paid, VOTE))
        paid += made
        tale.requests.append(Request(kind, node, hint, made, costs if made else together(), held))
    tale.answer = policy.answer(last)
    return tale


def _nothing() -> None:
    """Nothing to settle."""
