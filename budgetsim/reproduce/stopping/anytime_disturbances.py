"""What noise and dips each cost rules that stop: the same worlds with neither, one and both of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from budgetsim.plot.style import MARKERS, Theme
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.stopping.replicates import mean, play
from budgetsim.reproduce.stopping.shares import columns, over_worlds, share_of_worlds, signs
from budgetsim.reproduce.verdicts import ordering
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning import Budget, OracleStop, Policy, PriceStop, RelativeGainStop, anytime_prior

WORLDS, QUICK_WORLDS = 100, 16
KINDS = {"neither": (0.0, 0.0), "noise": (1.0, 0.0), "dips": (0.0, 1.0), "both": (1.0, 1.0)}
"""By what is left as drawn: factors of the noise and of the probability of a dip."""

_NODES = 8
_NAMES = {"price": "stopping where a gain is below its price", "relative": "stopping at a small relative gain"}


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Play the rules and the oracle in every world with each kind of disturbance; a row a world."""
    settings = anytime_prior(QUICK_WORLDS if quick else WORLDS, seed)
    prices = np.array([setting.world.price for setting in settings])
    table: Table = {}
    for place, (kind, (noise, dip)) in enumerate(KINDS.items()):
        drawn = [setting.world for setting in settings]
        worlds = [replace(world, noise=noise * world.noise, dip=dip * world.dip) for world in drawn]
        policies: dict[str, Policy | list[Policy]] = {
            "oracle": OracleStop(),
            "price": [PriceStop(price=world.price) for world in worlds],
            "relative": [RelativeGainStop(threshold=setting.threshold) for setting in settings],
        }
        worth = {}
        for name, policy in policies.items():
            run = play(worlds, policy, Budget(tokens=worlds[0].checkpoints[-1]), seed=seed, nodes=_NODES)
            worth[name] = run.accuracy - prices[:, None] * run.output_tokens
        for name in _NAMES:
            table |= columns(f"regret {name}, {kind}", mean(worth["oracle"] - worth[name]))
        table |= columns(f"price less relative, {kind}", mean(worth["price"] - worth["relative"]))
        progress((place + 1) / len(KINDS))
    given = {
        name: np.array([getattr(setting.world, name) for setting in settings]) for name in ("noise", "dip", "price")
    }
    return given | {name: np.round(column, 5) for name, column in table.items()}


def claims(table: Table) -> Iterator[Claim]:
    """What the kept table says."""
    where = f"prior anytime, first {table['price'].size} worlds"
    for name, rule in _NAMES.items():
        found = ", ".join(f"{table[f'regret {name}, {kind}'].mean():.3f} with {kind}" for kind in KINDS)
        for first, second, claim in (
            ("both", "neither", "noise and dips raise the regret of"),
            ("dips", "noise", "dips cost more than noise for"),
        ):
            value, se = over_worlds(table[f"regret {name}, {first}"] - table[f"regret {name}, {second}"])
            yield ordering(
                f"{claim} {rule}: regret with {first} less with {second}, mean over worlds",
                f"{where}; mean regret {found}",
                theirs=f"{first} > {second}",
                difference=value,
                se=se,
                evidence="derived",
            )
    for kind in KINDS:
        yield share_of_worlds(
            f"share of worlds with {kind} in which {_NAMES['price']} is worth more than {_NAMES['relative']}",
            f"{where}; mean difference {table[f'price less relative, {kind}'].mean():.3f}",
            signs(table, f"price less relative, {kind}"),
            evidence="derived",
        )


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """The mean regret of the rules with each kind of disturbance."""
    return {"disturbances": lambda look: _regrets(look, table)}


def _regrets(look: Theme, table: Table) -> Figure:
    figure = Figure(figsize=(8.4, 2.8), layout="constrained")
    axes = figure.subplots()
    for place, (name, rule) in enumerate(_NAMES.items()):
        height, error = zip(*(over_worlds(table[f"regret {name}, {kind}"]) for kind in KINDS), strict=True)
        at = np.arange(len(KINDS)) + (place - 0.5) * 0.12
        axes.errorbar(at, height, yerr=2.0 * np.array(error), linestyle="none", marker=MARKERS[place], markersize=6.0,
                      color=look.cycle[place], capsize=3.0, label=rule)  # fmt: skip
    labels = {"neither": "no noise, no dips", "noise": "noise", "dips": "dips", "both": "noise and dips"}
    axes.set_xticks(np.arange(len(KINDS)), [labels[kind] for kind in KINDS])
    axes.set(ylabel="mean regret", ylim=(0.0, None), xlim=(-0.5, len(KINDS) - 0.5))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2)
    return figure
