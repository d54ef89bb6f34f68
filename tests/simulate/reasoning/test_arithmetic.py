"""Trees of partial results: the fit against its log, the world against the log and against enumeration."""

import json
import math
import os
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from budgetsim.simulate.reasoning import ArithmeticWorld, Beam, Single, arithmetic_prior, simulate_strategy
from budgetsim.simulate.reasoning.accountant import Budget
from budgetsim.simulate.reasoning.arithmetic import COUNTERFEIT, DEAD, SOUND, VOTE_VALUES
from budgetsim.simulate.reasoning.arithmetic_fit import area, fit, makes_24
from budgetsim.simulate.reasoning.reference.beam import PlainBeam
from budgetsim.simulate.reasoning.reference.puzzles import PlainPuzzle
from budgetsim.simulate.reasoning.reference.stepwise import play_plain

TRACES = Path(os.environ.get("BUDGETSIM_TRACES", Path(__file__).parents[4] / "shared" / "traces")) / "tot_gpt4"
with_log = pytest.mark.skipif(not TRACES.is_dir(), reason="no folder of real logs (BUDGETSIM_TRACES)")

# Of the recorded search, 100 puzzles: area under the ROC curve of values by depth; share of nodes, and of kept nodes,
# from which 24 is in reach, by depth; searches with a right answer among the five, and with a right first one; tokens.
RECORDED_AREAS = (0.754, 0.993, 0.995, 0.977)
RECORDED_SHARES = (0.238, 0.057, 0.076)
RECORDED_KEPT = (0.328, 0.334, 0.310, 0.238)
RECORDED_ANY, RECORDED_FIRST = 0.69, 0.62
RECORDED_INPUT, RECORDED_OUTPUT = 13_879, 5_479
RECORDED_SPREAD = (6_108, 2_914)  # standard deviations over puzzles

STORED = json.loads((files("budgetsim.data") / "arithmetic_trees.json").read_text(encoding="utf-8"))
LIMIT = 5.5  # standard errors; a comparison fails by chance four times in 10**8


@with_log
def test_the_stored_fit_is_the_fit_to_the_log():
    again = fit(TRACES)
    assert again["vote_counts"] == STORED["vote_counts"]
    assert again["parameters"].keys() == STORED["parameters"].keys()
    for name, stored in STORED["parameters"].items():
        for part in ("value", "standard_error"):
            np.testing.assert_allclose(
                again["parameters"][name][part], stored[part], rtol=1e-4, atol=1e-9, err_msg=name
            )


def test_the_fit_has_the_areas_of_the_log():
    np.testing.assert_allclose(STORED["parameters"]["auc"]["value"], RECORDED_AREAS, atol=6e-4)


def test_the_fit_sees_every_node_of_the_log():
    assert [sum(map(sum, depth)) for depth in STORED["vote_counts"]] == [947, 3179, 2046, 2240]


def test_area_under_the_curve_is_the_rank_statistic():
    random = np.random.default_rng(0)
    bad, good = random.integers(0, 9, 300), random.integers(2, 9, 80)
    ours = area(*(np.bincount(levels, minlength=9).astype(float) for levels in (bad, good)))
    assert ours == pytest.approx(stats.mannwhitneyu(good, bad).statistic / (300 * 80), abs=1e-12)


@pytest.mark.parametrize(
    ("state", "reachable"),
    [
        ("1 5 5 5", True),
        ("3 3 8 8", True),
        ("1 1 1 1", False),
        ("24", True),
        ("23", False),
        ("8 3 1", True),
        ("", False),
    ],
)
def test_makes_24_on_known_puzzles(state, reachable):
    assert makes_24(state) is reachable


class Recorder(PlainPuzzle):
    """Keeps what was judged."""

    def __init__(self, world):
        super().__init__(world)
        self.judged = []

    def critic(self, uniform, state, child):
        points, score, costs = super().critic(uniform, state, child)
        self.judged.append((child.depth, child.kind, score))
        return points, score, costs


