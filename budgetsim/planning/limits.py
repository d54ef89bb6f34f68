"""What the data cannot tell: the assumptions of a plan that its runs do not test, in words."""

from __future__ import annotations

from budgetsim.calibrate.calibration import Calibration
from budgetsim.calibrate.exchange import ALARM
from budgetsim.planning.options import LEAST_REPEATED, MOST_LEAVES, Costs
from budgetsim.planning.plan import HORIZON, Plan

#: Fewer problems than this in a group are called few.
FEW_PROBLEMS = 30


def limits(calibration: Calibration, plan: Plan | None, costs: Costs) -> list[str]:
    """Sentences on what stays unknown after this calibration and plan.

    Parameters
    ----------
    calibration
        The calibrated groups.
    plan
        The plan made from it, if any.
    costs
        What was assumed of messages and agents.

    Returns
    -------
    list of str
    """
    groups = calibration.groups
    said = [
        "How well agents pass on what they found: logs of single calls hold no messages. Trees assume a fidelity of "
        f"{costs.fidelity:g} and messages of {costs.message_tokens:g} tokens.",
        "Whether agents who share a context err together beyond the difficulty of the problem: given the problem, "
        f"repeated samples are independent by construction; trees assume a correlation of {costs.correlation:g}.",
        "Whether other problems are like these: intervals cover the choice of problems from the same source, not a "
        "change of source, model version or prompt.",
    ]
    lonely = [group.group.label() for group in groups if group.repeated < LEAST_REPEATED]
    if lonely:
        said.append(
            f"How correlated repeated samples are in {_some(lonely)}: fewer than {LEAST_REPEATED} problems were "
            "answered twice. The interval rests on the other groups and the prior; plans use single samples of these."
        )
    few = [f"{group.group.label()} ({group.problems})" for group in groups if group.problems < FEW_PROBLEMS]
    if few:
        said.append(f"Much about groups with few problems: {_some(few)}.")
    ordered = [group.group.label() for group in groups if abs(group.order_effect) > ALARM]
    if ordered:
        said.append(
            f"What votes would do in {_some(ordered)}: correctness changes along sample_index, so the samples are not "
            "exchangeable draws, and predictions of votes and coverage do not apply."
        )
    silent = [group.group.label() for group in groups if not group.answers_known]
    if silent:
        said.append(
            f"Which wrong answers are given in {_some(silent)}: the runs do not log answers, all wrong ones count as "
            "the same, and plurality accuracies are lower bounds."
        )
    unpriced = [group.group.label() for group in groups if group.tokens is None]
    if unpriced:
        said.append(f"What a sample costs in {_some(unpriced)}: no token counts, so these are in no plan.")
    promptless = [g.group.label() for g in groups if g.tokens is not None and not g.prompts_known]
    if promptless:
        said.append(
            f"What prompts cost in {_some(promptless)}: some samples log completion tokens only, and their prompts "
            "count as free."
        )
    if plan is not None:
        for task, reason in plan.skipped.items():
            said.append(f"What to do on {task}: {reason}.")
        said.append(
            f"Anything about more than {costs.max_votes} votes, {MOST_LEAVES:,} leaf calls of a tree, or "
            f"{HORIZON * plan.budget:,.0f} tokens per problem."
        )
    return said


def _some(labels: list[str], most: int = 5) -> str:
    shown = "; ".join(labels[:most])
    return shown if len(labels) <= most else f"{shown} and {len(labels) - most} more"
