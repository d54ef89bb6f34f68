"""The strategies of the map, and what the paper leaves open: one declared list, written before any of it was run."""

from __future__ import annotations

import math
from collections.abc import Callable

from budgetsim.simulate.reasoning import Greedy, Policy, ProportionalSplit, UcbVariant, Uniform, ValueTree

CHAINS, TREE = "parallel chains", "value tree"
GREEDY, UCB, UNIFORM = "greedy tree", "UCB tree", "uniform tree"
STEADY, INVERTED, SPLIT = "exponent 1", "inverted exponent", "proportional split"
BLIND, ABSOLUTE = "tree without critic", "absolute critic"
BEST_FIRST, RANDOM_STEPS = "best first, absolute scores", "random steps, absolute scores"

Rule = Callable[[float], Policy]
"""A strategy, given the tool calls of the budget."""


def _tree(**settings: object) -> Rule:
    policy = ValueTree(**settings)  # type: ignore[arg-type]  # names and values are those of the list
    return lambda _: policy


RULES: dict[str, Rule] = {
    TREE: _tree(),
    GREEDY: _tree(selection="greedy"),
    UNIFORM: _tree(selection="uniform"),
    UCB: lambda calls: UcbVariant(calls=calls),
    STEADY: _tree(selection="constant"),
    INVERTED: _tree(selection="ratio"),
    SPLIT: lambda calls: ProportionalSplit(calls=calls),
    BLIND: _tree(critic="none"),
    ABSOLUTE: _tree(critic="absolute"),
    BEST_FIRST: lambda _: Greedy(),
    RANDOM_STEPS: lambda _: Uniform(),
}
"""Searches, played at every budget. The first six differ in nothing but the rule that selects the next node."""

QUICK = (TREE, GREEDY, UNIFORM)
"""All that a quick run plays beside chains."""

CHOICES: dict[str, Rule] = {
    "root worth .3": _tree(root_value=0.3),
    "root worth .5": _tree(root_value=0.5),
    "three steps from a node": _tree(children=3),
    "only leaves in the pool": _tree(keep_expanded=False),
    "pool of four nodes": _tree(capacity=4),
    "ends at the first answer": _tree(stop_at_answer=True),
    "highest single value answers": _tree(final="highest"),
    "smooths stored values": _tree(back_propagation="stored"),
    "smooths the path alone": _tree(back_propagation="path"),
    "WIDEN stays": _tree(widen_until_gain=False),
    "gains up to .2": _tree(largest_gain=0.2),
    "values beyond 1": _tree(largest_value=math.inf),
}
"""What the paper leaves open, one change each, played at the low budget. The last two change the form of Phi, and were
added after the other results existed; its floor stays, since no node of the pool falls to it where steps without gain
are pruned."""

ABLATIONS: dict[str, Rule] = {
    "never smooths": _tree(back_propagation="none"),
    "prunes nothing": _tree(directive=False),
    "no token backstop": _tree(backstop=0.0),
    "exponent up to 2": _tree(largest_exponent=2.0),
}
"""Parts of the paper's rule taken away, one each, played at the low budget. Without the token backstop an answer is
still forced once the calls are used up."""

BY_NODE = "repeats by node"
CUT = "cut ones answer"
"""A reading of the baseline: a chain under way when the calls end answers from where it stands. Added after the other
results existed, since the paper leaves it open; the others stay as they were."""

PATIENT = "never stops early"
UNHELPED = "WIDEN without effect"
"""Changes of the worlds: an outcome repeats itself at a node instead of wherever the same was found; chains go on until
they are done; a WIDEN hint changes nothing."""
