"""Stepsize anything (UBA), arXiv 2505.24452: the exact claims on its profile, averages and condition numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.verdicts import identity, number, numbers, statement
from budgetsim.theory.learning_rates import uba_step_size
from budgetsim.theory.profiles import (
    constant_profile,
    cosine_profile,
    exponential_profile,
    linear_profile,
    rex_profile,
    step_profile,
    uba_half_height,
    uba_mean,
    uba_mean_square,
    uba_profile,
)
from budgetsim.theory.quadratics import (
    chebyshev_contraction,
    chebyshev_steps,
    constant_step_contraction,
    uba_chebyshev_steps,
    uba_nonconvex_bound,
)

_USED = np.array([0.25, 0.5, 0.75, 0.9, 0.99])
_HEIGHTS = {
    0.25: (".979", ".8889", ".5785", ".1671", ".0020"),
    0.5: (".9589", ".8000", ".4070", ".0912", ".0010"),
    1.0: (".9210", ".6667", ".2555", ".0478", ".0005"),
    2.0: (".8536", ".5000", ".1464", ".0245", ".0002"),
    5.0: (".6998", ".2857", ".0642", ".0099", ".0001"),
}
_SHAPES = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0)
_INSIDE = np.linspace(0.0, 0.999, 1000)


def claims() -> Iterator[Claim]:
    """Every exact claim."""
    yield from _profile()
    yield from _wrong_versions()
    yield from _unification()
    yield from _averages()
    yield from _condition_number()
    yield from _convergence()


def _profile() -> Iterator[Claim]:
    angle = math.pi * _INSIDE
    for shape in (0.25, 1.0, 5.0):
        written = 2.0 * (1.0 + np.cos(angle)) / (2.0 * shape + (2.0 - shape) * (1.0 + np.cos(angle)))
        yield identity(
            "step size 2(1 + cos t) / (2 phi + (2 - phi)(1 + cos t)) of the angle t, from largest 1 to least 0",
            f"phi = {shape}; every used fraction",
            theirs="equal",
            gap=float(np.max(np.abs(uba_profile(_INSIDE, shape) - written))),
            evidence="second-hand",
        )
    for shape, printed in _HEIGHTS.items():
        yield numbers(
            "heights of the profile at used fractions .25, .5, .75, .9, .99 of the budget",
            f"phi = {shape}",
            theirs=printed,
            ours=list(uba_profile(_USED, shape)),
            evidence="derived",
        )
    gap = np.max(
        np.abs(uba_step_size(np.arange(100), 100, 0.3, 0.01, 1.0) - (0.01 + 0.29 * uba_profile(np.arange(100) / 100)))
    )
    yield identity(
        "the step size moves from the largest to the least along the profile",
        "phi = 1, 100 steps from .3 to .01",
        theirs="equal",
        gap=float(gap),
        evidence="second-hand",
    )


def _wrong_versions() -> Iterator[Claim]:
    condition = 10.0
    circulating = {
        "(1 - phi x)^2 / sqrt(condition number)": (1.0 - _INSIDE) ** 2 / math.sqrt(condition),
        "(1 - x)^phi": 1.0 - _INSIDE,
    }
    for formula, height in circulating.items():
        yield identity(
            f"{formula}, circulating as UBA, is the UBA profile",
            "phi = 1; every used fraction; condition number 10 where it enters",
            theirs="equal",
            gap=float(np.max(np.abs(height - uba_profile(_INSIDE, 1.0)))),
            evidence="second-hand",
        )


def _unification() -> Iterator[Claim]:
    cosine_time = (1.0 - np.cos(math.pi * _INSIDE)) / 2.0
    members = {
        "constant": (constant_profile(_INSIDE), 1e-9),
        "cosine": (cosine_profile(_INSIDE), 2.0),
    }
    for name, (height, shape) in members.items():
        yield identity(
            f"the {name} schedule is UBA",
            f"phi {'towards 0' if shape < 1.0 else f'= {shape}'}; fractions below .999",
            theirs="equal",
            gap=float(np.max(np.abs(height - uba_profile(_INSIDE, shape)))),
            tolerance=1e-3 if shape < 1.0 else 1e-10,
            evidence="derived",
        )
    rows = uba_profile(_INSIDE[:, None], np.geomspace(1e-3, 1e3, 2001)[None, :])
    others = {
        "linear": linear_profile(_INSIDE),
        "REX": rex_profile(_INSIDE),
        "exponential": exponential_profile(_INSIDE),
        "step": step_profile(_INSIDE),
    }
    nearest = {name: float(np.min(np.max(np.abs(rows - height[:, None]), axis=0))) for name, height in others.items()}
    yield statement(
        "one formula contains the usual schedules: linear, REX, exponential and step decay are UBA for some phi",
        "phi from 1e-3 to 1e3, the same budget; distance to the nearest member by schedule",
        theirs="contained",
        ours=", ".join(f"{name} {gap:.2f}" for name, gap in nearest.items()),
        holds=max(nearest.values()) < 1e-3,
        evidence="second-hand",
    )
    gap = max(
        float(np.max(np.abs(uba_profile(_INSIDE, shape) - rex_profile(cosine_time, 1.0 - shape / 2.0))))
        for shape in (0.2, 1.0, 1.9)
    )
    yield identity(
        "UBA is REX of shape 1 - phi/2 read in cosine time",
        "phi = .2, 1, 1.9; every used fraction",
        theirs="equal",
        gap=gap,
        evidence="derived",
    )


def _averages() -> Iterator[Claim]:
    listed = f"phi = {', '.join(f'{shape:g}' for shape in _SHAPES)}"
    yield numbers(
        "mean of the profile over the budget",
        listed,
        theirs=(".8173", ".7388", ".6667", ".5858", ".5", ".4142", ".3090"),
        ours=[float(uba_mean(shape)) for shape in _SHAPES],
        evidence="derived",
    )
    yield numbers(
        "mean square of the profile over the budget",
        listed,
        theirs=(".7426", ".6423", ".5556", ".4645", ".375", ".2929", ".2023"),
        ours=[float(uba_mean_square(shape)) for shape in _SHAPES],
        evidence="derived",
    )
    yield numbers(
        "used fraction at which half the height is reached",
        listed,
        theirs=(".860", ".784", ".705", ".608", ".500", ".392", ".268"),
        ours=[float(uba_half_height(shape)) for shape in _SHAPES],
        evidence="derived",
    )


def _condition_number() -> Iterator[Claim]:
    count = 32
    angles = (2.0 * np.arange(1, count + 1) - 1.0) * math.pi / (2.0 * count)
    gap = 0.0
    for condition in (1.5, 10.0, 100.0, 1e4):
        descending = np.sort(chebyshev_steps(1.0, condition, count))[::-1]
        uba = 1.0 / condition + (1.0 - 1.0 / condition) * uba_profile(angles / math.pi, 2.0 * condition)
        gap = max(gap, float(np.max(np.abs(uba / descending - 1.0))))
    yield identity(
        "phi is tied to the condition number: Chebyshev steps in descending order are UBA with phi = 2 L / l",
        "32 steps from 1/l to 1/L, condition numbers 1.5 to 1e4; relative",
        theirs="equal",
        gap=gap,
        evidence="derived",
    )
    conditions = (1.5, 10.0, 100.0, 1e4)
    yield numbers(
        "worst contraction of Chebyshev steps, which are UBA's",
        "32 steps; condition numbers 1.5, 10, 100, 1e4",
        theirs=("2.768e-32", "1.583e-9", ".003253", ".8251"),
        ours=[float(chebyshev_contraction(condition, 32)) for condition in conditions],
        evidence="derived",
    )
    yield numbers(
        "worst contraction of the best constant step",
        "32 steps; condition numbers 1.5, 10, 100, 1e4",
        theirs=("4.295e-23", ".001626", ".5273", ".9936"),
        ours=[float(constant_step_contraction(condition, 32)) for condition in conditions],
        evidence="derived",
    )
    curvature = np.linspace(1.0, 100.0, 20_001)
    worst = float(np.max(np.abs(np.prod(1.0 - chebyshev_steps(1.0, 100.0, 32)[:, None] * curvature, axis=0))))
    yield number(
        "that contraction, played on every curvature of the range",
        "32 Chebyshev steps, condition number 100, 20,001 curvatures",
        theirs=".003253",
        ours=worst,
        evidence="derived",
    )
    shapes = [float(uba_chebyshev_steps(condition, 8).shape) for condition in conditions]
    yield statement(
        "every phi is the best for some quadratic without noise",
        "phi = 2 L / l and L >= l: least phi reached as the condition number goes to 1",
        theirs="every phi",
        ours="only phi of 2 and more" if min(shapes) >= 2.0 else "phi below 2 too",
        holds=min(shapes) < 2.0,
        only_if=("phi is 2 or more", min(shapes) >= 2.0),
        evidence="unverified",
    )


def _convergence() -> Iterator[Claim]:
    steps = np.geomspace(1e4, 1e8, 5)
    bound = [float(uba_nonconvex_bound(1.0, 1.0, 1.0, count**-0.5, 1.0, count)) for count in steps]
    slope = float(np.polyfit(np.log(steps), np.log(bound), 1)[0])
    yield number(
        "exponent of the bound on the squared gradient in the number of steps",
        "smooth objective with bounded noise, largest step T^(-1/2), phi = 1: standard argument, not the paper's",
        theirs="-0.5",
        ours=slope,
        evidence="derived",
    )
