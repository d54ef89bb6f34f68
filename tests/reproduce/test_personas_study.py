"""Personas at matched tokens: claims on tables with known answers, what the prior gives, a short run."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.special import expit, logit
from scipy.stats import beta

from budgetsim.plot.style import THEMES, themed
from budgetsim.reproduce import persona_gain
from budgetsim.reproduce.persona_gain import HEADLINE, MULTIPLES, PARAMETERS, SPREADS, ahead, gain
from budgetsim.reproduce.persona_runs import played, trap_share
from budgetsim.simulate.reasoning import AnswerWorld, vote_prior

WORLDS = 40
PLACE = np.arange(WORLDS)


def table(trapped: float = 0.1, other: float = -0.1) -> dict[str, np.ndarray]:
    """Worlds in which personas change the accuracy by so much where most questions are traps, and where not."""
    traps = PLACE < 10
    made = {name: (PLACE * (7 + 2 * number) % WORLDS) / WORLDS for number, name in enumerate(PARAMETERS)}
    made |= {"traps": np.where(traps, 0.8, 0.2), "right mean": 0.9 - 0.5 * traps}
    change = np.where(traps, trapped, other)
    for multiple in MULTIPLES:
        made |= {f"votes {multiple}": np.full(WORLDS, 0.6), f"personas {multiple}": 0.6 + change}
    made |= {f"single {HEADLINE}": np.full(WORLDS, 0.45)}
    for spread in SPREADS:
        made[f"personas {HEADLINE} spread {spread:g}"] = 0.6 + spread * change
    made |= {f"{name} se": np.full(WORLDS, 0.01) for name in list(made) if name[-1].isdigit()}
    return made


def claims_of(made: dict[str, np.ndarray]) -> dict[str, list]:
    found: dict[str, list] = {}
    for claim in persona_gain.claims(made):
        found.setdefault(claim.claim, []).append(claim)
    return found


def test_claims_of_a_table_with_known_answers():
    found = claims_of(table())
    [single] = found["votes of personas are right more often than one sample"]
    assert (single.verdict, single.ours) == ("holds", 1.0)
    *budgets, narrow = found["votes of personas are right more often than plain votes at the same tokens"]
    assert [claim.ours for claim in budgets] == [-0.5] * len(MULTIPLES)
    verdicts = dict(zip(MULTIPLES, (claim.verdict for claim in budgets), strict=True))
    assert verdicts == {
        1: "does not hold",
        2: "does not hold",
        4: "holds only if",
        8: "does not hold",
        16: "does not hold",
    }
    assert budgets[2].condition.endswith(f"holds only if {persona_gain.TRAPPED}")
    assert (narrow.verdict, narrow.ours) == ("holds", 1.0)
    assert "of 10 worlds" in narrow.condition
    [mean] = found["personas gain more over one sample than asking again does"]
    assert mean.ours == pytest.approx((10 * 0.1 - 30 * 0.1) / WORLDS)
    assert mean.verdict == "does not hold"
    [better] = found["personas gain the more over plain votes, the better the model is"]
    assert (better.verdict, better.ours) == ("does not hold", pytest.approx(-1.0))
    [differ] = found["the more personas differ, the more they gain over plain votes"]
    assert differ.ours == pytest.approx((SPREADS[-1] - SPREADS[1]) * (10 * 0.1 - 30 * 0.1) / WORLDS)
    [none] = found["personas that do not differ gain nothing over plain votes"]
    assert (none.verdict, none.ours) == ("holds", 0.0)


def test_claims_turn_with_the_table():
    found = claims_of(table(trapped=-0.1, other=0.1))
    *budgets, narrow = found["votes of personas are right more often than plain votes at the same tokens"]
    assert {claim.verdict for claim in budgets} == {"holds"}
    assert narrow.verdict == "does not hold"
    [better] = found["personas gain the more over plain votes, the better the model is"]
    assert better.verdict == "holds"
    no_traps = table() | {"traps": np.full(WORLDS, 0.2)}
    assert len(claims_of(no_traps)["votes of personas are right more often than plain votes at the same tokens"]) == 5


def test_shares_of_some_worlds():
    made = table()
    assert ahead(made, "personas 4", "votes 4", made["traps"] > 0.5)[:3] == (1.0, 0.0, 0.0)
    assert ahead(made, "personas 4", "votes 4")[:3] == (0.25, 0.0, 0.75)
    assert gain(made, 4, 0.0).tolist() == [0.0] * WORLDS


def test_traps_are_counted_by_drawing_questions():
    random = np.random.default_rng(3)
    for setting in vote_prior(5, seed=9):
        world = setting.world
        mean, concentration = world.right_mean, world.right_concentration
        right = random.beta(mean * concentration, (1.0 - mean) * concentration, 40_000)
        share = float(np.mean(right < (1.0 - right) * world.dominant_share))
        # 5.3 standard errors: a false alarm in five worlds once in two million runs.
        assert abs(share - trap_share(world)) <= 5.3 * np.sqrt(max(share * (1 - share), 1e-4) / 40_000)


@pytest.mark.parametrize("theme", THEMES)
def test_figures_are_drawn(theme: str):
    with themed(theme) as look:
        for draw in persona_gain.draw(table()).values():
            assert isinstance(draw(look), Figure)


def persona_right(world: AnswerWorld) -> float:
    """Probability that one persona is right: the question's log odds shifted by a standard normal number."""
    mean, concentration = world.right_mean, world.right_concentration
    questions = beta.ppf((np.arange(4000) + 0.5) / 4000, mean * concentration, (1.0 - mean) * concentration)
    shifts, weights = np.polynomial.hermite_e.hermegauss(40)
    return float((expit(logit(questions)[:, None] + shifts) @ weights).mean() / weights.sum())


@pytest.mark.verify
def test_a_short_run_agrees_with_what_is_known_of_it():
    problems = 20_000
    found = played(3, problems, multiples=(1, 4), headline=4, spreads=(0.0,), seed=2, progress=[].append)
    worlds = [setting.world for setting in vote_prior(3, 2)]
    error = np.sqrt(0.25 / problems)
    # Four times the tokens of a sample are always enough for one.
    assert np.abs(found["single 4"] - [world.right_mean for world in worlds]).max() < 5.0 * error
    assert np.abs(found["personas 4 spread 0"] - found["votes 4"]).max() < 5.0 * np.sqrt(2.0) * error
    assert np.all(found["tokens personas"] <= 4.0)
    assert found["tokens personas"] == pytest.approx(found["tokens votes"], abs=0.02)
    # One vote, or two whose ties are broken at random, are as often right as one persona; a cut-off vote never is.
    for place, world in enumerate(worlds):
        ratio = found["personas 1"][place] / found["votes 1"][place]
        assert ratio == pytest.approx(persona_right(world) / world.right_mean, rel=0.06)
