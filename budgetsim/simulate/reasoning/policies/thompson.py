"""Posteriors of scores and draws from them: normal with unknown mean and variance, or beta."""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms

TRIES = 4  # of a gamma draw; all of them fail less than once in a million
NUMBERS = 2 * (3 * TRIES + 1)  # uniform numbers that one draw may use


class Scores(NamedTuple):
    """How many scores were seen, their sum, and their sum of squares; any shape."""

    seen: jax.Array
    total: jax.Array
    squares: jax.Array


class Normal(NamedTuple):
    """Normal-inverse-chi-squared distribution of a mean and a variance."""

    mean: jax.Array | float = 0.0
    weight: jax.Array | float = 1.0  # scores that the mean counts for
    freedom: jax.Array | float = 1.0  # scores that the variance counts for
    variance: jax.Array | float = 0.1


class Beta(NamedTuple):
    """Beta distribution."""

    first: jax.Array | float = 0.5
    second: jax.Array | float = 0.5


def normal_posterior(prior: Normal, scores: Scores) -> Normal:
    """The distribution after some scores.

    Notes
    -----
    Source: *Probabilistic Machine Learning: Advanced Topics*, Kevin Murphy (2023), section 3.4.3.3.

    Examples
    --------
    >>> after = normal_posterior(Normal(), Scores(jnp.array(2.0), jnp.array(1.0), jnp.array(0.52)))
    >>> [round(float(part), 4) for part in after]
    [0.3333, 3.0, 3.0, 0.0956]
    """
    weight, freedom = prior.weight + scores.seen, prior.freedom + scores.seen
    average = scores.total / jnp.maximum(scores.seen, 1.0)
    within = jnp.maximum(scores.squares - scores.total * average, 0.0)
    between = scores.seen * prior.weight * jnp.square(prior.mean - average) / weight
    variance = (prior.freedom * prior.variance + within + between) / freedom
    return Normal((prior.weight * prior.mean + scores.total) / weight, weight, freedom, variance)


def beta_posterior(prior: Beta, scores: Scores) -> Beta:
    """The distribution after some scores in [0, 1], each a success to that degree.

    Examples
    --------
    >>> after = beta_posterior(Beta(), Scores(jnp.array(2.0), jnp.array(1.25), jnp.array(1.0)))
    >>> [float(part) for part in after]
    [1.75, 1.25]
    """
    return Beta(prior.first + scores.total, prior.second + scores.seen - scores.total)


def draw_mean(uniform: Uniforms, first: int, of: Normal) -> jax.Array:
    """A draw of the mean, from uniform numbers ``first`` and ``first + 1``; exact.

    Notes
    -----
    The mean has a Student distribution, drawn as in *Polar Generation of Random Variates with the t-Distribution*,
    Ralph W. Bailey, Mathematics of Computation 62 (1994).
    """
    radius = _open(uniform[first])
    student = jnp.sqrt(of.freedom * jnp.expm1(-2.0 / of.freedom * jnp.log(radius)))
    student = student * jnp.cos(2.0 * math.pi * uniform[first + 1])
    return of.mean + student * jnp.sqrt(of.variance / of.weight)


def draw_log_odds(uniform: Uniforms, first: int, of: Beta) -> jax.Array:
    """The log odds of a draw from a beta distribution, from uniform numbers ``first`` ... ``first + NUMBERS - 1``."""
    half = NUMBERS // 2
    return _log_gamma(uniform, first, of.first) - _log_gamma(uniform, first + half, of.second)


def _log_gamma(uniform: Uniforms, first: int, shape: jax.Array | float) -> jax.Array:
    """The logarithm of a draw from a gamma distribution.

    Source: *A Simple Method for Generating Gamma Variables*, George Marsaglia, Wai Wan Tsang, ACM Transactions on
    Mathematical Software 26 (2000), from shape + 1 down by the power of a uniform number, since shapes below 1 matter.
    """
    body = shape + 2.0 / 3.0
    slope = 1.0 / jnp.sqrt(9.0 * body)
    drawn, taken = jnp.zeros_like(body), jnp.zeros_like(body) > 0.0
    for number in range(first, first + 3 * TRIES, 3):
        angle = jnp.cos(2.0 * math.pi * uniform[number + 1])
        normal = jnp.sqrt(-2.0 * jnp.log(_open(uniform[number]))) * angle
        cube = jnp.maximum(1.0 + slope * normal, 1e-6) ** 3
        log_cube = jnp.log(cube)
        fits = jnp.log(_open(uniform[number + 2])) < 0.5 * normal * normal + body * (1.0 - cube + log_cube)
        drawn = jnp.where(taken, drawn, jnp.log(body) + log_cube)
        taken = taken | fits
    return drawn + jnp.log(_open(uniform[first + 3 * TRIES])) / shape


def _open(uniform: jax.Array) -> jax.Array:
    """A uniform number moved off 0, whose logarithm is infinite; numbers come in steps of 2**-24."""
    return jnp.add(uniform, 2.0**-25)
