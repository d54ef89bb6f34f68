"""Figures of the simulated trees, drawn from measured curves: points with their errors, lines the closed forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from budgetsim.plot.files import save
from budgetsim.plot.style import MARKERS, THEMES, Theme, settle, themed
from budgetsim.reproduce.agent_trees.curves import Curves, Point, column
from budgetsim.theory.continuous import chain_running_mean_risk, star_risk, tree_floor, tree_risk
from budgetsim.theory.correlation import beta_binomial_majority_slope
from budgetsim.theory.heterogeneity import beta_accuracy, mixture_accuracy
from budgetsim.theory.majority import majority_slope
from budgetsim.theory.organization import organization_exponent
from budgetsim.theory.phase import amplification, fixed_point, iterate_bias, near_threshold_coefficient

# Nothing here loads the simulator: figures are drawn from stored curves alone.
FAN_IN, FIDELITY, LEAF, CRITICAL = 5, 0.6, 0.05, 5.0 / 21.0
GROWTH = 0.525  # of the amplification factor, per correlation
NAME = "phase-transition"
DASHED = (0, (4, 3))


def _panels(number: int, height: float = 3.6) -> tuple[Figure, Sequence[Axes]]:
    figure = Figure(figsize=(8.4, height), layout="constrained")
    return figure, figure.subplots(1, number, squeeze=False)[0]


def _points(axes: Axes, look: Theme, points: Sequence[Point], place: int, label: str | None = None) -> None:
    where, value, se = column(points)
    axes.errorbar(
        where, value, yerr=2.0 * se, fmt=MARKERS[place], color=look.cycle[place], markersize=4.5, capsize=2.0,
        elinewidth=1.2, linewidth=0.0, label=label, zorder=3,
    )  # fmt: skip


def _line(axes: Axes, look: Theme, where: ArrayLike, value: ArrayLike, place: int) -> None:
    axes.plot(where, value, color=look.cycle[place], linewidth=1.4, alpha=0.75, zorder=2)


def _mark(
    axes: Axes,
    look: Theme,
    *,
    across: float | None = None,
    up: float | None = None,
    text: str,
    below: bool = False,
    start: bool = False,
) -> None:
    """A dashed line with its name at its end."""
    if across is not None:
        axes.axvline(across, color=look.muted, linewidth=1.0, linestyle=DASHED, zorder=1.5)
        axes.annotate(text, (across, 0.98), (4, 0), xycoords=("data", "axes fraction"), textcoords="offset points",
                      va="top", color=look.muted, fontsize=8)  # fmt: skip
    if up is not None:
        axes.axhline(up, color=look.muted, linewidth=1.0, linestyle=DASHED, zorder=1.5)
        axes.annotate(text, (0.02 if start else 0.98, up), (0, -3 if below else 3), xycoords=("axes fraction", "data"),
                      textcoords="offset points", ha="left" if start else "right", va="top" if below else "bottom",
                      color=look.muted, fontsize=8)  # fmt: skip


def sweep(measured: Mapping[str, Curves], look: Theme) -> Figure:
    """Bias after 10 and 30 levels, and growth of the smallest biases, over the correlation."""
    curves = measured["sweep"]
    figure, (left, right) = _panels(2)
    rho = np.linspace(0.0, 0.5, 201)
    for place, depth in enumerate((10, 30)):
        _line(left, look, rho, np.asarray(iterate_bias(LEAF, FAN_IN, depth, FIDELITY, rho)), place)
        _points(left, look, curves[f"bias, depth {depth}"], place, f"{depth} levels")
    _mark(left, look, across=CRITICAL, text="5/21")
    _mark(left, look, up=LEAF, text="leaf bias .05")
    left.set(title="Bias at the root", xlabel="correlation", ylabel="bias", yscale="log", ylim=(3e-4, 1.0))
    left.set_yticks([0.001, 0.01, 0.1, 1.0], ["0.001", "0.01", "0.1", "1"])
    left.minorticks_off()
    left.legend(loc="lower left")
    _line(right, look, rho, np.asarray(amplification(FAN_IN, FIDELITY, rho)), 2)
    _points(right, look, curves["growth per level at no bias"], 2)
    _mark(right, look, across=CRITICAL, text="5/21")
    _mark(right, look, up=1.0, text="neither grows nor falls")
    right.set(title="Growth of the smallest biases", xlabel="correlation", ylabel="factor per level", xlim=(0.05, 0.42),
              ylim=(0.9, 1.1))  # fmt: skip
    return figure


def collapse(measured: Mapping[str, Curves], look: Theme) -> Figure:
    """One curve for all depths near the boundary, and how the settled bias vanishes."""
    curves = measured["critical"]
    figure, (left, right) = _panels(2)
    names = [name for name in curves if name.startswith("bias times")]
    for place, name in enumerate(names):
        _points(left, look, curves[name], place, f"{name.split()[-1]} levels")
    z = np.linspace(-4.2, 2.2, 200)
    x = GROWTH * z
    cubic = float(near_threshold_coefficient(FAN_IN, FIDELITY, CRITICAL))
    left.plot(z, np.sqrt(x / -np.expm1(-2.0 * x) / cubic), color=look.ink, linewidth=1.2, label="mean field")
    left.set(title="One curve for all depths", xlabel="(5/21 - correlation) x depth", ylabel="bias x √depth")
    left.legend(loc="upper left")
    settled = [Point(CRITICAL - rho, bias, se) for rho, bias, se in curves["settled bias"]]
    distance = np.geomspace(0.02, 0.22, 100)
    _line(right, look, distance, np.asarray(fixed_point(FAN_IN, FIDELITY, CRITICAL - distance)), 1)
    _points(right, look, settled, 1, "from perfect leaves")
    right.plot(distance, np.sqrt(GROWTH * distance / cubic), color=look.muted, linestyle=DASHED, linewidth=1.2,
               label="slope 1/2")  # fmt: skip
    right.set(title="Where deep trees settle", xlabel="5/21 - correlation", ylabel="bias", xscale="log", yscale="log")
    ticks = [0.02, 0.05, 0.1, 0.2]
    right.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    right.set_yticks([0.2, 0.3, 0.5, 0.7], ["0.2", "0.3", "0.5", "0.7"])
    right.minorticks_off()
    right.legend(loc="upper left")
    return figure


def synergy(measured: Mapping[str, Curves], look: Theme) -> Figure:
    """Break-even compute exponents over the organization exponent, by budget."""
    curves = {name: points for name, points in measured["synergy"].items() if name.startswith("break-even")}
    figure, (axes,) = _panels(1, 4.2)
    exponents = []
    for name in curves:
        words = name.replace(",", "").split()
        exponents.append(float(organization_exponent(FAN_IN, float(words[3]), float(words[5]))))
    budgets = [point.at for point in next(iter(curves.values()))]
    for place, budget in enumerate(budgets):
        points = [
            Point(exponent, *found[1:])
            for exponent, curve in zip(exponents, curves.values(), strict=True)
            for found in curve
            if found.at == budget
        ]
        _points(axes, look, points, place, f"{budget:,.0f} tokens")
    axes.plot([0.0, 0.4], [0.0, 0.4], color=look.ink, linewidth=1.2, zorder=2)
    axes.annotate("s = beta", (0.25, 0.25), (-14, 8), textcoords="offset points", ha="right", color=look.ink)
    axes.annotate("one agent wins", (0.05, 0.34), color=look.muted)
    axes.annotate("the tree wins", (0.27, 0.06), color=look.muted)
    axes.set(title="Up to which compute exponent a tree beats one agent", xlabel="organization exponent s of the tree",
             ylabel="break-even compute exponent beta", xlim=(0.0, 0.4), ylim=(0.0, 0.4))  # fmt: skip
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.2))
    return figure


def correlation(measured: Mapping[str, Curves], look: Theme) -> Figure:
    """Two laws of one correlation over the fan-in; the same correlation in votes and in problems."""
    figure, (left, right) = _panels(2)
    curves = measured["sharing"]
    fan_in = np.arange(3, 103, 2)
    _line(left, look, fan_in, 0.2 + 0.8 * np.asarray(majority_slope(fan_in)), 0)
    beta = np.array([float(beta_binomial_majority_slope(int(votes), 0.2)) for votes in fan_in])
    _line(left, look, fan_in, beta, 1)
    for place, law in enumerate(("one vote shared by all", "beta-binomial votes")):
        _points(left, look, curves[f"slope, {law}"], place, law)
    left.set(title="Slope of a majority, correlation .2", xlabel="fan-in", ylabel="slope at no bias", xscale="log")
    left.set_xticks([3, 5, 11, 21, 51, 101], ["3", "5", "11", "21", "51", "101"])
    left.minorticks_off()
    left.legend(loc="upper left")
    curves = measured["difficulty"]
    rho = np.linspace(0.02, 0.55, 60)
    _line(right, look, rho, np.asarray(iterate_bias(LEAF, FAN_IN, 5, FIDELITY, rho)), 0)
    mass = 1.0 / rho - 1.0
    mixed = [float(beta_accuracy(0.525 * m, 0.475 * m, FAN_IN, 5, FIDELITY, 0.0)) for m in mass]
    _line(right, look, rho, 2.0 * np.array(mixed) - 1.0, 3)
    _points(right, look, curves["bias, correlated votes"], 0, "shared votes")
    _points(right, look, curves["bias, correlated problems"], 3, "unequal problems")
    _mark(right, look, across=CRITICAL, text="5/21")
    right.set(title="Bias after 5 levels", xlabel="correlation of votes on one problem", ylabel="bias", ylim=(0.0, 0.1))
    right.legend(loc="upper right")
    return figure


def votes(measured: Mapping[str, Curves], look: Theme) -> Figure:
    """Accuracy over votes where most problems are hard, and over depth where they differ."""
    curves = measured["difficulty"]
    figure, (left, right) = _panels(2)
    number = np.arange(1, 43, 2)
    _line(left, look, number, np.asarray(mixture_accuracy([0.45, 0.9], [0.6, 0.4], number, 1, 1.0, 0.0)), 0)
    _points(left, look, curves["votes"], 0)
    left.set(title="60% hard problems (.45), 40% easy (.9)", xlabel="votes", ylabel="accuracy")
    depth = np.arange(0, 6)
    _line(right, look, depth, np.array([float(beta_accuracy(1.2, 0.8, FAN_IN, d, 1.0, 0.0)) for d in depth]), 2)
    _points(right, look, curves["accuracy"], 2)
    share = float(beta_accuracy(1.2, 0.8, FAN_IN, 60, 1.0, 0.0))
    _mark(right, look, up=share, text="problems that most votes get right", start=True)
    right.set(title="Difficulty Beta(1.2, .8), perfect messages", xlabel="levels", ylabel="accuracy")
    right.set_ylim(right.get_ylim()[0], share + 0.01)
    return figure


def averages(measured: Mapping[str, Curves], look: Theme) -> Figure:
    """Risks of averaging stars, chains and trees, with their floors."""
    curves = measured["averages"]
    figure, (left, right) = _panels(2)
    agents = np.arange(1, 257)
    _line(left, look, agents, np.asarray(star_risk(agents, 0.3, 2.0, 0.5)), 0)
    few = np.arange(1, 25)
    _line(left, look, few, np.asarray(chain_running_mean_risk(few, 0.3, 2.0, 0.5)), 1)
    for place, (name, label) in enumerate(
        (
            ("star", "star"),
            ("chain, running_mean", "chain, running mean"),
            ("chain, optimal", "best chain, uncorrelated"),
        )
    ):
        _points(left, look, curves[name], place, label)
    _mark(left, look, up=0.6, text="floor of the star, .6", below=True)
    left.set(
        title="Stars and chains", xlabel="agents", ylabel="variance", xscale="log", ylim=(0.0, 4.5), xlim=(0.8, 700.0)
    )
    left.set_xticks([1, 4, 16, 64, 256], ["1", "4", "16", "64", "256"])
    left.minorticks_off()
    left.legend(loc="center right")
    depth = np.arange(0, 7)
    for place, noise in ((3, 0.5), (0, 0.0)):
        _line(right, look, depth, np.array([float(tree_risk(3, d, 0.3, 2.0, noise)) for d in depth]), place)
    _points(right, look, curves["tree"], 3, "noisy messages")
    _points(right, look, curves["silent tree, own sources"], 0, "no noise, sources of every aggregator")
    _points(right, look, curves["silent tree, one source"], 5, "no noise, one source for all leaves")
    _mark(right, look, up=float(tree_floor(3, 0.3, 0.5)), text="floor, Eq. 13", below=True)
    right.set(title="Trees of fan-in 3", xlabel="levels", ylabel="variance", ylim=(0.0, 2.2))
    right.legend(loc="upper right")
    return figure


FIGURES: Mapping[str, Callable[[Mapping[str, Curves], Theme], Figure]] = {
    "sweep": sweep,
    "collapse": collapse,
    "synergy": synergy,
    "correlation": correlation,
    "votes": votes,
    "averages": averages,
}


def draw(measured: Mapping[str, Curves], folder: Path) -> list[Path]:
    """Write every figure, light and dark, as SVG and PNG."""
    written = []
    for name, figure in FIGURES.items():
        for theme in THEMES:
            with themed(theme) as look:
                made = settle(figure(measured, look))
            written += save(made, folder, f"{NAME}-{name}" + ("" if theme == "light" else f"-{theme}"))
    return written
