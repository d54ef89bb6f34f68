"""Populations of problems against exact sums of moments, integration of their distribution, and their power laws."""

import itertools
import math
from functools import cache, partial

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import coverage_laws as laws
from budgetsim.theory.coverage import beta_failure_asymptote, beta_pass_at_k

exact_settings = settings(derandomize=True, deadline=None, max_examples=60)
mp = mpmath.mp.clone()
mp.dps = 120

# Narrow and wide, hard and easy populations.
SHAPES = [(0.02, 1.0), (0.05, 60.0), (0.3, 2.0), (0.9, 0.2), (1.0, 1.0), (4.0, 0.1), (30.0, 300.0), (200.0, 0.7)]
SCALES = [1.0, 0.999999, 0.3, 1e-5]


def moment(kind, order, *parameters):
    """E p^j in 120 digits."""
    first, second = map(mp.mpf, parameters)
    if kind is laws.ScaledBeta:
        return mp.beta(first + order, second) / mp.beta(first, second)
    if kind is laws.Kumaraswamy:
        return second * mp.beta(1 + order / first, second)
    return (second**order - first**order) / (order * mp.log(second / first)) if order else mp.mpf(1)


def by_moments(kind, k, scale, *parameters):
    """Failure by the binomial theorem; 120 digits are left with 20 after the terms cancel."""
    terms = (mp.binomial(k, j) * (-mp.mpf(scale)) ** j * moment(kind, j, *parameters) for j in range(k + 1))
    return mp.fsum(terms)


def check(population, k, failure):
    assert population.failure(k) == pytest.approx(float(failure), rel=2e-11, abs=1e-280)
    assert population.coverage(k) == pytest.approx(float(1 - failure), rel=2e-11, abs=1e-280)


@pytest.mark.parametrize("kind", [laws.ScaledBeta, laws.Kumaraswamy])
@pytest.mark.parametrize(("shapes", "scale"), list(itertools.product(SHAPES, SCALES)))
def test_few_samples_against_sums_of_moments(kind, shapes, scale):
    for k in (0, 1, 2, 9, 40):
        check(kind(*shapes, scale), k, by_moments(kind, k, scale, *shapes))


@pytest.mark.parametrize("bounds", [(1e-6, 1.0), (0.01, 0.9), (0.3, 0.3001), (1e-4, 2e-4)])
def test_the_reciprocal_law_against_sums_of_moments(bounds):
    for k in (0, 1, 2, 9, 40):
        check(laws.Reciprocal(*bounds), k, by_moments(laws.Reciprocal, k, 1, *bounds))


def by_parts(distribution, k, largest=1.0, smallest=0.0):
    """Failure as the mean of P(p < t) where (1-t)^k falls: smooth in the logarithm of -k log(1-t)."""
    q_low, q_high = (-k * mp.log1p(-mp.mpf(end)) if end < 1 else mp.inf for end in (smallest, largest))

    def integrand(y):
        return mp.exp(y - mp.exp(y)) * distribution(-mp.expm1(-(q_low + mp.exp(y)) / k))

    with mp.workdps(25):
        end = min(mp.log(q_high - q_low), mp.mpf(5)) if q_high < mp.inf else mp.mpf(5)
        # Steps that shrink towards the end, where a distribution need not be smooth.
        marks = [*range(-60, int(end)), *(end - mp.mpf(2) ** (-j / 2) for j in range(80)), end]
        return mp.exp(-q_low) * mp.quad(integrand, sorted(marks)) + mp.exp(-q_high)


def kumaraswamy_distribution(alpha, beta, scale):
    return lambda t: -mp.expm1(beta * mp.log1p(-(min(mp.mpf(1), (t / scale)) ** alpha))) if t < scale else mp.mpf(1)


@pytest.mark.parametrize("k", [300, 10**4, 10**6])
@pytest.mark.parametrize("shapes", [(0.05, 20.0), (0.3, 2.0), (0.9, 0.5), (3.0, 40.0)])
@pytest.mark.parametrize("scale", [0.4, pytest.param(1.0, marks=pytest.mark.verify)])
def test_many_samples_of_the_kumaraswamy_law_against_its_distribution(k, shapes, scale):
    alpha, beta = map(mp.mpf, shapes)
    check(laws.Kumaraswamy(*shapes, scale), k, by_parts(kumaraswamy_distribution(alpha, beta, mp.mpf(scale)), k, scale))


