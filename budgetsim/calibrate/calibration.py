"""The result of a calibration: per group what one sample is worth, how samples hang together, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from budgetsim import __version__
from budgetsim.calibrate.baselines import plain_beta
from budgetsim.calibrate.exchange import order_effects
from budgetsim.calibrate.fit import Fit, fit_counts, success_atoms
from budgetsim.calibrate.grid import PROBABILITY, beta_weights
from budgetsim.calibrate.margins import shape_parameters
from budgetsim.calibrate.predict import INTERVAL, dirichlet
from budgetsim.calibrate.tally import Floats, Group, Integers, Tally, tabulate
from budgetsim.errors import InputError

#: Evenly likely answer distributions kept per problem, so that plans see what is not known about each problem; fewer
#: where there are so many problems that these alone tell. All groups have the same number: plans put them side by side.
ATOMS, MOST_ATOMS = 4, 2000
#: Wrong answers kept one by one; those behind them are taken for equally likely.
HEAD = 6
_PARAMETER_DRAWS, _WEIGHT_DRAWS = 4000, 24
FORMAT = 1


class Interval(NamedTuple):
    """A number with its 90% interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, draws: Floats) -> Interval:
        """The interval that holds the middle 90% of the draws."""
        low, high = np.quantile(draws, INTERVAL)
        return cls(float(value), float(low), float(high))

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class GroupCalibration:
    """One group: a configuration on one task.

    Attributes
    ----------
    group
        Model, strategy, task, temperature.
    problems, samples
        How much was seen.
    repeated
        Problems with two samples or more: without them nothing is known of how samples hang together.
    accuracy
        Probability that one sample is right, on problems like these.
    correlation_total
        Intra-problem correlation of correctness: the share of its variance that lies between problems. No number of
        votes outvotes it.
    correlation_within
        The same among problems that all other groups found equally hard; None where no other group saw the problems.
        Given the problem itself, samples drawn one by one are independent and the correlation is 0.
    alpha, beta
        Of the beta distribution of success probabilities, with strength borrowed from the other groups.
    own_alpha, own_beta
        Its maximum-likelihood values from this group alone.
    distribution
        ``"beta"`` or ``"mixture"``: which predicts problems left out of the fit better; plans use that one.
    beta_score, mixture_score
        Mean log-likelihood of a problem left out.
    tokens
        Prompt and completion tokens of one sample; None where the runs do not say.
    abstained
        Share of samples whose answer could not be parsed.
    wrong_agreement
        Chance that two wrong samples of one problem give the same answer; None if answers are not known or no problem
        has two wrong samples. High agreement is what makes plurality votes fail.
    answers_known
        Whether the runs say which wrong answers were given. If not, all wrong answers count as the same one, and
        plurality accuracy is a lower bound.
    prompts_known
        Whether prompt tokens are logged wherever completion tokens are; if not, missing ones count as none.
    order_effect
        Standard score of a trend of correctness along ``sample_index`` within problems. Beyond 4 in size the samples
        are not exchangeable (turns that learn from each other, say) and votes are not what the model predicts.
    problem_ids
        The problems behind ``answer_probabilities``.
    answer_probabilities
        Evenly likely answer distributions of every problem, shape ``(problems, atoms, answers)``: the right answer
        first, then wrong ones in falling order, the last column for all beyond the first ``HEAD``; what is missing to 1
        cannot be parsed.
    answer_copies
        How many answers each column stands for, same shape: 1 but in the last column, where it keeps the chance that
        two of the rarer answers agree.
    """

    group: Group
    problems: int
    samples: int
    repeated: int
    accuracy: Interval
    correlation_total: Interval
    correlation_within: Interval | None
    alpha: float
    beta: float
    own_alpha: float
    own_beta: float
    distribution: str
    beta_score: float
    mixture_score: float
    tokens: Interval | None
    abstained: float
    wrong_agreement: Interval | None
    answers_known: bool
    prompts_known: bool
    order_effect: float
    problem_ids: list[str]
    answer_probabilities: Floats
    answer_copies: Integers


