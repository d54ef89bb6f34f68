"""The map drawn: shares of worlds for every comparison, and how the headline depends on the worlds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from matplotlib.figure import Figure

from budgetsim.plot.style import Theme
from budgetsim.reproduce.value_trees import headline_rules as rules
from budgetsim.reproduce.value_trees.headline_readings import difference, has, influences, shares
from budgetsim.reproduce.world_figures import over_parameters, share_bars
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning.hop_prior import BUDGETS

HIGH = f"{rules.CHAINS} high"
PANELS = 6


def draw(table: Table, name: str, prior: str) -> Mapping[str, Callable[[Theme], Figure]]:
    """Figures by name; what was not played is left out of them."""
    return {
        name: partial(_headline, table, prior),
        f"{name}-parameters": partial(_parameters, table),
        f"{name}-rules": partial(_rules, table, prior),
    }


def _headline(table: Table, prior: str, look: Theme) -> Figure:
    """Everything that is played at the low budget against chains at the high one."""
    names = [*rules.RULES, f"{rules.TREE}, {rules.BY_NODE}", *rules.CHOICES, *rules.ABLATIONS]
    rows = {name: shares(table, f"{name} low", HIGH) for name in names if has(table, f"{name} low")}
    other = f"{rules.CHAINS}, {rules.CUT} high"
    if has(table, other):
        rows[f"{rules.TREE} against {rules.CHAINS}\nof which {rules.CUT}"] = shares(table, f"{rules.TREE} low", other)
    return share_bars(look, rows, f"Low budget against chains of 4x ({prior})")


def _rules(table: Table, prior: str, look: Theme) -> Figure:
    """The value tree against others at equal budgets."""
    others = (rules.CHAINS, rules.GREEDY, rules.UCB, rules.UNIFORM, rules.STEADY)
    rows = {
        f"{other}, {budget}": shares(table, f"{rules.TREE} {budget}", f"{other} {budget}")
        for other in others
        for budget in BUDGETS
        if has(table, f"{other} {budget}")
    }
    return share_bars(look, rows, f"Value tree against others of equal budget ({prior})")


def _parameters(table: Table, look: Theme) -> Figure:
    """How far ahead of chains three searches are, over the parameters that matter most to the value tree."""
    series = {
        name: difference(table, f"{name} low", HIGH)
        for name in (rules.TREE, rules.GREEDY, rules.UNIFORM)
        if has(table, f"{name} low")
    }
    strongest = influences(table, series[rules.TREE])[:PANELS]
    return over_parameters(
        look,
        {influence.name: table[influence.name] for influence in strongest},
        series,
        label="accuracy, low less chains high",
    )
