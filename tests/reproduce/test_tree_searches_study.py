"""Guided search at equal tokens: claims on tables with known answers, what the prior gives, a short run."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from budgetsim.plot.style import THEMES, themed
from budgetsim.reproduce import tree_searches
from budgetsim.reproduce.tree_searches import BUDGETS, GUIDED, PARAMETERS, PLAIN, ahead, difference

WORLDS = 30
PLACE = np.arange(WORLDS)
LEVEL = {"rebase": 0.6, "beam": 0.5, "uct": 0.3, "ab-mcts": 0.2, "votes": 0.1, "chains": 0.0}


def table(levels: dict[str, float] = LEVEL, slope: float = -0.01) -> dict[str, np.ndarray]:
    """Accuracies that are the same at every budget; guided ones fall with the noise by ``slope``."""
    made = {name: (PLACE * (7 + 4 * number) % WORLDS) / WORLDS for number, name in enumerate(PARAMETERS)}
    for number, (name, level) in enumerate(levels.items()):
        tilt = slope * (number + 1) * made["noise"] if name in GUIDED else 0.0
        for budget in BUDGETS:
            made[f"{name} {budget}"] = np.full(WORLDS, level) + tilt
            made[f"{name} {budget} se"] = np.full(WORLDS, 0.005)
    return made


def claims_of(made: dict[str, np.ndarray]) -> dict[str, list]:
    found: dict[str, list] = {}
    for claim in tree_searches.claims(made):
        found.setdefault(claim.claim, []).append(claim)
    return found


def test_claims_of_a_table_with_known_answers():
    found = claims_of(table())
    for words in GUIDED.values():
        [over] = found[f"{words} is right more often than plain votes at the same tokens"]
        assert (over.verdict, over.ours) == ("holds", 1.0)
        [noise] = found[f"the lead of {words} over votes falls as the votes on moves get noisier"]
        assert (noise.verdict, noise.ours) == ("holds", pytest.approx(1.0))
    [wider] = found["AB-MCTS is right more often than UCT at the same tokens"]
    assert (wider.verdict, wider.ours) == ("does not hold", -1.0)
    best = found["REBASE is the best of six strategies"]
    assert [(claim.verdict, claim.ours) for claim in best] == [("holds", 1.0)] * len(BUDGETS)
    assert "most often best: REBASE (1.00 of the worlds)" in best[0].condition
    [shrinks] = found["the lead of guided search over plain sampling shrinks as the budget grows"]
    assert (shrinks.verdict, shrinks.ours) == ("unverified", 0.0)


def test_claims_turn_with_the_table():
    turned = table({name: 0.6 - level for name, level in LEVEL.items()}, slope=0.01)
    # At the smallest budget alone AB-MCTS is ahead of UCT, and every search has more than later.
    for name in GUIDED:
        turned[f"{name} {BUDGETS[0]}"] = turned[f"{name} {BUDGETS[0]}"] + 0.3
    for budget in BUDGETS[1:]:
        turned[f"ab-mcts {budget}"] = turned[f"uct {budget}"] - 0.1 - 0.01 * turned["noise"]
    found = claims_of(turned)
    [rebase] = found["REBASE is right more often than plain votes at the same tokens"]
    assert (rebase.verdict, rebase.ours) == ("does not hold", -1.0)
    [wider] = found["AB-MCTS is right more often than UCT at the same tokens"]
    assert wider.verdict == "holds only if"
    assert wider.condition.endswith(f"holds only if the budget is {BUDGETS[0]} tokens")
    [shrinks] = found["the lead of guided search over plain sampling shrinks as the budget grows"]
    assert (shrinks.verdict, shrinks.ours) == ("holds", pytest.approx(0.7 - 0.3 + 0.01 * turned["noise"].mean()))
    [noise] = found["the lead of UCT over votes falls as the votes on moves get noisier"]
    assert noise.verdict == "does not hold"


def test_a_table_of_some_budgets_is_judged():
    made = {name: column for name, column in table().items() if "5000" not in name and "40000" not in name}
    assert tree_searches.budgets(made) == (10_000, 20_000)
    assert len(claims_of(made)["REBASE is the best of six strategies"]) == 2
    assert ahead(made, "uct", "votes", 10_000)[:3] == (1.0, 0.0, 0.0)
    assert difference(made, "votes", "chains", 10_000) == pytest.approx(np.full(WORLDS, 0.1))


@pytest.mark.parametrize("theme", THEMES)
def test_figures_are_drawn(theme: str):
    with themed(theme) as look:
        for draw in tree_searches.draw(table()).values():
            assert isinstance(draw(look), Figure)


@pytest.mark.verify
def test_a_short_run_agrees_with_what_is_known_of_it():
    """One plain sample is right with a known probability, and what it costs buys no search."""
    from budgetsim.reproduce.tree_search_runs import played
    from budgetsim.simulate.reasoning import ArithmeticWorld

    problems, answer = 20_000, sum(ArithmeticWorld().answer_tokens)
    found = played(1, problems, (answer,), seed=3, progress=[].append)
    truth = ArithmeticWorld().straight[0]
    assert abs(found[f"votes {answer}"][0] - truth) < 5.0 * np.sqrt(truth * (1.0 - truth) / problems)
    # A budget of one answer buys no list of moves.
    for name in (*GUIDED, *PLAIN):
        assert 0.0 <= found[f"{name} {answer}"][0] <= max(truth + 0.01, found[f"votes {answer}"][0] + 0.01)
