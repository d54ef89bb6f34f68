"""Routers of memory tiers: what is computed from all plans, claims on tables with known answers, a short run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.optimize import linprog

from budgetsim.plot.style import THEMES, themed
from budgetsim.reproduce.memory_tiers import routers, tier_shares
from budgetsim.reproduce.memory_tiers.readings import ALIGNED, ALONE, PRICED, REWARDS, WEIGHTS, cell, features, pooled
from budgetsim.reproduce.share_claims import lead_error, leads
from budgetsim.reproduce.world_tables import Shares
from budgetsim.simulate.reasoning import memory_prior
from budgetsim.simulate.reasoning.memory_pipeline import best_plan
from budgetsim.simulate.reasoning.memory_prior import COST_WEIGHTS
from budgetsim.theory.tier_plans import TierPlans, tier_plans

WORLDS = 12
GAINS = np.linspace(0.2, 0.6, WORLDS)
# What a router costs and takes at every weight: nothing hidden in it.
COST = {("graded", ALIGNED): 0.8, ("graded", ALONE): 0.1, ("judged", ALIGNED): 0.2, ("judged", ALONE): 0.3}


def plans_of(world) -> TierPlans:
    gains = (0.0, world.middle_share, 1.0)
    return tier_plans(world.module_tokens, world.tier_prices, world.module_gains, gains, world.base_quality)


def table(**changes: float) -> dict[str, np.ndarray]:
    made = {f"gain {place}": GAINS / 5 for place in range(1, 6)} | {f"tokens {place}": GAINS for place in range(1, 6)}
    made |= {"middle share": GAINS[::-1].copy(), "query noise": GAINS % 0.3}
    made |= {"alignment graded": 0.3 + 0.1 * GAINS, "alignment judged": 1.2 + 0.1 * GAINS}
    values = {"high": 0.1, "low": 0.8, "regret": 0.3, "short": 0.01, "best high": 1.0, "best low": 0.0}
    values |= {"best cost": 0.95, "plain regret": 0.1} | changes
    for (reward, alignment), cost in COST.items():
        for weight in WEIGHTS if alignment == ALIGNED else PRICED:
            for what, value in (values | {"cost": cost if weight else 1.0}).items():
                # The more the memory gains, the less alignment changes, by less than anything counts.
                tilt = 1e-4 * GAINS if (what, alignment) == ("cost", ALONE) else 0.0
                made[cell(what, reward, alignment, weight)] = np.full(WORLDS, value) + tilt
                if what in ("high", "low", "cost", "regret", "short"):
                    made[cell(f"{what} se", reward, alignment, weight)] = np.full(WORLDS, 0.01)
    return made


def judged(**changes: float) -> dict[str, list]:
    found: dict[str, list] = {}
    for claim in tier_shares.claims(table(**changes)):
        found.setdefault(claim.claim, []).append(claim)
    return found


def test_weights_are_those_of_the_prior():
    assert WEIGHTS == COST_WEIGHTS


@pytest.mark.parametrize("weight", [0.1, 0.5])
def test_the_best_plan_loses_nothing_and_is_that_of_the_simulator(weight: float):
    for world in memory_prior(6, seed=3):
        best = best_plan(world, weight)
        row = routers.judged_by_plans(plans_of(world), weight, 1.0, [np.eye(3)[list(best)]] * 2)
        assert row["regret"] == pytest.approx(0.0, abs=1e-12)
        assert (row["high"], row["low"]) == (best.count(2) / 5, best.count(0) / 5)
        assert (row["best high"], row["best low"]) == (row["high"], row["low"])
        assert row["cost"] == pytest.approx(row["best cost"])
        assert row["plain regret"] >= -1e-12
        assert row["cost se"] == 0.0


def test_a_random_router_loses_everything_and_costs_the_mean_price():
    world = memory_prior(1, seed=4)[0]
    plans = plans_of(world)
    law = np.full((5, 3), 1 / 3)
    row = routers.judged_by_plans(plans, 0.3, 0.7, [law, law])
    assert row["regret"] == pytest.approx(1.0)
    assert (row["high"], row["low"]) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert row["cost"] * plans.cost.max() == pytest.approx(np.mean(world.tier_prices) * sum(world.module_tokens))


def test_two_trainings_give_their_mean_and_its_error():
    world = memory_prior(1, seed=5)[0]
    row = routers.judged_by_plans(plans_of(world), 0.3, 1.0, [np.eye(3)[[2] * 5], np.eye(3)[[2, 2, 2, 2, 0]]])
    assert row["high"] == pytest.approx(0.9)
    assert row["high se"] == pytest.approx(0.1)


def test_what_a_router_lacks_is_what_a_linear_programme_finds():
    random = np.random.default_rng(1)
    for world in memory_prior(3, seed=6):
        plans = plans_of(world)
        law = random.dirichlet(np.ones(3), size=5)
        chance = np.prod(law[np.arange(5), plans.tiers], axis=1)
        cost, quality = float(chance @ plans.cost), float(chance @ plans.quality)
        best = linprog(-plans.quality, A_ub=[plans.cost], b_ub=[cost], A_eq=[np.ones(243)], b_eq=[1.0])
        row = routers.judged_by_plans(plans, 0.3, 1.0, [law, law])
        assert row["short"] == pytest.approx((-best.fun - quality) / sum(world.module_gains), rel=1e-6)


@pytest.mark.parametrize("verdicts", [False, True])
def test_the_ratio_of_spreads_is_that_of_drawn_plans(verdicts: bool):
    world = memory_prior(2, seed=7)[1]
    random = np.random.default_rng(2)
    size = 200_000
    tiers = random.integers(0, 3, (size, 5))
    parts = np.array([0.0, world.middle_share, 1.0])[tiers] * world.module_gains
    quality = world.base_quality + (parts * (1.0 + world.query_noise * random.standard_normal((size, 5)))).sum(axis=1)
    task = (random.random((2, size)) < quality).mean(axis=0) if verdicts else quality
    root = np.sqrt(np.array(world.tier_prices)[tiers] @ world.module_tokens)
    low, high = np.quantile(root, [0.05, 0.95])
    cheap = 1.0 - np.clip((root - low) / (high - low), 0.0, 1.0)
    ours = routers.first_alignment(world, plans_of(world), judged=verdicts)
    # 200,000 draws: a spread is off by .2 % of itself at most, quantiles of 243 steps a little more.
    assert ours == pytest.approx(task.std() / cheap.std(), rel=0.015)


def test_claims_of_a_table_with_known_answers():
    found = judged()
    graded, verdicts = found["aligning the scales of the two rewards delays the collapse to LOW"]
    assert (graded.verdict, graded.ours) == ("holds", 1.0)
    assert (verdicts.verdict, verdicts.ours) == ("holds only if", -1.0)
    assert verdicts.condition.endswith("holds only if the reward is graded")
    [direction] = [
        parts[0] for claim, parts in found.items() if claim.startswith("alignment delays the collapse where")
    ]
    assert (direction.verdict, direction.ours) == ("holds", 1.0)
    assert "ties 0.00" in direction.condition
    [tiers, _] = found["the tier of most modules at weights 0, .1, .3, .5, .7 and .9"]
    assert (tiers.verdict, tiers.ours) == ("does not hold", ", ".join(["LOW 0.80 ± 0.00"] * 6))
    assert "best plans: HIGH 1.00 ± 0.00, HIGH" in tiers.condition
    [plain, _] = found["a trained router gains more than the best plan with one tier for all modules"]
    assert (plain.verdict, plain.ours) == ("does not hold", -1.0)
    [lost, _] = next(p for claim, p in found.items() if claim.startswith("share of what the best plan gains"))
    assert (lost.verdict, lost.ours) == ("does not hold", 0.3)
    [lacks, _] = next(p for claim, p in found.items() if claim.startswith("share of the memory's gain"))
    assert lacks.verdict == "holds"


def test_claims_turn_with_the_table():
    found = judged(**{"regret": 0.05, "best cost": 0.05})
    [plain, _] = found["a trained router gains more than the best plan with one tier for all modules"]
    assert (plain.verdict, plain.ours) == ("holds", 1.0)
    [spends, _] = next(p for claim, p in found.items() if claim.startswith("a trained router spends less"))
    assert (spends.verdict, spends.ours) == ("does not hold", -1.0)
    same = table()
    for weight in PRICED:
        same[cell("cost", "graded", ALONE, weight)] = same[cell("cost", "graded", ALIGNED, weight)]
    first = next(c for c in tier_shares.claims(same) if c.claim.startswith("aligning"))
    assert (first.verdict, first.ours) == ("unverified", 0.0)


def test_the_nearer_curve_is_counted():
    made = table()
    figure = {ALIGNED: (2.48, 2.00, 0.58, 0.28, 0.27), ALONE: (0.30, 0.27, 0.27, 0.27, 0.27)}
    for alignment, curve in figure.items():
        for weight, cost in zip(PRICED, curve, strict=True):
            made[cell("cost", "judged", alignment, weight)] = np.full(WORLDS, cost / 2.39)
    nearer = next(c for c in tier_shares.claims(made) if c.claim.startswith("costs with a judge"))
    assert (nearer.verdict, nearer.ours) == ("holds", 1.0)
    assert "judged 0.00" in nearer.condition


def test_errors_of_all_worlds_are_taken_together():
    made = table()
    made[cell("cost se", "graded", ALIGNED, 0.3)] = np.array([0.0] * 6 + [0.2] * 6)
    assert pooled(made, "cost", "graded", ALIGNED, 0.3) == pytest.approx(0.2 / np.sqrt(2.0))
    assert features(made, "judged")["total gain"] == pytest.approx(GAINS)


def test_leads_are_those_of_counted_signs():
    shares = Shares(0.7, 0.1, 0.2, 50)
    signs = np.array([1] * 36 + [0] * 5 + [-1] * 11)  # one world more of either kind
    assert lead_error(shares) == pytest.approx(signs.std() / np.sqrt(52.0))
    assert leads(shares)
    assert not leads(Shares(0.45, 0.2, 0.35, 50))


@pytest.mark.parametrize("theme", THEMES)
def test_figures_are_drawn(theme: str):
    with themed(theme) as look:
        for draw in tier_shares.draw(table()).values():
            assert isinstance(draw(look), Figure)


@pytest.mark.verify
def test_a_short_run_agrees_with_routers_that_are_played():
    found = routers.measure(quick=True, seed=5, progress=[].append)
    assert {column.size for column in found.values()} == {routers.QUICK_WORLDS}
    for reward in REWARDS:
        free = found[cell("cost", reward, ALIGNED, 0.0)]
        dear = found[cell("cost", reward, ALONE, 0.9)]
        assert np.all(free > 0.5)
        assert np.all(dear < 0.15)
    again = routers._row(memory_prior(1, seed=5)[0], [11, 12], routers.STEPS)
    world = replace(memory_prior(1, seed=5)[0], judged=True)
    played = [routers.train_routers(world, [0.5], queries=4096, seed=seed)[0].cost for seed in (11, 12)]
    error = np.hypot(*(one.standard_error for one in played)) / 2.0 + 1e-6
    mean = sum(one.value for one in played) / 2.0 / plans_of(world).cost.max()
    assert abs(again[cell("cost", "judged", ALIGNED, 0.5)] - mean) < 5.0 * error