def recorded_rule(world, puzzles, seed):
    """The recorded search, played by the plain twins: judged nodes, and kept nodes by depth, of every puzzle."""
    random = np.random.default_rng(seed)
    for _ in range(puzzles):
        puzzle = Recorder(world)
        search = PlainBeam(Beam(width=5, proposals=world.branching, reserve=0.0))
        tale = play_plain(
            puzzle,
            search,
            Budget(),
            nodes=99,
            requests=99,
            uniform=lambda *_: random.random(5, np.float32),
            last=(0.0,),
        )
        kept = [[] for _ in world.branching]
        for depth in range(1, len(world.branching) + 1):
            level = [(number, node) for number, node in enumerate(puzzle.judged) if node[0] == depth]
            kept[depth - 1] = [node for _, node in sorted(level, key=lambda one: -one[1][2])[:5]]
        yield puzzle.judged, kept, tale


@pytest.fixture(scope="module")
def searches():
    return list(recorded_rule(ArithmeticWorld(), 600, seed=5))


def close(ours, recorded, ours_error, recorded_error):
    assert abs(ours - recorded) < LIMIT * math.hypot(ours_error, recorded_error), (ours, recorded)
    # and not only because the error bars are wide: within a tenth in absolute terms, whatever they are
    assert abs(ours - recorded) < 0.1, (ours, recorded)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_shares_of_sound_nodes_are_those_of_the_log(searches, depth):
    sound = [sum(node[1] == "sound" for node in judged if node[0] == depth) for judged, _, _ in searches]
    nodes = ArithmeticWorld().branching[depth - 1] * (5 if depth > 1 else 1)
    error = np.std(sound) / nodes
    close(np.mean(sound) / nodes, RECORDED_SHARES[depth - 1], error / math.sqrt(len(searches)), error / 10.0)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_shares_of_kept_sound_nodes_are_those_of_the_log(searches, depth):
    sound = [np.mean([node[1] == "sound" for node in kept[depth - 1]]) for _, kept, _ in searches]
    error = np.std(sound)
    close(np.mean(sound), RECORDED_KEPT[depth - 1], error / math.sqrt(len(searches)), error / 10.0)


def test_success_of_the_recorded_search(searches):
    any_right = [any(node[1] == "sound" for node in kept[3]) for _, kept, _ in searches]
    first = [tale.answer == 0 for _, _, tale in searches]
    for ours, recorded in ((any_right, RECORDED_ANY), (first, RECORDED_FIRST)):
        error = math.sqrt(recorded * (1.0 - recorded))
        close(np.mean(ours), recorded, error / math.sqrt(len(searches)), error / 10.0)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_areas_of_simulated_values_are_those_of_the_log(searches, depth):
    judged = [node for nodes, _, _ in searches for node in nodes if node[0] == depth]
    good = [score for _, kind, score in judged if kind == "sound"]
    bad = [score for _, kind, score in judged if kind != "sound"]
    simulated = stats.mannwhitneyu(good, bad).statistic / (len(good) * len(bad))
    assert simulated == pytest.approx(RECORDED_AREAS[depth - 1], abs=0.02)


def test_tokens_of_the_recorded_search():
    world = ArithmeticWorld()
    rule = Beam(width=5, proposals=world.branching, reserve=0.0)
    result = simulate_strategy(world, rule, 10**6, problems=4096, seed=2, nodes=65)
    for ours, recorded, spread in (
        (result.input_tokens, RECORDED_INPUT, RECORDED_SPREAD[0]),
        (result.output_tokens, RECORDED_OUTPUT, RECORDED_SPREAD[1]),
    ):
        assert abs(ours.value - recorded) < LIMIT * spread / 10.0
        assert ours.value == pytest.approx(recorded, rel=0.05)


