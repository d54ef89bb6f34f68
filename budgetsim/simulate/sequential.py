"""Draw until an estimate is as sure as asked for, look as often as one likes, stop at any moment.

`run_until` estimates a probability from counts of successes, `run_mean_until` a mean from moments. Both draw in
growing chunks and end when the requested standard error or half-width is reached, when the most replicas that one
will pay for are drawn, or when the person presses Ctrl-C: then they report what they have. The interval they report
is a confidence sequence (`budgetsim.simulate.confidence_sequences`), which no stopping rule can spoil.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Literal, Protocol, Self, TypeVar

from budgetsim.simulate.confidence_sequences import (
    BoundedMean,
    Figures,
    Moments,
    Successes,
    UnboundedMean,
    check_confidence,
    normal_mixture_width,
)
from budgetsim.simulate.estimate import Estimate

Ending = Literal["reached", "limit", "interrupted"]

ENDINGS: Mapping[Ending, str] = {
    "reached": "the estimate is as sure as asked for",
    "limit": "the most replicas were drawn before the estimate was as sure as asked for",
    "interrupted": "stopped by the person before the estimate was as sure as asked for",
}
"""What the codes of `SequentialEstimate.ended` mean."""

Count = Callable[[int, int], tuple[int, int]]
"""``count(start, stop)`` plays replicas start ... stop - 1 and gives (successes, trials)."""

Observe = Callable[[int, int], Moments]
"""``observe(start, stop)`` plays replicas start ... stop - 1 and gives count, sum and sum of squares."""

Progress = Callable[[int, int], None]
"""Called with (replicas done, replicas expected to be needed) after every chunk."""

_SPARE = 1.05  # how far a chunk aims beyond the replicas that seem to be needed


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialEstimate(Estimate):
    """An estimate that was drawn until it was sure enough, with an interval that holds whenever it was stopped.

    Stopping at a time that the draws themselves decide biases ``value`` a little (it is the plain mean, and draws that
    look sure early end early) and makes intervals of a fixed number of draws wrong. ``low`` and ``high`` stay valid:
    the probability that any interval of the whole run misses the truth is at most ``1 - confidence``.

    Parameters
    ----------
    value, standard_error, draws, provenance
        As in `Estimate`.
    low, high
        Ends of the interval.
    confidence
        Its confidence, within (0, 1).
    ended
        How the run ended; `ENDINGS` says it in words.
    """

    low: float
    high: float
    confidence: float
    ended: Ending

    def __post_init__(self) -> None:
        Estimate.__post_init__(self)
        check_confidence(self.confidence)
        if not self.low <= self.value <= self.high:
            raise ValueError(f"value must lie within low and high, got {self.value} and {(self.low, self.high)}")
        if self.ended not in ENDINGS:
            raise ValueError(f"ended must be one of {', '.join(ENDINGS)}, got {self.ended!r}")

    def __str__(self) -> str:
        return (
            f"{Estimate.__str__(self)} ({self.confidence:.0%} within {self.low:.4g} ... {self.high:.4g}; {self.ended})"
        )


def run_until(
    count: Count,
    *,
    standard_error: float | None = None,
    half_width: float | None = None,
    confidence: float = 0.95,
    first: int = 2**16,
    growth: float = 1.25,
    most: int = 10**9,
    progress: Progress | None = None,
    provenance: Mapping[str, object] | None = None,
) -> SequentialEstimate:
    """Estimate a probability from independent trials until it is as sure as asked for.

    Parameters
    ----------
    count
        Plays a range of replicas, see `Count`. Ranges follow one another without gap from 0; each is given once.
    standard_error, half_width
        What to reach, above 0: the standard error, half the width of the interval, or both.
    confidence
        Of the interval, within (0, 1).
    first
        Replicas of the first chunk, 1 or more. Every chunk but one that ends at ``most`` is a multiple of it.
    growth
        Factor, above 1, by which one chunk may at most lengthen the run (or by ``first``, if that is more). What an
        interrupt throws away is at most one chunk.
    most
        Replicas that are drawn at most, 1 or more.
    progress
        Called with (replicas done, replicas expected to be needed) after every chunk.
    provenance
        What is needed to repeat the trials; the requested limits are added to it.

    Returns
    -------
    SequentialEstimate
        The share of successes with the exact confidence sequence of `Successes`, and how the run ended.

    Raises
    ------
    ValueError
        If an argument is outside its domain; the message names it.
    KeyboardInterrupt
        If the interrupt comes before the first chunk is complete: then there is nothing to report.

    Notes
    -----
    Source: derived; for the interval see `Successes`, which is exact for independent trials. The 32 replicas of a word
    of `budgetsim.simulate.plan` are very slightly correlated: the variance of their share is up to ``1 + plan.growth``
    times that of independent trials, for which neither the interval nor the standard error is widened here.

    Examples
    --------
    >>> import numpy as np
    >>> def heads(start, stop):
    ...     return int(np.random.default_rng(start).binomial(stop - start, 0.3)), stop - start
    >>> share = run_until(heads, standard_error=0.002)
    >>> share.ended, share.standard_error <= 0.002, share.low < 0.3 < share.high
    ('reached', True, True)
    """
    plan = _Plan(standard_error, half_width, confidence, first, growth, most)
    return _run(count, Successes(confidence=confidence).after, plan, progress, provenance)


def run_mean_until(
    observe: Observe,
    *,
    bounds: tuple[float, float] | None = None,
    standard_error: float | None = None,
    half_width: float | None = None,
    confidence: float = 0.95,
    first: int = 2**16,
    growth: float = 1.25,
    most: int = 10**9,
    progress: Progress | None = None,
    provenance: Mapping[str, object] | None = None,
) -> SequentialEstimate:
    """Estimate a mean from independent observations until it is as sure as asked for.

    Parameters
    ----------
    observe
        Plays a range of replicas, see `Observe`.
    bounds
        Least and greatest possible observation. With them the interval is exact (`BoundedMean`); without, it holds
        asymptotically in ``first`` and for finite variance only (`UnboundedMean`).
    standard_error, half_width, confidence, first, growth, most, progress, provenance
        As in `run_until`.

    Returns
    -------
    SequentialEstimate
        The mean, and how the run ended. As long as observations without bounds are all alike, no request is taken
        for reached.

    Raises
    ------
    ValueError
        If an argument is outside its domain; the message names it.
    KeyboardInterrupt
        If the interrupt comes before the first chunk is complete.

    Notes
    -----
    Source: derived; for the intervals see `BoundedMean` and `UnboundedMean`. Without bounds the interval is made
    tightest where the variance of the first chunk says that the run will end.

    Examples
    --------
    >>> import numpy as np
    >>> def squares(start, stop):
    ...     x = np.random.default_rng(start).normal(size=stop - start) ** 2
    ...     return Moments(x.size, x.sum(), (x**2).sum())
    >>> variance = run_mean_until(squares, half_width=0.01)
    >>> variance.ended, variance.low < 1.0 < variance.high
    ('reached', True)
    """
    plan = _Plan(standard_error, half_width, confidence, first, growth, most)
    begin = partial(_unbounded, plan) if bounds is None else BoundedMean(confidence=confidence, bounds=bounds).after
    return _run(observe, begin, plan, progress, provenance)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is asked for, checked."""

    standard_error: float | None
    half_width: float | None
    confidence: float
    first: int
    growth: float
    most: int

    def __post_init__(self) -> None:
        if self.standard_error is None and self.half_width is None:
            raise ValueError("standard_error or half_width must be given")
        for name, wish in (("standard_error", self.standard_error), ("half_width", self.half_width)):
            if wish is not None and not (wish > 0.0 and math.isfinite(wish)):
                raise ValueError(f"{name} must be above 0 and finite, got {wish}")
        check_confidence(self.confidence)
        if not (self.growth > 1.0 and math.isfinite(self.growth)):
            raise ValueError(f"growth must be above 1 and finite, got {self.growth}")
        for name, number in (("first", self.first), ("most", self.most)):
            if int(number) != number or number < 1:
                raise ValueError(f"{name} must be an integer of 1 or more, got {number}")

    def shortfall(self, figures: Figures) -> float:
        """Factor by which the run must be lengthened: 1 or less when the estimate is as sure as asked for.

        Errors and widths fall like one over the root of the draws.
        """
        if math.isinf(figures.high):  # all alike: nothing is known of their spread
            return math.inf
        error = 0.0 if self.standard_error is None else figures.standard_error / self.standard_error
        width = 0.0 if self.half_width is None else (figures.high - figures.low) / 2.0 / self.half_width
        return max(error, width) ** 2

    def expected(self, done: int, shortfall: float) -> int:
        """Replicas of the whole run, as it looks now."""
        return max(done, math.ceil(min(self.most, done * shortfall)))

    def stop_after(self, done: int, shortfall: float) -> int:
        """Where the next chunk ends."""
        longer = min(self.growth, shortfall * _SPARE)
        chunks = max(1, math.ceil(done * (longer - 1.0) / self.first))
        return min(self.most, done + chunks * self.first)


