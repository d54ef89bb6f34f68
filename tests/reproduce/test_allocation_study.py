"""Divisions of a budget over sub-questions: what the studies claim of tables with known answers, and what they play."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.stats import norm

from budgetsim.plot.style import themed
from budgetsim.reproduce.allocation import answers, played, rules, splits
from budgetsim.simulate.reasoning import AllocationSetting, SubQuestions, allocation_prior
from budgetsim.simulate.reasoning.allocation_prior import LEVEL_BUDGETS

WORLDS = 40


def worlds(**columns) -> dict:
    """A table of worlds, r from .2 to 1, one decay rate in every second of them."""
    place = np.arange(WORLDS)
    drawn = {
        "r": np.linspace(0.2, 1.0, WORLDS),
        "sub-questions": 2 + place % 5,
        "own rates": place % 2,
        "mean rate": 0.5 + (place * 7 % WORLDS) / WORLDS,
        "spread of rates": (place % 2) * (place * 3 % WORLDS) / WORLDS,
        "planner credits": place // 2 % 2,
        "problems": np.full(WORLDS, 2000),
    }
    return drawn | columns


def every_budget(quantity: str, **of: np.ndarray | float) -> dict:
    """A quantity of rules that is the same under all budgets."""
    return {
        f"{quantity} {rule.replace('_', ' ')} {budget}": np.broadcast_to(value, WORLDS)
        for rule, value in of.items()
        for budget in LEVEL_BUDGETS
    }


def excesses(**of) -> dict:
    known = dict.fromkeys((*splits.SCHEDULES, "equal"), 50.0) | {"Eq. 6": 0.0}
    return worlds(**every_budget("excess", **(known | {name.replace("_", " "): value for name, value in of.items()})))


def accuracies(**of) -> dict:
    known = dict.fromkeys(played.PLAYED, 0.5)
    return worlds(**every_budget("accuracy", **(known | of)))


def verdicts(claims, start: str) -> list[str]:
    return [claim.verdict for claim in claims if claim.claim.startswith(start)]


@pytest.mark.parametrize(
    ("ratio", "rate", "constant", "linear", "polynomial", "exponential", "cosine"),
    [
        (1.0, 1, 0.0, 30.2, 166.9, 1.4, 124.4),
        (0.6, 1, 8.0, 4.9, 61.9, 2.6, 43.1),
        (0.2, 1, 65.5, 14.3, 2.2, 45.9, 6.4),
        (0.8, 2, 2.1, 77.9, 1000.5, 0.4, 627.2),
        (0.2, 2, 107.6, 6.8, 57.9, 61.9, 33.5),
    ],
)
def test_excess_of_the_schedules_is_that_of_the_derivation(
    ratio, rate, constant, linear, polynomial, exponential, cosine
):
    """Four equal credits, uncertainties 100 r^j, 600 tokens: worked out apart from this code, printed to .1 %."""
    world = SubQuestions(initial_uncertainty=tuple(100 * ratio**j for j in range(4)), decay_rate=(float(rate),) * 4)
    setting = AllocationSetting(world, (25.0,) * 4, LEVEL_BUDGETS)
    least = splits.uncertainty(setting, rules.RULES["least uncertainty"](setting, 600))
    known = {"constant": constant, "linear": linear, "polynomial": polynomial, "exponential": exponential}
    for name, printed in (known | {"cosine": cosine}).items():
        found = 100 * (splits.uncertainty(setting, rules.RULES[name](setting, 600)) / least - 1)
        assert found == pytest.approx(printed, abs=0.06), name


def test_rules_spend_the_whole_budget_in_the_worlds_of_the_prior():
    settings = allocation_prior(12, seed=3)
    for setting in settings:
        for name, rule in rules.RULES.items():
            tokens = rule(setting, 200)
            assert sum(tokens) == 200, name
            assert len(tokens) == setting.world.parts
            assert min(tokens) >= 0
    drawn = rules.parameters(settings)
    for place, setting in enumerate(settings):
        c = setting.world.initial_uncertainty
        assert c[0] == 100.0
        assert [later / earlier for earlier, later in pairwise(c)] == pytest.approx([drawn["r"][place]] * (len(c) - 1))
        assert drawn["own rates"][place] == (len(set(setting.world.decay_rate)) > 1)
        assert drawn["planner credits"][place] == (len(set(setting.credits)) > 1)


def test_the_range_of_r_is_where_it_holds():
    table = worlds()
    steep = table["r"] < 0.52
    assert rules.where_most(table, steep) == ("r is 0.20 to 0.52", True)
    middle = (table["r"] > 0.36) & (table["r"] < 0.84)
    assert rules.where_most(table, middle) == ("r is 0.36 to 0.84", True)
    assert rules.where_most(table, table["own rates"] == 0)[0].startswith("all sub-questions have one decay rate and r")
    assert not rules.where_most(table, np.zeros(WORLDS, bool))[1]


def test_eq6_is_judged_by_worlds_with_one_decay_rate():
    own = worlds()["own rates"] == 1
    start = "Eq. 6 leaves the least"
    assert verdicts(splits.claims(excesses()), start) == ["holds"]
    [claim] = [c for c in splits.claims(excesses(**{"Eq. 6": np.where(own, 30.0, 0.5)})) if c.claim.startswith(start)]
    assert claim.verdict == "holds only if"
    assert claim.condition.endswith("holds only if all sub-questions have one decay rate")
    assert "in 0.50 +-" in claim.ours
    assert "30 +- 0 % above" in claim.ours
    assert verdicts(splits.claims(excesses(**{"Eq. 6": np.where(own, 0.0, 30.0)})), start) == ["does not hold"]
    assert verdicts(splits.claims(excesses(equal=-10.0)), "Eq. 6 leaves less") == ["does not hold"] * 2


def test_the_best_schedule_is_found_where_it_is_best():
    ratio = worlds()["r"]
    steep = excesses(polynomial=np.where(ratio < 0.36, 5.0, 80.0), constant=np.where(ratio < 0.36, 80.0, 5.0))
    found = {claim.claim: claim for claim in splits.claims(steep)}
    [first] = [claim for text, claim in found.items() if text.startswith("the schedules of the best")]
    assert first.verdict == "holds only if"
    assert "holds only if r is 0.20 to 0.36" in first.condition
    assert "constant 0.80" in first.ours
    assert "polynomial 0.20" in first.ours
    assert verdicts(found.values(), "the faster uncertainty falls") == ["holds"]
    assert verdicts(found.values(), "the constant schedule spends") == ["holds"]
    assert verdicts(found.values(), "the cosine schedule spends") == ["does not hold"]
    flat = excesses(polynomial=np.where(ratio < 0.36, 80.0, 5.0), constant=np.where(ratio < 0.36, 5.0, 80.0))
    assert verdicts(splits.claims(flat), "the faster uncertainty falls") == ["does not hold"]
    assert verdicts(splits.claims(flat), "the schedules of the best") == ["holds"]


def test_credits_are_judged_where_there_are_any():
    credits = worlds()["planner credits"] == 1
    good = excesses(constant=np.where(credits, 10.0, 90.0))
    assert verdicts(splits.claims(good), "credits of the planner") == ["holds"]
    assert verdicts(splits.claims(excesses(constant=60.0)), "credits of the planner") == ["does not hold"]


def test_e3_is_squared_accuracy_in_per_cent_over_tokens():
    means = played.Means(accuracies(cosine=0.9, **{"global": 0.6}))
    score = played.e3_of(means, "cosine")
    assert (score.value, score.se) == (pytest.approx(8100 / 370), pytest.approx(0.0, abs=1e-12))
    assert played.e3_gain(means, "cosine", "global").value == pytest.approx(125.0)
    assert played.e3_gain(means, "cosine", "global", more=80).value == pytest.approx(100 * (2.25 * 370 / 450 - 1))


def test_the_error_of_a_gain_is_the_spread_of_means_of_worlds():
    """Worlds of two accuracies, drawn again and again: the gains scatter as the stated error says."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(150):
        first, second = random.choice([0.3, 0.7], WORLDS), random.choice([0.4, 0.6], WORLDS)
        means = played.Means(accuracies(cosine=first, **{"global": second}))
        found.append(played.e3_gain(means, "cosine", "global"))
    gains, errors = np.array(found).T
    assert gains.std() == pytest.approx(errors.mean(), rel=0.2)


