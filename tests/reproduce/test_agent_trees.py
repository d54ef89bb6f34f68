"""The parts that the simulated experiments are made of, against closed forms and enumeration."""

from __future__ import annotations

import ast
import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from budgetsim.parameters import Organization
from budgetsim.reproduce import agent_trees
from budgetsim.reproduce.agent_trees import critical, plurality, synergy
from budgetsim.reproduce.agent_trees.curves import Point, at, crossing, fitted, from_json, to_json
from budgetsim.reproduce.agent_trees.draws import Draws, ladder, mean_of, slope_at_no_bias

FOLDER = Path(agent_trees.__file__).parent
EXPERIMENTS = sorted(
    path.stem for path in FOLDER.glob("*.py") if path.stem not in {"__init__", "curves", "draws", "figures"}
)
Z = stats.norm.isf(1e-7 / 2)  # every random comparison here fails by chance once in ten million times


def draws(seed: int = 1, place: int = 0) -> Draws:
    return Draws(seed, place, quick=True, report=lambda _: None)


def test_a_fit_is_the_one_of_numpy():
    x = np.array([0.0, 1.0, 2.0, 4.0])
    y, se = np.array([1.0, 2.5, 3.0, 8.0]), np.array([0.1, 0.2, 0.1, 0.4])
    coefficients, covariance = fitted(np.stack([x, np.ones(4)], axis=1), y, se)
    wanted, spread = np.polyfit(x, y, 1, w=1.0 / se, cov="unscaled")
    assert coefficients == pytest.approx(wanted)
    assert covariance == pytest.approx(spread)


@pytest.mark.parametrize("degree", [1, 2])
def test_a_crossing_is_found_with_its_error(degree: int):
    generator = np.random.default_rng(1)
    x = np.linspace(0.0, 0.4, 6)
    truth = (0.21 - x) * (1.0 + (degree - 1) * x)
    scores = []
    for _ in range(400):
        points = [Point(*values, 0.01) for values in zip(x, truth + 0.01 * generator.standard_normal(6), strict=True)]
        found = crossing(points, degree=degree)
        scores.append((found.value - 0.21) / found.se)
    # A root is not quite normal; its error must be right within a quarter (the chance of more is far below 1e-7).
    assert 0.75 < np.std(scores) < 1.25
    assert abs(np.mean(scores)) < 0.3
    with pytest.raises(ValueError, match="passes zero"):
        crossing([Point(x, 1.0 + x * x, 0.1) for x in (-1.0, 0.0, 1.0)])


def test_curves_survive_their_file():
    curves = {"a": {"b, c": [Point(0.5, 1.0 / 3.0, 0.01)], "empty": []}}
    again = from_json(to_json(curves))
    assert again == {"a": {"b, c": [Point(0.5, 0.3333333, 0.01)], "empty": []}}
    assert to_json(again) == to_json(curves)
    with pytest.raises(ValueError):
        at(again["a"]["b, c"], 0.4)


def test_no_two_places_share_a_seed():
    seeds = {draws(seed, place).seed(*where) for seed in (0, 1) for place in (0, 1) for where in ((0,), (0, 1), (1, 0))}
    assert len(seeds) == 12
    assert draws().seed(3) == draws().seed(3)


def test_a_ladder_is_the_deep_tree_that_it_stands_for():
    """Enumerated map of three votes, two levels a rung, two rungs; the spread is the error of the mean."""

    def voted(bias: float) -> float:
        right = 0.5 * (1.0 + 0.8 * bias)
        majority = sum(
            math.prod(right if vote else 1.0 - right for vote in votes)
            for votes in itertools.product((0, 1), repeat=3)
            if sum(votes) > 1
        )
        return 0.1 * 0.8 * bias + 0.9 * (2.0 * majority - 1.0)

    tree = Organization.tree(3, 2, fidelity=0.8, correlation=0.1)
    found = ladder(draws(), tree, 0.3, rungs=2, replicas=20_000, ladders=24, place=(7,))
    assert found.shape == (2, 24)
    exact = voted(voted(0.3)), voted(voted(voted(voted(0.3))))
    for level, wanted in enumerate(exact):
        mean = mean_of(0.0, found[level])
        # the law of 24 ladders' mean over its own error
        assert 2.0 * stats.t.sf(abs(mean.value - wanted) / mean.se, 23) > 1e-7
    first = math.sqrt(1.0 - exact[0] ** 2) / math.sqrt(20_000)
    assert stats.chi2.cdf(23 * found[0].var(ddof=1) / first**2, 23) > 1e-7
    assert stats.chi2.sf(23 * found[0].var(ddof=1) / first**2, 23) > 1e-7


