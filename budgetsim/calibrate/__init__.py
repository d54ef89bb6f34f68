"""Runs to parameters with uncertainty, and predictions held against samples that were kept back.

``calibrate`` gives a :class:`Calibration` of every group (model, strategy, task, temperature); ``validate`` predicts
coverage and plurality curves from the first samples of each problem and compares them with all samples.
"""

from budgetsim.calibrate.calibration import Calibration, GroupCalibration, Interval, calibrate, summarize, with_tokens
from budgetsim.calibrate.exchange import order_effects
from budgetsim.calibrate.tally import Group
from budgetsim.calibrate.validate import Validation, half_of_samples, validate

__all__ = [
    "Calibration",
    "Group",
    "GroupCalibration",
    "Interval",
    "Validation",
    "calibrate",
    "half_of_samples",
    "order_effects",
    "summarize",
    "validate",
    "with_tokens",
]
