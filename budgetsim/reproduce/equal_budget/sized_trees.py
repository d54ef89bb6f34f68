"""A tree of thoughts as large as a budget pays for on average."""

from __future__ import annotations

from collections.abc import Sequence

from budgetsim.simulate.reasoning import Beam, ThoughtWorld

MOST_PROPOSALS = 64
FEWEST_PROPOSALS = 3
"""Fewer are better spent on a narrower tree."""

WIDTHS = (5, 3, 2, 1)
"""Five nodes a level are those that were published."""


def sized_tree(world: ThoughtWorld, budget: int, widths: Sequence[int] = WIDTHS) -> Beam:
    """Beam search of the largest width for which a budget in tokens pays for three proposals, with all it pays for.

    Where it pays for two of the smallest width only, these; where it does not, the search is over before it begins and
    is one chain of thought. What a step, its evaluation and a forced answer cost is kept back, so that the best node
    can answer when the budget ends.

    Examples
    --------
    >>> world = ThoughtWorld(prompt_tokens=150, chain_tokens=200.0, evaluator_tokens=60, steps=5)
    >>> trees = [sized_tree(world, 350 * chains) for chains in (4, 16, 64)]
    >>> [(tree.width, tree.proposals) for tree in trees]
    [(1, 1), (1, 3), (5, 3)]
    """
    step = world.chain_tokens / world.steps + world.evaluator_tokens + world.answer_tokens
    reserve = min(1.0, step / budget)
    for width in widths:
        proposals = 1
        while proposals < MOST_PROPOSALS and tree_tokens(world, width, proposals + 1) + step <= budget:
            proposals += 1
        if proposals >= FEWEST_PROPOSALS or (width == widths[-1] and proposals > 1):
            return Beam(width=width, proposals=proposals, reserve=reserve)
    return Beam(width=widths[-1], proposals=1, reserve=1.0)


def tree_tokens(world: ThoughtWorld, width: int, proposals: int) -> float:
    """Tokens of a whole tree on average: every step is evaluated, and reads all that its node was written after.

    Of the steps from a node the first goes on in the call that wrote it and reads nothing, but from the question.

    Examples
    --------
    Three proposals from the question, then three from the best of them:

    >>> tree_tokens(ThoughtWorld(steps=2, chain_tokens=200.0), width=1, proposals=3)
    1910.0
    """
    one = world.chain_tokens / world.steps
    kept, tokens = 1, proposals * (world.prompt_tokens + one + world.evaluator_tokens)
    for level in range(1, world.steps):
        kept = min(width, kept * proposals)
        again = (proposals - 1) * (world.prompt_tokens + level * one)
        tokens += kept * (proposals * (one + world.evaluator_tokens) + again)
    return float(tokens)


def tree_nodes(steps: int, width: int, proposals: int) -> int:
    """Nodes of such a tree, its root included.

    Examples
    --------
    >>> tree_nodes(3, width=5, proposals=2)
    15
    """
    kept, nodes = 1, 1 + proposals
    for _ in range(1, steps):
        kept = min(width, kept * proposals)
        nodes += kept * proposals
    return nodes
