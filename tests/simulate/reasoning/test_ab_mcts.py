"""AB-MCTS-A: the same requests as its plain twin; posteriors and decisions of the released code; exact draws."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from budgetsim.simulate.reasoning import AbMcts, ArithmeticWorld, Budget, HopWorld
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policies import thompson
from budgetsim.simulate.reasoning.policy import EXPAND, Event, View
from budgetsim.simulate.reasoning.reference.ab_mcts import PlainAbMcts
from budgetsim.simulate.reasoning.reference.compare import differences

PUZZLES = ArithmeticWorld(branching=(5, 4, 3, 1))
HOPS = HopWorld()
NODES = 16
P_VALUE = 1e-7  # of one comparison with a distribution


@pytest.mark.parametrize(
    ("world", "budget", "posterior"),
    [(PUZZLES, Budget(), "gaussian"), (HOPS, Budget(tokens=4000, calls=14), "beta")],
)
def test_same_requests_as_the_plain_twin(world, budget, posterior):
    rule = AbMcts(posterior=posterior, variance=0.02)
    found, compared = differences(
        world, rule, lambda: PlainAbMcts(rule, NODES), budget, problems=16, seed=3, nodes=NODES, requests=70
    )
    assert found == []
    assert compared > 150


def numbers(draws, seed=1):
    return Uniforms(jnp.array([seed, 0], jnp.uint32), jnp.arange(draws, dtype=jnp.uint32), jnp.uint32(0), 0)


@pytest.mark.parametrize("scores", [[], [0.3], [0.9, 0.1, 0.5, 0.55], [0.2] * 40])
def test_draws_of_a_mean_are_student_draws(scores):
    seen = thompson.Scores(*(jnp.float32(part) for part in (len(scores), sum(scores), sum(s * s for s in scores))))
    after = thompson.normal_posterior(thompson.Normal(), seen)
    draws = np.asarray(thompson.draw_mean(numbers(40_000), 0, thompson.Normal(*(jnp.float32(part) for part in after))))
    scale = np.sqrt(float(after.variance) / float(after.weight))
    student = stats.t(float(after.freedom), float(after.mean), scale)
    assert stats.kstest(draws, student.cdf).pvalue > P_VALUE


@pytest.mark.parametrize(("first", "second"), [(0.5, 0.5), (3.2, 7.7), (0.5, 20.5), (40.3, 2.2), (0.05, 1.0)])
def test_draws_of_log_odds_are_beta_draws(first, second):
    of = thompson.Beta(jnp.full(40_000, first, jnp.float32), jnp.full(40_000, second, jnp.float32))
    odds = np.asarray(thompson.draw_log_odds(numbers(40_000), 0, of), float)
    share = 1.0 / (1.0 + np.exp(-odds))
    assert stats.kstest(share, stats.beta(first, second).cdf).pvalue > P_VALUE


def grow(rule, tree, slots, problems):
    """The state and the view after the nodes (parent, score) of a tree were made, in every problem alike."""
    one = jnp.ones(problems, jnp.int32)
    state = rule.init(slots, 2, problems)
    parent = jnp.full((slots, problems), -1, jnp.int32)
    share = jnp.ones(problems, jnp.float32)
    for number, (above, score) in enumerate(tree, start=1):
        parent = parent.at[number].set(above)
        view = View((number + 1) * one, parent, parent, share, jnp.ones((3, problems)), 0 * one)
        event = Event(
            one > 0, EXPAND + 0 * one, above * one, number * one, 0.0 * share, jnp.float32(score) * share, one > 1,
            -one, jnp.zeros((3, problems), jnp.int32),
        )  # fmt: skip
        state = rule.update(view, state, event)
    return state, view


@pytest.fixture(params=["gaussian", "beta"])
def searched(request):
    """A tree grown by the released code, its state, and ours after the same nodes."""
    treequest = pytest.importorskip("treequest", reason="the released code of AB-MCTS is in the extra bench")
    numpy_state = np.random.get_state()  # noqa: NPY002 - the released code draws from the global generator
    np.random.seed(12)  # noqa: NPY002
    algorithm = treequest.ABMCTSA(dist_type=request.param)
    state, scores = algorithm.init_tree(), np.random.default_rng(4)

    def generate(_):
        return "state", float(np.round(scores.uniform(0.1, 1.0), 3))

    for _ in range(25):
        state = algorithm.step(state, {"only": generate})
    nodes = sorted(state.tree.get_nodes(), key=lambda node: node.expand_idx)
    place = {node.expand_idx: number for number, node in enumerate(nodes)}
    tree = [(place[node.parent.expand_idx], node.score) for node in nodes[1:]]
    yield SimpleNamespace(
        algorithm=algorithm, state=state, nodes=nodes, place=place, tree=tree, rule=AbMcts(posterior=request.param)
    )
    np.random.set_state(numpy_state)  # noqa: NPY002


def test_posteriors_are_those_of_the_released_code(searched):
    state, _ = grow(searched.rule, searched.tree, 27, 1)

    def ours(scores, number):
        seen = thompson.Scores(*(part[number, 0] for part in scores))
        if searched.rule.posterior == "beta":
            after = thompson.beta_posterior(thompson.Beta(), seen)
            return {"a": float(after.first), "b": float(after.second)}
        after = thompson.normal_posterior(thompson.Normal(), seen)
        return dict(zip(("m", "kappa", "nu", "tau_square"), map(float, after), strict=True))

    compared = 0
    for node in searched.nodes:
        theirs = searched.state.thompson_states.get(node)
        if theirs is None:
            continue
        number = searched.place[node.expand_idx]
        assert ours(state.new, number) == pytest.approx(theirs.gen_vs_cont_probas["shared"]["GEN"].params, rel=2e-4)
        assert ours(state.old, number) == pytest.approx(theirs.gen_vs_cont_probas["shared"]["CONT"].params, rel=2e-4)
        for index, child in enumerate(node.children):
            mine = ours(state.arm, searched.place[child.expand_idx])
            assert mine == pytest.approx(theirs.node_probas["shared"][index].params, rel=2e-4)
            compared += 1
    assert compared == 25


def test_decisions_are_as_frequent_as_in_the_released_code(searched):
    drawn = 4000
    theirs = np.zeros(27)
    for _ in range(drawn):
        node, _ = searched.algorithm._get_expand_node_and_action(searched.state, ["only"])
        theirs[searched.place[node.expand_idx]] += 1
    state, view = grow(searched.rule, searched.tree, 27, 16 * drawn)
    choice = jax.jit(lambda view, state: searched.rule.choose(numbers(16 * drawn), view, state))(view, state)
    ours = np.bincount(np.asarray(choice.node), minlength=27)
    often = ours >= 16 * 5
    table = np.array([[*part[often], part[~often].sum()] for part in (ours, theirs)])
    table = table[:, table.sum(0) > 0]
    assert table.shape[1] > 3
    assert stats.chi2_contingency(table).pvalue > P_VALUE
