"""The rules of the theory, each derived in SymPy from assumptions that can be swapped.

A derivation is an object: assumptions, named steps that SymPy verifies, the result, `latex()` and `numeric()`. Take one
from its module, look at it in a notebook, change an assumption with `swap` and get the new rule::

    from budgetsim.symbolic import stopping
    rule = stopping.price_stop()
    rule.swap(quality=...).numeric("jax")
"""

from __future__ import annotations

import importlib
import pkgutil

from budgetsim.symbolic.derivation import PAGES, REGISTRY, Derivation, derives
from budgetsim.symbolic.proof import DerivationError, Outcome, Step, induction

__all__ = ["Derivation", "DerivationError", "Outcome", "Step", "derivations", "derives", "induction"]


def derivations(page: str | None = None) -> dict[str, Derivation]:
    """All derivations under their default assumptions, by name; of one paper page if it is named.

    Loads every module of this room and verifies every step, which takes some seconds.

    Examples
    --------
    >>> [name for name in derivations("repeated-sampling") if name.startswith("vote_turns")]
    ['vote_turns.turning_point', 'vote_turns.turning_share']
    """
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return {name: maker() for name, maker in REGISTRY.items() if page in (None, PAGES[name])}