def test_a_plan_is_ahead_where_it_is_right_more_often():
    start = "a plan with budgets by the cosine"
    assert verdicts(answers.claims(accuracies(cosine=0.7)), start) == ["holds"] * 4
    assert verdicts(answers.claims(accuracies(cosine=0.3)), start) == ["does not hold"] * 4
    assert verdicts(answers.claims(accuracies()), start) == ["unverified"] * 4
    steep = np.where(worlds()["r"] < 0.36, 0.7, 0.3)
    found = [claim for claim in answers.claims(accuracies(cosine=steep)) if claim.claim.startswith(start)]
    assert [claim.verdict for claim in found] == ["holds only if"] * 4
    assert "holds only if r is 0.20 to 0.36" in found[0].condition


def test_optimal_means_behind_in_no_world():
    start = "Eq. 6 gives the most"
    assert verdicts(answers.claims(accuracies()), start) == ["holds"]
    one_world = np.where(np.arange(WORLDS) == 7, 0.6, 0.5)
    assert verdicts(answers.claims(accuracies(**{"most right": one_world})), start) == ["holds only if"]
    one_world = np.where(np.arange(WORLDS) == 8, 0.6, 0.5)
    assert verdicts(answers.claims(accuracies(**{"most right": one_world})), start) == ["does not hold"]


