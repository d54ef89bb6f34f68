"""The plan played out and the curves of one configuration, against numbers that are known."""

from itertools import combinations

import numpy as np
import pytest

from budgetsim.calibrate.observed import Outcome
from budgetsim.calibrate.tally import Group, Tally
from budgetsim.planning import Costs, Option, Shape, check, organization_curves, plan
from budgetsim.planning.check import expanded, simulate_shape
from budgetsim.planning.curves import _tree_accuracy
from budgetsim.planning.limits import limits
from budgetsim.planning.options import SINGLE, problem_accuracy


def test_expanded_answers_are_the_same_votes(configured):
    table, copies = [[0.4, 0.1, 0.05], [0.3, 0.2, 0.1]], [[[1, 1, 4]], [[1, 1, 2]]]
    columns = expanded(configured(table, copies=copies))
    assert columns.tolist() == [[0.4, 0.1, 0.05, 0.05, 0.05, 0.05], [0.3, 0.2, 0.1, 0.1, 0.0, 0.0]]
    plain = configured(table)
    assert expanded(plain).tolist() == table


@pytest.mark.parametrize("shape", [SINGLE, Shape("votes", 4, 1), Shape("tree", 3, 2)])
def test_simulation_and_theory_agree_on_every_kind(configured, shape):
    generator = np.random.default_rng(0)
    costs = Costs(fidelity=0.85, correlation=0.15)
    groups = [configured(generator.dirichlet([2, 1, 1], (6, 2)), task=task) for task in "xy"]
    groups.append(configured(generator.dirichlet([1, 2], (8, 2)) * [1, 1 / 3], copies=[1, 3], task="z"))
    expected = np.concatenate([problem_accuracy(group, shape, costs) for group in groups]).mean()
    estimate = simulate_shape(groups, shape, costs, replicas=60_000, seed=3)
    assert abs(estimate.z_score(expected)) < 4.5
    assert estimate.standard_error < 0.003
    assert abs(estimate.z_score(expected + 0.02)) > 4.5


def test_check_covers_the_best_of_every_task_and_every_kind_of_the_first(configured, calibrated):
    groups = [configured([[0.7, 0.2, 0.1], [0.4, 0.5, 0.1]], task=task, tokens=10.0) for task in ("x", "y")]
    calibration = calibrated(*groups)
    made = plan(calibration, 90, costs=Costs(max_votes=3))
    steps = []
    checks = check(calibration, made, progress=lambda done, total: steps.append((done, total)))
    assert all(one.agrees for one in checks)
    assert steps == [(k + 1, len(checks)) for k in range(len(checks))]
    first = {(one.option.shape.kind) for one in checks if one.task == made.tasks[0].task}
    assert first == {"single", "votes", "tree"}
    assert {one.task for one in checks} == {"all tasks", "x", "y"}
    for one in checks:
        assert one.expected == pytest.approx(one.option.accuracy.value)
        data = one.to_dict()
        assert data["agrees"] is True
        assert data["z"] == pytest.approx((data["simulated"] - data["expected"]) / data["simulated_se"], abs=1e-6)


def held_out_tally(correct, total):
    count = len(correct)
    return Tally(
        [Group("m", "s", "t", None)],
        [("t", f"p{k:04}") for k in range(count)],
        np.zeros(count, np.int64),
        np.arange(count),
        np.asarray(correct, float),
        np.asarray(total, float),
        np.zeros(count),
        (np.asarray(total) - np.asarray(correct)).astype(float)[:, None],
        np.ones(count, np.int64),
        np.full(count, 10.0),
        np.ones(1, bool),
        np.ones(1, bool),
    )


