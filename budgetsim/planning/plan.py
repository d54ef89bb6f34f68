"""The best organization for a budget, how sure that is, and how it changes as the budget grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from budgetsim import __version__
from budgetsim.calibrate.calibration import Calibration, GroupCalibration, Interval
from budgetsim.errors import InputError
from budgetsim.planning.options import (
    LEAST_REPEATED,
    SINGLE,
    Costs,
    Floats,
    Shape,
    affordable,
    one_rho_accuracy,
    problem_accuracy,
)

#: Draws behind every probability and interval of a plan.
DRAWS = 2000
#: Accuracies closer than this are equal: nobody would pay for the difference, and rounding makes such.
MATERIAL = 1e-4
#: How far beyond the budget the plan looks, as a factor.
HORIZON = 4.0
#: A task name that stands for all tasks together, every problem counting the same.
ALL_TASKS = "all tasks"


@dataclass(frozen=True, slots=True)
class Option:
    """One organization of samples of one configuration.

    Attributes
    ----------
    model, strategy, temperature
        The configuration.
    shape
        The organization.
    tokens
        Tokens it spends on one problem.
    accuracy
        Expected share of right answers, with its 90% interval over problems and parameters.
    one_rho
        What one accuracy and one correlation would have predicted.
    """

    model: str
    strategy: str
    temperature: float | None
    shape: Shape
    tokens: float
    accuracy: Interval
    one_rho: float

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "model": self.model,
            "strategy": self.strategy,
            "temperature": self.temperature,
            "organization": self.shape.label(),
            "kind": self.shape.kind,
            "fan_in": self.shape.fan_in,
            "depth": self.shape.depth,
            "leaves": self.shape.leaves,
            "tokens": self.tokens,
            "accuracy": self.accuracy._asdict(),
            "one_rho_accuracy": self.one_rho,
        }


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """The plan for one task, or for all tasks together.

    Attributes
    ----------
    task
        The task.
    best
        The organization with the highest expected accuracy within the budget; the cheapest of those within ``MATERIAL``
        of it.
    best_single
        The best single sample within the budget.
    best_by_kind
        The best organization of each kind.
    beats_single
        Probability that the best organization is more accurate than the best single sample; one half if it is that one.
    gain
        The difference of the two accuracies.
    frontier
        Organizations that are better than every cheaper one, up to ``HORIZON`` times the budget, by rising tokens.
    """

    task: str
    best: Option
    best_single: Option
    best_by_kind: dict[str, Option]
    beats_single: float
    gain: Interval
    frontier: list[Option]

    def verdict(self) -> str:
        """How the best organization compares with the best single sample, in words."""
        if self.best.shape == SINGLE:
            return "nothing within the budget is expected to be better than this single sample"
        percent = min(max(self.beats_single, 0.001), 0.999)
        bound = {0.001: "below ", 0.999: "above "}.get(percent, "")
        return f"better than the best single sample with probability {bound}{percent:.3g}"

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "task": self.task,
            "best": self.best.to_dict(),
            "best_single": self.best_single.to_dict(),
            "best_by_kind": {kind: option.to_dict() for kind, option in self.best_by_kind.items()},
            "beats_single": self.beats_single,
            "gain": self.gain._asdict(),
            "frontier": [option.to_dict() for option in self.frontier],
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """Plans for every task under one budget, and the tasks that have none with the reason."""

    budget: float
    costs: Costs
    tasks: list[TaskPlan]
    skipped: dict[str, str]
    seed: int

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "version": __version__,
            "budget": self.budget,
            "unit": "tokens per problem",
            "interval": 0.9,
            "seed": self.seed,
            "message_tokens": self.costs.message_tokens,
            "fidelity": self.costs.fidelity,
            "correlation": self.costs.correlation,
            "window": self.costs.window,
            "max_votes": self.costs.max_votes,
            "tasks": [task.to_dict() for task in self.tasks],
            "skipped": self.skipped,
        }


class _Known:
    """Accuracies already worked out: a task's serve the plan for all tasks again."""

    def __init__(self) -> None:
        self.tables: dict[tuple[int, Shape], Floats] = {}

    def of(self, group: GroupCalibration, shape: Shape, costs: Costs) -> Floats:
        key = (id(group), shape)
        if key not in self.tables:
            self.tables[key] = problem_accuracy(group, shape, costs)
        return self.tables[key]


