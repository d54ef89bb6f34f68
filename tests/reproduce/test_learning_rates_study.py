"""Tuned learning-rate profiles on noisy quadratics: the runs against plain recursions, the claims on known tables."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.stats import norm

from budgetsim.plot.style import themed
from budgetsim.reproduce.learning_rates import profiles, rex_quadratics, uba_quadratics
from budgetsim.simulate.reasoning.noisy_quadratics import NOISES, PEAKS, PROFILES, STEPS

SETTINGS = len(NOISES) * len(STEPS)
PERCENT = np.tile(100.0 * np.array(STEPS) / STEPS[-1], len(NOISES))
NOISE = np.repeat(NOISES, len(STEPS))


def expected_loss(rates, noise: float) -> float:
    """Second moments, coordinate by coordinate and step by step."""
    total = 0.0
    for i in range(1, 201):
        moment = 1.0
        for rate in rates:
            moment = (1 - rate / i) ** 2 * moment + rate**2 * noise / i
        total += 0.5 * moment / i
    return total


def table(losses: dict[str, object]) -> dict:
    """A table of settings in which profiles have these losses and tell apart what differs by more than .02."""
    rows = {name: np.broadcast_to(np.asarray(loss, float), SETTINGS) for name, loss in losses.items()}
    found = {"percent": PERCENT, "steps": PERCENT * 40, "noise": NOISE}
    found |= {"tuning": np.full(SETTINGS, 4), "runs": np.full(SETTINGS, 100)}
    for name, row in rows.items():
        found |= {f"loss {name}": row, f"loss {name} se": np.full(SETTINGS, 0.1), f"expected {name}": row}
    for one, two in combinations(rows, 2):
        found |= {f"{one} less {two}": rows[one] - rows[two], f"{one} less {two} se": np.full(SETTINGS, 0.01)}
    return found


def claims(study, losses: dict[str, object]) -> dict:
    return {claim.claim: claim for claim in study.claims(table(losses))}


def rex_losses(**known) -> dict:
    return dict.fromkeys(rex_quadratics.COMPARED, 1.0) | known


def uba_losses(**known) -> dict:
    return dict.fromkeys(uba_quadratics.PLAYED, 1.0) | {name.replace("0p", "0."): row for name, row in known.items()}


def test_losses_are_those_of_the_recursion_of_moments():
    steps, noise = 12, 0.1
    rates = np.stack([np.full(steps, 0.5), 1.9 * PROFILES["linear"](np.arange(steps) / steps)])
    losses = profiles.final_losses(rates, noise, runs=2000, random=np.random.default_rng(0))
    for row, rate in zip(losses, rates, strict=True):
        error = row.std(ddof=1) / np.sqrt(row.size)
        assert abs(row.mean() - expected_loss(rate, noise)) < norm.isf(1e-6) * error
        assert error < 0.02 * row.mean()


def test_without_noise_the_best_rate_is_chosen():
    found = profiles.measure_profiles(
        {"rex": PROFILES["rex"]}, tuning=2, runs=2, seed=0, progress=lambda _: None, budgets=(8,)
    )
    quiet = 0
    assert found["noise"][quiet] == min(NOISES)
    height = PROFILES["rex"](np.arange(8) / 8)
    losses = [expected_loss(peak * height, NOISES[0]) for peak in PEAKS]
    assert found["peak rex"][quiet] == PEAKS[int(np.argmin(losses))]
    assert found["least rex"][quiet] == pytest.approx(min(losses))
    assert found["expected rex"][quiet] == pytest.approx(min(losses))


def test_profiles_meet_the_same_noise_and_seeds_repeat():
    twice = {"one": PROFILES["linear"], "two": PROFILES["linear"], "other": PROFILES["cosine"]}
    seen: list[float] = []
    made = [
        profiles.measure_profiles(twice, tuning=2, runs=8, seed=seed, progress=seen.append, budgets=(8, 20))
        for seed in (1, 1, 2)
    ]
    assert seen[:6] == pytest.approx(np.cumsum([8, 20] * 3) / 84)
    assert np.all(made[0]["one less two"] == 0.0)
    assert np.all(made[0]["one less two se"] == 0.0)
    # In the same noise a difference is told far better than by two runs apart.
    apart = np.hypot(made[0]["loss one se"], made[0]["loss other se"])
    assert np.all(made[0]["one less other se"] < 0.5 * apart)
    assert np.array_equal(made[0]["loss one"], made[1]["loss one"])
    assert not np.array_equal(made[0]["loss one"], made[2]["loss one"])
    assert np.array_equal(profiles.difference(made[0], "other", "one"), -made[0]["one less other"])


def test_ties_are_two_standard_errors_wide():
    found = table({"a": 1.0, "b": np.where(PERCENT < 25, 1.015, 1.05)})
    assert profiles.clearly(found, "a", "b").tolist() == np.where(PERCENT < 25, 0, -1).tolist()
    assert profiles.clearly(found, "b", "a").tolist() == np.where(PERCENT < 25, 0, 1).tolist()


def test_the_largest_range_is_stated():
    found = table({"a": 1.0})
    assert profiles.where_all(found, (PERCENT <= 10) & (NOISE < 0.1)) == (
        "the budget is 1 to 10 % and the noise 0.001 to 0.01",
        True,
    )
    assert profiles.where_all(found, PERCENT == 50) == ("the budget is 50 % and the noise 0.001 to 0.1", True)
    assert not profiles.where_all(found, PERCENT > 100)[1]
    places = profiles.ranks(table({"a": 2.0, "b": 1.0, "c": 3.0}), ("a", "b", "c"))
    assert places[:, 0].tolist() == [2, 1, 3]


def test_rex_is_judged_against_each_rival():
    low = PERCENT < 25
    found = claims(rex_quadratics, rex_losses(rex=np.where(low, 0.5, 1.5)))
    assert found["REX ends below the linear schedule at budgets below 25 %"].verdict == "holds"
    high = found["REX ends below the linear schedule at budgets of 25 % and more"]
    assert (high.verdict, high.ours) == ("does not hold", "below in 0, level in 0, above in 9 of 9")
    cosine = found["REX matches or beats cosine decay at low and at high budgets"]
    assert cosine.verdict == "holds only if"
    assert "the budget is 1 to 10 % and the noise 0.001 to 0.1" in cosine.condition
    best = found["REX is the best schedule of all, most often"]
    assert best.verdict == "holds only if"
    assert best.ours.startswith("best in 9 of 9 settings with low budgets, in 0 of 9 with high")
    ahead = claims(rex_quadratics, rex_losses(rex=0.5))
    assert all(claim.verdict == "holds" for text, claim in ahead.items() if text.startswith("REX"))


def test_finishes_among_the_best_three_are_counted():
    ordered = {"constant": 1.4, "exponential": 1.3, "one_cycle": 1.2, "linear": 0.5, "rex": 0.6}
    found = claims(rex_quadratics, rex_losses(**ordered))
    linear = found["the linear schedule is among the best three in most settings, at low and at high budgets"]
    assert (linear.verdict, linear.ours) == ("holds", "in 100 % with low, 100 % with high budgets")
    [order] = [claim for text, claim in found.items() if text.startswith("how often")]
    assert (order.verdict, order.ours) == ("does not hold", "100, 0, 0, 0 %")


def test_a_loss_that_the_recursion_does_not_expect_is_noticed():
    good = table(rex_losses())
    assert next(iter(rex_quadratics.claims(good))).verdict == "holds"
    bad = good | {"expected linear": np.full(SETTINGS, 2.0)}
    assert next(iter(rex_quadratics.claims(bad))).verdict == "does not hold"


def test_uba_is_judged_shape_by_shape():
    low = PERCENT < 25
    short, long = np.where(low, 0.5, 1.5), np.where(low, 1.5, 0.5)
    found = claims(uba_quadratics, uba_losses(uba_0p25=short, uba_5=long, uba_400=3.0))
    assert found["UBA of shape 0.25 ends below all common schedules at every budget"].verdict == "holds only if"
    assert found["UBA of shape 0.5 ends below all common schedules at every budget"].verdict == "does not hold"
    choice = found["one shape of UBA is below cosine decay at every budget"]
    assert choice.verdict == "holds only if"
    assert choice.condition.endswith("holds only if the shape may be chosen for each budget and noise")
    grows = found["the larger the budget, the larger the best shape of UBA; rank correlation"]
    assert grows.verdict == "holds"
    bound = [claim for text, claim in found.items() if text.startswith("the shape that the condition")]
    assert (bound[0].verdict, bound[0].ours) == (
        "does not hold",
        "loss 6.0 to 6.0 times that of the best of the other shapes",
    )
    behind_one = claims(uba_quadratics, uba_losses(uba_1=0.5, exponential=0.4))
    one = behind_one["UBA of shape 1 ends below all common schedules at every budget"]
    assert (one.verdict, one.ours) == (
        "does not hold",
        "against the best of them below in 0, level in 0, above in 18 of 18",
    )
    every = claims(uba_quadratics, uba_losses(uba_1=0.5))
    assert every["UBA of shape 1 ends below all common schedules at every budget"].verdict == "holds"
    assert every["one shape of UBA is below linear decay at every budget"].verdict == "holds"
    assert every["the larger the budget, the larger the best shape of UBA; rank correlation"].verdict == "unverified"


def test_figures_are_drawn():
    with themed("dark") as look:
        for study, losses in ((rex_quadratics, rex_losses(rex=0.5)), (uba_quadratics, uba_losses(uba_5=2.0))):
            for name, figure in study.draw(table(losses)).items():
                assert isinstance(figure(look), Figure), name


@pytest.mark.verify
@pytest.mark.parametrize("study", [rex_quadratics, uba_quadratics])
def test_quick_runs_agree_with_the_recursion(study):
    """Few runs have heavy tails: eight standard errors of sixteen runs."""
    found = study.measure(quick=True, seed=3, progress=lambda _: None)
    names = study.COMPARED if study is rex_quadratics else study.PLAYED
    assert profiles.agreement(found, names)[0] < 8.0
    assert all(np.all(np.isfinite(column)) for column in found.values())
    for name in names:
        assert np.all(found[f"expected {name}"] < 1.5 * found[f"least {name}"]), name
    assert list(study.claims(found))