@dataclass(frozen=True, slots=True)
class Calibration:
    """All groups, what they share, and what was set aside.

    Attributes
    ----------
    groups
        Sorted by group.
    difficulty_shares
        Share of a problem's place in the order of difficulty by what has it in common.
    scales
        Standard deviations of the groups' parameters by attribute.
    set_aside
        Rows that were not samples, by reason.
    """

    groups: list[GroupCalibration]
    difficulty_shares: dict[str, float]
    scales: dict[str, dict[str, float]]
    set_aside: dict[str, int]
    seed: int

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON; :meth:`from_dict` reads it back."""
        return {
            "format": FORMAT,
            "version": __version__,
            "seed": self.seed,
            "interval": 0.9,
            "difficulty_shares": self.difficulty_shares,
            "scales": self.scales,
            "set_aside": self.set_aside,
            "groups": [_group_to_dict(group) for group in self.groups],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, file: str | None = None) -> Calibration:
        """Read what :meth:`to_dict` wrote.

        Raises
        ------
        InputError
            If the data are not a calibration, naming the field.
        """
        if not isinstance(data, Mapping) or data.get("format") != FORMAT:
            raise InputError(f"expected a calibration of format {FORMAT}", file=file, field="format")
        groups = data.get("groups")
        if not isinstance(groups, list) or not groups:
            raise InputError("expected a list of groups that is not empty", file=file, field="groups")
        read = []
        for number, group in enumerate(groups):
            try:
                read.append(_group_from_dict(group))
            except KeyError as missing:
                raise InputError("missing", file=file, field=f"groups[{number}].{missing.args[0]}") from None
            except (TypeError, ValueError, OverflowError) as wrong:
                raise InputError(f"not a calibration: {wrong}", file=file, field=f"groups[{number}]") from None
        try:
            shares, scales = dict(data["difficulty_shares"]), dict(data["scales"])
            return cls(read, shares, scales, dict(data["set_aside"]), int(data["seed"]))
        except KeyError as missing:
            raise InputError("missing", file=file, field=str(missing.args[0])) from None
        except (TypeError, ValueError) as wrong:
            raise InputError(f"not a calibration: {wrong}", file=file) from None


def with_tokens(table: pl.DataFrame, tokens_per_sample: float | None) -> pl.DataFrame:
    """The same rows with a stated number of tokens where they do not say theirs.

    Raises
    ------
    InputError
        If the number is not above 0.
    """
    if tokens_per_sample is None:
        return table
    if not 0.0 < tokens_per_sample < float("inf"):
        raise InputError(f"expected a number above 0, got {tokens_per_sample}", field="tokens_per_sample")
    unknown = pl.col("completion_tokens").is_null()
    return table.with_columns(
        pl.when(unknown).then(0.0).otherwise("prompt_tokens").alias("prompt_tokens"),
        pl.col("completion_tokens").fill_null(tokens_per_sample),
    )


def calibrate(table: pl.DataFrame, *, seed: int = 0) -> Calibration:
    """Calibrate every group of a table of runs.

    Parameters
    ----------
    table
        Rows of the runs schema, as in :attr:`budgetsim.traces.Runs.table`.
    seed
        Seeds the draws behind the intervals.

    Returns
    -------
    Calibration

    Raises
    ------
    InputError
        If no row is a sample of an answer with a known correctness.
    """
    tally, _ = tabulate(table)
    return summarize(fit_counts(tally), order_effects(table), seed=seed)


def summarize(fit: Fit, order_effect: Mapping[Group, float], *, seed: int = 0) -> Calibration:
    """The calibration that a fit amounts to."""
    tally = fit.tally
    generator = np.random.default_rng([seed, 3])
    parameters = fit.margins.draw(_PARAMETER_DRAWS, generator)
    alpha, beta = shape_parameters(fit.margins.mode)
    drawn_alpha, drawn_beta = shape_parameters(parameters)
    own_alpha, own_beta = plain_beta(tally)
    weights = fit.drawn_weights(_WEIGHT_DRAWS, generator)
    within = _within_correlation(fit, beta_weights(*shape_parameters(parameters[:_WEIGHT_DRAWS])))
    posterior = fit.posterior()
    means = np.array([fit.posterior(drawn) @ PROBABILITY for drawn in weights])
    atoms = int(np.clip(MOST_ATOMS // np.bincount(tally.group).max(), 2, ATOMS))
    groups = []
    for index, group in enumerate(tally.groups):
        cells = tally.of_group(index)
        mass = drawn_alpha[:, index] + drawn_beta[:, index]
        probabilities, copies = _answer_probabilities(
            posterior[cells], fit.wrong[cells], atoms, np.random.default_rng([seed, 4, index])
        )
        groups.append(
            GroupCalibration(
                group=group,
                problems=len(cells),
                samples=int(tally.total[cells].sum()),
                repeated=int((tally.total[cells] > 1).sum()),
                accuracy=_accuracy(posterior[cells], means[:, cells], generator),
                correlation_total=Interval.of(1.0 / (1.0 + alpha[index] + beta[index]), 1.0 / (1.0 + mass)),
                correlation_within=within.get(index),
                alpha=float(alpha[index]),
                beta=float(beta[index]),
                own_alpha=float(own_alpha[index]),
                own_beta=float(own_beta[index]),
                distribution="mixture" if fit.choice.is_mixture[index] else "beta",
                beta_score=float(fit.choice.beta_score[index]),
                mixture_score=float(fit.choice.mixture_score[index]),
                tokens=_mean_tokens(tally.tokens[cells]),
                abstained=float(tally.abstained[cells].sum() / max(tally.total[cells].sum(), 1.0)),
                wrong_agreement=_wrong_agreement(tally, cells, generator) if tally.answers_known[index] else None,
                answers_known=bool(tally.answers_known[index]),
                prompts_known=bool(tally.prompts_known[index]),
                order_effect=order_effect.get(group, 0.0),
                problem_ids=[tally.problems[problem][1] for problem in tally.problem[cells]],
                answer_probabilities=probabilities,
                answer_copies=copies,
            )
        )
    return Calibration(groups, fit.difficulty.shares, fit.margins.scales, tally.set_aside, seed)


def _accuracy(posterior: Floats, means: Floats, generator: np.random.Generator) -> Interval:
    """Mean over problems; its spread is a Bayesian bootstrap over them, what each leaves open, and the distribution's.

    ``means`` [draws, problems] are the problems' posterior means under draws of the group's distribution.
    """
    mean = posterior @ PROBABILITY
    variance = np.maximum(posterior @ PROBABILITY**2 - mean**2, 0.0)
    weights = generator.standard_exponential((_PARAMETER_DRAWS, len(mean)))
    weights /= weights.sum(axis=1, keepdims=True)
    drawn = (weights * means[np.arange(_PARAMETER_DRAWS) % len(means)]).sum(axis=1)
    noise = generator.standard_normal(_PARAMETER_DRAWS) * np.sqrt(weights**2 @ variance)
    return Interval.of(mean.mean(), np.clip(drawn + noise, 0.0, 1.0))


def _within_correlation(fit: Fit, drawn_weights: Floats) -> dict[int, Interval]:
    """Correlation left among problems that the other groups found equally hard, per group that shares problems."""
    tally = fit.tally
    told = fit.difficulty.variance < 1.0 - 1e-9
    count = len(tally.groups)
    shared = np.bincount(tally.group, told, count) > 0

    def correlation(weights: Floats) -> Floats:
        stratum = fit.before_own_counts(weights)
        mean = stratum @ PROBABILITY
        spread = stratum @ PROBABILITY**2 - mean**2
        floor = np.maximum(np.bincount(tally.group, mean * (1.0 - mean), count), 1e-12)
        return np.asarray(np.bincount(tally.group, spread, count) / floor)

    if not shared.any():
        return {}
    # From the beta distributions throughout, as the total is, whichever distribution was chosen for plans.
    value = correlation(beta_weights(*shape_parameters(fit.margins.mode)))
    draws = np.array([correlation(weights) for weights in drawn_weights])
    return {int(g): Interval.of(value[g], draws[:, g]) for g in np.flatnonzero(shared)}


def _wrong_agreement(tally: Tally, cells: Integers, generator: np.random.Generator) -> Interval | None:
    """Agreeing pairs over all pairs of wrong samples; its spread is a Bayesian bootstrap over problems."""
    wrong = tally.wrong[cells]
    samples = tally.total[cells] - tally.correct[cells]
    agreeing, pairs = (wrong * (wrong - 1.0)).sum(axis=1), samples * (samples - 1.0)
    if not pairs.any():
        return None
    weights = generator.standard_exponential((_PARAMETER_DRAWS, len(cells)))
    return Interval.of(agreeing.sum() / pairs.sum(), (weights @ agreeing) / (weights @ pairs))


def _mean_tokens(tokens: Floats) -> Interval | None:
    known = tokens[np.isfinite(tokens)]
    if not len(known):
        return None
    error = known.std() / np.sqrt(max(len(known) - 1, 1))
    mean = float(known.mean())
    return Interval(mean, float(mean - 1.6449 * error), float(mean + 1.6449 * error))


def _answer_probabilities(
    posterior: Floats, wrong: Floats, atoms: int, generator: np.random.Generator
) -> tuple[Floats, Integers]:
    right = success_atoms(posterior, atoms)
    shares = dirichlet(np.repeat(wrong[:, None, :], atoms, axis=1), generator)[..., :-1]
    given = -np.sort(-(1.0 - right)[..., None] * shares, axis=-1)
    tail = given[..., HEAD:]
    mass, agreement = tail.sum(axis=-1), (tail**2).sum(axis=-1)
    answers = np.where(mass > 0.0, np.maximum(np.round(mass**2 / np.maximum(agreement, 1e-300)), 1.0), 0.0)
    each = mass / np.maximum(answers, 1.0)
    table = np.concatenate([right[..., None], given[..., :HEAD], each[..., None]], axis=-1)
    copies = np.ones(table.shape, np.int64)
    copies[..., -1] = answers
    used = np.flatnonzero((table[..., 1:] > 0.0).any(axis=(0, 1)))
    width = 2 + int(used.max(initial=-1))
    return np.asarray(table[..., :width]), np.asarray(copies[..., :width])


def _group_to_dict(group: GroupCalibration) -> dict[str, object]:
    plain = {name: getattr(group, name) for name in group.__dataclass_fields__}
    for name in ("accuracy", "correlation_total", "correlation_within", "tokens", "wrong_agreement"):
        plain[name] = None if plain[name] is None else plain[name]._asdict()
    for name in ("beta_score", "mixture_score"):
        plain[name] = None if np.isnan(plain[name]) else plain[name]
    plain["correlation_given_problem"] = 0.0
    plain["answer_probabilities"] = group.answer_probabilities.tolist()
    plain["answer_copies"] = group.answer_copies.tolist()
    return {**group.group._asdict(), **{name: value for name, value in plain.items() if name != "group"}}


def _group_from_dict(data: Mapping[str, Any]) -> GroupCalibration:
    plain = {name: data[name] for name in GroupCalibration.__dataclass_fields__ if name != "group"}
    for name in ("accuracy", "correlation_total", "correlation_within", "tokens", "wrong_agreement"):
        plain[name] = None if plain[name] is None else _interval(name, plain[name])
    for name in ("beta_score", "mixture_score"):
        plain[name] = float("nan") if plain[name] is None else float(plain[name])
    for name in ("alpha", "beta", "own_alpha", "own_beta", "abstained", "order_effect"):
        plain[name] = _finite(name, plain[name])
    for name in ("problems", "samples", "repeated"):
        plain[name] = int(plain[name])
    table = np.asarray(plain["answer_probabilities"], float)
    copies = np.asarray(plain["answer_copies"], np.int64)
    if table.ndim != 3 or 0 in table.shape or table.shape != copies.shape or len(table) != len(plain["problem_ids"]):
        raise ValueError("answer_probabilities, answer_copies and problem_ids do not belong together")
    sums = (table * copies).sum(axis=2)
    if not (
        np.all(table >= 0.0) and np.all(copies >= 0) and np.all(copies[..., 0] == 1) and np.all(sums <= 1.0 + 1e-9)
    ):
        raise ValueError("answer_probabilities: expected probabilities, 0 or more, with sums of at most 1")
    if plain["tokens"] is not None and plain["tokens"].value < 0.0:
        raise ValueError("tokens: expected 0 or more")
    plain["answer_probabilities"], plain["answer_copies"] = table, copies
    return GroupCalibration(group=Group(*(data[name] for name in Group._fields)), **plain)


def _interval(name: str, data: Mapping[str, Any]) -> Interval:
    return Interval(*(_finite(f"{name}.{part}", data[part]) for part in Interval._fields))


def _finite(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError(f"{name}: expected a finite number, found {value!r}")
    return float(value)
