"""Trees of plurality votes over K answers: enumeration, the theory's recursion, replayed draws, broken kernels.

False alarms: 60 Monte Carlo checks, at 4 standard errors those against the theory (for new seeds one of 36 fails with
probability 0.2 %; the seeds are fixed), at 5.5 the others.
"""

import jax
import numpy as np
import pytest

from budgetsim.parameters import Organization
from budgetsim.simulate import (
    Level,
    _answers,
    _kernel,
    _walk,
    count_replicas,
    plan_answer_tree,
    reference,
    simulate_answer_tree,
    simulate_organization,
    simulate_plurality,
)
from budgetsim.simulate.answer_replay import AnswerReplay
from budgetsim.theory import plurality_trees

Z = 5.5


@pytest.mark.parametrize(
    ("levels", "row"),
    [
        ([Level(fan_in=2, fidelity=0.7, correlation=0.3, loss=0.2)], [0.4, 0.35, 0.15]),
        *(
            pytest.param(*each, marks=pytest.mark.verify)
            for each in (
                ([Level(fan_in=2, loss=0.25), Level(fan_in=2, correlation=0.3)], [0.3, 0.45, 0.25]),
                ([Level(fan_in=4), Level(fan_in=1, fidelity=0.6, loss=0.2)], [0.3, 0.3, 0.2]),
            )
        ),
    ],
    ids=["star", "tree", "relayed"],
)
def test_meets_enumeration_of_all_outcomes(levels, row):
    """Every answer in the place of the right one, out of one kernel."""
    for right in range(len(row)):
        turned = row[right:] + row[:right]
        expected = reference.enumerate_outcomes(
            lambda draw, turned=turned: reference.tree_answer(levels, [turned], draw) == 0
        )
        estimate = simulate_answer_tree(levels, turned, replicas=400_000, seed=right)
        assert abs(estimate.z_score(expected)) < Z


@pytest.mark.parametrize(
    ("fan_in", "depth", "answers"),
    [(5, 1, 4), *(pytest.param(*each, marks=pytest.mark.verify) for each in ((3, 2, 3), (4, 2, 4)))],
)
def test_random_trees_meet_the_theory(fan_in, depth, answers):
    """Fidelities and correlations whose digits fill two blocks, so that few kernels need compiling."""
    random = np.random.default_rng([fan_in, depth, answers])
    for number in range(12):
        row = random.dirichlet(np.full(answers, 2.0))
        fidelity, rho = random.uniform(0.3, 0.7), random.uniform(0.15, 0.6)
        expected = plurality_trees.iterate_plurality(row, fan_in, depth, fidelity, rho)[0]
        levels = [Level(fan_in=fan_in, fidelity=fidelity, correlation=rho)] * depth
        estimate = simulate_answer_tree(levels, row, replicas=200_000, seed=number)
        assert abs(estimate.z_score(float(expected))) < 4, (row, fidelity, rho)


@pytest.mark.verify
def test_a_popular_mistake_takes_all():
    """Four answers, no noise: the right one leads by a little, or trails a dominant mistake."""
    for row in ([0.34, 0.33, 0.17, 0.16], [0.34, 0.4, 0.13, 0.13]):
        tree = Organization.tree(5, 4)
        expected = float(plurality_trees.iterate_plurality(row, 5, 4, 1.0, 0.0)[0])
        estimate = simulate_answer_tree(tree, row, replicas=20_000, seed=3)
        assert abs(estimate.z_score(expected)) < Z


def test_two_answers_are_majorities():
    levels = [Level(fan_in=4, fidelity=0.6, correlation=0.3, loss=0.2)]
    answers = simulate_answer_tree(levels, [[0.6, 0.2], [0.1, 0.7]], weights=[0.7, 0.3], replicas=400_000, seed=1)
    votes = [
        simulate_organization(levels, right, abstention=0.2, replicas=400_000, seed=2 + place)
        for place, right in enumerate((0.75, 0.125))
    ]
    expected = 0.7 * votes[0].value + 0.3 * votes[1].value
    assert abs(answers.value - expected) < Z * np.hypot(answers.standard_error, votes[0].standard_error)


def test_a_star_without_messages_is_a_plurality():
    row = [[0.35, 0.25, 0.25, 0.15]]
    star = simulate_answer_tree([Level(fan_in=6)], row, replicas=300_000, seed=4)
    plain = simulate_plurality(row, 6, replicas=300_000, seed=4)
    assert abs(star.value - plain.value) < Z * np.hypot(star.standard_error, plain.standard_error)


REPLAYED = {
    "tree": ([Level(fan_in=4, fidelity=0.7, correlation=0.2, loss=0.3), Level(fan_in=2)], [[0.4, 0.3, 0.2, 0.05]]),
    "problems": ([Level(fan_in=5, correlation=0.3), Level(fan_in=1, loss=0.4)], [[0.3, 0.6, 0.0], [0.5, 0.2, 0.2]]),
    "single": ([], [[0.5, 0.1, 0.1]]),
}