@pytest.mark.parametrize("k", [300, 10**6])
@pytest.mark.parametrize("bounds", [(1e-7, 1.0), (1e-4, 0.5), (0.002, 0.003)])
def test_many_samples_of_the_reciprocal_law_against_its_distribution(k, bounds):
    low, high = map(mp.mpf, bounds)
    check(laws.Reciprocal(*bounds), k, by_parts(lambda t: mp.log(t / low) / mp.log(high / low), k, high, low))


@pytest.mark.parametrize("k", [30, 10**6, *(pytest.param(each, marks=pytest.mark.verify) for each in (1, 10**4))])
@pytest.mark.parametrize("parameter", [1e-9, 0.1, 0.4999, 0.5, 0.50001, 0.7, 0.9999])
def test_the_continuous_bernoulli_law_against_its_distribution(k, parameter):
    rate = mp.log((1 - mp.mpf(parameter)) / parameter)
    distribution = (lambda t: mp.expm1(-rate * t) / mp.expm1(-rate)) if rate else (lambda t: t)
    check(laws.ContinuousBernoulli(parameter), k, by_parts(distribution, k))


@exact_settings
@given(st.floats(0.01, 100), st.floats(0.01, 1000), st.floats(0, 1e6))
def test_the_whole_beta_law_is_the_closed_form(alpha, beta, k):
    population = laws.ScaledBeta(alpha, beta)
    assert population.coverage(k) == pytest.approx(beta_pass_at_k(alpha, beta, k), rel=1e-10, abs=1e-300)


@pytest.mark.parametrize("k", [1, 50, 3000])
def test_the_scaled_beta_law_against_counts_of_it(k):
    # E(1 - sX)^k is a polynomial in s, a hypergeometric function.
    for alpha, beta, scale in ((0.5, 1.5, 0.25), (2.0, 3.0, 0.01), (0.1, 0.3, 0.6)):
        exact = mp.hyp2f1(-k, alpha, mp.mpf(alpha) + beta, scale)
        check(laws.ScaledBeta(alpha, beta, scale), k, exact)


@exact_settings
@given(st.floats(1e-6, 1), st.floats(0.5, 1e6))
def test_the_uniform_law(largest, k):
    exact = (
        float(-mp.expm1((k + mp.mpf(1)) * mp.log1p(-mp.mpf(largest))) / ((k + mp.mpf(1)) * largest))
        if (largest < 1)
        else 1 / (k + 1)
    )
    assert laws.Uniform(largest).failure(k) == pytest.approx(exact, rel=1e-10)


POPULATIONS = [
    (laws.ScaledBeta(0.3, 2.0, 0.4), 0.3),
    (laws.ScaledBeta(2.5, 7.0), 2.5),
    (laws.Kumaraswamy(0.3, 2.0, 0.4), 0.3),
    (laws.Kumaraswamy(1.7, 5.0), 1.7),
    (laws.Uniform(0.2), 1.0),
    (laws.ContinuousBernoulli(0.2), 1.0),
]


@pytest.mark.parametrize(("population", "exponent"), POPULATIONS)
def test_failures_tend_to_their_power_law(population, exponent):
    tail = population.tail()
    assert tail.exponent == exponent
    ratios = [population.failure(k) / population.asymptote(k) for k in (1e3, 1e4, 1e5, 1e6)]
    # The next term of a Kumaraswamy law is k^-alpha smaller, of the others 1/k.
    assert ratios[-1] == pytest.approx(1.0, abs=0.02 if isinstance(population, laws.Kumaraswamy) else 1e-4)
    assert all(abs(later - 1) < abs(earlier - 1) for earlier, later in itertools.pairwise(ratios))
    assert population.asymptote(7.0) == pytest.approx(tail.constant * 7.0**-exponent)
    # So does minus the logarithm of the coverage.
    assert -math.log1p(-population.failure(1e6)) / population.asymptote(1e6) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(("population", "exponent"), POPULATIONS)
def test_the_tail_is_that_of_the_density_near_zero(population, exponent):
    # P(p < t) ~ C t^b / b: the chance of failure at huge k against the chance of a tiny p.
    tiny = 1e-30
    chance = {
        laws.ScaledBeta: lambda: _beta_below(population, tiny),
        laws.Kumaraswamy: lambda: float(
            kumaraswamy_distribution(population.alpha, population.beta, population.largest)(mp.mpf(tiny))
        ),
        laws.Uniform: lambda: tiny / population.largest,
        laws.ContinuousBernoulli: lambda: float(mp.expm1(-mp.log(mp.mpf(4)) * tiny) / mp.expm1(-mp.log(mp.mpf(4)))),
    }[type(population)]()
    constant = chance * exponent / tiny**exponent
    expected = laws.power_tail(constant, exponent)
    assert population.tail().constant == pytest.approx(expected.constant, rel=1e-8)


