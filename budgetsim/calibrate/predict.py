"""What more samples of the same problems will show: draws from the posterior predictive distribution.

Votes and coverage are predicted through the distribution of every problem's success probability and of its wrong
answers, not through one average accuracy. Each draw takes the groups' distributions, then a success probability and
shares of wrong answers per problem, then the answers themselves, so that its spread holds all three uncertainties.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from budgetsim.calibrate.fit import Fit
from budgetsim.calibrate.grid import PROBABILITY
from budgetsim.calibrate.observed import Outcome, coverage_curve, plurality_curve
from budgetsim.calibrate.tally import Floats, Integers

#: Draws of the groups' distributions, and of answers for each of them.
DISTRIBUTIONS, ANSWERS = 16, 25
#: Up to this many samples per problem plurality curves are averaged over all subsets; beyond, over one order per draw.
EXACT_SAMPLES = 16
#: Every interval holds the middle 90% of the draws.
INTERVAL = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class Curve:
    """A predicted curve over k = 1, 2, ...: mean and 90% interval, each of shape ``(samples,)``."""

    mean: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, draws: Floats) -> Curve:
        """Summarize draws of shape ``(draws, samples)``."""
        low, high = np.quantile(draws, INTERVAL, axis=0)
        return cls(draws.mean(axis=0), low, high)


def predict_curves(
    fit: Fit, samples: dict[int, int], more: Floats, *, seed: int = 0
) -> Iterator[tuple[int, Integers, Curve, Curve]]:
    """Predict coverage and plurality accuracy of each group once more samples of its problems are drawn.

    Parameters
    ----------
    fit
        What was learned from the samples so far.
    samples
        Group index -> k up to which to predict.
    more
        How many more samples each cell will have, shape ``(cells,)``. Cells with fewer than the wanted ``samples`` in
        all are left out of the group's curves.
    seed
        Seeds all draws; a group's draws do not depend on which other groups are asked for.

    Yields
    ------
    tuple
        Group index, its cells that count, the coverage curve, the plurality curve.
    """
    weights = fit.drawn_weights(DISTRIBUTIONS, np.random.default_rng([seed, 1]))
    for group, largest in samples.items():
        cells = fit.tally.of_group(group)
        cells = cells[fit.tally.total[cells] + more[cells] >= largest]
        generator = np.random.default_rng([seed, 2, group])
        outcome = _draw_answers(fit, weights, cells, more[cells], generator)
        shape = (DISTRIBUTIONS * ANSWERS, len(cells), largest)
        coverage = coverage_curve(outcome, largest).reshape(shape).mean(axis=1)
        if largest <= EXACT_SAMPLES:
            plurality = plurality_curve(outcome, largest).reshape(shape).mean(axis=1)
        else:
            plurality = _ordered_plurality(outcome, len(cells), largest, generator)
        yield group, cells, Curve.of(coverage), Curve.of(plurality)


def _draw_answers(fit: Fit, weights: Floats, cells: Integers, more: Floats, generator: np.random.Generator) -> Outcome:
    """Counts after the further samples, draws by cells flattened into one leading axis."""
    cumulative = np.cumsum(np.array([fit.posterior(drawn, cells) for drawn in weights]), axis=2)
    uniform = generator.random((DISTRIBUTIONS, ANSWERS, len(cells), 1))
    # The grid point in whose share of the posterior the uniform number falls.
    place = (cumulative[:, None, :, :-1] < uniform).sum(axis=3)
    probability = PROBABILITY[place]
    draws = DISTRIBUTIONS * ANSWERS
    probability = probability.reshape(draws, len(cells))
    further = np.broadcast_to(more.astype(np.int64), probability.shape)
    right = generator.binomial(further, probability)
    shares = dirichlet(np.broadcast_to(fit.wrong[cells], (draws, *fit.wrong[cells].shape)), generator)
    given = generator.multinomial(further - right, shares).astype(float)
    before = np.zeros((len(cells), fit.wrong.shape[1]))
    before[:, : fit.tally.wrong.shape[1]] = fit.tally.wrong[cells]
    before[:, -1] = fit.tally.abstained[cells]
    given += before
    correct = fit.tally.correct[cells] + right
    flat = given.reshape(-1, given.shape[-1])
    return Outcome(correct.ravel(), flat[:, :-1], flat[:, -1])


def dirichlet(parameters: Floats, generator: np.random.Generator) -> Floats:
    """Draws of shares, one per row of parameters; a zero parameter gets no share.

    Works on the log scale, so that tiny parameters, whose gamma draws underflow, still give one answer everything.
    """
    live = parameters > 0.0
    safe = np.where(live, parameters, 1.0)
    log_gamma = np.log(generator.standard_gamma(safe + 1.0)) + np.log1p(-generator.random(safe.shape)) / safe
    log_gamma = np.where(live, log_gamma, -np.inf)
    shares = np.exp(log_gamma - log_gamma.max(axis=-1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))


def _ordered_plurality(outcome: Outcome, cells: int, largest: int, generator: np.random.Generator) -> Floats:
    """Plurality accuracy of the first k samples in a random order, draws by k."""
    draws = len(outcome.correct) // cells
    answers = outcome.wrong.shape[1]
    curve = np.zeros((draws, largest))
    for draw in range(draws):
        part = slice(draw * cells, (draw + 1) * cells)
        counts = np.concatenate(
            [outcome.correct[part, None], outcome.wrong[part], outcome.abstained[part, None]], axis=1
        ).astype(np.int64)
        votes = np.zeros((cells, answers + 2), np.int32)
        orders = np.zeros((cells, largest), np.int64)
        for cell in range(cells):
            labels = np.repeat(np.arange(answers + 2), counts[cell])
            orders[cell] = generator.permutation(labels)[:largest]
        for k in range(largest):
            votes[np.arange(cells), orders[:, k]] += 1
            most = votes[:, :-1].max(axis=1)
            leaders = (votes[:, :-1] == most[:, None]).sum(axis=1)
            curve[draw, k] = np.where((votes[:, 0] == most) & (most > 0), 1.0 / leaders, 0.0).mean()
    return curve