def replayed(levels, rows, replicas):
    weights = [1 / len(rows)] * len(rows)
    return [
        AnswerReplay(levels=levels, probabilities=rows, weights=weights, seed=2**40 + 1, replica=replica).answer() == 0
        for replica in replicas
    ]


@pytest.mark.parametrize(
    "case", ["single", *(pytest.param(each, marks=pytest.mark.verify) for each in ("tree", "problems"))]
)
def test_every_replica_is_replayed(case):
    levels, rows = REPLAYED[case]
    laid_out = plan_answer_tree(levels, rows, seed=2**40 + 1)
    twin = replayed(levels, rows, range(64, 64 + 80))
    for stop in (3, 33, 80):
        assert count_replicas(laid_out, 64, 64 + stop) == (sum(twin[:stop]), stop)


@pytest.mark.verify
def test_neither_batch_nor_chunks_nor_devices_change_anything(monkeypatch):
    levels, rows = REPLAYED["tree"]
    laid_out = plan_answer_tree(levels, rows, seed=3)
    whole = count_replicas(laid_out, 0, 300)
    assert count_replicas(laid_out, 0, 300, devices=jax.devices()) == whole
    assert sum(count_replicas(laid_out, start, start + 100)[0] for start in (0, 100, 200)) == whole[0]
    monkeypatch.setattr(_walk, "BLOCK", 8)
    monkeypatch.setattr(_answers, "BLOCK", 8)
    monkeypatch.setattr(_kernel, "_LEAST_WIDTH", 2)
    _kernel.compiled.cache_clear()
    try:
        assert count_replicas(laid_out, 0, 300) == whole
    finally:
        _kernel.compiled.cache_clear()


BROKEN = {
    "noise keeps what was sent": (_answers.AnswerPlayer, "noisy", lambda _s, _l, _n, _nodes, said: said),
    "all messages arrive": (_answers.AnswerPlayer, "tallies", lambda _self, ballots: ballots.said),
    "first leader wins": (
        _answers.AnswerPlayer,
        "pick",
        lambda _self, leads, *_: leads.at[1:].set(leads[1:] & ~leads[0]),
    ),
    "never shared": (
        _answers.AnswerPlayer,
        "decide",
        lambda self, level, nodes, counts, _speaker: self.elect(level, nodes, counts),
    ),
}


@pytest.mark.verify
@pytest.mark.parametrize("broken", BROKEN)
def test_broken_kernels_are_caught(monkeypatch, broken):
    place, name, wrong = BROKEN[broken]
    levels, rows = REPLAYED["tree"]
    twin = replayed(levels, rows, range(160))
    monkeypatch.setattr(place, name, wrong)
    _kernel.compiled.cache_clear()
    try:
        laid_out = plan_answer_tree(levels, rows, seed=2**40 + 1)
        pieces = [count_replicas(laid_out, start, start + 40)[0] for start in range(0, 160, 40)]
        assert pieces != [sum(twin[start : start + 40]) for start in range(0, 160, 40)]
    finally:
        _kernel.compiled.cache_clear()


def test_when_all_agents_fail_the_root_guesses():
    for levels, row in (([Level(fan_in=3, loss=1.0)], [1.0, 0.0, 0.0]), ([Level(fan_in=3)], [0.0, 0.0, 0.0])):
        estimate = simulate_answer_tree(levels, row, replicas=100_000, seed=6)
        assert abs(estimate.z_score(1 / 3)) < Z


def test_certain_answers_are_exact():
    tree = Organization.tree(3, 2, correlation=0.5)
    assert simulate_answer_tree(tree, [1.0, 0.0, 0.0], replicas=1000, seed=1).value == 1.0
    assert simulate_answer_tree(tree, [0.0, 0.0, 1.0], replicas=1000, seed=1).value == 0.0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"probabilities": [0.7, 0.4]}, "probabilities must sum to at most 1 in every row, got 1.1.* in row 0"),
        ({"probabilities": [0.7, -0.1]}, r"probabilities must lie in \[0, 1\], got -0.1 at index \[0, 1\]"),
        ({"probabilities": [1.0]}, "answers must be an integer in 2 ... 16, got 1"),
        ({"probabilities": [1 / 17] * 17}, "answers must be an integer in 2 ... 16, got 17"),
        ({"probabilities": []}, "probabilities must be a non-empty array"),
        ({"replicas": 0}, "replicas must be an integer in 1 ... .*, got 0"),
        ({"seed": -1}, "seed must be an integer in 0 ... .*, got -1"),
        ({"weights": [0.4]}, "weights must sum to 1, got 0.4"),
        ({"organization": [Level(fan_in=3, correlation=0.2, sharing="beta")]}, "sharing must be 'vote' .* got 'beta'"),
    ],
)
def test_errors_name_argument_value_and_domain(changed, message):
    given = {"organization": [Level(fan_in=3)], "probabilities": [0.6, 0.4], "replicas": 10, "seed": 1, **changed}
    with pytest.raises(ValueError, match=message):
        simulate_answer_tree(**given)
