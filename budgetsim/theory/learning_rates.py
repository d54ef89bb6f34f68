"""Profiles turned into learning-rate schedules: callables from the step to the rate, as optimizers take them.

Calls compose with ``jit`` and with optimizers of the optax kind (``optimizer(learning_rate=schedule)``), which hand
over the step as an integer array; nothing of optax is needed here.
"""

from __future__ import annotations

from dataclasses import dataclass

from budgetsim.theory._arrays import NON_NEGATIVE, POSITIVE, WHOLE, Array, common_namespace, elementwise, require
from budgetsim.theory.profiles import Profile, held_fraction, rex_profile, uba_profile


@dataclass(frozen=True, slots=True)
class LearningRate:
    """Learning rate by step: ``floor + (peak - floor) * profile(used fraction of the steps)``.

    Parameters
    ----------
    steps
        Iteration budget, warm-up included; 1 or more. A run with another budget is another schedule.
    peak
        Largest rate, above 0.
    profile
        One of :mod:`budgetsim.theory.profiles` (use ``functools.partial`` for its parameters) or any function of
        the used fraction.
    floor
        Smallest rate, in [0, peak].
    warm_up
        Steps of a linear rise from ``floor`` to ``peak`` before the profile starts; fewer than ``steps``.
    interval
        Read the profile only every such share of the budget after warm-up, in (0, 1]; at every step if None.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    After the last step the rate stays where the profile ends (taking the step modulo the budget, as some public code
    does, jumps back to the peak). Before step 0, where ``optax.join_schedules`` looks in vain, it is NaN in JAX and an
    error outside. Profile and sampling rate: "REX: Revisiting Budgeted Training with an Improved
    Schedule", Chen, Wolfe, Kyrillidis, arXiv 2107.04197.

    Examples
    --------
    >>> rate = LearningRate(steps=100, peak=0.1)
    >>> rate(0), round(rate(50), 6), rate(100), rate(101)
    (0.1, 0.066667, 0.0, 0.0)
    >>> [round(LearningRate(steps=110, peak=0.1, warm_up=10)(step), 6) for step in (0, 5, 10, 60)]
    [0.0, 0.05, 0.1, 0.066667]
    """

    steps: int
    peak: float
    profile: Profile = rex_profile
    floor: float = 0.0
    warm_up: int = 0
    interval: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.steps < float("inf") or self.steps != int(self.steps):
            raise ValueError(f"steps must be a whole number, 1 or more, got {self.steps}")
        if not 0.0 < self.peak < float("inf"):
            raise ValueError(f"peak must be finite, above 0, got {self.peak}")
        if not 0.0 <= self.floor <= self.peak:
            raise ValueError(f"floor must be in [0, peak], got {self.floor}")
        if not 0 <= self.warm_up < self.steps or self.warm_up != int(self.warm_up):
            raise ValueError(f"warm_up must be a whole number, 0 or more and below steps, got {self.warm_up}")
        if self.interval is not None and not 0.0 < self.interval <= 1.0:
            raise ValueError(f"interval must be in (0, 1], got {self.interval}")

    def __call__(self, step: Array) -> Array:
        """Rate at a step (0 is the first), number or array."""
        return _rate(step, self)


@elementwise(step=WHOLE)
def _rate(step: Array, rule: LearningRate) -> Array:
    xp = common_namespace(step)
    used = (step - rule.warm_up) / (rule.steps - rule.warm_up)
    used = xp.where(used < 0.0, 0.0, xp.where(used > 1.0, 1.0, used))
    share = rule.profile(used if rule.interval is None else held_fraction(used, rule.interval))
    if rule.warm_up:
        share = xp.where(step < rule.warm_up, step / rule.warm_up, share)
    return rule.floor + (rule.peak - rule.floor) * share


@elementwise(step=NON_NEGATIVE, steps=POSITIVE, peak=POSITIVE, floor=NON_NEGATIVE, shape=NON_NEGATIVE)
def uba_step_size(step: Array, steps: Array, peak: Array, floor: Array = 0.0, shape: Array = 1.0) -> Array:
    r"""UBA step size, :math:`\eta_t = (\eta_{max}-\eta_{min}) f_\varphi(t/T) + \eta_{min}`, any argument an array.

    Steps beyond the budget stay at ``floor``. Profile as in :func:`budgetsim.theory.profiles.uba_profile`.

    Raises
    ------
    ValueError
        If an argument is outside its domain or the floor above the peak (NaN in JAX).

    Notes
    -----
    "Stepsize anything: A unified learning rate schedule for budgeted-iteration training", Tang et al., arXiv
    2505.24452 (as reported).

    Examples
    --------
    >>> round(uba_step_size(50, 100, 0.1, 0.001, 0.5), 6)
    0.0802
    """
    xp = common_namespace(step)
    used = step / steps
    rate = (peak - floor) * uba_profile(xp.where(used > 1.0, 1.0, used), shape) + floor
    return require(xp, floor <= peak, "floor must be at most peak", rate, floor=floor, peak=peak)
