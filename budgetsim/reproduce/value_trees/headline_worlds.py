"""Every strategy in every world of a prior: accuracies, a row a world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from budgetsim.reproduce.value_trees.headline_rules import (
    ABLATIONS,
    BY_NODE,
    CHAINS,
    CHOICES,
    CUT,
    PATIENT,
    QUICK,
    RULES,
    TREE,
    UNHELPED,
)
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning import HopSetting, HopWorld, ParallelChains, Policy, hop_prior, simulate_worlds
from budgetsim.simulate.reasoning.hop_prior import BUDGETS

NODES = 21  # the root, and a step for each tool call of the high budget
PROBLEMS = "problems"
Player = Callable[[float], Policy | Sequence[Policy]]
"""A strategy, or one for each world, given the tool calls of the budget."""


def measure(*, traps: bool, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Parameters of the worlds of a prior, and what share of its questions each strategy answers right."""
    settings = hop_prior(24 if quick else 240, seed, traps=traps)
    worlds = [setting.world for setting in settings]
    problems = 200 if quick else 1000
    longest = [ParallelChains(longest=setting.longest) for setting in settings]
    answering = [replace(policy, answers_when_cut=True) for policy in longest]

    def chains(_: float) -> Sequence[Policy]:
        return longest

    def cut(_: float) -> Sequence[Policy]:
        return answering

    every = tuple(BUDGETS)
    rules = {name: rule for name, rule in RULES.items() if name in QUICK or not quick}
    runs: list[tuple[str, Player, Sequence[HopWorld], Sequence[str]]] = [
        (CHAINS, chains, worlds, every),
        (f"{CHAINS}, {CUT}", cut, worlds, every),
        *((name, rule, worlds, every) for name, rule in rules.items()),
    ]
    if not quick:
        nodewise = [replace(world, repeat_by="node") for world in worlds]
        patient = [replace(world, early_stop=0.0) for world in worlds]
        unhelped = [replace(world, repeat_widened=world.repeat) for world in worlds]
        runs += [(name, rule, worlds, ("low",)) for name, rule in (CHOICES | ABLATIONS).items()]
        runs += [
            (f"{TREE}, {BY_NODE}", RULES[TREE], nodewise, ("low",)),
            (f"{CHAINS}, {BY_NODE}", chains, nodewise, ("low", "high")),
            (f"{CHAINS}, {PATIENT}", chains, patient, ("low", "high")),
            (f"{TREE}, {UNHELPED}", RULES[TREE], unhelped, ("low",)),
        ]
    table = {**parameters(settings), PROBLEMS: np.full(len(worlds), problems)}
    for place, (name, player, where, budgets) in enumerate(runs):
        for budget in budgets:
            limits = BUDGETS[budget]
            table[f"{name} {budget}"] = simulate_worlds(
                where, player(float(limits.calls or 0.0)), limits, problems_per_world=problems, seed=seed, nodes=NODES
            ).accuracy
        progress((place + 1) / len(runs))
    return table


def parameters(settings: Sequence[HopSetting]) -> Table:
    """What distinguishes the worlds of a prior, as declared; the mix of hops and the beta law by their means."""
    worlds = [setting.world for setting in settings]
    columns = {
        "hops": [sum(weight * hops for hops, weight in enumerate(world.hop_weights, 2)) for world in worlds],
        "progress": [world.progress_alpha / (world.progress_alpha + world.progress_beta) for world in worlds],
        "misleading": [world.misleading for world in worlds],
        "dead ends": [world.trapped for world in worlds],
        "repeats": [world.repeat for world in worlds],
        "repeats under WIDEN": [world.repeat_widened for world in worlds],
        "critic's noise": [world.critic_noise for world in worlds],
        "critic's bias": [world.critic_bias for world in worlds],
        "critic fooled": [world.fooled for world in worlds],
        "early stop": [world.early_stop for world in worlds],
        "longest chain": [setting.longest for setting in settings],
    }
    return {name: np.array(values, np.float64) for name, values in columns.items()}
