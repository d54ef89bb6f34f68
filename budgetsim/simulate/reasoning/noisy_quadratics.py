"""Noisy gradient descent on a quadratic under learning-rate profiles: runs, not recursions of moments."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from budgetsim.simulate import _domain
from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.reasoning.columns import GENERATOR, Uniforms, standard_normal

Profile: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""From the used fractions of a budget, in [0, 1), to shares of the largest rate."""

PEAKS = tuple(float(peak) for peak in np.geomspace(0.01, 1.99, 28))
NOISES = (0.001, 0.01, 0.1)
STEPS = (40, 200, 400, 1000, 2000, 4000)
"""Largest rates, noise variances and budgets of the prior `quadratics`: 1 ... 100 percent of 4000 steps."""

TUNE, TEST = 11, 12  # purposes of uniform numbers
_MILESTONE = 1e-9  # a rate falls at its milestone, not one step later


def rex(used: NDArray[np.float64]) -> NDArray[np.float64]:
    """REX, z / (1/2 + z/2) with z = 1 - used. Source: arXiv 2107.04197."""
    left = 1.0 - used
    return left / (0.5 + 0.5 * left)


def uba(used: NDArray[np.float64], shape: float) -> NDArray[np.float64]:
    """UBA, 2u / (shape + (2 - shape) u) with u = (1 + cos(pi used)) / 2. Source: arXiv 2505.24452 (as reported)."""
    wave = 0.5 * (1.0 + np.cos(math.pi * used))
    return np.asarray(2.0 * wave / (shape + (2.0 - shape) * wave))


def falling(used: NDArray[np.float64], milestones: tuple[float, ...]) -> NDArray[np.float64]:
    """A tenth from every milestone on."""
    passed = sum((used >= milestone - _MILESTONE).astype(float) for milestone in milestones)
    return np.asarray(0.1**passed)


