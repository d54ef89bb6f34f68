"""The rules of the theory, each derived in SymPy from assumptions that can be swapped.

A derivation is an object: assumptions, named steps that SymPy verifies, the result, `latex()` and `numeric()`. Take one
from its module, look at it in a notebook, change an assumption with `swap` and get the new rule::

    from budgetsim.symbolic import stopping
    rule = stopping.price_stop()
    rule.swap(quality=...).numeric("jax")
"""

from __future__ import annotations

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.proof import DerivationError, Outcome, Step, induction

__all__ = ["Derivation", "DerivationError", "Outcome", "Step", "derives", "induction"]