def test_a_slope_at_no_bias_is_that_of_three_votes():
    """The majority of three votes of bias u has bias (3 u - u^3) / 2, so the cube is taken out exactly: 3/2 is left."""
    found = slope_at_no_bias(draws(), Organization.star(3), 0.5, 200_000, 9)
    assert abs(found.value - 1.5) < Z * found.se
    assert found.se == pytest.approx(math.hypot(4.0 / 0.25, 1.0 / 0.5) / 3.0 / math.sqrt(200_000), rel=0.2)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_tokens_of_leaves_and_messages_add_up(depth: int):
    edges = sum(synergy.FAN_IN**level for level in range(1, depth + 1))
    leaves = synergy.FAN_IN**depth
    spent = leaves * synergy.leaf_tokens(1e5, depth) + 2.0 * synergy.MESSAGE_TOKENS * edges
    assert spent == pytest.approx(1e5)


@pytest.mark.parametrize("z", [-4.0, -1.0, 0.0, 2.0])
def test_the_scaling_curve_is_the_limit_of_deep_trees(z: float):
    """The recursion from its binomial sum, at 40,000 levels; what is left shrinks like log(depth) / depth."""
    depth, rho = 40_000, 5.0 / 21.0 - z / 40_000
    bias = 1.0
    for _ in range(depth):
        u = 0.6 * bias
        bias = rho * u + (1.0 - rho) * u * (15.0 - 10.0 * u * u + 3.0 * u**4) / 8.0
    assert critical.scaling_curve(z) == pytest.approx(bias * math.sqrt(depth), rel=2e-3)


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_one_level_of_plurality_is_its_enumeration(correlation: float):
    """Every row of five messages with three answers, ties shared."""
    received = 0.8 * np.array([0.5, 0.3, 0.2]) + 0.2 / 3.0
    exact = correlation * received
    for messages in itertools.product(range(3), repeat=5):
        counts = np.bincount(messages, minlength=3)
        winners = np.flatnonzero(counts == counts.max())
        exact[winners] += (1.0 - correlation) * math.prod(received[answer] for answer in messages) / len(winners)
    size = 300_000
    found = plurality.level(np.random.default_rng(5), [0.5, 0.3, 0.2], size, fidelity=0.8, correlation=correlation)
    assert found.sum() == pytest.approx(1.0)
    assert np.all(np.abs(found - exact) < Z * np.sqrt(exact * (1.0 - exact) / size))


def test_the_slope_with_losses_is_that_of_the_enumeration():
    def right(bias: float, loss: float) -> float:
        total = 0.0
        for messages in itertools.product((1, -1, 0), repeat=5):
            chance = math.prod({1: 0.5 + bias / 2, -1: 0.5 - bias / 2, 0: loss / (1.0 - loss)}[m] for m in messages)
            total += chance * (1.0 - loss) ** 5 * (0.5 + 0.5 * np.sign(sum(messages)))
        return total

    for loss in (0.0, 0.2, 0.4):
        slope = (right(1e-4, loss) - right(-1e-4, loss)) / 1e-4
        assert plurality.slope_with_losses(loss) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_what_is_measured_knows_no_theory(name: str):
    """Nothing that `measure` calls in its module uses a name that comes from the theory."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    assert reached_theory(tree) == set()


def reached_theory(tree: ast.Module) -> set[str]:
    theory = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("budgetsim.theory")
        for alias in node.names
    }
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    waiting, seen, used = ["measure"], set(), set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        names = {node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name)}
        used |= names & theory
        waiting += [found for found in names & functions.keys() if found not in seen]
    return used


def test_the_search_for_theory_finds_it():
    code = (
        "from budgetsim.theory.phase import iterate_bias\ndef measure(d): return helper()\ndef helper(): iterate_bias()"
    )
    assert reached_theory(ast.parse(code)) == {"iterate_bias"}
