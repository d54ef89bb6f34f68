"""Runs: the same seed gives the same result however it is cut, and its summaries say what was drawn."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from budgetsim.simulate.reasoning import Budget, HopWorld, Uct, ValueTree, engine, simulate_strategy
from budgetsim.simulate.reasoning.hop_prior import BUDGETS, MIXES, hop_prior
from budgetsim.simulate.reasoning.many_worlds import simulate_worlds
from budgetsim.simulate.reasoning.result import BLOCK, mean_of, summarized

BUDGET = Budget(tokens=2000, calls=5)


@pytest.mark.parametrize("policy", [ValueTree(), Uct()], ids=["tree", "uct"])
def test_same_seed_same_result_whatever_chunk_and_precision(policy) -> None:
    def run(problems: int, **options: int) -> object:
        return simulate_strategy(HopWorld(), policy, BUDGET, problems=problems, seed=2**32 + 5, nodes=8, **options)

    whole, cut = run(3000, chunk=3), run(3000, chunk=1)
    with jax.enable_x64(True):
        wide = run(3000, chunk=2)
    for other in (cut, wide):
        np.testing.assert_array_equal(whole.answers, other.answers)
        assert (whole.accuracy, whole.output_tokens, whole.calls) == (other.accuracy, other.output_tokens, other.calls)
        assert (whole.largest, whole.expansions, whole.curve) == (other.largest, other.expansions, other.curve)
        assert (whole.unspent, whole.input_tokens) == (other.unspent, other.input_tokens)
    fewer = run(700)
    np.testing.assert_array_equal(whole.answers[:700], fewer.answers)


def test_same_result_on_any_number_of_processors(monkeypatch) -> None:
    def answers(processors: int) -> object:
        monkeypatch.setattr(engine, "PROCESSORS", processors)
        result = simulate_strategy(HopWorld(), ValueTree(), BUDGET, problems=300, seed=3, nodes=8)
        return result.answers.tolist(), result.curve, result.input_tokens, result.output_tokens, result.calls

    alone = answers(1)
    assert answers(2) == answers(5) == alone


def test_all_bits_of_the_seed_count() -> None:
    alike = HopWorld(hop_weights=(1.0,), progress_alpha=1e9, progress_beta=1e9)  # questions are the same in any case
    one, other = (
        simulate_strategy(alike, ValueTree(), BUDGET, problems=1000, seed=seed, nodes=8).answers
        for seed in (5, 2**32 + 5)
    )
    assert np.mean(one != other) > 0.1


def test_summaries_follow_from_the_answers() -> None:
    seen = []
    result = simulate_strategy(
        HopWorld(),
        ValueTree(),
        BUDGET,
        problems=2500,
        seed=3,
        nodes=8,
        chunk=1,
        progress=lambda *done: seen.append(done),
    )
    assert seen == [(1024, 2500), (2048, 2500), (2500, 2500)]
    assert result.accuracy.value == np.mean(result.answers == 0)
    assert result.answered.value == np.mean(result.answers >= 0)
    assert result.curve[-1].value == result.accuracy.value
    held = [point.value for point in result.curve]
    assert held[0] == 0.0  # a sixteenth of the budget buys no answer
    assert result.calls.value * 2500 == pytest.approx(result.expansions)  # a step is a call
    assert result.accuracy.provenance["seed"] == 3


def test_means_and_errors_are_those_of_all_problems() -> None:
    """Of problems that differ: one block, several, and one that is not full."""
    random = np.random.default_rng(0)
    for problems in (1, 700, 1024, 5000):
        spent = random.integers(0, 2**30, (3, problems)).astype(np.int32)
        left = random.random(problems)
        curve = random.integers(-1, 3, (16, problems)).astype(np.int8)
        nodes, crowded = random.integers(1, 9, problems), random.random(problems) < 0.3
        half = 2 * BLOCK
        parts = [
            summarized(spent[0, cut] % 7, spent[:, cut], left[cut], nodes[cut], curve[:, cut], crowded[cut])
            for cut in (slice(0, half), slice(half, None))
            if spent[0, cut].size
        ]
        blocks = np.concatenate([part.blocks for part in parts], axis=-1)
        for rows, values in zip(blocks, [*spent.astype(float), left], strict=True):
            estimate = mean_of(rows, {})
            assert estimate.draws == problems
            assert estimate.value == pytest.approx(np.mean(values), rel=1e-12)
            error = np.std(values, ddof=1) / np.sqrt(problems) if problems > 1 else np.inf
            assert estimate.standard_error == pytest.approx(error, rel=1e-9)
        assert np.sum([part.right for part in parts], axis=0).tolist() == np.sum(curve == 0, axis=1).tolist()
        assert np.max([part.largest for part in parts], axis=0).tolist() == spent.max(axis=1).tolist()
        assert sum(part.expansions for part in parts) == nodes.sum() - problems
        assert sum(part.crowded for part in parts) == crowded.sum()


def test_a_million_problems_take_no_more_memory_than_a_few() -> None:
    """Answers are kept, a byte each; a problem's tokens or its tree would be tens and hundreds of megabytes."""
    program = """
        import resource
        from budgetsim.simulate.reasoning import Budget, HopWorld, Greedy, simulate_strategy
        def peak(problems):
            simulate_strategy(HopWorld(), Greedy(), Budget(tokens=500, calls=2), problems=problems, seed=0, nodes=3)
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(peak(2**14), peak(2**20))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    few, many = map(float, done.stdout.split())
    assert many - few < 16.0, f"{few} and {many} mebibytes"


def test_memory_of_a_group_is_in_proportion_to_problems_times_nodes() -> None:
    def room(problems: int, slots: int) -> int:
        world, policy, place = HopWorld(), ValueTree(), jnp.arange(problems, dtype=jnp.uint32)
        given = (world, policy, BUDGET.ledger(), place, world.problems(0, 0, problems), jnp.zeros(2, jnp.uint32))
        fixed = {"slots": slots, "requests": 40, "kinds": engine.kinds(world, policy)}
        return engine._play.lower(*given, **fixed).compile().memory_analysis().temp_size_in_bytes

    with jax.enable_x64(False):
        few, many, deep = room(128, 32), room(512, 32), room(128, 128)
    assert 3.8 < many / few < 4.2
    assert 3.5 < deep / few < 4.2


def test_a_world_among_many_is_that_world() -> None:
    worlds = [setting.world for setting in hop_prior(5, seed=1)]
    together = simulate_worlds(worlds, ValueTree(), BUDGET, problems_per_world=6000, seed=4, nodes=8)
    for place, world in enumerate(worlds):
        alone = simulate_strategy(world, ValueTree(), BUDGET, problems=6144, seed=9, nodes=8)
        error = np.hypot(alone.accuracy.standard_error, together.standard_error[place])
        assert abs(alone.accuracy.value - together.accuracy[place]) < 5 * error
        assert abs(alone.output_tokens.value - together.output_tokens[place]) < 40.0
        assert together.answered[place] == pytest.approx(alone.answered.value, abs=0.01)
    again = simulate_worlds(worlds[:3], ValueTree(), BUDGET, problems_per_world=6000, seed=4, nodes=8)
    np.testing.assert_array_equal(again.accuracy, together.accuracy[:3])


def test_worlds_of_two_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="worlds"):
        simulate_worlds([HopWorld(), HopWorld(repeat_by="node")], ValueTree(), 100, problems_per_world=1, seed=0)
    with pytest.raises(ValueError, match="worlds"):
        simulate_worlds([], ValueTree(), 100, problems_per_world=1, seed=0)


def test_the_prior_is_the_declared_one() -> None:
    declared = {
        **{"progress_alpha": (0.8, 3), "progress_beta": (0.8, 2.5), "misleading": (0.02, 0.25), "repeat": (0.3, 0.9)},
        **{"repeat_widened": (0.1, 0.6), "critic_noise": (0.3, 2.5), "critic_bias": (0, 1), "fooled": (0.3, 1)},
        **{"early_stop": (0.02, 0.3)},
    }
    settings = hop_prior(4000)
    for name, (low, high) in declared.items():
        drawn = np.sort([getattr(setting.world, name) for setting in settings])
        gap = np.abs((drawn - low) / (high - low) - (np.arange(4000) + 0.5) / 4000).max()
        assert gap < 0.043  # Kolmogorov-Smirnov at 1e-6
    mixes = [MIXES.index(setting.world.hop_weights) for setting in settings]
    assert np.all(np.abs(np.bincount(mixes) - 1000) < 5 * np.sqrt(750))
    longest = np.bincount([setting.longest for setting in settings])[5:]
    assert len(longest) == 6
    assert np.all(np.abs(longest - 4000 / 6) < 5 * np.sqrt(4000 * 5 / 36))
    assert all(setting.world.trapped == 0.0 for setting in settings)
    traps = hop_prior(2000, traps=True)
    assert {setting.world.trapped for setting in traps} == {0.0, 0.5, 1.0}
    assert max(setting.world.misleading for setting in traps) > 0.4
    assert [(budget.tokens, budget.calls) for budget in BUDGETS.values()] == [(2000, 5), (4000, 10), (8000, 20)]
    assert hop_prior(3, seed=2) == hop_prior(8, seed=2)[:3]


@pytest.mark.parametrize("wrong", [{"problems": 0}, {"seed": -1}, {"nodes": 0}, {"chunk": 0}, {"nodes": 2000}])
def test_arguments_outside_their_domain_are_refused(wrong) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        simulate_strategy(HopWorld(), ValueTree(), BUDGET, **{"problems": 10, "seed": 0, **wrong})
