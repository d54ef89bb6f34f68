"""Intervals that hold at every number of draws at once, so that one may look at any time and stop when one likes.

A usual 95% interval is wrong in 5% of all cases at one number of draws chosen beforehand; whoever looks again and
again and stops when it pleases is wrong far more often. A confidence sequence is wrong *at any time, ever* in at
most 5% of all cases. It is wider, at a million trials a little more than twice as wide.

Three kinds of observations, from the most to the least that is known of them:

=====================  =======================================  ==========================
observations           interval                                 holds
=====================  =======================================  ==========================
0 or 1                 `Successes`: beta-binomial mixture       exactly
within known bounds    `BoundedMean`: empirical Bernstein       exactly
any, finite variance   `UnboundedMean`: normal mixture          asymptotically
=====================  =======================================  ==========================

Each is a frozen state: ``after(batch)`` is the state after a batch of observations, ``figures()`` what it says now.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from scipy.optimize import brentq
from scipy.special import betaln, expit, log_expit, logit

from budgetsim.simulate.estimate import Estimate

_LARGEST_BET = 0.5  # bounded observations: keeps the logarithm of 1 - bet away from its pole
_ALIKE = 1e-14  # a variance below this part of the squared mean is rounding


class Figures(NamedTuple):
    """What a state says: estimate, standard error, interval and the number of observations behind them."""

    value: float
    standard_error: float
    low: float
    high: float
    draws: int


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, sum and sum of squares of real observations; sums of batches are sums of these.

    Where the mean is many orders of magnitude above the spread, subtract a constant first: the variance is a
    difference of the two sums.

    Examples
    --------
    >>> both = Moments(2, 3.0, 5.0) + Moments(1, 3.0, 9.0)
    >>> both.mean, round(both.variance, 6)
    (2.0, 0.666667)
    """

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.count + other.count, self.total + other.total, self.squares + other.squares)

    @property
    def mean(self) -> float:
        """Plain mean of one observation or more."""
        return self.total / self.count

    @property
    def variance(self) -> float:
        """Mean squared distance from the mean."""
        return self.around(self.mean) / self.count

    def around(self, center: float) -> float:
        """Sum of squared distances from ``center``."""
        return max(0.0, self.squares - 2.0 * center * self.total + self.count * center**2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Successes:
    r"""Confidence sequence of a probability from independent trials; exact at every number of trials.

    The interval holds every :math:`p` at which the mixture
    :math:`M_n(p) = \int q^s (1-q)^{n-s}\,\pi(q)\,dq \,/\, p^s (1-p)^{n-s}` stays below ``1 / (1 - confidence)``, with
    the Beta(1/2, 1/2) prior :math:`\pi`. At the true :math:`p` it is a non-negative martingale of mean 1, which ever
    reaches :math:`1/\alpha` with probability at most :math:`\alpha` (Ville's inequality).

    Parameters
    ----------
    confidence
        Within (0, 1).
    successes, trials
        Counts so far.

    Notes
    -----
    Source: H. Robbins, *Statistical methods related to the law of the iterated logarithm*, Annals of Mathematical
    Statistics 41 (1970), with a conjugate prior. The ends are met within 1e-5 of the half-width up to 1e10 trials. The
    standard error is that of `Estimate.from_count`.

    Examples
    --------
    >>> seen = Successes(confidence=0.95).after((30, 100)).figures()
    >>> round(seen.value, 2), round(seen.low, 3), round(seen.high, 3)
    (0.3, 0.166, 0.463)
    """

    confidence: float
    successes: int = 0
    trials: int = 0

    def __post_init__(self) -> None:
        check_confidence(self.confidence)

    def after(self, batch: tuple[int, int]) -> Self:
        """Count a batch of (successes, trials)."""
        successes, trials = batch
        if not 0 <= successes <= trials or trials < 1:
            raise ValueError(f"a batch must hold 1 or more trials and no more successes than trials, got {batch}")
        return replace(self, successes=self.successes + int(successes), trials=self.trials + int(trials))

    def figures(self) -> Figures:
        """Share of successes, its standard error and interval, after one trial or more."""
        plain = Estimate.from_count(self.successes, self.trials)
        failures = self.trials - self.successes
        low = _lower_end(self.successes, failures, self.confidence)
        high = 1.0 - _lower_end(failures, self.successes, self.confidence)
        return Figures(plain.value, plain.standard_error, low, high, self.trials)


def _lower_end(successes: int, failures: int, confidence: float) -> float:
    """Smallest probability that the mixture does not rule out."""
    if successes == 0:
        return 0.0
    level = -math.log1p(-confidence) - float(betaln(successes + 0.5, failures + 0.5)) + math.log(math.pi)

    def excess(log_odds: float) -> float:
        return -successes * float(log_expit(log_odds)) - failures * float(log_expit(-log_odds)) - level

    # All successes: the likelihood falls towards 0 from its value at 1.
    top = float(logit(successes / (successes + failures))) if failures else 700.0
    return float(expit(brentq(excess, -700.0, top, xtol=1e-13)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundedMean:
    r"""Confidence sequence of the mean of independent observations within known bounds; exact at the end of batches.

    With observations scaled to [0, 1], a bet :math:`\lambda` and a guess :math:`\hat\mu` made before each batch,
    :math:`\prod\exp\{\lambda(x-\mu) - (x-\hat\mu)^2(-\log(1-\lambda)-\lambda)\}` is a non-negative supermartingale at
    the true mean. The bet is the one of the source for the batch's last observation; it stays the same through the
    batch, so that count, sum and sum of squares are all that is needed of it. The number of observations in a batch
    may depend on earlier batches only.

    Parameters
    ----------
    confidence
        Within (0, 1).
    bounds
        Least and greatest possible observation.
    seen, bets, won, paid
        The state: moments so far (in units of the bounds' distance, from the lower one), the sum of bets, the sum of
        bets times observations, and what the squares cost.

    Notes
    -----
    Source: I. Waudby-Smith and A. Ramdas, *Estimating means of bounded random variables by betting*,
    arXiv 2010.09686, Theorem 2. The standard error counts one more observation with the greatest possible variance,
    1/4, so that observations that are all alike claim no certainty.

    Examples
    --------
    >>> state = BoundedMean(confidence=0.95, bounds=(0.0, 10.0))
    >>> seen = state.after(Moments(1000, 4000.0, 20000.0)).after(Moments(1000, 4000.0, 20000.0)).figures()
    >>> round(seen.value, 2), round(seen.low, 2), round(seen.high, 2)
    (4.0, 3.77, 4.23)
    """

    confidence: float
    bounds: tuple[float, float]
    seen: Moments = field(default=Moments())
    bets: float = 0.0
    won: float = 0.0
    paid: float = 0.0

    def __post_init__(self) -> None:
        check_confidence(self.confidence)
        low, high = self.bounds
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"bounds must be two finite numbers, the lower one first, got {self.bounds}")

    def _guess(self) -> tuple[float, float]:
        """Mean and variance, each with one more observation: 1/2, and 1/4."""
        mean = (0.5 + self.seen.total) / (self.seen.count + 1)
        return mean, (0.25 + self.seen.around(mean)) / (self.seen.count + 1)

    def after(self, batch: Moments) -> Self:
        """Take in the moments of a batch of observations."""
        low, high = self.bounds
        scaled = _scaled(batch, low, high - low)
        if scaled.count < 1 or not 0.0 <= scaled.total <= scaled.count:
            raise ValueError(f"a batch must hold 1 or more observations within {self.bounds}, got {batch}")
        mean, variance = self._guess()
        seen = self.seen + scaled
        odds = 2.0 * math.log(2.0 / (1.0 - self.confidence))
        bet = min(_LARGEST_BET, math.sqrt(odds / (variance * seen.count * math.log1p(seen.count))))
        return replace(
            self,
            seen=seen,
            bets=self.bets + bet * scaled.count,
            won=self.won + bet * scaled.total,
            paid=self.paid + scaled.around(mean) * (-math.log1p(-bet) - bet),
        )

    def figures(self) -> Figures:
        """Plain mean, its standard error and interval, after one batch or more."""
        low, high = self.bounds
        width = high - low
        center = self.won / self.bets
        half = (math.log(2.0 / (1.0 - self.confidence)) + self.paid) / self.bets
        value = self.seen.mean
        # The center weighs later batches less than the plain mean; the interval is stretched to hold both.
        ends = max(0.0, min(value, center - half)), min(1.0, max(value, center + half))
        error = math.sqrt(self._guess()[1] / self.seen.count)
        return Figures(
            low + width * value, width * error, low + width * ends[0], low + width * ends[1], self.seen.count
        )


def _scaled(batch: Moments, shift: float, unit: float) -> Moments:
    """Moments of (observation - shift) / unit; sums a hair outside [0, count] are rounding."""
    total = (batch.total - batch.count * shift) / unit
    if abs(total) <= 1e-9 * batch.count or abs(total - batch.count) <= 1e-9 * batch.count:
        total = min(max(total, 0.0), float(batch.count))
    return Moments(batch.count, total, batch.around(shift) / unit**2)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnboundedMean:
    r"""Confidence sequence of the mean of independent, alike observations of finite variance; holds asymptotically.

    **Assumption.** Nothing exact can be said of a mean without bounds. Here the observations need a little more than a
    finite variance, and the first look must come after enough of them for their mean to be nearly normal: thousands
    for squares of normal errors, more for heavier tails. The error probability tends to ``1 - confidence`` as the first
    look is moved later. Rare large observations that have not been seen yet are not in the interval.

    Parameters
    ----------
    confidence
        Within (0, 1).
    tuned_for
        Number of observations at which the interval is tightest, about 3 standard errors at 95%; at a tenth of it the
        interval is a quarter wider than that, at ten times as many it is 7% wider (in standard errors).
    seen
        The state: moments so far.

    Notes
    -----
    :math:`\bar x \pm \hat\sigma\sqrt{\frac{2(n r^2+1)}{n^2 r^2}\log\frac{\sqrt{n r^2+1}}{\alpha}}`. Source: I.
    Waudby-Smith, D. Arbour, R. Sinha, E. Kennedy and A. Ramdas, *Time-uniform central limit theory and asymptotic
    confidence sequences*, arXiv 2103.06476. As long as all observations are alike the interval is the whole line.

    Examples
    --------
    >>> seen = UnboundedMean(confidence=0.95, tuned_for=1000).after(Moments(1000, 4000.0, 20000.0)).figures()
    >>> round(seen.value, 2), round(seen.low, 2), round(seen.high, 2)
    (4.0, 3.81, 4.19)
    """

    confidence: float
    tuned_for: float
    seen: Moments = field(default=Moments())

    def __post_init__(self) -> None:
        check_confidence(self.confidence)

    def after(self, batch: Moments) -> Self:
        """Take in the moments of a batch of observations."""
        if batch.count < 1 or not (math.isfinite(batch.total) and math.isfinite(batch.squares)):
            raise ValueError(f"a batch must hold 1 or more finite observations, got {batch}")
        return replace(self, seen=self.seen + batch)

    def figures(self) -> Figures:
        """Plain mean, its standard error and interval, after one observation or more."""
        count, value, variance = self.seen.count, self.seen.mean, self.seen.variance
        if count < 2 or variance <= _ALIKE * value**2:
            return Figures(value, 0.0, -math.inf, math.inf, count)
        half = math.sqrt(variance / count) * normal_mixture_width(count / self.tuned_for, self.confidence)
        return Figures(value, math.sqrt(variance / count), value - half, value + half, count)


def normal_mixture_width(ratio: float, confidence: float) -> float:
    """Half-width in standard errors of the mean, at ``ratio`` times the number of draws it is tuned for.

    Examples
    --------
    >>> [round(normal_mixture_width(ratio, 0.95), 2) for ratio in (0.1, 1.0, 10.0)]
    [3.86, 3.04, 3.24]
    """
    miss = 1.0 - confidence
    tuning = -2.0 * math.log(miss) + math.log1p(-2.0 * math.log(miss))  # the source's choice of n r^2 at ratio 1
    scaled = ratio * tuning
    return math.sqrt(2.0 * (scaled + 1.0) / scaled * (0.5 * math.log1p(scaled) - math.log(miss)))


def check_confidence(confidence: float) -> None:
    """Raise ValueError unless ``confidence`` lies within (0, 1)."""
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie in (0, 1), got {confidence}")
