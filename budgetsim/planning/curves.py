"""Accuracy over tokens of one configuration: theory, simulation and held-out samples side by side, as a data set."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from budgetsim import __version__
from budgetsim.calibrate.calibration import Calibration
from budgetsim.calibrate.observed import Outcome, plurality_curve
from budgetsim.calibrate.tally import Floats, Group, Tally
from budgetsim.planning.check import simulate_shape
from budgetsim.planning.options import SINGLE, Costs, Shape, problem_accuracy, vote_counts
from budgetsim.planning.plan import Option

#: Trees shown, smallest first.
TREES = [Shape("tree", 3, depth) for depth in (1, 2, 3, 4)]
#: Simulated organizations per point: standard errors below 0.002.
REPLICAS = 60_000
#: Random groupings of held-out samples into each tree.
GROUPINGS = 200
_CHECKED_VOTES = {3, 5, 8, 16, 31, 61}


def organization_curves(
    calibration: Calibration,
    held_out: Tally,
    option: Option,
    task: str,
    costs: Costs,
    *,
    horizon: float,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Single sample, plurality votes and majority trees of one configuration on one task.

    Parameters
    ----------
    calibration
        Fitted on other samples than the held-out ones.
    held_out
        Counts of samples that the calibration did not see.
    option
        Names the configuration.
    task
        The task.
    costs
        Costs, fidelity and correlation of trees.
    horizon
        Tokens up to which organizations are shown.
    seed
        Seeds the simulations.
    progress
        Called with (points done, points in all).

    Returns
    -------
    xarray.Dataset
        Along ``point``: coordinates ``kind``, ``organization``, ``leaves``, ``tokens``; variables ``theory``,
        ``simulated`` and ``simulated_se`` (NaN where not simulated), ``observed`` and
        ``observed_se`` (NaN where the held-out samples do not reach).
    """
    group = next(
        g for g in calibration.groups if g.group == Group(option.model, option.strategy, task, option.temperature)
    )
    leaf_tokens = group.tokens.value if group.tokens is not None else 1.0
    most = max(1, min(int(horizon / leaf_tokens), costs.max_votes))
    shapes = [SINGLE, *(Shape("votes", votes, 1) for votes in vote_counts(most))]
    shapes += [tree for tree in TREES if tree.tokens(leaf_tokens, costs) <= horizon]
    observed = _observed(held_out, group.group)
    rows = []
    for done, shape in enumerate(shapes):
        simulated = (np.nan, np.nan)
        if shape.kind != "votes" or shape.fan_in in _CHECKED_VOTES:
            estimate = simulate_shape([group], shape, costs, replicas=REPLICAS, seed=seed + done)
            simulated = (estimate.value, estimate.standard_error)
        theory = float(problem_accuracy(group, shape, costs).mean())
        rows.append((shape, theory, *simulated, *observed(shape)))
        if progress is not None:
            progress(done + 1, len(shapes))
    columns = list(zip(*rows, strict=True))
    values = ("theory", "simulated", "simulated_se", "observed", "observed_se")
    return xr.Dataset(
        {name: ("point", np.asarray(column, float)) for name, column in zip(values, columns[1:], strict=True)},
        coords={
            "kind": ("point", [shape.kind for shape in shapes]),
            "organization": ("point", [shape.label() for shape in shapes]),
            "leaves": ("point", [shape.leaves for shape in shapes]),
            "tokens": ("point", [shape.tokens(leaf_tokens, costs) for shape in shapes]),
        },
        attrs={
            "task": task,
            "model": option.model,
            "strategy": option.strategy,
            "temperature": "" if option.temperature is None else option.temperature,
            "fidelity": costs.fidelity,
            "correlation": costs.correlation,
            "message_tokens": costs.message_tokens,
            "replicas": REPLICAS,
            "seed": seed,
            "budgetsim": __version__,
        },
    )


def _observed(held_out: Tally, group: Group) -> Callable[[Shape], tuple[float, float]]:
    """Accuracy of an organization made of held-out samples, with its standard error over problems."""
    nothing = (float("nan"), float("nan"))
    if group not in held_out.groups:
        return lambda _: nothing
    cells = held_out.of_group(held_out.groups.index(group))
    cells = cells[held_out.total[cells] > 0]
    if not len(cells):
        return lambda _: nothing
    outcome = Outcome(held_out.correct[cells], held_out.wrong[cells], held_out.abstained[cells])
    reach = int(np.quantile(outcome.total, 0.1, method="lower"))
    enough = outcome.total >= reach
    outcome = Outcome(*(part[enough] for part in outcome))
    votes = plurality_curve(outcome, reach)

    def observed(shape: Shape) -> tuple[float, float]:
        if shape.leaves > reach:
            return nothing
        values = _tree_accuracy(outcome, shape) if shape.kind == "tree" else votes[:, shape.leaves - 1]
        return float(values.mean()), float(values.std() / np.sqrt(max(len(values) - 1, 1)))

    return observed


def _tree_accuracy(outcome: Outcome, shape: Shape) -> Floats:
    """Accuracy of a majority tree per problem, over random groupings of its samples into the leaves."""
    generator = np.random.default_rng([shape.fan_in, shape.depth])
    right = np.arange(int(outcome.total.max())) < outcome.correct[:, None]
    key = generator.random((GROUPINGS, *right.shape))
    key[:, np.arange(right.shape[1]) >= outcome.total[:, None]] = np.inf
    chosen = np.argsort(key, axis=2)[..., : shape.leaves]
    votes = np.take_along_axis(np.broadcast_to(right, key.shape), chosen, axis=2)
    for _ in range(shape.depth):
        votes = votes.reshape(*votes.shape[:2], -1, shape.fan_in).sum(axis=3) > shape.fan_in // 2
    return np.asarray(votes[..., 0].mean(axis=0))