def one_cycle(used: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cosine rise from .04 over the first 30 percent, then cosine decay to 0."""
    up = 0.04 + 0.96 * 0.5 * (1.0 - np.cos(math.pi * used / 0.3))
    return np.asarray(np.where(used < 0.3, up, 0.5 * (1.0 + np.cos(math.pi * (used - 0.3) / 0.7))))


PROFILES: Mapping[str, Profile] = {
    "constant": lambda used: np.ones_like(used),
    "step_50_75": partial(falling, milestones=(0.5, 0.75)),
    "step_30_60_90": partial(falling, milestones=(0.3, 0.6, 0.9)),
    "exponential": lambda used: np.asarray(np.exp(-5.0 * used)),
    "one_cycle": one_cycle,
    "cosine": lambda used: np.asarray(0.5 * (1.0 + np.cos(math.pi * used))),
    "linear": lambda used: 1.0 - used,
    "rex": rex,
    "uba_0.25": partial(uba, shape=0.25),
    "uba_0.5": partial(uba, shape=0.5),
    "uba_5": partial(uba, shape=5.0),
}
"""Profiles compared by default."""


class TunedProfile(NamedTuple):
    """The rate that was best for a profile, and its loss in fresh runs."""

    profile: str
    peak: float
    loss: Estimate


def simulate_quadratic(
    profile: Profile, peak: float, *, steps: int, noise: float, runs: int, seed: int, dimensions: int = 200
) -> Estimate:
    r"""Mean loss after a run of noisy gradient descent.

    Curvatures :math:`\lambda_i = 1/i`, start 1 in every coordinate, :math:`x_i \leftarrow x_i - \eta_t(\lambda_i x_i +
    \sqrt{\nu\lambda_i}\,z)` with standard normal z and :math:`\eta_t = peak\cdot p(t/T)`; the loss is
    :math:`\frac12\sum_i\lambda_i x_i^2`.

    Parameters
    ----------
    profile
        From used fractions [steps] to shares of the peak; one of `PROFILES` or any function.
    peak
        Largest rate, above 0; 2 or more diverges.
    steps
        T, 1 or more.
    noise
        nu, 0 or more.
    runs
        Independent runs, 2 or more.
    seed
        Integer in 0 ... 2**64 - 1. Every profile and rate meets the same noise.
    dimensions
        Number of coordinates, 1 or more.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Derived: the stochastic process whose second moments a recursion gives exactly.

    Examples
    --------
    >>> loss = simulate_quadratic(rex, 1.0, steps=40, noise=0.001, runs=256, seed=1, dimensions=20)
    >>> abs(loss.value - 0.01264) < 4 * loss.standard_error
    True
    """
    losses = _losses([profile], [peak], steps, noise, runs, seed, dimensions, TEST)
    return _mean(losses[:, 0, 0], seed, steps, noise)


def tune_profiles(
    profiles: Mapping[str, Profile] = PROFILES,
    peaks: Sequence[float] = PEAKS,
    *,
    steps: int,
    noise: float,
    runs: int,
    seed: int,
    dimensions: int = 200,
) -> tuple[TunedProfile, ...]:
    """Give every profile its best rate, all with the same effort, and measure it on fresh runs.

    Parameters
    ----------
    profiles, peaks
        By name; the rates that all of them try.
    steps, noise, runs, seed, dimensions
        As in `simulate_quadratic`; so many runs choose the rate, as many others measure the loss.

    Returns
    -------
    tuple
        One `TunedProfile` a profile, in their order. Fresh runs keep the choice from flattering the loss.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    At a small budget REX loses less than linear decay:

    >>> few = {name: PROFILES[name] for name in ("rex", "linear")}
    >>> tuned = tune_profiles(few, steps=40, noise=0.001, runs=8, seed=1)
    >>> tuned[0].loss.value < tuned[1].loss.value
    True
    """
    if not profiles:
        raise ValueError("profiles must name one profile or more, got none")
    listed = list(profiles.values())
    tried = _losses(listed, peaks, steps, noise, runs, seed, dimensions, TUNE).mean(axis=0)
    best = np.argmin(np.where(np.isnan(tried), math.inf, tried), axis=1)
    tuned = []
    for (name, profile), place in zip(profiles.items(), best, strict=True):
        losses = _losses([profile], [peaks[place]], steps, noise, runs, seed, dimensions, TEST)
        tuned.append(TunedProfile(name, float(peaks[place]), _mean(losses[:, 0, 0], seed, steps, noise)))
    return tuple(tuned)


def _losses(
    profiles: Sequence[Profile],
    peaks: Sequence[float],
    steps: int,
    noise: float,
    runs: int,
    seed: int,
    dimensions: int,
    purpose: int,
) -> NDArray[np.float64]:
    """Final losses [runs, profiles, peaks]."""
    steps = _domain.count("steps", steps, most=2**20)
    runs = _domain.count("runs", runs, least=2, most=2**20)
    dimensions = _domain.count("dimensions", dimensions, most=2**12)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    if not 0.0 <= noise < math.inf:
        raise ValueError(f"noise must be finite and 0 or more, got {noise}")
    largest = np.asarray(peaks, dtype=np.float64)
    if largest.ndim != 1 or largest.size == 0 or not np.all((largest > 0.0) & np.isfinite(largest)):
        raise ValueError(f"peak must be finite and above 0, got {peaks}")
    shares = np.stack([profile(np.arange(steps) / steps) for profile in profiles], axis=1)
    rates = (shares[:, :, None] * largest).reshape(steps, -1)
    rates = np.concatenate([rates, np.zeros((-steps % 4, rates.shape[1]))])  # a rate of 0 changes nothing
    with jax.enable_x64(False):
        key = jnp.array([seed & 0xFFFFFFFF, seed >> 32], jnp.uint32)
        grouped = jnp.asarray(rates.reshape(-1, 4, rates.shape[1]), jnp.float32)
        ended = np.asarray(_run(key, grouped, jnp.float32(noise), runs, dimensions, purpose), np.float64)
    return ended.reshape(runs, len(profiles), largest.size)


@partial(jax.jit, static_argnames=("runs", "dimensions", "purpose"))
def _run(key: jax.Array, rates: jax.Array, noise: jax.Array, runs: int, dimensions: int, purpose: int) -> jax.Array:
    """Losses [runs, schedules] under rates [steps / 4, 4, schedules], run after run."""
    curvature = 1.0 / jnp.arange(1, dimensions + 1, dtype=jnp.float32)
    scale = jnp.sqrt(noise * curvature)

    def one(run: jax.Array) -> jax.Array:
        place = run * jnp.uint32(dimensions) + jnp.arange(dimensions, dtype=jnp.uint32)

        def four(position: jax.Array, group: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
            number, four_rates = group
            normal = draw_noise(key, place, number, purpose)
            for turn in range(4):
                gradient = curvature * position + scale * normal[turn]
                position = position - four_rates[turn][:, None] * gradient
            return position, None

        start = jnp.ones((rates.shape[2], dimensions), jnp.float32)
        groups = jnp.arange(rates.shape[0], dtype=jnp.uint32)
        position, _ = lax.scan(four, start, (groups, rates))
        return 0.5 * jnp.sum(curvature * position**2, axis=1)

    losses: jax.Array = lax.map(one, jnp.arange(runs, dtype=jnp.uint32))
    return losses


def draw_noise(key: jax.Array, place: jax.Array, group: jax.Array, purpose: int) -> jax.Array:
    """Standard normal numbers [4, dimensions] of four steps."""
    return standard_normal(Uniforms(key, place, group, purpose).rows(4))


def _mean(losses: NDArray[np.float64], seed: int, steps: int, noise: float) -> Estimate:
    provenance: dict[str, object] = {"seed": seed, "generator": GENERATOR, "steps": steps, "noise": noise}
    value = float(losses.mean())
    if math.isnan(value):
        value = math.inf  # the runs diverged
    error = float(losses.std(ddof=1) / math.sqrt(losses.size)) if math.isfinite(value) else math.inf
    return Estimate(value=value, standard_error=error, draws=losses.size, provenance=provenance)
