"""Four answers, a popular mistake, and lost messages: what they change.

Whole trees are played vote by vote; deep ones level by level, since all four shares have to be handed up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from budgetsim.parameters import Organization
from budgetsim.reproduce.agent_trees.curves import Curves, Floats, Point
from budgetsim.reproduce.agent_trees.draws import Draws, mean_of, slope_at_no_bias
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.verdicts import number, ordering
from budgetsim.simulate import Level
from budgetsim.simulate.answer_tree import simulate_answer_tree
from budgetsim.theory.majority import majority_slope
from budgetsim.theory.plurality_slopes import plurality_critical_fidelity, plurality_survival_fidelity
from budgetsim.theory.plurality_trees import iterate_plurality

FAN_IN, CORRELATION = 5, 0.1
POPULAR = (0.35, 0.45, 0.1, 0.1)  # right, a popular mistake, two others
SPREAD = (0.35, 0.22, 0.22, 0.21)
WEAK = (0.28, 0.24, 0.24, 0.24)
BETWEEN = 0.615  # fidelity between survival and growth
DEEP, SHALLOW = 80, 3
LOSSES = (0.0, 0.2, 0.4)
CHUNK = 200_000


def level(
    generator: np.random.Generator,
    sent: Sequence[float] | Floats,
    aggregators: int,
    *,
    fidelity: float = 1.0,
    correlation: float = 0.0,
) -> Floats:
    """Shares of the answers that aggregators give, every one from five messages; ties are broken at random.

    A message is replaced by a random answer with probability ``1 - fidelity``. With probability ``correlation`` one
    message stands for all.
    """
    answers = len(sent)
    received = fidelity * np.asarray(sent, np.float64) + (1.0 - fidelity) / answers
    won = np.zeros(answers)
    for start in range(0, aggregators, CHUNK):
        size = min(CHUNK, aggregators - start)
        messages = np.where(generator.random(size) < correlation, 1, FAN_IN)
        heard = generator.multinomial(messages, received / received.sum())
        won += np.bincount(np.argmax(heard + generator.random(heard.shape), axis=1), minlength=answers)
    return won / aggregators


def whole_tree(draws: Draws, leaves: Sequence[float], *place: int) -> Point:
    """Share of right answers of whole trees, vote by vote; ``at`` is the number of levels."""
    tree = Organization.tree(FAN_IN, SHALLOW, correlation=CORRELATION)
    found = simulate_answer_tree(tree, leaves, replicas=draws.few(2_000_000, 50_000), seed=draws.seed(*place))
    return Point(SHALLOW, found.value, found.standard_error)


def climb(draws: Draws, leaves: Sequence[float], levels: int, fidelity: float, ladders: int, *place: int) -> Point:
    """Share of right answers after so many levels, ladder by ladder; ``at`` is the number of levels."""
    found, size = [], draws.few(50_000, 10_000)
    for row in range(ladders):
        generator = np.random.default_rng(draws.seed(*place, row))
        shares = np.asarray(leaves, np.float64)
        for _ in range(levels):
            shares = level(generator, shares, size, fidelity=fidelity, correlation=CORRELATION)
        found.append(shares[0])
    mean = mean_of(levels, np.array(found))
    # Ladders that end alike do not tell the share without error.
    return mean._replace(se=max(mean.se, 1.0 / (size * ladders)))


def measure(draws: Draws) -> Curves:
    """Right answers over depth, where deep trees end, and slopes of majorities that lose messages."""
    ladders = draws.few(12, 6)
    curves = {}
    for place, (name, leaves) in enumerate((("popular mistake", POPULAR), ("spread mistakes", SPREAD))):
        curves[f"right, {name}"] = [
            whole_tree(draws, leaves, 0, place),
            climb(draws, leaves, 20, 1.0, ladders, 1, place),
        ]
    draws.done(1, 4)
    curves["right, all leaves right"] = [climb(draws, (1.0, 0.0, 0.0, 0.0), DEEP, BETWEEN, ladders, 2)]
    draws.done(2, 4)
    curves["right, a weak lead"] = [climb(draws, WEAK, DEEP, BETWEEN, ladders, 3)]
    draws.done(3, 4)
    slopes = []
    for place, loss in enumerate(LOSSES):
        heard = [Level(fan_in=FAN_IN, loss=loss)]
        slopes.append(slope_at_no_bias(draws, heard, 0.2, draws.few(20_000_000, 1_000_000), 4, place)._replace(at=loss))
    return {**curves, "slope, lost messages": slopes}


def slope_with_losses(loss: float) -> float:
    """Slope of a majority of those of five votes that arrive: an even number of votes is worth one vote less."""
    return sum(
        math.comb(FAN_IN, heard)
        * (1.0 - loss) ** heard
        * loss ** (FAN_IN - heard)
        * float(majority_slope(heard - 1 + heard % 2))
        for heard in range(1, FAN_IN + 1)
    )


def claims(curves: Curves) -> Iterator[Claim]:
    """Which answer wins, where the transition jumps, and what losses cost."""
    where = f"four answers, fan-in {FAN_IN}, correlation {CORRELATION}"
    for name, leaves, saves in (("spread mistakes", SPREAD, False), ("popular mistake", POPULAR, True)):
        shallow, deep = curves[f"right, {name}"]
        listed = ", ".join(map(str, leaves))
        yield number(
            f"simulated share of right answers of a whole tree of {SHALLOW} levels",
            f"{where}, perfect messages; leaves answer with probabilities {listed}, the right answer first",
            theirs=f"{float(iterate_plurality(leaves, FAN_IN, SHALLOW, 1.0, CORRELATION)[0]):.4f}",
            ours=shallow.value,
            se=shallow.se,
            evidence="derived",
        )
        yield ordering(
            "a tree amplifies a right answer that is likelier than chance",
            f"{where}, perfect messages; {listed}; right answers after {deep.at:g} levels less those of a leaf",
            theirs="root > leaf",
            difference=deep.value - leaves[0],
            se=deep.se,
            evidence="derived",
            only_if=("no mistake is as likely as the right answer", saves),
        )
    lost, kept = curves["right, a weak lead"][0], curves["right, all leaves right"][0]
    survival = plurality_survival_fidelity(4, FAN_IN, CORRELATION)
    growth = plurality_critical_fidelity(4, FAN_IN, CORRELATION)
    between = f"{where}, fidelity {BETWEEN}, between those of survival, {survival:.3f}, and of growth, {growth:.3f}"
    yield number(
        "with more than two answers a weak lead dies where a strong one lives: share of right answers, weak lead",
        f"{between}; leaves answer with {', '.join(map(str, WEAK))}; {DEEP} levels",
        theirs=f"{float(iterate_plurality(WEAK, FAN_IN, DEEP, BETWEEN, CORRELATION)[0]):.4f}",
        ours=lost.value,
        se=lost.se,
        evidence="derived",
    )
    yield ordering(
        "where deep trees end does not depend on their leaves (Theorem 4)",
        f"{between}; right answers from a weak lead less those from perfect leaves, less than .05 apart",
        theirs="no difference",
        difference=0.05 - (kept.value - lost.value),
        se=math.hypot(kept.se, lost.se),
        evidence="second-hand",
        only_if=("there are two answers", True),
    )
    for loss, slope, se in curves["slope, lost messages"]:
        yield number(
            "simulated slope of a majority of five whose messages may be lost",
            f"two answers, no correlation, messages lost with probability {loss}",
            theirs=f"{slope_with_losses(loss):.4f}",
            ours=slope,
            se=se,
            evidence="derived",
        )