def _beta_below(population, t):
    return float(mp.betainc(population.alpha, population.beta, 0, mp.mpf(t) / population.largest, regularized=True))


def test_slopes_at_finite_k_are_steeper_than_the_exponent():
    # Measured slopes of log(-log coverage) between 100 and 10000 samples.
    for alpha, beta, slope in ((0.3, 2.0, -0.326), (0.5, 5.0, -0.517)):
        k = np.geomspace(1e2, 1e4, 41)
        loss = np.log(-np.log(laws.ScaledBeta(alpha, beta).coverage(k)))
        assert np.polyfit(np.log(k), loss, 1)[0] == pytest.approx(slope, abs=6e-4)
        assert slope < -alpha


def test_two_ways_to_the_beta_asymptote():
    k = np.array([3.0, 100.0])
    ours = laws.ScaledBeta(0.3, 2.0).asymptote(k)
    assert ours == pytest.approx(beta_failure_asymptote(0.3, 2.0, k), rel=1e-13)


def test_the_reciprocal_law_has_no_power_law():
    population = laws.Reciprocal(0.01, 0.8)
    assert population.tail() == (0.0, math.inf)
    k = np.array([2e3, 8e3, 3.2e4])
    off = 1 - population.failure(k) / population.asymptote(k)
    assert off == pytest.approx(1 / (0.01 * k), rel=0.1)  # the next order of the expansion
    assert population.asymptote(50.0) == pytest.approx(0.99**51 / (0.01 * 50 * math.log(80)))
    assert laws.Atom(0.1).asymptote(3.0) == pytest.approx(0.9**3)


def test_mixtures():
    parts = (laws.Uniform(1.0), laws.ScaledBeta(0.3, 2.0), laws.Kumaraswamy(0.3, 1.5), laws.Reciprocal(0.1, 0.9))
    mixed = laws.Mixture(parts, (4.0, 1.0, 2.0, 1.0))
    k = np.array([0.0, 1.0, 300.0, 1e6])
    for name in ("coverage", "failure"):
        plain = sum(w * getattr(part, name)(k) for part, w in zip(parts, (0.5, 0.125, 0.25, 0.125), strict=True))
        assert getattr(mixed, name)(k) == pytest.approx(plain, rel=1e-13)
    tail = mixed.tail()
    assert tail.exponent == 0.3
    constants = 0.125 * parts[1].tail().constant + 0.25 * parts[2].tail().constant
    assert tail.constant == pytest.approx(constants, rel=1e-14)
    assert mixed.failure(1e9) / (tail.constant * 1e9**-0.3) == pytest.approx(1.0, abs=1e-3)
    assert mixed.asymptote(1e9) / (tail.constant * 1e9**-0.3) == pytest.approx(1.0, abs=1e-5)
    # What nobody ever solves stays.
    stuck = laws.Mixture((laws.Atom(0.0), laws.Atom(0.5)), (0.25, 0.75))
    assert stuck.tail() == (0.25, 0.0)
    assert stuck.failure(1e4) == pytest.approx(0.25)
    assert isinstance(stuck.failure(3), float)
    # A share of nothing has no tail.
    assert laws.Mixture((laws.Atom(0.0), laws.Uniform(0.5)), (0.0, 1.0)).tail() == (2.0, 1.0)
    nested = laws.Mixture((mixed, laws.Atom(1.0)), (1.0, 1.0))
    assert nested.coverage(7.0) == pytest.approx(0.5 * mixed.coverage(7.0) + 0.5)


@exact_settings
@given(
    st.sampled_from([laws.ScaledBeta, laws.Kumaraswamy]),
    st.floats(0.02, 20),
    st.floats(0.05, 50),
    st.floats(0.001, 1),
    st.floats(0.1, 1e5),
)
def test_coverage_rises_concavely(kind, alpha, beta, largest, k):
    population = kind(alpha, beta, largest)
    below, here, above = (population.coverage(m) for m in (0.5 * k, k, 1.5 * k))
    assert 0.0 <= below <= here <= above <= 1.0
    assert above - here <= (here - below) * (1 + 1e-9) + 1e-14
    # Easier problems, more coverage: a larger scale or alpha, a smaller beta.
    assert kind(alpha, beta, 0.9 * largest).coverage(k) <= here * (1 + 1e-12)
    assert kind(1.1 * alpha, beta, largest).coverage(k) >= here * (1 - 1e-12)
    assert kind(alpha, 1.1 * beta, largest).coverage(k) <= here * (1 + 1e-12)


