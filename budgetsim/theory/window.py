"""How many messages fit an aggregator's context window, how long they should be, and what a message keeps.

A fidelity curve is a small frozen object that takes message tokens to a fidelity. The paper leaves the curve to
measurement; the parametric forms here are assumptions of this project, and :class:`MeasuredFidelity` takes a table.

Source of the window limits: "Phase Transition for Budgeted Multi-Agent Synergy", arXiv 2601.17311; the choice of
the message length is derived.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from budgetsim.theory._arrays import POSITIVE, Array, common_namespace, elementwise, known, whole
from budgetsim.theory.organization import organization_exponent

FidelityCurve = Callable[[Array], Array]


@dataclass(frozen=True, slots=True, weakref_slot=True)
class ExponentialFidelity:
    r"""Fidelity :math:`1 - \exp(-(m/m_0)^q)` of a message of m tokens.

    Parameters
    ----------
    scale
        Tokens m_0, above 0.
    shape
        Exponent q, above 0.

    Examples
    --------
    >>> round(ExponentialFidelity(200.0)(200), 4)
    0.6321
    """

    scale: float
    shape: float = 1.0

    def __post_init__(self) -> None:
        _positive("scale", self.scale)
        _positive("shape", self.shape)

    def __call__(self, message_tokens: Array) -> Array:
        return _exponential(message_tokens, self.scale, self.shape)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class HyperbolicFidelity:
    """Fidelity m / (m + scale) of a message of m tokens; scale in tokens, above 0.

    Examples
    --------
    >>> HyperbolicFidelity(100.0)(300)
    0.75
    """

    scale: float

    def __post_init__(self) -> None:
        _positive("scale", self.scale)

    def __call__(self, message_tokens: Array) -> Array:
        return _hyperbolic(message_tokens, self.scale)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class MeasuredFidelity:
    """A measured curve, interpolated linearly and held constant beyond its ends.

    Parameters
    ----------
    message_tokens
        Rising lengths at which fidelity was measured.
    fidelity
        Fidelities there, in (0, 1] and not falling.

    Raises
    ------
    ValueError
        If the table is empty, its lengths do not rise or its fidelities fall or leave (0, 1].

    Examples
    --------
    >>> MeasuredFidelity((10.0, 100.0), (0.5, 1.0))(55)
    0.75
    """

    message_tokens: tuple[float, ...]
    fidelity: tuple[float, ...]

    def __post_init__(self) -> None:
        lengths, values = np.asarray(self.message_tokens), np.asarray(self.fidelity)
        if lengths.shape != values.shape or lengths.ndim != 1 or lengths.size == 0 or not np.all(np.diff(lengths) > 0):
            raise ValueError("message_tokens must be rising numbers, one for every fidelity")
        if not np.all((values > 0) & (values <= 1)) or np.any(np.diff(values) < 0):
            raise ValueError("fidelity must be in (0, 1] and not fall with the length")

    def __call__(self, message_tokens: Array) -> Array:
        return _interpolated(message_tokens, self.message_tokens, self.fidelity)


@elementwise(window=POSITIVE, message_tokens=POSITIVE)
def max_star_agents(window: Array, message_tokens: Array) -> Array:
    """Messages that fit a window, floor(window / message_tokens); both in tokens. arXiv 2601.17311.

    Examples
    --------
    >>> max_star_agents(8192, 200)
    40
    """
    xp = common_namespace(window)
    return whole(xp, xp.floor(window / message_tokens + 1e-9))


@elementwise(window=POSITIVE, message_tokens=POSITIVE)
def max_tree_fan_in(window: Array, message_tokens: Array) -> Array:
    """Largest odd number of messages that fit a window; below 3 no majority tree fits. arXiv 2601.17311.

    Examples
    --------
    >>> max_tree_fan_in(8192, 200)
    39
    """
    fits = max_star_agents(window, message_tokens)
    return fits - (1 - fits % 2)


class MessageLength(NamedTuple):
    """A message length (tokens), the fan-in it leaves room for and the exponent they reach."""

    message_tokens: float
    fan_in: int
    organization_exponent: float


@known("window", "correlation", "step", "longest")
def best_message_length(
    window: float, correlation: float, curve: FidelityCurve, *, step: float = 10.0, longest: float | None = None
) -> MessageLength:
    """Message length with the largest organization exponent, on the grid step, 2 step, ..., longest.

    Longer messages are kept better, but fewer of them fit the window.

    Parameters
    ----------
    window
        Tokens an aggregator can read.
    correlation
        Shared-vote probability, in [0, 1].
    curve
        Fidelity of a message of given tokens, such as :class:`ExponentialFidelity`.
    step
        Grid step in tokens, above 0.
    longest
        Largest length tried; by default a third of the window, the longest that leaves room for three.

    Raises
    ------
    ValueError
        If no length of the grid leaves room for three messages.

    Notes
    -----
    Derived. The exponent ignores the price of the messages; of equally good lengths the shortest.

    Examples
    --------
    >>> best = best_message_length(8192, 0.1, ExponentialFidelity(200.0))
    >>> best.message_tokens, best.fan_in, round(best.organization_exponent, 4)
    (740.0, 11, 0.3777)
    """
    _positive("window", window)
    _positive("step", step)
    top = window / 3.0 if longest is None else longest
    lengths = step * np.arange(1, int(top / step + 1e-9) + 1)
    fan_in = max_tree_fan_in(window, lengths) if lengths.size else lengths
    lengths, fan_in = lengths[fan_in >= 3], fan_in[fan_in >= 3]
    if not lengths.size:
        raise ValueError(f"window must hold three messages of step tokens, got window {window} and step {step}")
    exponents = organization_exponent(fan_in, curve(lengths), correlation)
    best = int(np.argmax(exponents))
    return MessageLength(float(lengths[best]), int(fan_in[best]), float(exponents[best]))


@elementwise(message_tokens=POSITIVE)
def _exponential(message_tokens: Array, scale: float, shape: float) -> Array:
    return -common_namespace(message_tokens).expm1(-((message_tokens / scale) ** shape))


@elementwise(message_tokens=POSITIVE)
def _hyperbolic(message_tokens: Array, scale: float) -> Array:
    return message_tokens / (message_tokens + scale)


@elementwise(message_tokens=POSITIVE)
def _interpolated(message_tokens: Array, lengths: tuple[float, ...], fidelity: tuple[float, ...]) -> Array:
    xp = common_namespace(message_tokens)
    value = xp.full_like(message_tokens, fidelity[0])
    for left, right, low, high in zip(lengths, lengths[1:], fidelity, fidelity[1:], strict=False):
        share = xp.clip((message_tokens - left) / (right - left), 0.0, 1.0)
        value = value + share * (high - low)
    return value


def _positive(name: str, value: float) -> None:
    if not 0.0 < value < math.inf:
        raise ValueError(f"{name} must be finite, above 0, got {value}")
