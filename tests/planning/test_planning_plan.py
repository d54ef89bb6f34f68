"""Plans against brute force over everything a budget buys, and in cases whose answer is known."""

import json
from itertools import pairwise, product
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim.calibrate import Interval, calibrate
from budgetsim.errors import InputError
from budgetsim.planning import ALL_TASKS, Costs, Shape, plan
from budgetsim.planning.options import LEAST_REPEATED, SINGLE
from budgetsim.planning.plan import HORIZON


def plurality(row, votes):
    total = 0.0
    for counts in product(range(votes + 1), repeat=len(row)):
        if sum(counts) == votes and counts[0] == max(counts):
            ways = factorial(votes) / np.prod([factorial(count) for count in counts])
            total += ways * np.prod(np.power(row, counts)) / counts.count(max(counts))
    return total


def tree(right, fan_in, depth, costs):
    for _ in range(depth):
        arrives = costs.fidelity * right + (1 - costs.fidelity) / 2
        right = costs.correlation * arrives + (1 - costs.correlation) * stats.binom.sf(fan_in // 2, fan_in, arrives)
    return right


def brute_force(groups, budget, costs):
    """Every organization of every group as (accuracy, tokens, model, kind, fan_in, depth)."""
    found = []
    for group in groups:
        rows = group.answer_probabilities.reshape(-1, group.answer_probabilities.shape[-1])
        leaf, model = group.tokens.value, group.group.model
        options = [("single", 1, 0, leaf, rows[:, 0])]
        options += [
            ("votes", votes, 1, votes * leaf, np.array([plurality(row, votes) for row in rows]))
            for votes in range(2, min(int(budget / leaf), 8) + 1)
        ]
        for fan_in in (3, 5, 7):
            for depth in range(1, 8):
                tokens = leaf * fan_in**depth + 2 * costs.message_tokens * sum(
                    fan_in**level for level in range(1, depth + 1)
                )
                options.append(("tree", fan_in, depth, tokens, tree(rows[:, 0], fan_in, depth, costs)))
        found += [(a.mean(), tokens, model, kind, b, d) for kind, b, d, tokens, a in options if tokens <= budget]
    return found


@settings(derandomize=True, deadline=None, max_examples=12)
@given(st.integers(0, 10**6), st.floats(12.0, 150.0))
def test_best_equals_brute_force(configured, calibrated, seed, budget):
    generator = np.random.default_rng(seed)
    costs = Costs(
        message_tokens=float(generator.integers(0, 6)),
        fidelity=float(generator.uniform(0.8, 1)),
        correlation=0.1,
        max_votes=8,
    )
    groups = [
        configured(generator.dirichlet([1.5, 1.0, 0.5], (4, 2)), tokens=float(tokens), model=model)
        for model, tokens in (("cheap", 9.0), ("dear", 24.0))
    ]
    (task,) = plan(calibrated(*groups), budget, costs=costs).tasks
    found = brute_force(groups, budget, costs)
    accuracy, tokens, model, kind, fan_in, depth = max(found, key=lambda option: (round(option[0], 9), -option[1]))
    assert task.best.accuracy.value == pytest.approx(accuracy, abs=1e-9)
    assert task.best.tokens == pytest.approx(tokens)
    assert (task.best.model, task.best.shape) == (model, Shape(kind, fan_in, depth))
    for name, option in task.best_by_kind.items():
        assert option.accuracy.value == pytest.approx(max(o[0] for o in found if o[3] == name), abs=1e-9)
        assert option.tokens <= budget + 1e-9
    assert set(task.best_by_kind) == {option[3] for option in found}
    assert task.best_single.accuracy.value == pytest.approx(max(o[0] for o in found if o[3] == "single"))
    assert task.gain.value == pytest.approx(task.best.accuracy.value - task.best_single.accuracy.value)
    further = brute_force(groups, HORIZON * budget, costs)
    for one, after in pairwise(task.frontier):
        assert one.tokens < after.tokens
        assert one.accuracy.value < after.accuracy.value
    for option in task.frontier:
        better = [o for o in further if o[1] <= option.tokens * (1 + 1e-12) and o[0] > option.accuracy.value + 1e-8]
        assert not better
    assert task.frontier[-1].accuracy.value == pytest.approx(max(o[0] for o in further), abs=1e-8)


def test_votes_that_help_on_every_problem_certainly_beat_the_single_sample(configured, calibrated):
    (task,) = plan(calibrated(configured(np.tile([0.7, 0.3], (12, 1)))), 100).tasks
    assert task.best.shape.leaves > 1
    assert task.beats_single == 1.0
    assert task.gain.low > 0
    assert task.gain.low == pytest.approx(task.gain.high)  # all problems are alike and known


def test_votes_that_never_help_leave_the_single_sample_with_one_half(configured, calibrated):
    for row in ([0.3, 0.7], [0.5, 0.5]):
        (task,) = plan(calibrated(configured(np.tile(row, (12, 1)))), 100).tasks
        assert task.best.shape is SINGLE
        assert task.best.tokens == 10.0
        assert task.beats_single == 0.5
        assert task.gain == Interval(0.0, 0.0, 0.0)


def test_votes_that_help_and_hurt_alike_are_a_coin_flip(configured, calibrated):
    # Votes change 0.7 and 0.3 by as much; one part in a hundred more for the better half makes votes the plan.
    rows = [[0.705, 0.295], [0.3, 0.7]] * 30
    (task,) = plan(calibrated(configured(rows)), 100).tasks
    assert task.best.shape.leaves > 1
    assert task.beats_single == pytest.approx(0.5, abs=0.07)
    assert task.gain.low < 0 < task.gain.high


def test_certainty_grows_with_the_problems_that_help(configured, calibrated):
    # With three problems in four that gain, the bootstrap share of the gainers is about normal around 3/4.
    rows = [[0.7, 0.3]] * 3 + [[0.3, 0.7]]
    shares = []
    for repeats in (1, 4, 16):
        (task,) = plan(calibrated(configured(rows * repeats)), 100).tasks
        shares.append(task.beats_single)
    # One block: P(Beta(3, 1) > 1/2) = 7/8; four: Beta(12, 4); 2000 draws have a standard error below 0.008.
    exact = [stats.beta.sf(0.5, 3 * repeats, repeats) for repeats in (1, 4, 16)]
    assert shares == pytest.approx(exact, abs=0.035)


def test_what_is_not_known_of_a_problem_widens_the_interval(configured, calibrated):
    known = configured(np.full((30, 4, 1), 0.5))
    unknown = configured(np.broadcast_to(np.array([0.05, 0.35, 0.65, 0.95])[None, :, None], (30, 4, 1)), model="u")
    plans = [plan(calibrated(group), 10).tasks[0].best.accuracy for group in (known, unknown)]
    assert plans[0].high - plans[0].low == pytest.approx(0.0)
    # Each draw: weights of a Bayesian bootstrap (expected sum of squares 2 / 31), times the variance of an atom.
    spread = np.sqrt(2 / 31 * np.var([0.05, 0.35, 0.65, 0.95]))
    assert (plans[1].high - plans[1].low) / (2 * 1.6449) == pytest.approx(spread, rel=0.1)


def test_configurations_that_answered_other_problems(configured, calibrated):
    # The second group answered only the problems that are hard: its draws come from their weights.
    easy_and_hard = configured([[0.9]] * 5 + [[0.2]] * 5, model="a")
    hard = configured([[0.2]] * 5, model="b", tokens=5.0, problem_ids=[f"p{k:04}" for k in range(5, 10)])
    (task,) = plan(calibrated(easy_and_hard, hard), 10, costs=Costs(max_votes=1)).tasks
    assert task.best.model == "a"
    cheaper = task.frontier[0]
    assert cheaper.model == "b"
    assert cheaper.accuracy == pytest.approx((0.2, 0.2, 0.2))
    assert task.best.accuracy.low < 0.45 < 0.65 < task.best.accuracy.high


def test_the_same_draws_serve_all_options(configured, calibrated):
    # One model is 0.01 better on every problem: certain, although each interval is wide.
    generator = np.random.default_rng(0)
    p = generator.uniform(0.1, 0.8, (15, 1))
    shuffled = generator.permutation(15)
    names = np.array([f"p{k:04}" for k in range(15)])
    better = configured(p[shuffled] + 0.01, model="better", tokens=30.0, problem_ids=names[shuffled])
    (task,) = plan(calibrated(configured(p, model="good"), better), 30, costs=Costs(max_votes=1)).tasks
    assert task.best.model == "better"
    assert task.best.accuracy.high - task.best.accuracy.low > 0.1
    frontier = {option.model: option for option in task.frontier}
    gap = np.subtract(frontier["better"].accuracy, frontier["good"].accuracy)
    assert gap == pytest.approx([0.01] * 3)


def test_all_tasks_together_count_every_problem_the_same(configured, calibrated):
    groups = [
        configured([[0.6, 0.4]] * 30, task="x", tokens=10.0),
        configured([[0.2, 0.8]] * 10, task="y", tokens=30.0),
        configured([[0.9, 0.1]] * 30, task="x", model="elsewhere", tokens=1.0),
    ]
    result = plan(calibrated(*groups), 40)
    assert [task.task for task in result.tasks] == [ALL_TASKS, "x", "y"]
    together = result.tasks[0]
    assert together.best_single.model == "m"  # only "m" answered both tasks
    assert together.best_single.tokens == pytest.approx((30 * 10 + 10 * 30) / 40)
    assert together.best_single.accuracy.value == pytest.approx((30 * 0.6 + 10 * 0.2) / 40)
    assert result.tasks[1].best.model == "elsewhere"


def test_budget_moves_the_best_from_single_to_votes(configured, calibrated):
    calibration = calibrated(configured([[0.6, 0.2, 0.2]] * 10, tokens=10.0))
    best = {budget: plan(calibration, budget).tasks[0].best for budget in (10, 29.9, 30, 79.9, 80)}
    assert best[10].shape is SINGLE
    assert [best[budget].shape for budget in (30, 80)] == [Shape("votes", 3, 1), Shape("votes", 8, 1)]
    assert all(option.tokens <= budget for budget, option in best.items())


def test_ties_go_to_the_cheaper(configured, calibrated):
    groups = [configured([[0.6, 0.4]] * 5, tokens=tokens, model=f"m{tokens}") for tokens in (12.0, 10.0, 11.0)]
    (task,) = plan(calibrated(*groups), 12).tasks
    assert task.best.model == "m10.0"
    (task,) = plan(calibrated(configured([[1.0, 0.0]] * 5)), 500).tasks
    assert task.best.shape is SINGLE


def test_one_problem_is_enough(configured, calibrated, runs_of_one_problem):
    (task,) = plan(calibrated(configured([[0.7, 0.3]])), 50).tasks
    assert task.best.shape == Shape("votes", 5, 1) or task.best.shape.kind == "tree"
    assert task.beats_single == 1.0
    (task,) = plan(calibrate(runs_of_one_problem), 100).tasks
    assert task.best.shape is SINGLE  # one problem answered several times: too little to vote on


def test_votes_need_problems_that_were_answered_twice(configured, calibrated):
    for repeated, kind in ((LEAST_REPEATED - 1, "single"), (LEAST_REPEATED, "votes")):
        group = configured([[0.7, 0.3]] * 20, repeated=repeated)
        (task,) = plan(calibrated(group), 60).tasks
        assert (task.best.shape.kind == "single") == (kind == "single")


def test_tasks_without_a_plan_say_why(configured, calibrated):
    groups = [
        configured([[0.6]] * 3, task="good"),
        configured([[0.6]] * 3, task="dear", tokens=5000.0),
        configured([[0.6]] * 3, task="free", tokens=None),
        configured([[0.6]] * 3, task="zero", tokens=0.0),
    ]
    result = plan(calibrated(*groups), 100)
    assert [task.task for task in result.tasks] == ["good"]
    assert result.skipped["dear"] == "the cheapest sample takes 5000 tokens, the budget is 100"
    assert result.skipped["free"] == "no configuration has token counts"
    assert result.skipped["zero"] == "all token counts are missing or 0"
    with pytest.raises(InputError, match=r"nothing to plan .*dear.*5000") as raised:
        plan(calibrated(*groups[1:]), 100)
    assert raised.value.field == "budget"


def test_configurations_without_token_counts_are_passed_over(configured, calibrated):
    groups = [configured([[0.9]] * 3, tokens=None, model="a"), configured([[0.6]] * 3, model="b")]
    (task,) = plan(calibrated(*groups), 10).tasks
    assert task.best.model == "b"


@pytest.mark.parametrize("budget", [0, -5, float("nan"), float("inf"), 1e308])
def test_budgets_that_are_none_are_refused(configured, calibrated, budget):
    with pytest.raises(InputError, match="budget must be above 0") as raised:
        plan(calibrated(configured([[0.6]])), budget)
    assert raised.value.field == "budget"


def test_plain_data_and_seeds(configured, calibrated):
    generator = np.random.default_rng(1)
    calibration = calibrated(configured(generator.dirichlet([2, 1, 1], (9, 4))))
    one, again, other = (plan(calibration, 80, seed=seed).to_dict() for seed in (1, 1, 2))
    assert one == again
    assert one != other
    data = json.loads(json.dumps(one, allow_nan=False))
    assert data["budget"] == 80
    (task,) = data["tasks"]
    assert task["best"]["leaves"] == task["best"]["fan_in"] ** task["best"]["depth"]
    assert task["best"]["accuracy"]["low"] <= task["best"]["accuracy"]["value"] <= task["best"]["accuracy"]["high"]
    assert 0 <= task["beats_single"] <= 1