def test_an_answer_at_once_has_the_success_and_the_price_of_a_logged_chain():
    result = simulate_strategy(ArithmeticWorld(), Single(), 1000, problems=65_536, seed=1)
    assert abs(result.accuracy.z_score(0.0403)) < LIMIT
    assert result.largest == (437, 46, 1, 0)


def small(**changes):
    """Two steps, blunt votes: everything can be listed."""
    fitted = ArithmeticWorld()
    parts = {name: getattr(fitted, name)[1:3] for name in ("straight", "bought")}
    votes = (fitted.votes[0], fitted.votes[3])
    own = {"branching": (2, 1), "found": (0.8, 0.7), "more": (0.3, 0.0), "counterfeit": (0.2, 0.0)}
    return ArithmeticWorld(**{**parts, "votes": votes, **own, "noise": 1.0, **changes})


def first_moves(world):
    """Kinds of the two first moves and their probability."""
    found, more, counterfeit = (getattr(world, name)[0] for name in ("found", "more", "counterfeit"))
    other = {SOUND: 0.0, COUNTERFEIT: counterfeit, DEAD: 1.0 - counterfeit}
    for one in range(3):
        for two in range(3):
            missed = (1.0 - found) * other[one] * other[two]
            rest = {kind: more * (kind == SOUND) + (1.0 - more) * other[kind] for kind in range(3)}
            hit = found * 0.5 * ((one == SOUND) * rest[two] + (two == SOUND) * rest[one])
            yield (one, two), missed + hit


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
def test_beam_of_one_by_enumeration(noise):
    world = small(noise=noise)
    table = np.array(world.votes[0])
    weights = table.mean(0) * (table / table.mean(0)) ** (1.0 / noise**2)
    table = weights / weights.sum(1, keepdims=True)
    right = 0.0
    for (one, two), chance in first_moves(world):
        joint = np.outer(table[one], table[two])
        second = np.triu(joint, 1).sum()  # the first one wins ties
        kept_sound = (one == SOUND) * (1.0 - second) + (two == SOUND) * second
        right += chance * kept_sound * world.found[1]
    rule = Beam(width=1, proposals=world.branching, reserve=0.0)
    result = simulate_strategy(world, rule, 10**6, problems=65_536, seed=4, nodes=5)
    assert abs(result.accuracy.z_score(right)) < LIMIT
    assert sum(chance for _, chance in first_moves(world)) == pytest.approx(1.0)


@pytest.mark.parametrize(("renewed", "right"), [(1.0, 0.7 * 0.7), (0.0, 0.7), (0.5, 0.7 * (0.5 + 0.5 * 0.7))])
def test_a_second_list_is_as_lucky_as_it_is_new(renewed, right):
    # one step, no critic's choice: the answer is written twice, and both must be right
    fitted = ArithmeticWorld()
    world = ArithmeticWorld(
        branching=(1,), found=(0.7,), more=(0.0,), counterfeit=(0.0,), straight=(0.5,), votes=fitted.votes[3:],
        bought=((0.0, 0.0),), renewed=renewed,
    )  # fmt: skip
    random = np.random.default_rng(9)
    both = 0
    for _ in range(20_000):
        puzzle = PlainPuzzle(world)
        root = puzzle.root()
        kinds = []
        for _ in range(2):
            child, _, _, settle = puzzle.step(random.random(5, np.float32), root, 0)
            settle()
            kinds.append(child.kind)
        both += kinds == ["sound", "sound"]
    assert abs(both / 20_000 - right) < LIMIT * math.sqrt(right * (1.0 - right) / 20_000)


def test_what_is_never_drawn_anew_is_right_or_wrong_for_good():
    # five answers written from one node are all right or all wrong, so the best of them is right as often as one is
    fitted = ArithmeticWorld()
    world = ArithmeticWorld(
        branching=(1,), found=(0.7,), more=(0.0,), counterfeit=(0.0,), straight=(0.5,), votes=fitted.votes[3:],
        bought=((0.0, 0.0),), renewed=0.0,
    )  # fmt: skip
    result = simulate_strategy(world, Beam(width=1, proposals=5, reserve=0.0), 10**6, problems=32_768, seed=6, nodes=6)
    assert result.expansions == 5 * 32_768
    assert abs(result.accuracy.z_score(0.7)) < LIMIT


