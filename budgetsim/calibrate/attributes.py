"""Which groups have what in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from budgetsim.calibrate.tally import Floats, Group


def alike(groups: Sequence[Group], names: Iterable[str]) -> Floats:
    """A matrix that is one where two groups agree in all the named attributes and zero elsewhere.

    Examples
    --------
    >>> alike([Group("m", "s", "a", None), Group("m", "s", "b", None)], ["model", "task"]).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    names = tuple(names)
    values = [repr(tuple(getattr(group, name) for name in names)) for group in groups]
    codes = np.unique(values, return_inverse=True)[1]
    return np.asarray(codes[:, None] == codes[None, :], float)


def is_new(matrix: Floats, others: Mapping[str, Floats]) -> bool:
    """Whether a matrix singles out other pairs than all those known, and any pair at all."""
    known = [*others.values(), np.eye(len(matrix))]
    return not any(np.array_equal(matrix, other) for other in known)
