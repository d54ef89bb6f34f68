"""Five methods in one world: what is said of small tables whose answers are known, and runs against exact laws."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from budgetsim.plot.style import themed
from budgetsim.reproduce.equal_budget import five_methods
from budgetsim.reproduce.equal_budget.columns import right
from budgetsim.reproduce.equal_budget.five_columns import (
    BUDGETS,
    COMPETING,
    DEBATE,
    HIGH,
    LOW,
    NARROW,
    PARAMETERS,
    STOPPING,
    THINKING,
    TOLD,
    TREE,
    VOTES,
    parameters,
)
from budgetsim.reproduce.equal_budget.sized_trees import sized_tree, tree_nodes, tree_tokens
from budgetsim.simulate.reasoning import Beam, ThoughtWorld, simulate_strategy, simulate_worlds, thought_prior

WORLDS, PROBLEMS = 40, 10_000  # two standard errors of a difference are .014
FALSE_ALARMS = 1e-6
EVERYWHERE = "one of the five methods is best at every budget"


def even(**counts):
    """A table in which every method answers half of the questions, but for the columns that are given."""
    table = {name: np.linspace(0.05, 0.95, WORLDS) for name in PARAMETERS}
    table["problems"] = np.full(WORLDS, PROBLEMS)
    for name in (*COMPETING, NARROW):
        for budget in BUDGETS:
            table[right(name, budget)] = np.full(WORLDS, PROBLEMS // 2)
            table[five_methods.spent(name, budget)] = np.full(WORLDS, 100.0)
    return table | counts


def always(method, count, budgets=BUDGETS):
    return {right(method, budget): np.broadcast_to(count, WORLDS) for budget in budgets}


def verdicts(table):
    return {claim.claim: claim for claim in five_methods.claims(table)}


def test_equal_methods_are_best_and_good_and_nobody_is_poor():
    found = verdicts(even())
    so = ("CoT-SC is best at a low budget", "TALE is good at a low budget", EVERYWHERE,
          "votes that stop early are best at a high budget", "tree of thoughts is good at a high budget")  # fmt: skip
    for words in so:
        assert found[words].verdict == "holds", words
    for words in ("debate is poor at a low budget", "tree of thoughts is poor at a low budget"):
        assert found[words].verdict == "does not hold"
        assert found[words].ours == "0.00, 0.00, 0.00, 0.00"


def test_each_cell_of_the_table_is_decided_by_its_method_at_its_budgets():
    behind = {"CoT-SC is best at a low budget": (VOTES, LOW), "TALE is good at a low budget": (TOLD, LOW),
              "CoT-SC is competitive at a high budget": (VOTES, HIGH),
              "TALE drops slightly at a high budget": (TOLD, HIGH),
              "tree of thoughts is good at a high budget": (TREE, HIGH),
              "anytime reasoning that thinks on until it stops early is best at a low budget": (THINKING, LOW),
              "votes that stop early are best at a high budget": (STOPPING, HIGH)}  # fmt: skip
    for words, (method, budgets) in behind.items():
        for one in budgets:
            found = verdicts(even(**always(method, 4000, (one,))))
            assert found[words].verdict == "does not hold", (words, one)
        others = [budget for budget in BUDGETS if budget not in budgets]
        assert verdicts(even(**always(method, 4000, others)))[words].verdict == "holds", words
    for words, method in (
        ("debate is poor at a low budget", DEBATE),
        ("tree of thoughts is poor at a low budget", TREE),
    ):
        assert verdicts(even(**always(method, 4000, LOW)))[words].verdict == "holds"
        assert verdicts(even(**always(method, 4000, LOW[1:])))[words].verdict == "does not hold"
        assert verdicts(even(**always(method, 4800, LOW)))[words].verdict == "does not hold"  # behind, but .02 only


def test_of_two_readings_one_is_enough_in_a_world():
    first = np.where(np.arange(WORLDS) < 20, 4000, 5000)
    table = even(**always(THINKING, first), **always(STOPPING, 9000 - first))
    found = verdicts(table)
    assert (
        found["one of two readings of anytime reasoning with early stopping is best at a low budget"].verdict == "holds"
    )
    alone = found["votes that stop early are best at a low budget"]
    assert (alone.verdict, alone.ours) == ("holds only if", "0.50, 0.50, 0.50, 0.50")
    assert "probability of a right chain is at most" in alone.condition


def test_winners_costs_and_what_decides():
    table = even(**always(TREE, 8000, HIGH))
    found = list(five_methods.claims(table))
    best = next(claim for claim in found if claim.claim == EVERYWHERE)
    assert best.verdict == "does not hold"
    assert best.ours.endswith("tree of thoughts 1.00; tree of thoughts 1.00; tree of thoughts 1.00")
    costs = [claim for claim in found if claim.claim.startswith("always using")]
    assert [claim.verdict for claim in costs] == ["does not hold"] * 3
    assert costs[-1].ours.startswith("tree of thoughts 0.000; CoT-SC 0.300")
    random = np.random.default_rng(0)
    for name in PARAMETERS:
        table[name] = random.permutation(table[name])
    for column, words in (
        ("mean right", "difficulty"),
        ("unseen", "the evaluator"),
        ("trap share", "the share of traps"),
    ):
        lead = table | always(TREE, 5000 - np.round(1000 * table[column]).astype(int), (64.0,))
        claim = verdicts(lead)[f"{words} decides whether tree of thoughts beats CoT-SC"]
        assert claim.verdict == "holds"
        assert claim.ours.startswith(f"{column} -1.00")


def test_those_that_end_early_are_set_beside_votes():
    table = even(**always(THINKING, 4000 + np.arange(WORLDS), (64.0,)), **always(VOTES, 6000, (2.0,)))
    table[five_methods.spent(THINKING, 64.0)] = np.full(WORLDS, 25.0)
    found = verdicts(table)["thinking on at 64 chains of thought is right more often than CoT-SC at 2"]
    assert found.verdict == "does not hold"
    assert found.ours == pytest.approx(0.4 + np.arange(WORLDS).mean() / PROBLEMS - 0.6)
    assert "accuracies 0.402 and 0.600; it spends 0.25 of what" in found.condition
    assert verdicts(table)["stopping votes at 64 chains of thought is right more often than CoT-SC at 64"].ours == 0.0


def test_figures_show_the_table():
    table = even(**always(TREE, 9000))
    with themed("light") as look:
        drawn = {name: figure(look) for name, figure in five_methods.draw(table).items()}
    assert set(drawn) == {"five", "five-map", "five-leads"}
    best, lost = drawn["five"].axes
    assert list({line.get_label(): line.get_ydata() for line in best.lines}[TREE]) == [1.0] * len(BUDGETS)
    assert {line.get_label(): line.get_ydata()[0] for line in lost.lines}[VOTES] == pytest.approx(0.4)
    for axes in drawn["five-map"].axes:
        assert {line.get_label(): max(line.get_ydata()) for line in axes.lines}[VOTES] == 0.0


LONG = [pytest.param(*tree, marks=pytest.mark.verify) for tree in ((1, 1, 5), (1, 4, 3), (5, 2, 3))]


@pytest.mark.parametrize(("width", "proposals", "steps"), [(3, 3, 4), *LONG])
def test_a_tree_costs_and_grows_as_is_said(width, proposals, steps):
    """Of equal chains every tree costs the same: what the engine charges is what the budget was divided by."""
    world = ThoughtWorld(steps=steps, chain_tokens=40.0 * steps, chain_spread=0.0)
    tree = Beam(width=width, proposals=proposals, reserve=0.0)
    result = simulate_strategy(world, tree, 10**6, problems=64, seed=1, nodes=128)
    assert result.input_tokens.value + result.output_tokens.value == tree_tokens(world, width, proposals)
    assert result.expansions / 64 + 1 == tree_nodes(steps, width, proposals)


def test_a_sized_tree_is_the_largest_that_fits():
    for setting in thought_prior(30, seed=4):
        world = setting.world
        for budget in setting.budgets:
            tree = sized_tree(world, budget)
            assert tree_tokens(world, tree.width, tree.proposals) <= budget or tree.proposals == 1
            kept_back = world.chain_tokens / world.steps + world.evaluator_tokens + world.answer_tokens
            assert tree_tokens(world, tree.width, tree.proposals + 1) + kept_back > budget
            wider = [width for width in (5, 3, 2, 1) if width > tree.width]
            assert all(tree_tokens(world, width, 3) + kept_back > budget for width in wider)
            assert tree_nodes(world.steps, tree.width, tree.proposals) < five_methods.NODES[TREE]


@pytest.mark.verify
def test_whole_chains_are_right_as_often_as_they_fit_and_are_right():
    table = five_methods.measure(quick=True, seed=3, progress=[].append)
    drawn = thought_prior(five_methods.QUICK_WORLDS, 3)
    settings = [one for one in drawn if one.world.answers == five_methods.QUICK_ANSWERS]
    problems = five_methods.QUICK_PROBLEMS
    p_values = []
    for place, budget in enumerate(BUDGETS[:3]):  # where a tree is one chain
        for world_number, setting in enumerate(settings):
            world, room = setting.world, setting.budgets[place] - setting.world.prompt_tokens + 0.5
            if room <= 0.5:
                assert table[right(TREE, budget)][world_number] == 0
                continue
            fits = stats.norm.cdf((math.log(room / world.chain_tokens) + 0.08) / 0.4)  # lognormal, sigma .4
            count = int(table[right(TREE, budget)][world_number])
            p_values.append(stats.binomtest(count, problems, float(fits) * world.right_mean).pvalue)
    assert min(p_values) * len(p_values) > FALSE_ALARMS
    # with 64 chains votes give the commonest answer of nearly every question
    wrong = 1.0 - table[right(VOTES, 64.0)] / problems
    assert np.abs(wrong - table["trap share"]).max() < 0.1
    for place, budget in enumerate(BUDGETS):
        for name in (*COMPETING, NARROW):
            limits = np.array([setting.budgets[place] for setting in settings])
            assert np.all(table[five_methods.spent(name, budget)] <= limits)
    assert set(parameters(settings[0])) == set(PARAMETERS)
    assert len(list(five_methods.claims(table))) == 28


@pytest.mark.verify
def test_those_that_idle_change_nothing_for_those_that_play():
    """Trees of several widths, played one width after the other, are those that are played alone in their places."""
    settings = [one for one in thought_prior(40, seed=0) if one.world.answers == 3]
    counts, _ = five_methods._play(TREE, settings, 6, 256, 9)
    limits = [setting.budgets[6] for setting in settings]
    widths = {sized_tree(setting.world, limit).width for setting, limit in zip(settings, limits, strict=True)}
    assert len(widths) > 1
    for width in widths:
        trees = [sized_tree(setting.world, limit) for setting, limit in zip(settings, limits, strict=True)]
        same = [replace(tree, width=width) for tree in trees]
        alone = simulate_worlds(
            [setting.world for setting in settings], same, limits, problems_per_world=256, seed=9, nodes=128
        )
        mine = np.array([tree.width == width for tree in trees])
        assert np.array_equal(np.rint(alone.accuracy * 256)[mine], counts[mine])