def test_noise_multiplies_the_spread_of_normal_values():
    # evidence raised to 1/f**2: for equal normal densities around -d and d, log-odds shrink by f**2 as for spread f
    values = np.linspace(-6.0, 6.0, 4001)
    for factor in (0.5, 2.0):
        tempered = stats.norm(1.0, 1.0).logpdf(values) / factor**2
        np.testing.assert_allclose(np.diff(tempered), np.diff(stats.norm(1.0, factor).logpdf(values)), atol=1e-12)


def test_votes_without_noise_are_those_of_the_fit():
    counts = np.array(STORED["vote_counts"], float)
    world = ArithmeticWorld()
    for depth, kind in ((0, SOUND), (1, DEAD), (3, COUNTERFEIT)):
        smoothed = (counts[depth, kind] + 1.0 / len(VOTE_VALUES)) / (counts[depth, kind].sum() + 1.0)
        np.testing.assert_allclose(world.votes[depth][kind], smoothed, rtol=1e-12)


def test_prior_is_the_one_that_was_declared():
    worlds = arithmetic_prior(200, seed=0)
    again = arithmetic_prior(3, seed=0)
    assert worlds[:3] == again
    assert worlds[:3] != arithmetic_prior(3, seed=1)
    means = STORED["parameters"]["branching"]["value"][:3]
    fit_shares = ArithmeticWorld().shares
    share_factors, branching_factors = [], []
    for world in worlds:
        factor = world.branching[0] / means[0]
        branching_factors.append(factor)
        for length, mean in zip(world.branching, means, strict=False):
            assert abs(length - factor * mean) <= 0.5 + 0.5 * mean / means[0] + 1e-9
        ratios = [share / before for share, before in zip(world.shares, fit_shares, strict=True)]
        share_factors.append(ratios[0])
        for ratio, share in zip(ratios, world.shares, strict=True):
            assert ratio == pytest.approx(ratios[0]) or share == pytest.approx(0.95)
    noises = [world.noise for world in worlds]
    for factors in (noises, share_factors, branching_factors):
        uniform = (np.log(factors) / math.log(2.0) + 1.0) / 2.0
        assert stats.kstest(uniform, "uniform").pvalue > 1e-6
        assert min(uniform) > -0.05
        assert max(uniform) < 1.05
    for one, two in ((noises, share_factors), (noises, branching_factors), (share_factors, branching_factors)):
        assert abs(np.corrcoef(np.log(one), np.log(two))[0, 1]) < LIMIT / math.sqrt(200)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"noise": 0.0}, "noise"), ({"noise": math.inf}, "noise"), ({"renewed": 1.5}, "renewed"),
        ({"found": (0.5, 1.2)}, "found"), ({"more": (0.5,)}, "more"), ({"branching": (2, 0)}, "branching"),
        ({"branching": (2.5, 1)}, "branching"), ({"counterfeit": (-0.1, 0.0)}, "counterfeit"),
        ({"vote_tokens": (-1, 3)}, "vote_tokens"), ({"bought": ((1.0, math.nan), (1.0, 1.0))}, "bought"),
        ({"demonstration_tokens": -1}, "demonstration_tokens"), ({"votes": ((((0.5,) * 2,) * 3),) * 2}, "votes"),
    ],
)  # fmt: skip
def test_what_is_outside_its_domain_is_refused(changes, named):
    with pytest.raises(ValueError, match=named):
        small(**changes)


def test_shares_by_hand():
    assert small().shares == pytest.approx((float(Fraction(8, 10) * (1 + Fraction(3, 10)) / 2), 0.7))
