"""The plan played out: the chosen organizations simulated vote by vote, against what the plan expects of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from budgetsim.calibrate.calibration import Calibration, GroupCalibration
from budgetsim.planning.options import Costs, Floats, Shape, problem_accuracy
from budgetsim.planning.plan import ALL_TASKS, Option, Plan
from budgetsim.simulate import Estimate, simulate_organization, simulate_plurality

#: Organizations played for every check.
REPLICAS = 200_000
#: Leaf calls drawn for one check at most: large trees are played fewer times.
MOST_CALLS = 400_000_000
#: A difference of more standard errors than this is called a disagreement.
ALARM = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """One organization as planned and as simulated.

    Attributes
    ----------
    task
        The task planned for.
    option
        The organization.
    expected
        Accuracy that the theory integrates over the calibrated problems.
    simulated
        The same by drawing problems, votes and messages.
    """

    task: str
    option: Option
    expected: float
    simulated: Estimate

    @property
    def agrees(self) -> bool:
        """Whether the two lie within ``ALARM`` standard errors."""
        return abs(self.simulated.z_score(self.expected)) <= ALARM

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "task": self.task,
            "model": self.option.model,
            "strategy": self.option.strategy,
            "temperature": self.option.temperature,
            "organization": self.option.shape.label(),
            "tokens": self.option.tokens,
            "expected": self.expected,
            "simulated": self.simulated.value,
            "simulated_se": self.simulated.standard_error,
            "z": self.simulated.z_score(self.expected),
            "agrees": self.agrees,
            # The parameters are the calibration's: not said again, they are by far the largest part.
            "provenance": {name: value for name, value in self.simulated.provenance.items() if name != "parameters"},
        }


def simulate_shape(
    groups: Iterable[GroupCalibration], shape: Shape, costs: Costs, *, replicas: int = REPLICAS, seed: int = 0
) -> Estimate:
    """Play one organization on problems drawn from calibrated groups, every vote and message drawn.

    Parameters
    ----------
    groups
        Groups of one configuration; every problem counts the same.
    shape
        The organization.
    costs
        Fidelity and correlation of trees.
    replicas, seed
        As in :func:`budgetsim.simulate.simulate_organization`.
    """
    replicas = max(1000, min(replicas, MOST_CALLS // shape.leaves))
    tables = [expanded(group) for group in groups]
    if shape.kind != "votes":
        right = np.concatenate([table[:, 0] for table in tables])
        return simulate_organization(shape.organization(costs), right, replicas=replicas, seed=seed)
    width = max(table.shape[1] for table in tables)
    padded = [np.pad(table, ((0, 0), (0, width - table.shape[1]))) for table in tables]
    return simulate_plurality(np.concatenate(padded), shape.fan_in, replicas=replicas, seed=seed)


def expanded(group: GroupCalibration) -> Floats:
    """Answer probabilities with every answer in a column of its own, shape ``(problems * atoms, answers)``."""
    probabilities = group.answer_probabilities.reshape(-1, group.answer_probabilities.shape[-1])
    copies = group.answer_copies.reshape(probabilities.shape)
    if np.all(copies == 1):
        return np.asarray(probabilities)
    most = int(copies[:, -1].max())
    tail = np.where(np.arange(most) < copies[:, -1:], probabilities[:, -1:], 0.0)
    return np.concatenate([probabilities[:, :-1], tail], axis=1)


def check(
    calibration: Calibration, plan: Plan, *, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> list[Check]:
    """Simulate the best organization of every task, and the best of each kind for the first.

    Parameters
    ----------
    calibration
        What the plan was made from.
    plan
        The plan.
    seed
        Seeds the simulations.
    progress
        Called with (checks done, checks in all).

    Returns
    -------
    list of Check
    """
    wanted: list[tuple[str, Option]] = []
    for position, task in enumerate(plan.tasks):
        options = [task.best, *(task.best_by_kind.values() if position == 0 else ())]
        wanted += [(task.task, option) for option in dict.fromkeys(options)]
    checks = []
    for done, (task_name, option) in enumerate(wanted):
        groups = configuration_groups(calibration, task_name, option)
        expected = float(np.mean(np.concatenate([problem_accuracy(g, option.shape, plan.costs) for g in groups])))
        simulated = simulate_shape(groups, option.shape, plan.costs, seed=seed + done)
        checks.append(Check(task_name, option, expected, simulated))
        if progress is not None:
            progress(done + 1, len(wanted))
    return checks


def configuration_groups(calibration: Calibration, task: str, option: Option) -> list[GroupCalibration]:
    """The groups of an option's configuration on a task, or on all tasks together."""
    wanted = (option.model, option.strategy, option.temperature)
    return [
        group
        for group in calibration.groups
        if (group.group.model, group.group.strategy, group.group.temperature) == wanted
        and (task == ALL_TASKS or group.group.task == task)
    ]
