"""Studies of stopping: mixes, margins and closed forms against other routes, claims of tables with known answers."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import beta

from budgetsim.plot.style import THEMES, themed
from budgetsim.reproduce import anytime_simulated, bats_simulated, tale_simulated
from budgetsim.reproduce.stopping import (
    anytime_disturbances,
    anytime_regret,
    tale_savings,
    tool_claims,
    tool_find_probability,
    tool_growth,
)
from budgetsim.reproduce.stopping.mixes import beyond_mix, frontier
from budgetsim.reproduce.stopping.replicates import PROBLEMS, REPLICATES, mean, play, questions
from budgetsim.reproduce.stopping.searching import AGENTS, PRICES, play_agents
from budgetsim.reproduce.stopping.shares import By, deciders, lowest_fifth, share_of_worlds, signs, tally
from budgetsim.reproduce.stopping.told_budgets import MARGINS, generous, look_at
from budgetsim.reproduce.studies import read_kept
from budgetsim.simulate.reasoning import (
    AnytimeWorld,
    Budget,
    ElasticWorld,
    FixedStop,
    SearchWorld,
    ToolSetting,
    elasticity_prior,
    tool_prior,
)
from budgetsim.theory.token_budgets import elastic_tokens, ideal_range
from budgetsim.theory.tools import unified_cost

RESULTS = Path(__file__).parents[2] / "papers" / "results"
STUDIES = {
    (slug, name): study
    for slug, studies in (
        ("tale", tale_simulated.STUDIES),
        ("anytime", anytime_simulated.STUDIES),
        ("bats", bats_simulated.STUDIES),
    )
    for name, study in studies.items()
}


def kept(slug: str, name: str):
    return read_kept({name: STUDIES[slug, name]}, RESULTS / slug)[name]


def blank(slug: str, name: str, worlds: int = 10):
    """A table with the columns of a study, 0 in every world, parameters rising from world to world."""
    table = {column: np.zeros(worlds) for column in kept(slug, name)}
    for parameter in getattr(STUDIES[slug, name], "PARAMETERS", ()):
        table[parameter] = 1.0 + np.arange(worlds)
    return table


def found(study, table) -> dict[str, float]:
    return {claim.claim: claim.ours for claim in study.claims(table)}


def best_mix(cost: float, costs, accuracies) -> float:
    """The best accuracy of any mix that spends ``cost`` at most: a linear program, solved by SciPy."""
    solution = linprog(-accuracies, A_ub=costs[None, :], b_ub=[cost], A_eq=np.ones((1, len(costs))), b_eq=[1.0])
    return -solution.fun


def test_a_mix_is_the_best_that_a_linear_program_finds():
    random = np.random.default_rng(1)
    for _ in range(30):
        costs, accuracies = random.uniform(0.5, 5.0, 4), random.uniform(0.0, 1.0, 4)
        cost, accuracy = random.uniform(0.1, 6.0), random.uniform(0.0, 1.0)
        here = beyond_mix(*(np.full((1, 2), value) for value in (cost, accuracy)),
                          *(np.repeat(values[:, None, None], 2, axis=2) for values in (costs, accuracies)))  # fmt: skip
        expected = accuracy - best_mix(cost, np.append(costs, 0.0), np.append(accuracies, 0.0))
        assert here.value[0] == pytest.approx(expected, abs=1e-9)
        assert here.se[0] == pytest.approx(0.0, abs=1e-12)


def test_the_error_of_a_mix_is_that_of_the_mix_taken_anew_from_every_replicate():
    """Where noise is small the gap is straight in all numbers: the jackknife over replicates tells its error."""
    random = np.random.default_rng(2)
    noise = lambda size: 1e-4 * random.standard_normal((*size, 16))  # noqa: E731
    cost, accuracy = 2.5 + noise((1,)), 0.5 + noise((1,))
    costs = np.array([1.0, 2.0, 4.0])[:, None, None] + noise((3, 1))
    accuracies = np.array([0.3, 0.45, 0.6])[:, None, None] + noise((3, 1))
    without = []
    for left_out in range(16):
        some = np.delete(np.arange(16), left_out)
        parts = (cost[:, some], accuracy[:, some], costs[:, :, some], accuracies[:, :, some])
        without.append(beyond_mix(*parts).value[0])
    jackknife = math.sqrt(15 / 16 * np.sum((np.array(without) - np.mean(without)) ** 2))
    assert beyond_mix(cost, accuracy, costs, accuracies).se[0] == pytest.approx(jackknife, rel=0.01)


def test_a_frontier_leaves_out_what_a_mix_beats_and_what_costs_more_for_less():
    cost, accuracy = np.array([3.0, 0.0, 1.0, 2.0, 5.0]), np.array([0.9, 0.0, 0.1, 0.8, 0.85])
    assert frontier(cost, accuracy).tolist() == [1, 3, 0]


def test_worlds_are_counted_by_the_sign_of_what_is_clear():
    table = {"gap": np.array([0.3, 0.1, -0.1, -0.3, 0.0]), "gap se": np.full(5, 0.1)}
    assert signs(table, "gap").tolist() == [1, 0, 0, -1, 0]
    assert signs(table, "gap", 0.5).tolist() == [0, -1, -1, -1, -1]
    assert tally(signs(table, "gap")) == (0.2, pytest.approx(0.6), 0.2, 5)
    assert lowest_fifth(np.arange(10)).tolist() == [True, True] + [False] * 8


def test_a_share_holds_when_it_is_one_up_to_its_error():
    verdicts = [share_of_worlds("x", "y", [1] * ahead + [0] * (100 - ahead), evidence="derived").verdict
                for ahead in (100, 97, 80)]  # fmt: skip
    assert verdicts == ["holds", "holds", "does not hold"]


def test_named_parameters_are_the_strongest_and_those_always_named():
    parameters = {name: np.random.default_rng(place).random(50) for place, name in enumerate("abcde")}
    outcome = sum(weight * parameters[name] for name, weight in zip("abcde", (16, 8, 4, 2, 1e-3), strict=True))
    named = [part.split()[-2] for part in deciders(By(parameters, outcome)).split(",")]
    assert len(named) == 3
    assert named[0] == "a"
    assert "e" not in named
    assert ", e " in deciders(By(parameters, outcome, always=("e",)))


def test_a_failing_share_is_tried_where_the_strongest_parameter_favours_it():
    rise, noise = np.arange(20.0), np.tile([0.0, 1.0], 10)
    found = np.where(rise >= 16, 1, -1)
    by = By({"rise": rise, "noise": noise}, rise - 10.0)
    claim = share_of_worlds("x", "y", found, evidence="derived", by=by)
    assert claim.verdict == "holds only if"
    assert claim.condition.endswith("holds only if rise is large (highest fifth of the worlds)")
    found[-1] = -1
    assert share_of_worlds("x", "y", found, evidence="derived", by=by).verdict == "does not hold"


def test_a_margin_multiplies_the_estimate_and_nothing_else():
    worlds = elasticity_prior(3, seed=5)
    for world, plain, same in zip(worlds, generous(worlds, 1.0), generous(worlds, 3.0), strict=True):
        least, collapse, estimate = world.problems(1, 2, 100)
        for other, margin in ((plain, 1.0), (same, 3.0)):
            drawn = other.problems(1, 2, 100)
            assert np.array_equal(drawn.least, least)
            assert np.array_equal(drawn.collapse, collapse)
            assert np.array_equal(drawn.estimate, np.round(margin * np.asarray(estimate)))


def test_budgets_looked_at_are_those_found_one_by_one():
    world = ElasticWorld(vanilla_tokens=90.0, base_tokens=20.0)
    least = np.array([1000.0, 89.0, 10.0, 20.5, 30.0, 7.2, 15.0, 60.0, 3.0])  # for the first no budget is enough
    collapse = np.array([20.0, 20.0, 25.0, 2.0, 30.0, 20.0, 1.0, 2.0, 40.0])
    fewest, above, windows = [], [], []
    for need, point in zip(least, collapse, strict=True):
        budgets = [budget for budget in range(1, 91) if budget >= need]
        curve = partial(elastic_tokens, vanilla_tokens=90.0, base_tokens=20.0, tokens_per_budget=0.75)
        tokens = [
            float(curve(float(budget), collapse_budget=point, steepness=3.0, collapsed_tokens=170.0))
            for budget in budgets
        ]
        fewest.append(min(tokens, default=90.0))
        above.append(bool(budgets) and budgets[int(np.argmin(tokens))] > math.ceil(need))
        windows.append(ideal_range(budgets, tokens) if len(budgets) >= 3 else (50,))
    assert 0.0 < np.mean(above) < 1.0
    for place, step in ((0, 0), (0, -1), (-1, 0), (-1, 1)):
        estimate = np.array([window[place] + step for window in windows], np.float64)
        hits = [
            [len(window) > 1 and round(margin * said) in window for margin in MARGINS]
            for window, said in zip(windows, estimate, strict=True)
        ]
        here = look_at(world, least, collapse, estimate)
        assert here.in_range == pytest.approx(np.mean(hits, axis=0))
    assert here.tokens == pytest.approx(np.mean(fewest), rel=1e-6)
    assert here.above_least == pytest.approx(np.mean(above))


def test_a_saving_has_the_error_of_a_ratio_of_means():
    random = np.random.default_rng(4)
    tokens, free = 50.0 + random.standard_normal((1, 16)), 200.0 + random.standard_normal((1, 16))
    here = tale_savings.saving(tokens, free)
    assert here.value[0] == pytest.approx(1.0 - tokens.mean() / free.mean())
    all_but = [1.0 - np.delete(tokens, out).mean() / np.delete(free, out).mean() for out in range(16)]
    assert here.se[0] == pytest.approx(math.sqrt(15 / 16 * np.sum((all_but - np.mean(all_but)) ** 2)), rel=0.01)


def test_claims_on_savings_count_worlds():
    table = blank("tale", "savings")
    table["saving x1"][:4] = 0.8
    table["loss x1"][3:] = 0.5
    table["tokens told 10 less told 50"][:7] = 30.0
    ours = found(tale_savings, table)
    assert ours["share of worlds in which an estimated budget saves 67 % of the output tokens"] == 0.4
    assert ours["share of worlds with a saving of 67 % and a loss below 3 points, estimates times 1"] == 0.3
    assert ours["share of worlds in which told 10 tokens a model writes more than told 50"] == 0.7
    assert ours["output tokens that an estimated budget saves, %, mean over worlds"] == pytest.approx(32.0)


def test_the_expected_quality_is_that_of_many_problems():
    world = AnytimeWorld(dip=0.3, scale=1500.0)
    drawn = np.asarray(world.problems(0, 0, 20_000).quality).mean(axis=1)
    assert anytime_regret.expected_quality(world) == pytest.approx(drawn, abs=0.015)


def test_an_index_is_the_area_under_the_curve():
    assert anytime_regret.index(np.array([[0.0, 1.0], [0.5, 0.5]]), (100, 300)).tolist() == [0.5, 0.5]
    assert anytime_regret.index(np.array([0.2, 0.5, 0.5, 0.7, 0.7]), (256, 512, 1024, 2048, 4096)) == pytest.approx(
        0.623333, abs=1e-6
    )


def test_a_running_best_never_falls_and_starts_with_the_first_answer():
    worlds = [AnytimeWorld(dip=0.5), AnytimeWorld(dip=0.0)]
    best = anytime_regret.running_best(worlds, seed=3)
    assert best.shape == (2, REPLICATES, 5)
    assert np.all(np.diff(best, axis=-1) >= 0.0)
    course = [np.asarray(one.quality) for one in next(questions(worlds, 3))]
    threshold = [np.asarray(one.threshold) for one in next(questions(worlds, 3))]
    assert best[0, 4, 0] == np.mean(threshold[4] < course[4][0])


def test_claims_on_regret_count_worlds():
    table = blank("anytime", "regret")
    table["own index last"] = table["index last"] = -table["scale"]
    table["worth price less relative"][:2], table["worth price less relative"][2:9] = 0.1, -0.1
    table["regret tuned"][:5] = 0.2
    ours = found(anytime_regret, table)
    assert ours["share of worlds in which stopping where a gain is below its price is worth more than stopping at a "
                "small relative gain"] == 0.2  # fmt: skip
    assert ours["share of worlds in which the fixed stop that is best for the world loses nothing to a rule that knows "
                "each problem"] == 0.5  # fmt: skip


def test_claims_on_disturbances_are_differences_of_means():
    table = blank("anytime", "disturbances")
    table["regret price, both"] = 0.2 + 0.001 * np.arange(10)
    table["regret price, dips"] = 0.1 + 0.001 * np.arange(10)
    raised, dearer, *_ = anytime_disturbances.claims(table)
    assert (raised.ours, raised.verdict) == (pytest.approx(0.2045), "holds")
    assert (dearer.ours, dearer.verdict) == (pytest.approx(0.1045), "holds")


def test_a_plateau_is_no_gain_and_growth_is_a_gain():
    table = blank("bats", "growth")
    table["react 200 less 100"][:1] = 0.1
    table["bats 200 less 100"][:6] = 0.1
    table["react 100 beyond bats"][:3] = -0.1
    ours = found(tool_growth, table)
    assert ours["share of worlds in which ReAct gains nothing from twice the calls"] == 0.9
    assert ours["share of worlds in which BATS gains from twice the calls"] == 0.6
    assert ours["share of worlds in which BATS is ahead at what ReAct spends at 100 calls"] == 0.3


def test_spending_everything_is_compared_at_the_cap_and_at_the_cost():
    table = blank("bats", "growth")
    table["bats to the end 100 less bats 100"][:7] = 0.1
    table["bats to the end 100 beyond bats"][:2] = 0.1
    ours, name = found(tool_growth, table), tool_claims.NAMES["bats to the end"]
    assert ours[f"share of worlds in which {name} at 100 calls is ahead of BATS at 100"] == 0.7
    assert ours[f"share of worlds in which {name} is ahead of BATS at the same cost"] == 0.2


def test_claims_on_questions_alike_count_worlds():
    table = blank("bats", "find-probability")
    table["react 100 beyond bats, calls"][:2] = -0.1
    ours = found(tool_find_probability, table)
    assert ours["share of worlds in which BATS is not ahead with as many calls as ReAct makes at 100"] == 0.8


def test_the_chances_of_questions_alike_are_quantiles_of_the_prior():
    [setting] = tool_prior(1, seed=2)
    worlds = [one.world for one in tool_find_probability.with_one_chance(setting)]
    shares = [beta(0.5, 6.0).cdf(world.success_mean) for world in worlds]
    assert shares == pytest.approx(tool_find_probability.QUANTILES)
    assert all(set(np.asarray(world.problems(0, 0, 9).success)) == {np.float32(world.success_mean)} for world in worlds)


def test_the_share_solved_is_that_of_drawn_chances():
    chance = np.random.default_rng(5).beta(0.5, 6.0, 400_000)
    on = (1.0 - chance) * (1.0 - 0.05)
    assert tool_claims.solved(np.array([0.05]), 30)[0] == pytest.approx(
        np.mean(chance * (1 - on**30) / (1 - on)), abs=2e-3
    )


def test_curves_show_the_means_of_the_table():
    table = blank("bats", "growth")
    table["accuracy react 30"] = np.linspace(0.3, 0.5, 10)
    table |= {name: np.ones(10) for name in table if name.startswith("cents")}  # drawn on a logarithmic axis
    with themed("light") as look:
        left, right = tool_growth.draw(table)["growth"](look).axes
        assert left.lines[0].get_ydata()[1] == pytest.approx(0.4)
        assert right.lines[0].get_ydata()[1] == pytest.approx(0.4)
        [axes] = anytime_disturbances.draw(blank("anytime", "disturbances"))["disturbances"](look).axes
        assert len(axes.get_xticks()) == len(anytime_disturbances.KINDS)


@pytest.mark.verify
@pytest.mark.parametrize(("slug", "name"), STUDIES)
def test_a_study_draws_what_is_kept(slug: str, name: str):
    for theme in THEMES:
        with themed(theme) as look:
            assert all(figure(look).axes for figure in STUDIES[slug, name].draw(kept(slug, name)).values())


@pytest.mark.verify
@pytest.mark.parametrize(("slug", "name"), STUDIES)
def test_a_quick_run_comes_to_all_its_claims(slug: str, name: str):
    seen: list[float] = []
    table = STUDIES[slug, name].measure(quick=True, seed=1, progress=seen.append)
    assert list(table) == list(kept(slug, name))
    assert all(np.all(np.isfinite(column)) for column in table.values())
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)
    here, there = (list(STUDIES[slug, name].claims(one)) for one in (table, kept(slug, name)))
    assert len(here) == len(there)


@pytest.mark.verify
def test_the_questions_are_those_that_are_played():
    worlds = [AnytimeWorld(dip=0.2), AnytimeWorld(dip=0.0, scale=3000.0)]
    run = play(worlds, FixedStop(checkpoint=3), Budget(tokens=4096), seed=7, nodes=8)
    for right, drawn in zip(run.accuracy, questions(worlds, 7), strict=True):
        expected = [np.mean(np.asarray(one.threshold) < np.asarray(one.quality)[2]) for one in drawn]
        assert right == pytest.approx(expected, abs=1e-12)


@pytest.mark.verify
def test_agents_find_as_often_as_closed_forms_say_and_pay_for_what_they_call():
    """False alarm 6e-5: 24 accuracies at 4.7 standard errors (normal) beside 0.004 of slack for the drawn chances."""
    settings = [ToolSetting(SearchWorld(accepts_right=0.7, accepts_wrong=wrong), hazard, (), 0.5)
                for hazard, wrong in ((0.03, 0.4), (0.1, 0.1), (0.25, 0.0))]  # fmt: skip
    caps = (5, 40)
    played = play_agents(settings, caps, seed=11, progress=[].append)
    chance = np.random.default_rng(12).beta(0.5, 6.0, 200_000)
    for name in AGENTS.keys() - {"bats to the end"}:  # which has a recursion of its own, in tests/simulate
        for place, cap in enumerate(caps):
            for world, setting in enumerate(settings):
                hazards = {
                    "react": np.full(cap, setting.hazard),
                    "tracker": setting.hazard * (1.0 - np.arange(1, cap + 1) / cap),
                    "tracker by used": setting.hazard * np.arange(1, cap + 1) / cap,
                    "bats": np.full(cap, setting.hazard * setting.world.accepts_wrong),
                }[name]
                going, solved = np.ones(chance.size), np.zeros(chance.size)
                for hazard in hazards:
                    solved += going * chance
                    going *= (1.0 - chance) * (1.0 - hazard)
                expected = solved.mean()
                error = math.sqrt(expected * (1.0 - expected) / (REPLICATES * PROBLEMS))
                here = played[name].accuracy[place, world].mean()
                assert abs(here - expected) < 4.7 * error + 0.004, (name, cap, setting.hazard)
    react = played["react"]
    tokens = {"input_price": 1.25, "output_price": 10.0, "cached_price": 0.0}  # for a million
    per_call = 100.0 * float(unified_cost(1000.0, 200.0, 0.0, [1.0], **tokens, call_prices=[PRICES.call]))
    answer = 100.0 * 50 * PRICES.output_token
    assert react.cents == pytest.approx(per_call * react.calls + answer, rel=1e-9)


@pytest.mark.verify
def test_means_over_replicates_have_the_error_of_independent_problems():
    worlds = [AnytimeWorld(dip=0.0, final_quality=0.6)] * 64
    run = play(worlds, FixedStop(checkpoint=5), Budget(tokens=4096), seed=3, nodes=8)
    expected = anytime_regret.expected_quality(worlds[0])[-1]
    here = mean(run.accuracy)
    error = math.sqrt(expected * (1.0 - expected) / (REPLICATES * PROBLEMS))
    # 64 worlds, 15 degrees of freedom each: the mean square of the errors is known to 5 %.
    assert np.mean(here.se**2) == pytest.approx(error**2, rel=0.25)
    assert np.mean((here.value - expected) ** 2) == pytest.approx(error**2, rel=0.9)