def _unbounded(plan: _Plan, batch: Moments) -> UnboundedMean:
    """State after the first batch, whose variance tells where the run will end."""
    error = math.inf if plan.standard_error is None else plan.standard_error
    width = math.inf if plan.half_width is None else plan.half_width / normal_mixture_width(1.0, plan.confidence)
    state = UnboundedMean(confidence=plan.confidence, tuned_for=1.0).after(batch)
    at_most = batch.count * plan.most / min(plan.first, plan.most)
    needed = min(at_most, batch.variance / min(error, width) ** 2)
    return replace(state, tuned_for=max(float(batch.count), needed))


_Batch = TypeVar("_Batch", contravariant=True)


class _State(Protocol[_Batch]):
    def after(self, batch: _Batch, /) -> Self: ...

    def figures(self) -> Figures: ...


def _run(
    draw: Callable[[int, int], _Batch],
    begin: Callable[[_Batch], _State[_Batch]],
    plan: _Plan,
    progress: Progress | None,
    provenance: Mapping[str, object] | None,
) -> SequentialEstimate:
    """Draw chunk after chunk; an interrupt ends the run with the last chunk that was complete."""
    # Replaced as a whole, so that no interrupt finds one part of it newer than another.
    so_far: tuple[int, Figures, float] | None = None
    try:
        stop = min(plan.first, plan.most)
        state = begin(draw(0, stop))
        while True:
            figures = state.figures()
            shortfall = plan.shortfall(figures)
            so_far = (stop, figures, shortfall)
            if progress is not None:
                progress(stop, plan.expected(stop, shortfall))
            if shortfall <= 1.0 or stop == plan.most:
                break
            start, stop = stop, plan.stop_after(stop, shortfall)
            state = state.after(draw(start, stop))
    except KeyboardInterrupt:
        if so_far is None:
            raise
    done, figures, shortfall = so_far
    ended: Ending = "reached" if shortfall <= 1.0 else "limit" if done == plan.most else "interrupted"
    return SequentialEstimate(
        value=float(figures.value),
        standard_error=float(figures.standard_error),
        draws=figures.draws,
        low=float(figures.low),
        high=float(figures.high),
        confidence=plan.confidence,
        ended=ended,
        provenance={**(provenance or {}), "replicas": done, "sequential": asdict(plan)},
    )