@dataclass(frozen=True, slots=True)
class _Configuration:
    """One configuration on the problems of one plan, its groups in the order of their tasks."""

    groups: list[GroupCalibration]

    @property
    def leaf_tokens(self) -> float:
        """Mean tokens of one sample over the problems."""
        weights = [group.problems for group in self.groups]
        return float(np.average([_tokens(group) for group in self.groups], weights=weights))

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Task and id of every problem, in the order of :meth:`accuracy`."""
        return [(group.group.task, problem) for group in self.groups for problem in group.problem_ids]

    @property
    def repeated(self) -> bool:
        """Whether every group has enough repeated samples to say what votes would do."""
        return all(group.repeated >= LEAST_REPEATED for group in self.groups)

    def accuracy(self, shape: Shape, costs: Costs, known: _Known) -> Floats:
        return np.concatenate([known.of(group, shape, costs) for group in self.groups])

    def one_rho(self, shape: Shape, costs: Costs) -> float:
        weights = [group.problems for group in self.groups]
        return float(np.average([one_rho_accuracy(group, shape, costs) for group in self.groups], weights=weights))


def _tokens(group: GroupCalibration) -> float:
    if group.tokens is None:
        raise InputError(f"group {group.group.label()} has no token counts", field="completion_tokens")
    return group.tokens.value


def plan(calibration: Calibration, budget: float, *, costs: Costs | None = None, seed: int = 0) -> Plan:
    """Find the best organization for every task, and for all tasks together, within a budget per problem.

    Parameters
    ----------
    calibration
        The calibrated groups: the configurations to choose from.
    budget
        Tokens for one problem, prompt and completion of every call; above 0.
    costs
        Messages, fidelity, correlation given the problem, window.
    seed
        Seeds the draws behind intervals and probabilities.

    Returns
    -------
    Plan
        Uncertainty is a Bayesian bootstrap over problems together with what is not known about each problem; the
        same draws serve all organizations, so that their differences are paired.

    Raises
    ------
    InputError
        If the budget is not above 0, or no task has a configuration with token counts that it can buy.
    """
    if not 0.0 < HORIZON * budget < float("inf"):
        raise InputError(f"budget must be above 0 tokens and finite, got {budget}", field="budget")
    costs = Costs() if costs is None else costs
    known = _Known()
    tasks: list[TaskPlan] = []
    skipped: dict[str, str] = {}
    for task, configurations in _configurations(calibration).items():
        priced = [c for c in configurations if all(group.tokens and group.tokens.value > 0 for group in c.groups)]
        if not priced:
            unpriced = all(group.tokens is None for c in configurations for group in c.groups)
            skipped[task] = "no configuration has token counts" if unpriced else "all token counts are missing or 0"
        elif min(c.leaf_tokens for c in priced) > budget:
            cheapest = min(c.leaf_tokens for c in priced)
            skipped[task] = f"the cheapest sample takes {cheapest:.0f} tokens, the budget is {budget:g}"
        else:
            tasks.append(_plan_task(task, priced, budget, costs, seed, known))
    if not tasks:
        reasons = "; ".join(f"{task}: {reason}" for task, reason in skipped.items())
        raise InputError(f"nothing to plan ({reasons})", field="budget")
    return Plan(budget, costs, tasks, skipped, seed)


def _configurations(calibration: Calibration) -> dict[str, list[_Configuration]]:
    """The configurations of every task; all tasks together first, by the configurations that answered all of them."""
    by_task: dict[str, dict[tuple[str, str, float | None], GroupCalibration]] = {}
    for group in calibration.groups:
        key = (group.group.model, group.group.strategy, group.group.temperature)
        by_task.setdefault(group.group.task, {})[key] = group
    found = {task: [_Configuration([group]) for group in groups.values()] for task, groups in by_task.items()}
    if len(by_task) > 1:
        everywhere = set.intersection(*(set(groups) for groups in by_task.values()))
        ordered = sorted(everywhere, key=repr)
        together = [_Configuration([groups[key] for groups in by_task.values()]) for key in ordered]
        if together and ALL_TASKS not in by_task:
            found = {ALL_TASKS: together, **found}
    return found


def _plan_task(
    task: str, configurations: Sequence[_Configuration], budget: float, costs: Costs, seed: int, known: _Known
) -> TaskPlan:
    candidates = [
        (configuration, shape, shape.tokens(configuration.leaf_tokens, costs))
        for configuration in configurations
        for shape in affordable(configuration.leaf_tokens, HORIZON * budget, costs)
        if shape is SINGLE or configuration.repeated
    ]
    tables = [configuration.accuracy(shape, costs, known) for configuration, shape, _ in candidates]
    expected = np.array([table.mean() for table in tables])
    tokens = np.array([spent for _, _, spent in candidates])
    within = tokens <= budget + 1e-9
    singles = np.array([shape is SINGLE for _, shape, _ in candidates])
    draws = _Draws(tables, [configuration.problems for configuration, _, _ in candidates], seed)

    def option(index: int) -> Option:
        configuration, shape, spent = candidates[index]
        first = configuration.groups[0].group
        return Option(
            first.model,
            first.strategy,
            first.temperature,
            shape,
            float(spent),
            Interval.of(expected[index], draws.of(index)),
            configuration.one_rho(shape, costs),
        )

    def best(allowed: np.ndarray) -> int:
        indices = np.flatnonzero(allowed)
        good = indices[expected[indices] >= expected[indices].max() - MATERIAL]
        return int(good[np.lexsort((-expected[good], tokens[good]))[0]])

    chosen, single = best(within), best(within & singles)
    kinds = np.array([shape.kind for _, shape, _ in candidates])
    by_kind = {kind: option(best(within & (kinds == kind))) for kind in dict.fromkeys(kinds[within].tolist())}
    difference = draws.of(chosen) - draws.of(single)
    beats = float((difference > 0).mean() + 0.5 * (difference == 0).mean())
    order = np.lexsort((-expected, tokens))
    leading = np.maximum.accumulate(np.concatenate([[-1.0], expected[order][:-1]]))
    frontier = [option(int(index)) for index in order[expected[order] > leading + MATERIAL]]
    gain = Interval.of(expected[chosen] - expected[single], difference)
    return TaskPlan(task, option(chosen), option(single), by_kind, beats, gain, frontier)


class _Draws:
    """Bayesian bootstrap over problems, one answer distribution per problem and draw, the same for all options.

    A configuration that did not answer all problems has its draws from the weights of those that it did.
    """

    def __init__(self, tables: Sequence[Floats], answered: Sequence[list[tuple[str, str]]], seed: int) -> None:
        self.tables = tables
        number = {problem: k for k, problem in enumerate(sorted(set().union(*answered)))}
        self.places = [[number[problem] for problem in problems] for problems in answered]
        problems, atoms = len(number), tables[0].shape[1]
        generator = np.random.default_rng([seed, 5])
        self.weights = generator.standard_exponential((DRAWS, problems))
        self.weights /= self.weights.sum(axis=1, keepdims=True)
        self.atom = generator.integers(atoms, size=(DRAWS, problems))

    def of(self, index: int) -> Floats:
        """Draws of the accuracy of one option, shape ``(DRAWS,)``."""
        table, places = self.tables[index], self.places[index]
        weights = self.weights[:, places]
        drawn = table[np.arange(table.shape[0]), self.atom[:, places]]
        return np.asarray((weights * drawn).sum(axis=1) / weights.sum(axis=1))
