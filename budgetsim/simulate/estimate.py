"""A number that was measured by drawing, with its standard error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A Monte Carlo estimate: what came out, how sure it is, and how to draw it again.

    Parameters
    ----------
    value
        The estimate.
    standard_error
        Its standard error, 0 or more, in the unit of ``value``.
    draws
        Independent replicas behind it, 1 or more.
    provenance
        What is needed to repeat it: seed, generator, versions and parameters. It does not take part in comparisons.

    Raises
    ------
    ValueError
        If ``value`` is NaN, ``standard_error`` is NaN or negative, or ``draws`` is below 1.

    Examples
    --------
    >>> accuracy = Estimate(value=0.12345, standard_error=0.0042, draws=6000)
    >>> print(accuracy)
    0.123 +- 0.004
    >>> round(accuracy.z_score(0.115), 2)
    2.01
    """

    value: float
    standard_error: float
    draws: int
    provenance: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        if math.isnan(self.value):
            raise ValueError("value must be a number, got nan")
        if not self.standard_error >= 0.0:
            raise ValueError(f"standard_error must be 0 or more, got {self.standard_error}")
        if self.draws < 1:
            raise ValueError(f"draws must be 1 or more, got {self.draws}")

    @classmethod
    def from_count(cls, successes: int, draws: int, *, provenance: Mapping[str, object] | None = None) -> Self:
        """Estimate a probability from ``successes`` in ``draws`` independent trials.

        The value is the plain, unbiased share. Its standard error is taken at the share that two more successes
        and two more failures would give, ``q = (successes + 2) / (draws + 4)``: ``sqrt(q (1 - q) / (draws + 4))``.
        The plain error ``sqrt(share (1 - share) / draws)`` is 0 when every trial ends alike and so claims a certainty
        that no sample gives; this one is about ``sqrt(2) / draws`` there, and the same as the plain one when the
        counts are large.

        Raises
        ------
        ValueError
            If ``draws`` is below 1 or ``successes`` lies outside 0 ... ``draws``.

        Notes
        -----
        Source: the "add two successes and two failures" rule of Agresti and Coull, *Approximate is better than
        "exact" for interval estimation of binomial proportions*, The American Statistician 52 (1998).

        Examples
        --------
        >>> print(Estimate.from_count(300, 1000))
        0.30 +- 0.01
        >>> print(Estimate.from_count(1000, 1000))
        1.000 +- 0.001
        """
        if draws < 1:
            raise ValueError(f"draws must be 1 or more, got {draws}")
        if not 0 <= successes <= draws:
            raise ValueError(f"successes must lie in 0 ... {draws}, got {successes}")
        share = (successes + 2) / (draws + 4)
        return cls(
            value=successes / draws,
            standard_error=math.sqrt(share * (1.0 - share) / (draws + 4)),
            draws=draws,
            provenance={} if provenance is None else provenance,
        )

    def z_score(self, expected: float) -> float:
        """Distance of the estimate from ``expected``, in standard errors.

        Examples
        --------
        >>> Estimate(value=0.5, standard_error=0.25, draws=4).z_score(1.0)
        -2.0
        """
        difference = self.value - expected
        if self.standard_error == 0.0:
            return 0.0 if difference == 0.0 else math.copysign(math.inf, difference)
        return difference / self.standard_error

    def __str__(self) -> str:
        error = self.standard_error
        if error == 0.0 or math.isinf(error):
            return f"{self.value} +- {error}"
        # one significant digit of the error decides the digits of both; rounding may carry (0.0096 is 0.01)
        decimals = max(0, -math.floor(math.log10(float(f"{error:.0e}"))))
        return f"{self.value:.{decimals}f} +- {error:.{decimals}f}"
