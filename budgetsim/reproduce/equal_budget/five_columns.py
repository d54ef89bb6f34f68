"""What the table of five methods holds: right answers at every budget, in every world of the prior `thoughts`."""

from __future__ import annotations

from scipy.stats import norm

from budgetsim.reproduce.equal_budget.columns import trap_share
from budgetsim.simulate.reasoning.thought_prior import HALVES, ThoughtSetting

VOTES, TREE, DEBATE, TOLD, THINKING, STOPPING = (
    "CoT-SC",
    "tree of thoughts",
    "debate",
    "TALE",
    "thinking on",
    "stopping votes",
)
COMPETING = (VOTES, TREE, DEBATE, TOLD, THINKING, STOPPING)
"""The five methods of the table in circulation, the last one in two readings: they compete."""

EARLY = (THINKING, STOPPING)
"""Readings of anytime reasoning with early stopping."""

NARROW = "tree of width 1"
"""Looked at, but does not compete."""

BUDGETS = tuple(halves / 2 for halves in HALVES)
"""In chains of thought."""

LOW, HIGH = (0.5, 1.0, 2.0, 4.0), (16.0, 32.0, 64.0)
"""Budgets that are called low and high."""

SLIGHT = 0.03
"""Accuracy that a good method may be behind the best one."""

PARAMETERS = {
    "mean right": "mean probability of a right chain",
    "trap share": "share of questions whose commonest answer is wrong",
    "discrimination": "distance of the evaluator's grades, in their spread",
    "unseen": "share of questions whose error is not seen",
    "accepts right": "probability that a sound thought looks sound",
    "accepts wrong": "probability that another one does",
    "evaluator tokens": "tokens of an evaluation over those of a chain",
    "concentration": "concentration of the probability of a right chain",
    "answers": "number of answers",
    "dominant": "share of the wrong answers that are the same",
    "steps": "number of steps of a chain",
    "leap": "chance of a step that is not written over that of a written one",
    "repair": "probability that a second thought repairs",
    "spoil": "probability that a second thought spoils",
    "written": "written share of a chain's tokens",
    "answer tokens": "tokens of a forced answer over those of a chain",
    "sufficient": "share of a chain's tokens that suffices",
    "overrun": "tokens written over tokens told",
    "give-up": "give-up point over the tokens that suffice",
    "steepness": "sharpness of giving up",
    "margin": "estimator's median over the tokens that suffice",
    "estimator spread": "spread of the estimator's log",
    "estimate tokens": "tokens of an estimate over those of a chain",
    "debaters": "number of debaters",
    "conformity": "probability to adopt the plurality",
    "threshold": "gain below which thinking on stops",
}
"""Columns of a world's parameters, and what they are; those of `DERIVED` follow from the others."""

DERIVED = ("trap share", "discrimination")
DIFFICULTY, EVALUATOR, TRAPS = ("mean right",), ("discrimination", "unseen"), ("trap share",)


def parameters(setting: ThoughtSetting) -> dict[str, float]:
    """The numbers of a drawn world, by the names of `PARAMETERS`."""
    world, chain = setting.world, setting.world.sample_tokens
    return {
        "mean right": world.right_mean,
        "trap share": trap_share(world.right_mean, world.right_concentration, world.dominant),
        "discrimination": float(norm.ppf(world.accepts_right) - norm.ppf(world.accepts_wrong)),
        "unseen": world.unseen,
        "accepts right": world.accepts_right,
        "accepts wrong": world.accepts_wrong,
        "evaluator tokens": world.evaluator_tokens / chain,
        "concentration": world.right_concentration,
        "answers": world.answers,
        "dominant": world.dominant,
        "steps": world.steps,
        "leap": world.leap,
        "repair": world.repair,
        "spoil": world.spoil,
        "written": world.chain_tokens / chain,
        "answer tokens": world.answer_tokens / chain,
        "sufficient": world.sufficient_share,
        "overrun": world.overrun,
        "give-up": world.collapse_share,
        "steepness": world.steepness,
        "margin": world.estimator_margin,
        "estimator spread": world.estimator_spread,
        "estimate tokens": world.estimator_tokens / chain,
        "debaters": setting.agents,
        "conformity": world.conformity,
        "threshold": setting.threshold,
    }