@cache
def count_table(alpha, beta, scale, n):
    """P(c right of n) by moments: E (sX)^c (1-sX)^(n-c) expanded."""
    alpha, beta, scale = mp.mpf(alpha), mp.mpf(beta), mp.mpf(scale)
    power = [scale**j * mp.beta(alpha + j, beta) / mp.beta(alpha, beta) for j in range(n + 1)]
    return [
        mp.binomial(n, c) * mp.fsum((-1) ** j * mp.binomial(n - c, j) * power[c + j] for j in range(n - c + 1))
        for c in range(n + 1)
    ]


@pytest.mark.parametrize(("alpha", "beta", "scale"), [(0.3, 2.0, 1.0), (0.3, 2.0, 0.4), (5.0, 0.2, 0.9)])
def test_counts_of_a_scaled_beta_population(alpha, beta, scale):
    ours = laws.scaled_beta_binomial(np.arange(31), 30, alpha, beta, scale)
    assert ours == pytest.approx([float(part) for part in count_table(alpha, beta, scale, 30)], rel=1e-10)
    assert ours.sum() == pytest.approx(1.0, rel=1e-12)
    assert ours @ np.arange(31) == pytest.approx(30 * scale * alpha / (alpha + beta), rel=1e-11)
    assert laws.scaled_beta_binomial(0, 10**4, alpha, beta, scale) == pytest.approx(
        laws.ScaledBeta(alpha, beta, scale).failure(10**4), rel=1e-12
    )


