r"""Populations of problems: their coverage, and the power law that their failures tend to.

A problem is solved by one sample with probability p, by one of k with :math:`1 - (1-p)^k`. Over problems whose p has
density :math:`\sim C p^{b-1}` near 0 the chance of failure tends to :math:`C\,\Gamma(b)\,k^{-b}`, and so does
:math:`-\log` of the coverage: the few problems of tiny p rule, whatever the others do. Slopes measured at finite k are
steeper than b. Every population here has ``coverage(k)``, ``failure(k)`` (each with its own digits, relative error
about 1e-12 for k up to 1e6), ``tail()`` and ``asymptote(k)``; :class:`Mixture` makes one of several.

Parameters may be numbers or arrays, which broadcast against k; they are checked when they are used. With JAX arrays
everything may be compiled, batched and differentiated (build the population inside the function).

Sources: "How Do Large Language Monkeys Get Their Power (Laws)?", Schaeffer et al., arXiv 2502.17578 (theorems 3.1 and
3.2, exponents, scaled Kumaraswamy); "Efficient Prediction of Pass@k Scaling in Large Language Models", Kazdan et al.,
arXiv 2510.05197 (scaled beta-binomial). Constants and the quadrature are derived.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import NamedTuple

import numpy as np

from budgetsim.theory import _coverage_integrals as integrals
from budgetsim.theory._arrays import (
    NON_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    PROPER_PROBABILITY,
    WHOLE,
    WHOLE_POSITIVE,
    Array,
    Domain,
    common_namespace,
    elementwise,
    require,
    special,
)
from budgetsim.theory._mixtures import WEIGHTS, weighted_mean

LARGEST = Domain("in (0, 1]", 0.0, 1.0, open_low=True)
ORDER = "smallest must be below largest"


class PowerTail(NamedTuple):
    """Failures tend to constant * k ** -exponent; exponent infinite and constant 0 if they vanish faster."""

    constant: Array
    exponent: Array


@elementwise(density_constant=POSITIVE, density_exponent=POSITIVE)
def power_tail(density_constant: Array, density_exponent: Array) -> PowerTail:
    r"""Tail of any population with density :math:`\sim C p^{b-1}` near 0: constant :math:`C\,\Gamma(b)`, exponent b.

    Parameters
    ----------
    density_constant, density_exponent
        C and b, above 0.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    arXiv 2502.17578, theorems 3.1 and 3.2 (the converse under regularity).

    Examples
    --------
    >>> power_tail(2.0, 3.0)
    PowerTail(constant=4.0, exponent=3.0)
    """
    xp = common_namespace(density_constant)
    return PowerTail(density_constant * xp.exp(special(xp).gammaln(density_exponent)), 1.0 * density_exponent)


class Population(ABC):
    """What every population can do; a kind of its own gives ``_means`` and ``tail``."""

    def coverage(self, k: Array) -> Array:
        """Chance that at least one of k samples is right, in [0, 1]; k any real number, 0 or more."""
        return self._means(k).coverage

    def failure(self, k: Array) -> Array:
        """Chance that all of k samples are wrong; ``-log1p(-failure)`` is the negative logarithm of the coverage."""
        return self._means(k).failure

    @abstractmethod
    def tail(self) -> PowerTail:
        """The power law of the failures."""

    def asymptote(self, k: Array) -> Array:
        """What the chance of failure tends to for many samples; k above 0."""
        return _power(*self.tail(), k)

    @abstractmethod
    def _means(self, k: Array) -> integrals.Means:
        """Chances of success and of failure in k samples."""


@dataclass(frozen=True)
class ScaledBeta(Population):
    r"""p is ``largest`` times a Beta(alpha, beta) variable; exponent alpha.

    Parameters
    ----------
    alpha, beta
        Shapes, above 0.
    largest
        The largest p, in (0, 1]; 1 is the Beta distribution, whose coverage also has a closed form
        (:func:`budgetsim.theory.coverage.beta_pass_at_k`).

    Notes
    -----
    Tail :math:`\frac{\Gamma(\alpha+\beta)}{\Gamma(\beta)} (sk)^{-\alpha}` for the largest p, s.

    Examples
    --------
    >>> population = ScaledBeta(0.3, 2.0, 0.5)
    >>> round(population.failure(1000), 6), round(population.asymptote(1000), 6)
    (0.180687, 0.180831)
    """

    alpha: Array
    beta: Array
    largest: Array = 1.0

    def tail(self) -> PowerTail:
        """Exponent alpha."""
        return _scaled_beta_tail(self.alpha, self.beta, self.largest)

    def _means(self, k: Array) -> integrals.Means:
        return _scaled_beta(self.alpha, self.beta, self.largest, k)


@dataclass(frozen=True)
class Kumaraswamy(Population):
    r"""p is ``largest`` times a variable x with :math:`P(x < t) = 1 - (1-t^\alpha)^\beta`; exponent alpha.

    Parameters
    ----------
    alpha, beta
        Shapes, above 0.
    largest
        The largest p, in (0, 1]: the three-parameter form that real data need.

    Notes
    -----
    Tail :math:`\beta\,\Gamma(\alpha+1) (sk)^{-\alpha}` for the largest p, s.

    Examples
    --------
    >>> population = Kumaraswamy(0.3, 2.0)
    >>> round(population.coverage(100), 6), population.tail().exponent
    (0.606115, 0.3)
    """

    alpha: Array
    beta: Array
    largest: Array = 1.0

    def tail(self) -> PowerTail:
        """Exponent alpha."""
        return _kumaraswamy_tail(self.alpha, self.beta, self.largest)

    def _means(self, k: Array) -> integrals.Means:
        return _kumaraswamy(self.alpha, self.beta, self.largest, k)


@dataclass(frozen=True)
class Uniform(Population):
    r"""p is uniform between 0 and ``largest``, in (0, 1]; exponent 1, constant :math:`1/s`.

    Examples
    --------
    >>> round(Uniform(1.0).failure(9), 12)
    0.1
    """

    largest: Array = 1.0

    def tail(self) -> PowerTail:
        """Exponent 1."""
        return _scaled_beta_tail(1.0, 1.0, self.largest)

    def _means(self, k: Array) -> integrals.Means:
        return _scaled_beta(1.0, 1.0, self.largest, k)


@dataclass(frozen=True)
class ContinuousBernoulli(Population):
    r"""p has density proportional to :math:`\lambda^p (1-\lambda)^{1-p}` on (0, 1); exponent 1.

    Parameters
    ----------
    parameter
        Lambda, in (0, 1); below 1/2 most problems are hard, 1/2 is the uniform law.

    Notes
    -----
    An exponential law of rate :math:`r = \ln\frac{1-\lambda}{\lambda}` cut off at 1; tail constant
    :math:`r / (1 - e^{-r})`.

    Examples
    --------
    >>> round(ContinuousBernoulli(0.5).failure(9), 12), round(ContinuousBernoulli(0.1).tail().constant, 6)
    (0.1, 2.471878)
    """

    parameter: Array

    def tail(self) -> PowerTail:
        """Exponent 1."""
        return _continuous_bernoulli_tail(self.parameter)

    def _means(self, k: Array) -> integrals.Means:
        return _continuous_bernoulli(self.parameter, k)


@dataclass(frozen=True)
class Reciprocal(Population):
    r"""ln p is uniform between those of ``smallest`` and ``largest``: no power law, failures vanish exponentially.

    Parameters
    ----------
    smallest, largest
        Bounds a < b of p, in (0, 1].

    Notes
    -----
    No problem is harder than a: failures tend to :math:`\frac{(1-a)^{k+1}}{a\,k\,\ln(b/a)}`, of the form
    :math:`(1-a)^k/k` of arXiv 2502.17578.

    Examples
    --------
    >>> population = Reciprocal(0.01, 1.0)
    >>> round(population.failure(1000) / population.asymptote(1000), 3), population.tail().exponent
    (0.916, inf)
    """

    smallest: Array
    largest: Array

    def tail(self) -> PowerTail:
        """No power law: exponent infinite, constant 0."""
        return _reciprocal_tail(self.smallest, self.largest)

    def asymptote(self, k: Array) -> Array:
        """What the chance of failure tends to for many samples; k above 0."""
        return _reciprocal_asymptote(self.smallest, self.largest, k)

    def _means(self, k: Array) -> integrals.Means:
        return _reciprocal(self.smallest, self.largest, k)


@dataclass(frozen=True)
class Atom(Population):
    """All problems are alike, p = ``probability`` in [0, 1]; with 0 none is ever solved (exponent 0, constant 1).

    Examples
    --------
    >>> round(Atom(0.5).failure(3), 12), Atom(0.0).tail()
    (0.125, PowerTail(constant=1.0, exponent=0.0))
    """

    probability: Array

    def tail(self) -> PowerTail:
        """Exponent infinite unless p is 0."""
        return _atom_tail(self.probability)

    def asymptote(self, k: Array) -> Array:
        """The chance of failure itself; k above 0."""
        return _atom(self.probability, k).failure

    def _means(self, k: Array) -> integrals.Means:
        return _atom(self.probability, k)


@dataclass(frozen=True)
class Mixture(Population):
    """Several populations in given shares: coverages mix, and of the tails the flattest wins.

    Parameters
    ----------
    populations
        The populations, one or more.
    weights
        Their weights, 0 or more and not all 0, shape [populations]; they need not add up to 1.

    Examples
    --------
    >>> mixed = Mixture((Uniform(1.0), ScaledBeta(0.3, 2.0), Kumaraswamy(0.3, 1.5)), (2.0, 1.0, 1.0))
    >>> round(mixed.coverage(100), 6), mixed.tail().exponent
    (0.843295, 0.3)
    """

    populations: Sequence[Population]
    weights: Array

    def tail(self) -> PowerTail:
        """The smallest exponent; the constants of the populations that have it add up with their shares."""
        weights = self._weights()
        constants, exponents = zip(*(part.tail() for part in self.populations), strict=True)
        xp = common_namespace(*constants, *exponents, weights)
        constant, exponent = (_stacked(xp, parts) for parts in (constants, exponents))
        weights = xp.asarray(weights, dtype=float)
        smallest = xp.min(xp.where(weights > 0.0, exponent, math.inf), axis=-1)
        flattest = xp.where(exponent == smallest[..., None], constant, 0.0)
        return PowerTail(_plain(_mean(flattest, weights)), _plain(smallest))

    def asymptote(self, k: Array) -> Array:
        """Mean of the asymptotes; k above 0."""
        return self._mixed([part.asymptote(k) for part in self.populations])

    def _means(self, k: Array) -> integrals.Means:
        parts = [part._means(k) for part in self.populations]
        return integrals.Means(
            self._mixed([part.coverage for part in parts]), self._mixed([part.failure for part in parts])
        )

    def _mixed(self, parts: Sequence[Array]) -> Array:
        weights = self._weights()
        return _plain(_mean(_stacked(common_namespace(*parts, weights), parts), weights))

    def _weights(self) -> Array:
        if np.shape(self.weights) != (len(self.populations),) or not self.populations:
            shape = (len(self.populations),)
            raise ValueError(f"weights must have shape {shape}, one or more, got {np.shape(self.weights)}")
        return self.weights


@elementwise(correct=WHOLE, samples=WHOLE_POSITIVE, alpha=POSITIVE, beta=POSITIVE, largest=LARGEST)
def scaled_beta_binomial(correct: Array, samples: Array, alpha: Array, beta: Array, largest: Array = 1.0) -> Array:
    r"""Chance of c right among n samples on a problem of a :class:`ScaledBeta` population.

    :math:`\binom nc s^c \frac{B(\alpha+c,\beta)}{B(\alpha,\beta)} E(1-sX)^{n-c}` with X of Beta(alpha + c, beta).

    Parameters
    ----------
    correct, samples
        c, a whole number from 0 to n, and n, 1 or more.
    alpha, beta, largest
        As in :class:`ScaledBeta`.

    Raises
    ------
    ValueError
        If an argument is outside its domain or correct exceeds samples (NaN in JAX).

    Notes
    -----
    Model of arXiv 2510.05197; derived. The likelihood of counts, which beats fits of the power law to few samples.

    Examples
    --------
    >>> round(scaled_beta_binomial(0, 10, 1.0, 1.0), 12)
    0.090909090909
    """
    xp = common_namespace(correct)
    log_gamma, log_beta = special(xp).gammaln, special(xp).betaln
    possible = correct <= samples
    hits = xp.where(possible, correct, 0.0)
    choose = log_gamma(samples + 1.0) - log_gamma(hits + 1.0) - log_gamma(samples - hits + 1.0)
    ratio = log_beta(alpha + hits, beta) - log_beta(alpha, beta)
    missed = integrals.scaled_beta_means(xp, alpha + hits, beta, largest, samples - hits).failure
    chance = xp.exp(choose + ratio + hits * xp.log(largest)) * missed
    return require(xp, possible, "correct must be at most samples", chance, correct=correct, samples=samples)


@elementwise(alpha=POSITIVE, beta=POSITIVE, largest=LARGEST, k=NON_NEGATIVE)
def _scaled_beta(alpha: Array, beta: Array, largest: Array, k: Array) -> integrals.Means:
    return integrals.scaled_beta_means(common_namespace(alpha), alpha, beta, largest, k)


@elementwise(alpha=POSITIVE, beta=POSITIVE, largest=LARGEST)
def _scaled_beta_tail(alpha: Array, beta: Array, largest: Array) -> PowerTail:
    xp = common_namespace(alpha)
    log_gamma = special(xp).gammaln
    log_constant = log_gamma(alpha + beta) - log_gamma(beta) - alpha * xp.log(largest)
    return PowerTail(xp.exp(log_constant), alpha + 0.0 * log_constant)


@elementwise(alpha=POSITIVE, beta=POSITIVE, largest=LARGEST, k=NON_NEGATIVE)
def _kumaraswamy(alpha: Array, beta: Array, largest: Array, k: Array) -> integrals.Means:
    return integrals.kumaraswamy_means(common_namespace(alpha), alpha, beta, largest, k)


@elementwise(alpha=POSITIVE, beta=POSITIVE, largest=LARGEST)
def _kumaraswamy_tail(alpha: Array, beta: Array, largest: Array) -> PowerTail:
    xp = common_namespace(alpha)
    constant = beta * xp.exp(special(xp).gammaln(alpha + 1.0) - alpha * xp.log(largest))
    return PowerTail(constant, alpha + 0.0 * constant)


@elementwise(parameter=PROPER_PROBABILITY, k=NON_NEGATIVE)
def _continuous_bernoulli(parameter: Array, k: Array) -> integrals.Means:
    xp = common_namespace(parameter)
    return integrals.truncated_exponential_means(xp, xp.log1p(-parameter) - xp.log(parameter), k)


@elementwise(parameter=PROPER_PROBABILITY)
def _continuous_bernoulli_tail(parameter: Array) -> PowerTail:
    xp = common_namespace(parameter)
    log_constant = integrals.log_truncated_exponential_norm(xp, xp.log1p(-parameter) - xp.log(parameter))
    return PowerTail(xp.exp(log_constant), xp.ones_like(parameter))


@elementwise(smallest=PROPER_PROBABILITY, largest=LARGEST, k=NON_NEGATIVE)
def _reciprocal(smallest: Array, largest: Array, k: Array) -> integrals.Means:
    xp = common_namespace(smallest)
    ordered = smallest < largest
    low = xp.where(ordered, smallest, 0.5 * largest)
    both = integrals.reciprocal_means(xp, low, largest, k)
    return integrals.Means(*(require(xp, ordered, ORDER, part, smallest=smallest, largest=largest) for part in both))


@elementwise(smallest=PROPER_PROBABILITY, largest=LARGEST)
def _reciprocal_tail(smallest: Array, largest: Array) -> PowerTail:
    xp = common_namespace(smallest)
    none = require(xp, smallest < largest, ORDER, 0.0 * (smallest + largest), smallest=smallest, largest=largest)
    return PowerTail(none, none + math.inf)


@elementwise(smallest=PROPER_PROBABILITY, largest=LARGEST, k=POSITIVE)
def _reciprocal_asymptote(smallest: Array, largest: Array, k: Array) -> Array:
    xp = common_namespace(smallest)
    ordered = smallest < largest
    low = xp.where(ordered, smallest, 0.5 * largest)
    limit = xp.exp((k + 1.0) * xp.log1p(-low)) / (low * k * xp.log(largest / low))
    return require(xp, ordered, ORDER, limit, smallest=smallest, largest=largest)


@elementwise(probability=PROBABILITY, k=NON_NEGATIVE)
def _atom(probability: Array, k: Array) -> integrals.Means:
    xp = common_namespace(probability)
    certain = (probability >= 1.0) & (k > 0.0)
    log_failure = k * xp.log1p(-xp.where(probability < 1.0, probability, 0.0))
    return integrals.Means(xp.where(certain, 1.0, -xp.expm1(log_failure)), xp.where(certain, 0.0, xp.exp(log_failure)))


@elementwise(probability=PROBABILITY)
def _atom_tail(probability: Array) -> PowerTail:
    xp = common_namespace(probability)
    return PowerTail(xp.where(probability > 0.0, 0.0, 1.0), xp.where(probability > 0.0, math.inf, 0.0))


@elementwise(constant=NON_NEGATIVE, exponent=Domain("0 or more", 0.0), k=POSITIVE)
def _power(constant: Array, exponent: Array, k: Array) -> Array:
    xp = common_namespace(constant)
    return constant * xp.exp(-exponent * xp.log(k))


@elementwise(values=Domain("any number", by_row=True), weights=WEIGHTS)
def _mean(values: Array, weights: Array) -> Array:
    return weighted_mean(common_namespace(values), values, weights)


def _stacked(xp: ModuleType, parts: Sequence[Array]) -> Array:
    return xp.stack(xp.broadcast_arrays(*(xp.asarray(part, dtype=float) for part in parts)), axis=-1)


def _plain(value: Array) -> Array:
    """A NumPy scalar as a plain number."""
    return float(value) if isinstance(value, np.floating) else value
