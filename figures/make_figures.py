"""The figure of the README, from the bundled runs alone: `python figures/make_figures.py [--out FOLDER]`.

It shows the first task in alphabetical order, a rule that was fixed before any task was looked at, under the budget of
`make demo`. The same runs give the same files.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from budgetsim import plot
from budgetsim.calibrate import calibrate, half_of_samples, order_effects, summarize, validate
from budgetsim.data import bundled_runs
from budgetsim.planning import ALL_TASKS, Costs, organization_curves, plan
from budgetsim.planning.plan import HORIZON
from budgetsim.traces import read

BUDGET = 2000.0


def main() -> None:
    """Read, calibrate, plan, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder for the files")
    out = parser.parse_args().out
    table = read(bundled_runs()).table
    tasks = {task.task: task for task in plan(calibrate(table), BUDGET).tasks if task.task != ALL_TASKS}
    first = tasks[min(tasks)]
    # The curves are fitted on half of the samples of every problem; the crosses are the other half.
    validation = validate(table, half_of_samples(table))
    curves = organization_curves(
        summarize(validation.fit, order_effects(table)),
        validation.held_out,
        first.best,
        first.task,
        Costs(),
        horizon=HORIZON * BUDGET,
    )
    for theme in plot.THEMES:
        name = "organizations" if theme == "light" else f"organizations-{theme}"
        for path in plot.save(plot.organizations(curves, budget=BUDGET, theme=theme), out, name):
            print(path)


if __name__ == "__main__":
    main()
