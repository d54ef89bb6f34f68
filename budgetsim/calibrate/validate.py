"""Predictions held against samples that were kept back: the only judge of a calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from budgetsim import __version__
from budgetsim.calibrate.baselines import coverage_baselines, plain_beta, plurality_baselines
from budgetsim.calibrate.fit import Fit, fit_counts
from budgetsim.calibrate.observed import Outcome, coverage_curve, plurality_curve
from budgetsim.calibrate.predict import Curve, predict_curves
from budgetsim.calibrate.tally import GROUP_COLUMNS, Floats, Group, Integers, Tally, answered_samples, tabulate
from budgetsim.errors import InputError

Metric = Literal["pass", "plurality"]
METRICS: tuple[Metric, ...] = ("pass", "plurality")


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One group's curve of one metric over k = 1, 2, ...; every array has shape ``(samples,)``.

    Attributes
    ----------
    observed, observed_error
        From all samples of a problem, unbiased, and the standard error over problems.
    predicted
        From the first samples only, with its 90% interval.
    baselines
        Other predictions from the same samples.
    """

    metric: Metric
    observed: Floats
    observed_error: Floats
    predicted: Curve
    baselines: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class GroupValidation:
    """Both curves of one group, from ``problems`` problems; ``left_out`` had fewer samples than the others."""

    group: Group
    problems: int
    left_out: int
    curves: list[HeldOut]


@dataclass(frozen=True, slots=True)
class Validation:
    """Held-out curves of all groups, and the groups that have none with the reason."""

    groups: list[GroupValidation]
    skipped: dict[str, str]
    fit_samples: int
    seed: int
    fit: Fit
    held_out: Tally

    def mean_absolute_errors(self) -> dict[Metric, dict[str, float]]:
        """Mean over groups of the absolute error at the largest k, of the prediction and of each baseline."""
        table: dict[Metric, dict[str, float]] = {}
        for metric in METRICS:
            curves = [curve for group in self.groups for curve in group.curves if curve.metric == metric]
            errors = {"predicted": [abs(c.predicted.mean[-1] - c.observed[-1]) for c in curves]}
            for name in curves[0].baselines:
                errors[name] = [abs(c.baselines[name][-1] - c.observed[-1]) for c in curves]
            table[metric] = {name: float(np.mean(values)) for name, values in errors.items()}
        return table

    def interval_coverage(self) -> dict[Metric, float]:
        """Share of groups whose observed value at the largest k lies in the 90% interval."""
        return {
            metric: float(
                np.mean(
                    [
                        c.predicted.low[-1] - 1e-9 <= c.observed[-1] <= c.predicted.high[-1] + 1e-9
                        for group in self.groups
                        for c in group.curves
                        if c.metric == metric
                    ]
                )
            )
            for metric in METRICS
        }

    def to_dict(self) -> dict[str, object]:
        """The validation as plain data, for JSON."""
        return {
            "version": __version__,
            "fit_samples": self.fit_samples,
            "seed": self.seed,
            "interval": 0.9,
            "mean_absolute_error": self.mean_absolute_errors(),
            "interval_coverage": self.interval_coverage(),
            "groups": [
                {
                    **group.group._asdict(),
                    "problems": group.problems,
                    "left_out": group.left_out,
                    "curves": [point for curve in group.curves for point in _points(curve)],
                }
                for group in self.groups
            ],
            "skipped": self.skipped,
        }


def _points(curve: HeldOut) -> list[dict[str, object]]:
    return [
        {
            "metric": curve.metric,
            "k": k + 1,
            "observed": float(curve.observed[k]),
            "observed_se": float(curve.observed_error[k]),
            "predicted": float(curve.predicted.mean[k]),
            "predicted_low": float(curve.predicted.low[k]),
            "predicted_high": float(curve.predicted.high[k]),
            "baselines": {name: float(values[k]) for name, values in curve.baselines.items()},
        }
        for k in range(len(curve.observed))
    ]


def validate(table: pl.DataFrame, fit_samples: int, *, seed: int = 0) -> Validation:
    """Fit on the samples with ``sample_index < fit_samples`` of every problem and predict the curves of all samples.

    Parameters
    ----------
    table
        Rows of the runs schema.
    fit_samples
        How many samples of each problem may be seen, 1 or more.
    seed
        Seeds the draws behind the predictions.

    Returns
    -------
    Validation

    Raises
    ------
    InputError
        If ``fit_samples`` is below 1, or nothing is left to fit or to hold out.
    """
    if fit_samples < 1:
        raise InputError(f"fit_samples must be 1 or more, got {fit_samples}")
    known, rest = tabulate(table, lambda rows: rows["sample_index"] < fit_samples)
    if not known.total.any():
        raise InputError(f"no sample has sample_index below {fit_samples}: nothing to fit", field="sample_index")
    if not rest.total.any():
        raise InputError(f"no sample has sample_index {fit_samples} or more: nothing is held out", field="sample_index")
    fit = fit_counts(known)
    samples, skipped = _samples(known, rest)
    if not samples:
        raise InputError(f"no group has held-out samples beyond the first {fit_samples}", field="sample_index")
    own = plain_beta(known)
    groups = []
    for group, cells, coverage, plurality in predict_curves(fit, samples, rest.total, seed=seed):
        largest = samples[group]
        everything, first = _outcome(cells, known, rest), _outcome(cells, known)
        observed = {"pass": coverage_curve(everything, largest), "plurality": plurality_curve(everything, largest)}
        predicted = {"pass": coverage, "plurality": plurality}
        shape = (float(own[0][group]), float(own[1][group]))
        baselines = {
            "pass": coverage_baselines(first, shape, everything.total, largest),
            "plurality": plurality_baselines(first, largest),
        }
        curves = [
            HeldOut(
                metric,
                observed[metric].mean(axis=0),
                observed[metric].std(axis=0) / np.sqrt(max(len(cells) - 1, 1)),
                predicted[metric],
                baselines[metric],
            )
            for metric in METRICS
        ]
        left_out = len(known.of_group(group)) - len(cells)
        groups.append(GroupValidation(known.groups[group], len(cells), left_out, curves))
    return Validation(groups, skipped, fit_samples, seed, fit, rest)


def half_of_samples(table: pl.DataFrame) -> int:
    """Half of the samples that the median problem of a group has: how many to fit where nobody says.

    Returns
    -------
    int
        0 where the median problem was answered once and nothing can be held out.
    """
    samples, _ = answered_samples(table)
    counts = samples.group_by([*GROUP_COLUMNS, "problem_id"]).len()["len"]
    return int(np.median(counts.to_numpy())) // 2 if len(counts) else 0


def _samples(known: Tally, rest: Tally) -> tuple[dict[int, int], dict[str, str]]:
    """How far each group's curves go: as many samples as nine in ten of its problems have."""
    samples: dict[int, int] = {}
    skipped: dict[str, str] = {}
    for index, group in enumerate(known.groups):
        cells = known.of_group(index)
        largest = int(np.quantile(known.total[cells] + rest.total[cells], 0.1, method="lower"))
        enough = known.total[cells] + rest.total[cells] >= largest
        if not known.total[cells[enough]].any():
            skipped[group.label()] = "no sample to fit"
        elif largest <= np.median(known.total[cells]):
            skipped[group.label()] = "no sample held out"
        else:
            samples[index] = largest
    return samples, skipped


def _outcome(cells: Integers, *halves: Tally) -> Outcome:
    return Outcome(
        np.sum([half.correct[cells] for half in halves], axis=0),
        np.sum([half.wrong[cells] for half in halves], axis=0),
        np.sum([half.abstained[cells] for half in halves], axis=0),
    )
