"""The study of bounds on value trees: its test notices, claims follow from the table, worlds are the prior's."""

from __future__ import annotations

import math
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

from budgetsim.plot.style import THEMES, themed
from budgetsim.reproduce.value_trees import bounds, bounds_worlds
from budgetsim.reproduce.value_trees.bounds_checks import FALSE_ALARM, looseness, violated
from budgetsim.reproduce.value_trees.bounds_worlds import RUNS, certified, few_digits, least_pool_steps, worlds_of
from budgetsim.reproduce.world_tables import read_table
from budgetsim.simulate.reasoning.advance import play_advance, play_pool
from budgetsim.simulate.reasoning.advance_prior import AdvanceWorlds, advance_prior

KEPT = Path(__file__).parents[2] / "papers" / "results" / "bavt" / "bounds.csv"
NEVER = 8  # claims that a bound is never violated
ALL = ("published", "chernoff", "entropy", "exact", "exact less one", "random cost", "pool", "growing pool",
       "pool exact", "no backstop", "constant")  # fmt: skip


@pytest.fixture(scope="module")
def few() -> AdvanceWorlds:
    return few_digits(advance_prior(30, seed=1))


@pytest.fixture(scope="module")
def quiet(few: AdvanceWorlds) -> dict[str, np.ndarray]:
    """A table of worlds in which no search fails."""
    none = {f"{name} failed": np.zeros(30, int) for name in ALL}
    steps = {"needed steps": few.gains, "pool exact steps": least_pool_steps(few)}
    return {**bounds_worlds.parameters(few), **none, **steps}


def failing(table: dict[str, np.ndarray], **failed: object) -> dict[str, np.ndarray]:
    """The table with other failures."""
    given = {f"{name.replace('_', ' ')} failed": np.broadcast_to(value, (30,)) for name, value in failed.items()}
    return {**table, **given}


def test_a_violation_is_an_exact_binomial_tail_below_the_level_shared_by_all_worlds():
    runs, allowed, worlds = 50, 0.1, 4
    tail = [sum(math.comb(runs, k) * 0.1**k * 0.9 ** (runs - k) for k in range(least, runs + 1)) for least in range(51)]
    first = next(least for least, chance in enumerate(tail) if chance < 2e-5 / worlds)
    found = violated([first - 1, first, 0, runs], allowed, runs=runs)
    assert found.tolist() == [False, True, False, True]


def test_failures_just_as_frequent_as_allowed_are_no_violation():
    random = np.random.default_rng(0)
    allowed = random.choice([0.01, 0.05, 0.1], 10_000)
    assert not violated(random.binomial(RUNS, allowed), allowed).any()  # false alarm: 2e-5
    assert violated(random.binomial(RUNS, allowed + 0.08), allowed).mean() > 0.9
    assert FALSE_ALARM == 2e-5


def test_looseness_is_certified_over_observed():
    table = {"failure": np.array([0.1, 0.05]), "a failed": np.array([50, 0]), "b failed": np.array([0, 0])}
    found = looseness(table, "a")
    assert (found.value, found.silent) == (pytest.approx(3.0), 0.5)
    assert found.se == pytest.approx(3.0 * math.sqrt(50 * 0.95) / 50)
    assert looseness(table, "a", np.array([True, False])).value == pytest.approx(2.0)
    assert str(looseness(table, "b")) == "none failed"
    assert str(found) == "3.00 ± 0.41"


def test_worlds_come_back_from_a_table(few: AdvanceWorlds, quiet):
    for column, back in zip(few, worlds_of(quiet), strict=True):
        assert np.array_equal(column, back)
    assert np.allclose(few.advance, advance_prior(30, seed=1).advance, rtol=0.006)
    assert all(float(f"{value:.3g}") == value for value in few.competition)


def first_claims(table: dict[str, np.ndarray]):
    return list(islice(bounds.claims(table), NEVER))


