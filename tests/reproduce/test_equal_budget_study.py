"""Strategies at equal budgets: what is said of small tables whose answers are known, and runs against exact laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from budgetsim.plot.style import themed
from budgetsim.reproduce.equal_budget import instructions, methods, rounds, trees
from budgetsim.reproduce.equal_budget.columns import (
    BEST,
    CASCADE,
    CHAIN,
    DEBATE,
    EARLY,
    MATCHED,
    METHODS,
    MULTIPLES,
    ORACLE,
    PARAMETERS,
    RETRY,
    TWO_ROUNDS,
    VOTES,
    accepted_wrong,
    right,
    trap_share,
)
from budgetsim.reproduce.equal_budget.winners import among_the_best, regret
from budgetsim.reproduce.equal_budget.wording import region
from budgetsim.simulate.reasoning import arithmetic_prior, elasticity_prior, vote_prior

WORLDS, PROBLEMS = 40, 10_000  # two standard errors of a difference are .014
FALSE_ALARMS = 1e-6


def ignore(share):
    assert 0.0 <= share <= 1.0


def even(**counts):
    """A table in which every method answers half of the questions, but for the columns that are given."""
    table = {name: np.linspace(0.05, 0.95, WORLDS) for name in PARAMETERS}
    table["problems"] = np.full(WORLDS, PROBLEMS)
    for name in (*METHODS, TWO_ROUNDS, ORACLE, MATCHED):
        for multiple in MULTIPLES:
            table[right(name, multiple)] = np.full(WORLDS, PROBLEMS // 2)
    table[f"{methods.SPENT} 64"] = np.full(WORLDS, 0.25)
    return table | counts


def always(method, count, budgets=MULTIPLES):
    return {right(method, multiple): np.broadcast_to(count, WORLDS) for multiple in budgets}


def verdicts(study, table):
    found = list(study.claims(table))
    return {claim.claim: claim for claim in found}


def beats(rival):
    return f"at equal budgets self-consistency matches or beats {rival}"


def test_equal_methods_are_matched_and_nobody_is_alone_at_the_top():
    found = verdicts(methods, even())
    for rival in (DEBATE, TWO_ROUNDS, RETRY, BEST):
        assert found[beats(rival)].verdict == "holds"
        assert found[beats(rival)].ours == ", ".join(["1.00"] * 7)
    assert found["one method is best at every budget"].verdict == "holds"
    assert found["debate is poor at a low budget"].verdict == "does not hold"
    assert found["debate can fall with more budget"].verdict == "does not hold"
    assert (
        found["Reflexion with an oracle is far above self-consistency: difference of accuracies"].verdict
        == "unverified"
    )


def test_where_a_rival_is_ahead_decides_the_condition():
    traps = even()["trap share"]
    ahead = np.where(traps > 0.6, 7000, 5000)  # in 16 of 40 worlds
    found = verdicts(methods, even(**always(DEBATE, ahead, (64,))))[beats(DEBATE)]
    assert found.verdict == "holds only if"
    assert found.ours.endswith("1.00, 0.60")
    # one of 25 worlds may be another way in one of twenty: 24 hold, and one that does not is 0.96
    assert "share of questions whose commonest answer is wrong is at most 0.6" in found.condition
    everywhere = verdicts(methods, even(**always(DEBATE, 7000, (64,))))[beats(DEBATE)]
    assert everywhere.verdict == "does not hold"


def test_reflexion_is_matched_where_it_accepts_more_wrong_answers_than_there_are_traps():
    table = even()
    weak = np.arange(WORLDS) < 10
    table["accepted wrong"] = np.where(weak, table["trap share"] + 0.01, table["trap share"] - 0.01)
    table |= always(RETRY, np.where(weak, 5000, 8000))
    found = verdicts(methods, table)[beats(RETRY)]
    assert found.verdict == "holds only if"
    assert "(0.25 of worlds, of which it does in 1.00)" in found.condition
    table |= always(RETRY, 8000)
    assert verdicts(methods, table)[beats(RETRY)].verdict == "does not hold"


def test_debates_that_fall_and_that_are_poor():
    falls = even(**always(DEBATE, np.where(np.arange(WORLDS) < 16, 3000, 5000), (64,)))
    claim = verdicts(methods, falls)["debate can fall with more budget"]
    assert claim.verdict == "holds"
    assert claim.ours.startswith("0.400")
    low, late = "debate is poor at a low budget", even(**always(DEBATE, 4000, (8, 16, 32, 64)))
    assert verdicts(methods, even(**always(DEBATE, 4000)))[low].verdict == "holds"
    assert verdicts(methods, late)[low].verdict == "holds only if"
    diminishing = verdicts(methods, even(**always(DEBATE, 2000 + np.arange(WORLDS), (1,))))
    found = next(claim for name, claim in diminishing.items() if name.startswith("debate has diminishing"))
    assert found.verdict == "holds"
    assert found.ours == pytest.approx(0.3 - np.arange(WORLDS).mean() / PROBLEMS)


def test_votes_help_and_hurt():
    name = "self-consistency helps where a sample is more often right than not, and hurts elsewhere"
    table = even()
    mean = table["mean right"]
    as_claimed = table | always(VOTES, np.where(mean > 0.5, 7000, 3000), (64,))
    assert verdicts(methods, as_claimed)[name].verdict == "holds"
    table["trap share"] = np.full(WORLDS, 0.3)  # more than samples are wrong where more than .7 are right
    by_traps = table | always(VOTES, np.where(mean > 0.7, 3000, 7000), (64,))
    assert verdicts(methods, by_traps)[name].verdict == "holds only if"
    against = table | always(VOTES, np.where(mean > 0.7, 7000, 3000), (64,))
    assert verdicts(methods, against)[name].verdict == "does not hold"


def test_what_decides_is_what_the_lead_goes_along_with():
    table = even()
    random = np.random.default_rng(0)
    for name in PARAMETERS:
        table[name] = random.permutation(table[name])
    table |= always(RETRY, 5000 - np.round(1000 * table["accepts wrong"]).astype(int), (64,))
    table |= always(VOTES, 5000 + np.round(1000 * table["dominant"]).astype(int), (64,))
    found = verdicts(methods, table)
    assert found["difficulty decides whether self-consistency beats one chain"].ours.startswith("dominant +1.00")
    assert found["difficulty decides whether self-consistency beats one chain"].verdict != "holds"
    table |= always(VOTES, 5000, (64,))
    claim = verdicts(methods, table)["the evaluator decides whether Reflexion beats self-consistency"]
    assert claim.verdict == "holds"
    assert claim.ours.startswith("accepts wrong -1.00")


def test_winners_and_regret():
    table = even(**always(BEST, 9000), **always(CASCADE, np.where(np.arange(WORLDS) < 10, 9500, 5000), (1,)))
    best = among_the_best(table, METHODS, 1)
    assert (best[BEST].mean(), best[CASCADE].mean(), best[VOTES].mean()) == (0.75, 0.25, 0.0)
    assert among_the_best(table, (VOTES, DEBATE), 1)[VOTES].all()
    assert regret(table, METHODS, 1)[BEST].mean() == pytest.approx(0.0125)
    assert regret(table, METHODS, 4)[VOTES] == pytest.approx(np.full(WORLDS, 0.4))
    found = list(methods.claims(table))
    best = next(claim for claim in found if claim.claim == "one method is best at every budget")
    assert (best.verdict, best.ours) == ("does not hold", "; ".join(["best of N 0.75", *["best of N 1.00"] * 6]))
    costs = [claim for claim in found if claim.claim.startswith("always using self-consistency")]
    assert [claim.verdict for claim in costs] == ["does not hold"] * 2
    assert costs[0].ours.startswith("best of N 0.000; one chain 0.400")


def test_no_region_smaller_than_a_fifth_is_named():
    table = {"size": np.arange(100)}
    assert region(table, {"size": "size"}, np.arange(100) < 18) is None
    assert region(table, {"size": "size"}, np.arange(100) >= 60) == ("the size is at least 58 (42 % of worlds)", True)
    few = {"size": np.arange(12)}
    assert region(few, {"size": "size"}, np.arange(12) < 9) is None


def test_derived_parameters_are_those_of_the_uniform_law():
    # a uniform probability: traps below d / (1 + d); integral of (1 - p) / (1 + p)
    for dominant in (0.25, 0.5, 1.0):
        assert trap_share(0.5, 2.0, dominant) == pytest.approx(dominant / (1 + dominant))
    assert accepted_wrong(0.5, 2.0, 1.0, 0.5) == pytest.approx(2 * math.log(2) - 1, abs=1e-4)
    assert accepted_wrong(0.3, 0.5, 1.0, 0.0) == 0.0


def test_trees_and_told_answers():
    table = {"problems": np.full(WORLDS, PROBLEMS), **{name: np.linspace(0, 1, WORLDS) for name in trees.PARAMETERS}}
    for multiple in MULTIPLES:
        table |= {right(name, multiple): np.full(WORLDS, 1000) for name in (VOTES, trees.NARROW, trees.WIDE)}
        table[right(trees.WIDE, multiple)] = 1000 + np.arange(WORLDS) + (4000 if multiple > 8 else -500)
    found = [claim.verdict for claim in trees.claims(table)]
    assert found == ["holds", "holds", "does not hold", "holds only if"]
    told = {"problems": table["problems"], **{name: np.linspace(0, 1, WORLDS) for name in instructions.PARAMETERS}}
    for budget in instructions.BUDGETS:
        told |= {right(CHAIN, budget): np.full(WORLDS, 0 if budget == instructions.HALF else 9000)}
        told |= {right(instructions.TOLD, budget): np.full(WORLDS, 8800)}
        told |= {f"tokens {name} {budget}": np.full(WORLDS, 100.0) for name in (CHAIN, instructions.TOLD)}
    assert [claim.verdict for claim in instructions.claims(told)] == ["holds only if", "holds"]
    told[right(instructions.TOLD, instructions.FOUR)] = np.full(WORLDS, 7000)
    assert [claim.verdict for claim in instructions.claims(told)][1] == "does not hold"


def test_rounds_of_a_debate():
    table = {
        "rounds": np.arange(1, 7),
        "tokens": np.array([2100, 11400, 27900, 51600, 82500, 120600]),
        "debate": np.array([0.626, 0.609, 0.607, 0.606, 0.604, 0.604]),
        "votes": np.array([0.624, 0.940, 0.998, 1.0, 1.0, 1.0]),
        **{name: np.full(6, 0.001) for name in ("debate se", "votes se")},
    }
    assert [claim.verdict for claim in rounds.claims(table)] == ["holds"] * 3
    off = table | {"debate": table["debate"] + np.array([0, 0, 0, 0, 0, 0.03])}
    assert [claim.verdict for claim in rounds.claims(off)] == ["does not hold", "does not hold", "holds"]


def test_figures_show_the_table():
    table = even(**always(BEST, 9000))
    with themed("light") as look:
        drawn = {name: figure(look) for name, figure in methods.draw(table).items()}
    assert set(drawn) == {"winners", "rivals", "decides"}
    best, lost = drawn["winners"].axes
    lines = {line.get_label(): line.get_ydata() for line in best.lines}
    assert list(lines[BEST]) == [1.0] * 7
    assert list(lines[VOTES]) == [0.0] * 7
    assert {line.get_label(): line.get_ydata()[0] for line in lost.lines}[VOTES] == pytest.approx(0.4)


def closest(counts, problems, truths):
    """Smallest p-value of exact tests, times their number."""
    pairs = zip(np.ravel(counts), np.ravel(truths), strict=True)
    tests = [stats.binomtest(int(count), problems, truth).pvalue for count, truth in pairs]
    return min(tests) * len(tests)


@pytest.mark.verify
def test_one_chain_is_right_as_often_as_it_fits_and_is_right():
    table = methods.measure(quick=True, seed=3, progress=ignore)
    drawn = vote_prior(methods.QUICK_WORLDS, 3)
    settings = [one for one in drawn if (one.world.answers, one.agents) == methods.QUICK_KIND]
    for place, multiple in enumerate(MULTIPLES):
        truths = []
        for setting in settings:
            world, room = setting.world, setting.budgets[place] - setting.world.prompt_tokens + 0.5
            fits = stats.norm.cdf((math.log(room / world.chain_tokens) + 0.08) / 0.4)  # lognormal, sigma .4
            truths.append(float(fits) * world.right_mean)
        assert closest(table[right(CHAIN, multiple)], methods.QUICK_PROBLEMS, truths) > FALSE_ALARMS
    # below four equal votes nothing can stop early; an oracle never hurts; more samples find more right answers
    for multiple in (1, 2):
        assert np.array_equal(table[right(EARLY, multiple)], table[right(VOTES, multiple)])
    for multiple in MULTIPLES:
        slack = 5 * math.sqrt(methods.QUICK_PROBLEMS / 2)
        assert np.all(table[right(ORACLE, multiple)] >= table[right(RETRY, multiple)] - slack)
    assert np.all(np.diff([table[right(ORACLE, multiple)] for multiple in MULTIPLES], axis=0) > -20)
    # with 64 chains votes give the commonest answer of nearly every question
    wrong = 1.0 - table[right(VOTES, 64)] / methods.QUICK_PROBLEMS
    assert np.abs(wrong - table["trap share"]).max() < 0.1
    assert {claim.verdict for claim in methods.claims(table)} >= {"holds"}


@pytest.mark.verify
def test_answers_at_once_and_whole_chains_are_right_as_often_as_they_must():
    table = trees.measure(quick=True, seed=1, progress=ignore)
    straight = [world.straight[0] for world in arithmetic_prior(trees.QUICK_WORLDS, 1)]
    for name in (VOTES, trees.NARROW, trees.WIDE):  # a tree that can pay for no list answers at once
        assert closest(table[right(name, 1)], trees.QUICK_PROBLEMS, straight) > FALSE_ALARMS
    table = instructions.measure(quick=True, seed=1, progress=ignore)
    worlds = elasticity_prior(instructions.QUICK_WORLDS, 1)
    truths = [stats.norm.cdf(math.log(world.vanilla_tokens / world.least_budget) / 0.5) for world in worlds]
    for budget in (instructions.ONE, instructions.FOUR):
        assert closest(table[right(CHAIN, budget)], instructions.PROBLEMS, truths) > FALSE_ALARMS
    assert not np.any(table[right(CHAIN, instructions.HALF)])