def test_numbers_arrays_and_shapes():
    population = laws.Kumaraswamy(0.3, 2.0)
    assert type(population.coverage(10)) is float
    assert type(population.tail().constant) is float
    many = laws.Kumaraswamy(np.array([[0.3], [0.7]]), 2.0).coverage(np.array([1.0, 10.0, 100.0]))
    assert many.shape == (2, 3)
    assert many[0, 1] == pytest.approx(population.coverage(10), rel=1e-13)
    assert laws.Reciprocal(0.1, np.array([0.5, 0.9])).tail().exponent.tolist() == [math.inf, math.inf]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: laws.ScaledBeta(0.0, 1.0).coverage(3), "alpha must be finite, above 0, got 0"),
        (lambda: laws.ScaledBeta(1.0, 1.0, 1.5).failure(3), r"largest must be in \(0, 1\], got 1.5"),
        (lambda: laws.Kumaraswamy(1.0, -2.0).tail(), "beta must be finite, above 0, got -2"),
        (lambda: laws.Kumaraswamy(1.0, 2.0).coverage(-1), "k must be finite, 0 or more, got -1"),
        (lambda: laws.Uniform(0.0).coverage(2), "largest must be in"),
        (lambda: laws.Uniform(0.5).asymptote(0), "k must be finite, above 0, got 0"),
        (lambda: laws.ContinuousBernoulli(1.0).coverage(2), r"parameter must be in \(0, 1\), got 1"),
        (lambda: laws.Reciprocal(0.5, 0.5).coverage(2), "smallest must be below largest"),
        (lambda: laws.Reciprocal(0.5, 0.4).tail(), "smallest must be below largest"),
        (lambda: laws.Reciprocal(0.5, 0.4).asymptote(2), "smallest must be below largest"),
        (lambda: laws.Atom(1.2).coverage(2), r"probability must be in \[0, 1\], got 1.2"),
        (lambda: laws.Mixture((laws.Atom(1.0),), (1.0, 2.0)).coverage(2), "weights must have shape"),
        (lambda: laws.Mixture((), ()).tail(), "weights must have shape"),
        (lambda: laws.Mixture((laws.Atom(1.0),), (0.0,)).coverage(2), "weights must not all be 0"),
        (lambda: laws.Mixture((laws.Atom(1.0),), (-1.0,)).tail(), "weights must be finite, 0 or more, got -1"),
        (lambda: laws.power_tail(0.0, 1.0), "density_constant must be finite, above 0, got 0"),
        (lambda: laws.scaled_beta_binomial(4, 3, 1.0, 1.0), "correct must be at most samples"),
        (lambda: laws.scaled_beta_binomial(1.5, 3, 1.0, 1.0), "correct must be a whole number"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


BUILDERS = [
    (laws.ScaledBeta, (0.4, 1.3, 0.7)),
    (laws.Kumaraswamy, (0.4, 1.3, 0.7)),
    (laws.Kumaraswamy, (3.0, 25.0, 0.7)),
    (laws.Uniform, (0.7,)),
    (laws.ContinuousBernoulli, (0.3,)),
    (laws.ContinuousBernoulli, (0.5,)),
    (laws.Reciprocal, (0.02, 0.7)),
    (laws.Atom, (0.3,)),
]


@pytest.mark.parametrize(
    ("kind", "parameters"), [*BUILDERS[:1], *(pytest.param(*each, marks=pytest.mark.verify) for each in BUILDERS[1:])]
)
def test_populations_under_jax(kind, parameters):
    with jax.enable_x64(True):
        k = jnp.asarray([0.0, 1.0, 100.0, 1e6])

        def coverage(parameters, k):
            return kind(*parameters).coverage(k)

        np.testing.assert_allclose(
            jax.jit(coverage)(parameters, k), kind(*parameters).coverage(np.asarray(k)), rtol=1e-12
        )
        gradient = jax.jit(jax.grad(coverage, argnums=(0, 1)))
        for k_ in (0.5, 3.0, 1000.0):
            slopes = gradient(tuple(map(float, parameters)), k_)
            for place, value in enumerate(parameters):
                step = 1e-5 * value
                ends = [
                    kind(*(p + sign * step * (i == place) for i, p in enumerate(parameters))).coverage(k_)
                    for sign in (1, -1)
                ]
                numeric = (ends[0] - ends[1]) / (2 * step)
                assert float(slopes[0][place]) == pytest.approx(numeric, rel=1e-5, abs=1e-8)
            ends = [kind(*parameters).coverage(k_ * (1 + sign * 1e-5)) for sign in (1, -1)]
            assert float(slopes[1]) == pytest.approx((ends[0] - ends[1]) / (2e-5 * k_), rel=1e-5, abs=1e-11)
        batch = jax.jit(jax.vmap(lambda k: kind(*parameters).failure(k)))(k)
        np.testing.assert_allclose(batch, kind(*parameters).failure(np.asarray(k)), rtol=1e-12)
        assert np.isnan(jax.jit(coverage)(parameters, jnp.asarray([-1.0, 2.0]))).tolist() == [True, False]
        assert np.isnan(jax.jit(coverage)((jnp.asarray(-0.5), *parameters[1:]), 2.0))


def test_the_ends_of_a_law_have_derivatives_under_jax():
    with jax.enable_x64(True):
        for kind, values in ((laws.ScaledBeta, (0.4, 0.2, 1.0)), (laws.Kumaraswamy, (0.4, 0.2, 1.0))):
            slopes = jax.jit(jax.grad(lambda v, kind=kind: kind(*v).failure(50.0)))(values)
            assert np.all(np.isfinite(slopes))
            numeric = (kind(0.4, 0.2, 1.0).failure(50.0) - kind(0.4, 0.2, 1.0 - 1e-7).failure(50.0)) / 1e-7
            assert slopes[2] == pytest.approx(numeric, rel=1e-3)
        assert np.isfinite(jax.grad(lambda b: laws.Reciprocal(0.1, b).failure(5.0))(1.0))


def test_mixtures_and_tails_under_jax():
    with jax.enable_x64(True):

        def tail(alpha, share):
            parts = (laws.ScaledBeta(alpha, 2.0), laws.Kumaraswamy(alpha, 1.5, 0.5), laws.Uniform(1.0))
            return laws.Mixture(parts, jnp.stack([share, 0.5 * share, 1.0 - 1.5 * share])).tail()

        ours = jax.jit(tail)(0.3, 0.4)
        plain = laws.Mixture(
            (laws.ScaledBeta(0.3, 2.0), laws.Kumaraswamy(0.3, 1.5, 0.5), laws.Uniform(1.0)), (0.4, 0.2, 0.4)
        ).tail()
        np.testing.assert_allclose(ours, plain, rtol=1e-13)
        slope = jax.grad(lambda share: tail(0.3, share).constant)(0.4)
        assert slope == pytest.approx(plain.constant / 0.4)
        counts = jax.jit(partial(laws.scaled_beta_binomial, samples=5, alpha=0.4, beta=1.0))(jnp.asarray([0, 2, 6]))
        assert np.isnan(counts).tolist() == [False, False, True]
        rates = jax.grad(lambda a: jnp.log(laws.scaled_beta_binomial(2.0, 5.0, a, 1.0, 0.8)))(0.4)
        ends = [math.log(laws.scaled_beta_binomial(2, 5, 0.4 + sign * 1e-6, 1.0, 0.8)) for sign in (1, -1)]
        assert rates == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-7)