def test_e3_prefers_a_smaller_budget_where_accuracy_grows_slowly():
    """Between 200 and 600 tokens the score grows only if accuracy grows by more than the root of three."""
    start = "the budget of the best E3"
    slow, fast = accuracies(), accuracies()
    for place, budget in enumerate(LEVEL_BUDGETS):
        slow[f"accuracy most right {budget}"] = np.full(WORLDS, 0.5 * 1.7 ** (place / 4))
        fast[f"accuracy most right {budget}"] = np.full(WORLDS, 0.1 * budget / 100)
    assert verdicts(answers.claims(slow), start) == ["does not hold"]
    assert verdicts(answers.claims(fast), start) == ["holds"]


def test_figures_are_drawn():
    with themed("light") as look:
        for study, table in ((splits, excesses()), (answers, accuracies())):
            for name, figure in study.draw(table).items():
                assert isinstance(figure(look), Figure), name


@pytest.mark.verify
def test_played_accuracy_is_the_product_of_the_chances():
    """Every rule in every world: sub-answers are right independently, each with 1 - min(1, c / tokens^rate)."""
    settings = [setting for setting in allocation_prior(40, seed=5) if setting.world.parts == 3]
    count = len(settings) * len(LEVEL_BUDGETS) * len(rules.RULES)
    bound = norm.isf(1e-6 / count)
    for name, rule in rules.RULES.items():
        found = played.accuracy(settings, name, seed=11)
        for row, setting in zip(found, settings, strict=True):
            for share, budget in zip(row, setting.budgets, strict=True):
                tokens = np.array(rule(setting, budget), float)
                rate = np.array(setting.world.decay_rate)
                left = np.where(tokens > 0, setting.world.initial_uncertainty / np.maximum(tokens, 1) ** rate, 1.0)
                right = np.prod(1 - np.minimum(left, 1.0))
                error = np.sqrt(right * (1 - right) / played.PROBLEMS) + 1 / played.PROBLEMS
                assert abs(share - right) < bound * error, (name, budget)


@pytest.mark.verify
def test_quick_tables_are_whole_and_repeat():
    for study in (splits, answers):
        seen: list[float] = []
        table = study.measure(quick=True, seed=1, progress=seen.append)
        assert seen[-1] == pytest.approx(1.0)
        assert all(column.shape == (rules.QUICK_WORLDS,) and np.all(np.isfinite(column)) for column in table.values())
        assert list(study.claims(table))
        again = study.measure(quick=True, seed=1, progress=seen.append)
        assert all(np.array_equal(table[name], again[name]) for name in table)
