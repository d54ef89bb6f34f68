"""Final losses of tuned profiles in the prior `quadratics`, run after run all in the same noise.

A row of the table is a setting: a budget and a noise variance. Of every profile it holds the rate that was chosen, the
loss in fresh runs with its standard error, and beside them the expected loss at this rate and at the best rate tried.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from budgetsim.plot.style import MARKERS, Theme
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning.noisy_quadratics import NOISES, PEAKS, STEPS, Profile
from budgetsim.theory.quadratics import noisy_quadratic_loss

DIMENSIONS = 200
LOW = 25.0  # budgets below so many per cent are low
_TUNE, _TEST = 0, 1


def final_losses(
    rates: NDArray[np.float64], noise: float, *, runs: int, random: np.random.Generator
) -> NDArray[np.float64]:
    r"""Losses after noisy gradient descent under several schedules, all in the same noise.

    Curvatures :math:`\lambda_i = 1/i`, start 1 in every coordinate, :math:`x_i \leftarrow x_i - \eta_t(\lambda_i x_i +
    \sqrt{\nu\lambda_i}\,z)` with standard normal z; the loss is :math:`\frac12\sum_i\lambda_i x_i^2`.

    Parameters
    ----------
    rates
        Learning rates [schedules, steps].
    noise
        nu, 0 or more.
    runs
        Independent runs.
    random
        Source of the noise.

    Returns
    -------
    numpy.ndarray
        Losses [schedules, runs].

    Examples
    --------
    Without noise, one step of rate 1 takes the largest curvature's share away:

    >>> losses = final_losses(np.ones((1, 1)), 0.0, runs=1, random=np.random.default_rng(0))
    >>> bool(abs(losses[0, 0] - 0.5 * sum((1 - 1 / i) ** 2 / i for i in range(1, 201))) < 1e-6)
    True
    """
    curvature = (1.0 / np.arange(1, DIMENSIONS + 1)).astype(np.float32)
    scale = np.sqrt(np.float32(noise) * curvature)
    position = np.ones((rates.shape[0], runs, DIMENSIONS), np.float32)
    kick = np.empty_like(position)
    for rate in rates.T.astype(np.float32)[:, :, None, None]:
        normal = scale * random.standard_normal((runs, DIMENSIONS), dtype=np.float32)
        position *= 1.0 - rate * curvature
        np.multiply(rate, normal, out=kick)
        position -= kick
    return np.asarray(0.5 * (curvature * position.astype(np.float64) ** 2).sum(axis=2))


def measure_profiles(
    profiles: Mapping[str, Profile],
    *,
    tuning: int,
    runs: int,
    seed: int,
    progress: Callable[[float], None],
    budgets: Sequence[int] = STEPS,
) -> Table:
    """Tune every profile in every setting, then measure it on fresh runs.

    Parameters
    ----------
    profiles
        By name.
    tuning, runs
        Runs that choose a rate among the 28 of the prior, the same for every profile; runs that measure the loss.
    seed
        Seeds all noise.
    progress
        Takes the share that is done.
    budgets
        Steps.

    Returns
    -------
    dict
        Columns [settings]: ``percent``, ``steps``, ``noise``, ``tuning``, ``runs``; of a profile ``peak``, ``loss``,
        ``loss ... se``, ``expected`` and ``least``; of two ``A less B``, how their losses differ in the same noise, and
        its error.
    """
    peaks = np.array(PEAKS)
    cases = [(steps, noise) for noise in NOISES for steps in budgets]
    rows: list[dict[str, float]] = []
    work = sum(steps for steps, _ in cases)
    done = 0
    for place, (steps, noise) in enumerate(cases):
        heights = {name: profile(np.arange(steps) / steps) for name, profile in profiles.items()}
        row = {"percent": 100.0 * steps / STEPS[-1], "steps": float(steps), "noise": noise}
        row |= {"tuning": float(tuning), "runs": float(runs)}
        chosen = {}
        for name, height in heights.items():
            tried = final_losses(peaks[:, None] * height, noise, runs=tuning, random=_random(seed, place, _TUNE)).mean(
                axis=1
            )
            chosen[name] = float(peaks[np.argmin(tried)])
        rates = np.stack([chosen[name] * height for name, height in heights.items()])
        losses = final_losses(rates, noise, runs=runs, random=_random(seed, place, _TEST))
        for number, (name, profile) in enumerate(profiles.items()):
            expected = noisy_quadratic_loss(profile, steps, peaks, noise, DIMENSIONS)
            row |= {f"peak {name}": chosen[name], f"loss {name}": float(losses[number].mean())}
            row |= {f"loss {name} se": _error(losses[number]), f"least {name}": float(np.min(expected))}
            row[f"expected {name}"] = float(expected[np.argmin(np.abs(peaks - chosen[name]))])
        for (one, first), (two, second) in combinations(zip(profiles, losses, strict=True), 2):
            row |= {f"{one} less {two}": float((first - second).mean()), f"{one} less {two} se": _error(first - second)}
        rows.append(row)
        done += steps
        progress(done / work)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def settings(table: Table) -> str:
    """The settings of a table in the words of a condition."""
    percent, noise = table["percent"], table["noise"]
    return (
        f"{noise.size} settings: budgets of {_span(percent.min(), percent.max())} % of {STEPS[-1]} steps, noise"
        f" {_span(noise.min(), noise.max())}; rate of each profile the best of {len(PEAKS)} on {table['tuning'][0]:g}"
        f" runs, loss of {table['runs'][0]:g} fresh ones"
    )


def difference(table: Table, first: str, second: str, ending: str = "") -> NDArray[np.float64]:
    """Loss of the first less that of the second in the same noise [settings]; ``" se"`` for its standard error."""
    name = f"{first} less {second}{ending}"
    if name in table:
        return np.asarray(table[name])
    return np.asarray((1.0 if ending else -1.0) * table[f"{second} less {first}{ending}"])


def clearly(table: Table, first: str, second: str) -> NDArray[np.int64]:
    """-1 where the first ends clearly below the second, 1 where clearly above, 0 where they tie [settings]."""
    gap, se = difference(table, first, second), difference(table, first, second, " se")
    return np.asarray(np.sign(gap) * (np.abs(gap) > 2.0 * se), np.int64)


def where_all(table: Table, true: NDArray[np.bool_]) -> tuple[str, bool]:
    """The largest set of settings, bounded in budget and in noise, in which something is always true.

    Returns
    -------
    tuple
        The condition in words, and whether there is a set.
    """
    best, words = 0, ""
    for low in np.unique(table["percent"]):
        for high in np.unique(table["percent"][table["percent"] >= low]):
            for quiet in np.unique(table["noise"]):
                for loud in np.unique(table["noise"][table["noise"] >= quiet]):
                    inside = (table["percent"] >= low) & (table["percent"] <= high)
                    inside &= (table["noise"] >= quiet) & (table["noise"] <= loud)
                    if inside.sum() > best and true[inside].all():
                        best = int(inside.sum())
                        words = f"the budget is {_span(low, high)} % and the noise {_span(quiet, loud)}"
    return words, best > 0


def agreement(table: Table, profiles: Sequence[str]) -> tuple[float, int]:
    """Largest deviation of a simulated loss from the expected one in standard errors, and of how many."""
    deviations = [(table[f"loss {name}"] - table[f"expected {name}"]) / table[f"loss {name} se"] for name in profiles]
    return float(np.max(np.abs(deviations))), int(np.size(deviations))


def ranks(table: Table, profiles: Sequence[str]) -> NDArray[np.int64]:
    """Places of the profiles by their loss, 1 the least [profiles, settings]."""
    losses = np.stack([table[f"loss {name}"] for name in profiles])
    return np.asarray(losses.argsort(axis=0).argsort(axis=0) + 1)


def over_budgets(look: Theme, table: Table, lines: Mapping[str, str], against: str) -> Figure:
    """Loss over that of another profile, by budget, a panel for each noise, with two standard errors."""
    noises = np.unique(table["noise"])
    figure = Figure(figsize=(8.4, 3.3), layout="constrained")
    panels = figure.subplots(1, noises.size, sharey=True, squeeze=False)[0]
    for axes, noise in zip(panels, noises, strict=True):
        rows = table["noise"] == noise
        for number, (name, label) in enumerate(lines.items()):
            base = table[f"loss {against}"][rows]
            gap, se = (
                difference(table, name, against)[rows] / base,
                difference(table, name, against, " se")[rows] / base,
            )
            axes.errorbar(table["percent"][rows] * 1.03 ** (number - len(lines) / 2), 1.0 + gap, yerr=2.0 * se,
                          color=look.cycle[number % len(look.cycle)], marker=MARKERS[number % len(MARKERS)],
                          markersize=4.0, linewidth=1.3, elinewidth=1.0, capsize=2.0, label=label)  # fmt: skip
        axes.axhline(1.0, color=look.muted, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1.5)
        axes.set_xscale("log")
        axes.set_yscale("log", base=2)
        axes.set_xticks([1, 5, 10, 25, 50, 100], ["1", "5", "10", "25", "50", "100"])
        axes.minorticks_off()
        axes.set(xlabel="budget, % of 4000 steps", title=f"noise {noise:g}")
    low, high = panels[0].get_ylim()
    ticks = {2.0**power: f"{2**power}" if power >= 0 else f"1/{2**-power}" for power in range(-4, 7)}
    shown = {tick: label for tick, label in ticks.items() if low <= tick <= high}
    panels[0].set_yticks(list(shown), list(shown.values()))
    panels[0].set_ylabel(f"loss over that of {against}")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper left", ncols=4)
    return figure


def _span(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _random(seed: int, place: int, purpose: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, place, purpose])))


def _error(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1) / math.sqrt(values.size))