def test_curves_put_theory_simulation_and_held_out_samples_side_by_side(configured, calibrated):
    generator = np.random.default_rng(1)
    p = generator.uniform(0.3, 0.9, 400)
    group = configured(np.stack([p, 1 - p], axis=1))
    option = Option("m", "s", None, SINGLE, 10.0, group.accuracy, 0.5)
    held_out = held_out_tally(generator.binomial(5, p), np.full(400, 5))
    curves = organization_curves(
        calibrated(group), held_out, option, "t", Costs(message_tokens=0.0, max_votes=6), horizon=100.0
    )
    kinds, leaves = curves["kind"].values, curves["leaves"].values
    assert list(zip(kinds, leaves, strict=True)) == [
        ("single", 1),
        *(("votes", n) for n in (2, 3, 4, 5, 6)),
        ("tree", 3),
        ("tree", 9),
    ]
    assert curves["tokens"].values.tolist() == (10.0 * leaves).tolist()
    at = {(kind, n): k for k, (kind, n) in enumerate(zip(kinds, leaves, strict=True))}
    theory, simulated, error = (curves[name].values for name in ("theory", "simulated", "simulated_se"))
    assert theory[0] == pytest.approx(p.mean())
    assert theory[at["votes", 3]] == pytest.approx((p**3 + 3 * p**2 * (1 - p)).mean())
    assert theory[at["tree", 3]] == pytest.approx(theory[at["votes", 3]])
    known = np.isfinite(simulated)
    assert {(k, n) for (k, n), place in at.items() if known[place]} == {
        ("single", 1),
        ("votes", 3),
        ("votes", 5),
        ("tree", 3),
        ("tree", 9),
    }
    assert (np.abs(simulated - theory)[known] < 4.5 * error[known]).all()
    observed, spread = curves["observed"].values, curves["observed_se"].values
    reached = np.isfinite(observed)
    assert reached.tolist() == [*[True] * 5, False, True, False]
    assert (np.abs(observed - theory)[reached] < 4.5 * spread[reached]).all()
    assert observed[0] == pytest.approx(held_out.correct.sum() / held_out.total.sum())


def test_curves_of_a_group_that_was_not_held_out(configured, calibrated):
    group = configured([[0.6, 0.4]] * 12, task="u")
    option = Option("m", "s", None, SINGLE, 10.0, group.accuracy, 0.5)
    curves = organization_curves(calibrated(group), held_out_tally([3], [4]), option, "u", Costs(), horizon=15.0)
    assert curves.sizes["point"] == 1
    assert np.isnan(curves["observed"].values).all()


def test_trees_of_held_out_samples_are_the_mean_over_all_groupings():
    # Three of four samples in one vote: four groupings each; random ones come close.
    outcome = Outcome(np.array([2.0, 3.0, 0.0]), np.array([[2.0], [1.0], [4.0]]), np.zeros(3))
    exact = [np.mean([sum(c) > 1 for c in combinations([1] * r + [0] * (4 - r), 3)]) for r in (2, 3, 0)]
    ours = _tree_accuracy(outcome, Shape("tree", 3, 1))
    assert ours == pytest.approx(exact, abs=4.5 * 0.5 / np.sqrt(200))
    # Nine samples in three votes of three: with all right or all wrong there is nothing to group.
    outcome = Outcome(np.array([9.0, 0.0]), np.array([[0.0], [9.0]]), np.zeros(2))
    assert _tree_accuracy(outcome, Shape("tree", 3, 2)).tolist() == [1.0, 0.0]


def test_limits_name_the_groups_that_they_are_about(configured, calibrated):
    plain = configured([[0.6]] * 40, model="plain")
    few = configured([[0.6]] * 5, model="few")
    once = configured([[0.6]] * 40, model="once", repeated=0)
    ordered = configured([[0.6]] * 40, model="ordered", order_effect=9.0)
    silent = configured([[0.6]] * 40, model="silent", answers_known=False, tokens=None)
    calibration = calibrated(plain, few, once, ordered, silent)

    def about(name):
        return [text for text in limits(calibration, None, Costs()) if f"{name} | s | t" in text]

    assert about("plain") == []
    assert [len(about(name)) for name in ("few", "once", "ordered", "silent")] == [1, 1, 1, 2]
    assert "few problems" in about("few")[0]
    assert "answered twice" in about("once")[0]
    assert "exchangeable" in about("ordered")[0]
    made = plan(calibrated(plain, configured([[0.5]] * 40, task="dear", tokens=1e6)), 50)
    assert any("on dear" in text for text in limits(calibration, made, Costs()))