def test_a_violated_bound_does_not_hold(quiet):
    assert [claim.verdict for claim in first_claims(quiet)] == ["holds"] * NEVER
    for place, name in enumerate(("published", "chernoff", "entropy", "exact", "pool", "growing_pool", "pool_exact",
                                  "random_cost")):  # fmt: skip
        one = np.where(np.arange(30) == 7, RUNS // 3, 0)
        loud = first_claims(failing(quiet, **{name: one}))
        assert [claim.verdict for claim in loud] == ["does not hold" if at == place else "holds" for at in range(NEVER)]
        assert loud[place].ours == "violated in 1"


def claim_on(words: str, table: dict[str, np.ndarray]):
    return next(claim for claim in bounds.claims(table) if words in claim.claim)


def test_what_is_lost_without_an_assumption(few: AdvanceWorlds, quiet):
    ahead = few.competition > 1.0
    saved = claim_on("chance at the start", failing(quiet, constant=np.where(ahead, RUNS, 0)))
    assert (saved.verdict, saved.ours) == ("holds only if", f"{ahead.mean():.3f}; 1.000")
    assert claim_on("chance at the start", failing(quiet, constant=RUNS)).verdict == "does not hold"
    kept_back = few.stop_ratio > 0.0
    assert claim_on("kept back", failing(quiet, no_backstop=np.where(kept_back, RUNS, 0))).verdict == "holds only if"
    assert claim_on("kept back", failing(quiet, no_backstop=np.where(kept_back, 0, RUNS))).verdict == "does not hold"


def test_one_step_less_is_told_from_enough(few: AdvanceWorlds, quiet):
    allowed = few.failure * RUNS
    verdicts = [
        claim_on("one step less", failing(quiet, exact_less_one=factor * allowed)).verdict for factor in (2.0, 1.0, 0.5)
    ]
    assert verdicts == ["holds", "unverified", "does not hold"]


def test_steps_over_exact_ones_are_those_of_scipy(few: AdvanceWorlds, quiet):
    exact = [
        gains + stats.nbinom.ppf(1.0 - failure, gains, advance)
        for gains, failure, advance in zip(few.gains, few.failure, few.advance, strict=True)
    ]
    ratio = certified(few).steps.chernoff / np.array(exact)
    expected = [*np.quantile(ratio, [0.05, 0.5, 0.95]), ratio.min(), ratio.max()]
    assert claim_on("Chernoff's number of steps", quiet).ours == ", ".join(f"{value:.3g}" for value in expected)


@pytest.mark.parametrize("theme", THEMES)
def test_the_figure_is_drawn_where_searches_fail_and_where_none_does(theme: str, quiet):
    drawings = bounds.draw(failing(quiet, exact=5))
    with themed(theme) as look:
        figure = drawings["bounds"](look)
    assert isinstance(figure, Figure)
    texts = [text.get_text() for text in figure.axes[1].texts]
    assert texts == ["none failed"] * 12  # four bounds, three habits


def test_the_kept_worlds_are_all_those_of_the_prior():
    kept = read_table(KEPT)
    drawn = bounds_worlds.parameters(few_digits(advance_prior(10_000, seed=0)))
    for name, column in drawn.items():
        assert np.array_equal(kept[name], column), name


@pytest.mark.verify
def test_measured_failures_have_the_exact_law_where_the_chance_is_constant():
    """Counts of failures against negative-binomial tails: which steps were counted, in the worlds of the table."""
    seen: list[float] = []
    table = bounds_worlds.measure(worlds=250, seed=2, progress=seen.append)
    assert seen == [1.0]
    assert {len(column) for column in table.values()} == {250}
    worlds = worlds_of(table)
    steps = certified(worlds).steps
    columns = {"published": steps.published, "chernoff": steps.chernoff, "entropy": steps.relative_entropy,
               "exact": steps.exact, "exact less one": steps.exact - 1}  # fmt: skip
    compared = 0
    for row in np.flatnonzero(worlds.habit == 0):
        for name, number in columns.items():
            truth = stats.nbinom.sf(number[row] - worlds.gains[row], worlds.gains[row], worlds.advance[row])
            assert stats.binomtest(int(table[f"{name} failed"][row]), RUNS, truth).pvalue > 1e-8, (name, row)
            compared += 1
        low, high = (stats.nbinom.ppf(1.0 - share, worlds.gains[row], worlds.advance[row]) + worlds.gains[row]
                     for share in np.clip(worlds.failure[row] + np.array([1, -1]) * 0.06, 1e-5, 1.0))  # fmt: skip
        assert low <= table["needed steps"][row] <= high
    assert compared >= 300
    # All worlds together see what one does not: a step more or less.
    rows = worlds.habit == 0
    for name, number in columns.items():
        truth = stats.nbinom.sf(number[rows] - worlds.gains[rows], worlds.gains[rows], worlds.advance[rows])
        distance = (table[f"{name} failed"][rows] - RUNS * truth).sum() / np.sqrt(RUNS * np.sum(truth * (1.0 - truth)))
        assert abs(distance) < 5.8, (name, distance)
    assert [claim.verdict for claim in first_claims(table)] == ["holds"] * NEVER


def pool_failure(worlds: AdvanceWorlds, row: int, steps: int, stop: float) -> float:
    """Chance of too few gains in a full pool at the highest cost, step by step; the chance does not change."""
    law = np.eye(1, int(worlds.gains[row]))[0]  # of the gains made, the goal left out
    for step in range(steps):
        left = 1.0 - step / steps
        if left < stop - 1e-12:
            break
        rivals = (worlds.pool_size[row] - 1) * worlds.competition[row] ** (1.0 / left)
        chance = worlds.progress[row] / (1.0 + rivals)
        law = law * (1.0 - chance) + np.concatenate([[0.0], law[:-1]]) * chance
    return float(law.sum())


@pytest.mark.verify
def test_measured_failures_in_pools_have_the_exact_law_where_the_chance_is_constant():
    worlds = few_digits(advance_prior(250, seed=4))
    table = bounds_worlds.measure(worlds=250, seed=4, progress=[].append)
    certain = certified(worlds)
    rows = np.flatnonzero(worlds.habit == 0)
    for row in rows:
        stop, all_spent = worlds.stop_ratio[row], worlds.part([row])._replace(stop_ratio=np.zeros(1))
        for name, steps, left_out in (
            ("pool", certain.pool[row], stop),
            ("pool exact", table["pool exact steps"][row], stop),
            ("no backstop", least_pool_steps(all_spent)[0], stop),
            ("constant", certain.constant[row], 0.0),
        ):
            truth = pool_failure(worlds, row, int(steps), left_out)
            seen = int(table[f"{name} failed"][row])
            assert stats.binomtest(seen, RUNS, min(truth, 1.0)).pvalue > 1e-8, (name, row)
        start = worlds.progress[row] / (1.0 + (worlds.pool_size[row] - 1) * worlds.competition[row])
        demand, gains = math.log(1.0 / worlds.failure[row]), worlds.gains[row]
        published = (gains + math.sqrt(2.0 * gains * demand) + 2.0 * demand) / start
        assert certain.constant[row] == math.ceil(published)
    assert rows.size >= 50
    assert table["growing pool failed"].sum() < table["pool failed"].sum()


@pytest.mark.verify
def test_half_of_the_steps_is_noticed_in_nearly_every_world():
    worlds = few_digits(advance_prior(60, seed=3))
    worlds = worlds._replace(habit=np.zeros_like(worlds.habit), lowest_cost=worlds.highest_cost)
    exact = certified(worlds).steps.exact
    ended = play_advance(worlds, runs=RUNS)
    assert not violated((ended.steps > exact[:, None]).sum(axis=1), worlds.failure).any()
    assert violated((ended.steps > (exact // 2)[:, None]).sum(axis=1), worlds.failure).mean() > 0.9
    least = least_pool_steps(worlds)
    for share, noticed in ((1.0, 0.0), (0.5, 0.9)):
        budgets = np.maximum(np.floor(share * least), 1) * worlds.highest_cost
        played = play_pool(worlds, budgets, growing=False, runs=RUNS)
        found = violated((~played.reached).sum(axis=1), worlds.failure).mean()
        assert found > noticed if noticed else found == 0.0
