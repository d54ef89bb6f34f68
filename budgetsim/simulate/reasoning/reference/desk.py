"""Where a plain strategy does its business: it asks, reads and pays, one call after the other.

A twin of a strategy is a straight program; it calls `Desk.ask` and `Desk.answer`, which give None where the budget or
the tree is exhausted, and ends with what it would answer. Worlds are plain too: one object a problem (`PlainWorld`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, NamedTuple, Protocol

from budgetsim.simulate.reasoning.accountant import KINDS, Budget
from budgetsim.simulate.reasoning.policy import ANSWER as ANSWERED
from budgetsim.simulate.reasoning.policy import EXPAND
from budgetsim.simulate.reasoning.world import NO_ANSWER

ROOT = 0
LAST = 2**31  # the call that never comes
STEP, CRITIC, ANSWER, VOTE = 1, 2, 3, 4  # purposes of uniform numbers

Uniform = Sequence[float]
Costs = tuple[int, ...]
"""Input tokens, output tokens, calls, and browse calls where there are any."""

Draw = Callable[[int, int], Uniform]
"""From (calls made before, purpose) to uniform numbers in [0, 1), the ones that the engine draws."""


def together(*costs: Sequence[int]) -> Costs:
    """Costs added up; a kind that is not named costs nothing.

    Examples
    --------
    >>> together((100, 20, 1), (10, 5, 0), (0, 0, 0, 1))
    (110, 25, 1, 1)
    """
    return tuple(sum(parts) for parts in zip_longest([0] * KINDS, *costs, fillvalue=0))


class Made(NamedTuple):
    """What a step would lead to."""

    memory: Any  # what the world remembers if the step is made
    child: Any
    ends: bool
    costs: Costs
    state: Any = None  # what the node stepped from holds from then on, if a step changes that


class Judged(NamedTuple):
    """What the critic says."""

    points: float
    grade: float  # rises with the engine's score
    costs: Costs


class PlainWorld(Protocol):
    """One problem of a world."""

    memory: Any
    root: Any
    delicate: bool  # a rounding of numbers with 24 bits might have decided otherwise

    def step(self, uniform: Uniform, state: Any, hint: int) -> Made:
        """One step of the generator."""

    def critic(self, uniform: Uniform, state: Any, child: Any) -> Judged:
        """The critic's view of a step."""

    def answer(self, uniform: Uniform, state: Any) -> tuple[int, Costs]:
        """An answer and its costs."""


class Child(NamedTuple):
    """A step that was made."""

    node: int
    ends: bool
    points: float
    grade: float


class Call(NamedTuple):
    """A request that was paid and made."""

    kind: int
    node: int
    hint: int | None  # of a step
    costs: Costs


@dataclass
class Desk:
    """One problem, one purse, one tree.

    Parameters
    ----------
    world, budget, nodes
        The problem, its budget and the largest tree, root included.
    draw
        Where uniform numbers come from.

    Examples
    --------
    >>> import random
    >>> from budgetsim.simulate.reasoning.answers import AnswerWorld
    >>> from budgetsim.simulate.reasoning.reference.questions import PlainQuestion
    >>> question = PlainQuestion(AnswerWorld(chain_spread=0.0), right=1.0, cheap=1.0, personas=())
    >>> desk = Desk(question, Budget(tokens=1000), 8, lambda made, purpose: [random.random() for _ in range(6)])
    >>> desk.answer(ROOT), desk.answer(ROOT), desk.answer(ROOT), desk.spent
    (0, 0, None, [300, 400, 2, 0])
    """

    world: PlainWorld
    budget: Budget
    nodes: int
    draw: Draw
    spent: list[int] = field(default_factory=lambda: [0] * KINDS)
    states: list[Any] = field(init=False)
    calls: list[Call] = field(default_factory=list)  # that were paid

    def __post_init__(self) -> None:
        self.states = [self.world.root]

    def ask(self, node: int, hint: int, *, judged: bool = False) -> Child | None:
        """One step from a node, judged and paid together; None if it is refused."""
        state = self.states[node]
        made = self.world.step(self.draw(self.made, STEP), state, hint)
        verdict = Judged(0.0, 0.0, (0, 0, 0))
        if judged:
            verdict = self.world.critic(self.draw(self.made, CRITIC), state, made.child)
        total = together(made.costs, verdict.costs)
        if len(self.states) >= self.nodes or not self._pay(Call(EXPAND, node, hint, total)):
            return None
        self.world.memory = made.memory
        if made.state is not None:
            self.states[node] = made.state
        self.states.append(made.child)
        return Child(len(self.states) - 1, made.ends, verdict.points, verdict.grade)

    def answer(self, node: int) -> int | None:
        """The answer from a node; None if it is refused."""
        answer, costs = self.world.answer(self.draw(self.made, ANSWER), self.states[node])
        return answer if self._pay(Call(ANSWERED, node, None, together(costs))) else None

    def plurality(self, votes: Sequence[int]) -> int:
        """The answer given most often, ties at random; -1 without a vote, which is no vote."""
        votes = [answer for answer in votes if answer != NO_ANSWER]
        most = max((votes.count(answer) for answer in votes), default=0)
        leaders = sorted({answer for answer in votes if votes.count(answer) == most})
        return leaders[int(self.draw(LAST, VOTE)[0] * len(leaders))] if leaders else NO_ANSWER

    @property
    def made(self) -> int:
        """Calls made so far."""
        return len(self.calls)

    def _pay(self, call: Call) -> bool:
        """Pay if every limit allows it."""
        after = together(self.spent, call.costs)
        for limit, rates in zip(self.budget.limits().tolist(), self.budget.rates().tolist(), strict=True):
            if sum(rate * cost for rate, cost in zip(rates, after, strict=True)) > limit:
                return False
        self.spent = list(after)
        self.calls.append(call)
        return True
