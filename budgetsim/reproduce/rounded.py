"""Claims recomputed from printed numbers, which were rounded themselves."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from budgetsim.reproduce.claim import Claim, Evidence
from budgetsim.reproduce.verdicts import half_unit, statement

_SLACK = 1e-9


def from_printed(
    claim: str,
    condition: str,
    *,
    theirs: str,
    inputs: Sequence[str],
    formula: Callable[..., float],
    evidence: Evidence,
    only_if: tuple[str, bool] | None = None,
) -> Claim:
    """A printed result beside the same from printed inputs: it holds if some unrounded inputs round to both.

    Parameters
    ----------
    theirs, inputs
        The result and what it is made of, as they are printed: their digits say how far they were rounded.
    formula
        The result from the inputs; monotone in each of them over their rounding.

    Examples
    --------
    >>> change = lambda after, before: 100 * (after / before - 1)
    >>> from_printed("change, %", "a table", theirs="9.2", inputs=(".347", ".318"), formula=change,
    ...              evidence="sourced").verdict
    'holds'
    >>> from_printed("saved, %", "a table", theirs="-21.4", inputs=("1.09", "1.36"), formula=change,
    ...              evidence="sourced").verdict
    'does not hold'
    """
    reach = [(float(text) - half_unit(text), float(text) + half_unit(text)) for text in inputs]
    corners = [formula(*values) for values in itertools.product(*reach)]
    allowed = half_unit(theirs) + _SLACK * abs(float(theirs))
    return statement(
        claim,
        condition,
        theirs=theirs,
        ours=float(formula(*(float(text) for text in inputs))),
        holds=min(corners) - allowed <= float(theirs) <= max(corners) + allowed,
        evidence=evidence,
        only_if=only_if,
    )
