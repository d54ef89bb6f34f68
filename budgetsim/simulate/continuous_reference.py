"""The slow, readable twin of `budgetsim.simulate.continuous`: one organization at a time, agent by agent.

Every function plays one organization and gives the error of what its last agent holds. It knows nothing of blocks and
arrays, and the weights of the chain are found by looking for the least variance rather than from a formula.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import minimize_scalar

from budgetsim.simulate.continuous import Averaging, AveragingChain, AveragingStar, AveragingTree
from budgetsim.simulate.estimate import Estimate

Generator = np.random.Generator


def star_error(star: AveragingStar, generator: Generator) -> float:
    """Error of the average of one star."""
    common = generator.normal()
    received = []
    for _ in range(star.agents):
        own = math.sqrt(star.correlation) * common + math.sqrt(1.0 - star.correlation) * generator.normal()
        received.append(math.sqrt(star.leaf_variance) * own + math.sqrt(star.message_variance) * generator.normal())
    return sum(received) / star.agents


def tree_error(tree: AveragingTree, generator: Generator) -> float:
    """Error at the root of one tree, by recursion."""
    everyone = generator.normal()

    def leaf() -> float:
        error = generator.normal()
        if tree.sharing == "global":
            error = math.sqrt(tree.correlation) * everyone + math.sqrt(1.0 - tree.correlation) * error
        return math.sqrt(tree.leaf_variance) * error

    def subtree(level: int) -> float:
        if level == 0:
            return leaf()
        errors = [subtree(level - 1) for _ in range(tree.fan_in)]
        if tree.sharing == "component":
            common = subtree(level - 1)
            errors = [math.sqrt(tree.correlation) * common + math.sqrt(1.0 - tree.correlation) * e for e in errors]
        elif tree.sharing == "copied" and generator.random() < tree.correlation:
            errors = [errors[0]] * tree.fan_in
        received = [error + math.sqrt(tree.message_variance) * generator.normal() for error in errors]
        return sum(received) / tree.fan_in

    return subtree(tree.depth)


def chain_error(chain: AveragingChain, generator: Generator) -> float:
    """Error of what the last agent of one chain holds."""
    common = generator.normal()

    def estimate() -> float:
        own = math.sqrt(chain.correlation) * common + math.sqrt(1.0 - chain.correlation) * generator.normal()
        return math.sqrt(chain.leaf_variance) * own

    held = estimate()
    variance = chain.leaf_variance
    for agent in range(2, chain.agents + 1):
        received = held + math.sqrt(chain.message_variance) * generator.normal()
        if chain.rule == "relay":
            held = received
        elif chain.rule == "running_mean":
            held = ((agent - 1) * received + estimate()) / agent
        else:
            weight, variance = least_variance(variance + chain.message_variance, chain.leaf_variance)
            held = (1.0 - weight) * received + weight * estimate()
    return held


def least_variance(received: float, own: float) -> tuple[float, float]:
    """Weight of one's own estimate at which its average with what was received varies least, and that variance.

    Examples
    --------
    >>> weight, variance = least_variance(2.0, 2.0)
    >>> round(weight, 6), round(variance, 6)
    (0.5, 1.0)
    """

    def variance(weight: float) -> float:
        return (1.0 - weight) ** 2 * received + weight**2 * own

    best = minimize_scalar(variance, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-10})
    return float(best.x), float(best.fun)


def error(organization: Averaging, generator: Generator) -> float:
    """Error of what the last agent of one organization holds."""
    if isinstance(organization, AveragingStar):
        return star_error(organization, generator)
    if isinstance(organization, AveragingTree):
        return tree_error(organization, generator)
    return chain_error(organization, generator)


def repeat(organization: Averaging, *, replicas: int, seed: int) -> Estimate:
    """Play ``replicas`` organizations and estimate the risk.

    Examples
    --------
    >>> risk = repeat(AveragingStar(agents=2, correlation=0.5), replicas=2000, seed=1)
    >>> abs(risk.z_score(0.75)) < 5
    True
    """
    generator = np.random.default_rng(seed)
    squares = np.array([error(organization, generator) ** 2 for _ in range(replicas)])
    return Estimate(
        value=float(squares.mean()),
        standard_error=float(squares.std(ddof=1) / math.sqrt(replicas)),
        draws=replicas,
        provenance={"seed": seed},
    )
