"""How every function of this room takes and returns numbers.

Plain Python numbers in, plain Python numbers out; NumPy in, NumPy out; JAX in, JAX out (so that ``jit``,
``grad`` and ``vmap`` work where the mathematics allows). Everything is computed in the default float type of
the namespace: float64 for NumPy, and for JAX once ``jax_enable_x64`` is set.
"""

from __future__ import annotations

import functools
import inspect
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

import array_api_compat.numpy as numpy_namespace
import numpy as np
from array_api_compat import array_namespace, is_jax_array

# A float, a NumPy array or a JAX array; the array API has no common type to name.
Array: TypeAlias = Any

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Domain:
    """The values an argument may take, in words and as a test."""

    words: str
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    step: int = 0  # 1: whole numbers, 2: odd numbers, 0: any real number
    as_given: bool = False  # checked, but not converted (loop counts must stay static under jit)
    by_row: bool = False  # one value outside spoils its whole row (the last axis is summed over)
    keeps_row: bool = False  # the same where the result has that axis, too

    def contains(self, xp: ModuleType, values: Array) -> Array:
        """Elementwise test; NaN is never inside."""
        inside = (values > self.low) if self.open_low else (values >= self.low)
        inside = inside & ((values < self.high) if self.open_high else (values <= self.high))
        if self.step:
            inside = inside & (xp.floor(values) == values)
        if self.step == 2:
            inside = inside & (2.0 * xp.floor(values / 2.0) != values)
        return inside


BIAS = Domain("in [-1, 1]", -1.0, 1.0)
CORRELATION = Domain("in [0, 1]", 0.0, 1.0)
CORRELATION_BELOW_ONE = Domain("in [0, 1)", 0.0, 1.0, open_high=True)
DEPTH = Domain("a whole number, 0 or more", 0.0, open_high=True, step=1, as_given=True)
FAN_IN = Domain("an odd number, 1 or more", 1.0, open_high=True, step=2)
FAN_IN_OF_A_VOTE = Domain("an odd number, 3 or more", 3.0, open_high=True, step=2)
FIDELITY = Domain("in (0, 1]", 0.0, 1.0, open_low=True)
FINITE = Domain("finite", -math.inf, math.inf, open_low=True, open_high=True)
NON_NEGATIVE = Domain("finite, 0 or more", 0.0, math.inf, open_high=True)
POSITIVE = Domain("finite, above 0", 0.0, math.inf, open_low=True, open_high=True)
POSITIVE_BIAS = Domain("in (0, 1]", 0.0, 1.0, open_low=True)
PROBABILITY = Domain("in [0, 1]", 0.0, 1.0)
PROPER_PROBABILITY = Domain("in (0, 1)", 0.0, 1.0, open_low=True, open_high=True)
WHOLE = Domain("a whole number, 0 or more", 0.0, open_high=True, step=1)
WHOLE_POSITIVE = Domain("a whole number, 1 or more", 1.0, open_high=True, step=1)


def elementwise(**domains: Domain) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Turn a function of arrays of one namespace into a function of numbers of any kind.

    The named arguments are converted to arrays of one common namespace and held against their domains; the
    result (or every field of a named tuple) comes back as plain numbers if every one of them was one. Values
    that are known outside JAX raise ``ValueError``; a JAX array, which may be traced, turns the result into NaN
    where it leaves its domain. An argument that is ``None`` is left alone.
    """

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given = {name: value for name, value in bound.arguments.items() if name in domains and value is not None}
            xp = common_namespace(*given.values())
            scalar = all(type(value) in (int, float, bool) for value in given.values())
            valid: Array = True
            for name, value in given.items():
                array, inside = _checked(name, value, domains[name], xp)
                valid = valid if inside is True else valid & inside
                if not domains[name].as_given:
                    bound.arguments[name] = array
            result = function(*bound.args, **bound.kwargs)
            return cast(Result, _each_field(result, lambda part: _finish(xp, part, valid, scalar)))

        return wrapped

    return decorate


def common_namespace(*values: Array) -> ModuleType:
    """The array namespace of JAX if any value is a JAX array, else of NumPy."""
    jax_arrays = [value for value in values if is_jax_array(value)]
    return array_namespace(*jax_arrays) if jax_arrays else numpy_namespace


def special(xp: ModuleType) -> ModuleType:
    """The special functions that go with a namespace; JAX's are only loaded once its arrays are in use."""
    if is_jax(xp):
        import jax.scipy.special as jax_special

        return jax_special
    import scipy.special as scipy_special

    return scipy_special  # type: ignore[no-any-return]


def is_jax(xp: ModuleType) -> bool:
    """Whether a namespace is JAX's."""
    return xp.__name__.partition(".")[0] == "jax"


def whole(xp: ModuleType, values: Array) -> Array:
    """Whole numbers as integers; JAX keeps floats, which alone can be NaN."""
    return values if is_jax(xp) else values.astype(np.int64)


def repeat(
    xp: ModuleType, count: Array, body: Callable[[Array, Array], Array], state: Array, *, settles: bool = False
) -> Array:
    """Apply ``state = body(i, state)`` for ``i`` below ``count``, as one compiled loop in JAX.

    ``settles`` promises that a state which a step left alone stays: outside JAX the loop then ends there.
    """
    if is_jax(xp):
        import jax

        return jax.lax.fori_loop(0, count, body, state)
    for i in range(int(count)):
        before, state = state, body(i, state)
        if settles and np.array_equal(before, state):
            break
    return state


def climb(xp: ModuleType, depth: Array, level: Callable[[Array], Array], start: Array) -> Array:
    """Apply one level ``depth`` times, a whole number or an array of them, broadcast against ``start``.

    Levels that change nothing any more are not computed outside JAX. A traced depth outside its domain is 0 here.
    """
    fixed = not is_jax(common_namespace(depth))
    levels = np.asarray(depth) if fixed else xp.where((depth >= 0) & (depth < math.inf), depth, 0).astype(int)
    one = np.ndim(levels) == 0

    def step(number: Array, below: Array) -> Array:
        above = level(below)
        return above if one else xp.where(number < levels, above, below)

    most = levels.max() if levels.size else 0
    return repeat(xp, int(most) if fixed else most, step, start, settles=True)


def require(xp: ModuleType, condition: Array, message: str, result: Array, **given: Array) -> Array:
    """The result where a condition between arguments holds; else ``ValueError``, or NaN in JAX.

    The error names the values ``given`` where the condition fails first.
    """
    if is_jax(xp):
        return xp.where(condition, result, math.nan)
    if not np.all(condition):
        failed = ~np.broadcast_to(
            condition, np.broadcast_shapes(*(np.shape(part) for part in (condition, *given.values())))
        )
        worst = [f"{name} {shown(np.broadcast_to(value, failed.shape)[failed][0])}" for name, value in given.items()]
        raise ValueError(", got ".join([message, " and ".join(worst)]) if worst else message)
    return result


def known(*names: str) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Mark a function as one whose arguments (all, or those named) must be known numbers: ``TypeError`` if JAX traces
    one of them."""

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            for name, value in signature.bind(*args, **kwargs).arguments.items():
                if (not names or name in names) and is_traced(value):
                    raise TypeError(
                        f"{name} must be known before tracing: {function.__name__} searches or counts with it, "
                        "call it outside jit, grad and vmap or close over the number"
                    )
            return function(*args, **kwargs)

        return wrapped

    return decorate


def is_traced(value: object) -> bool:
    """Whether a value, or one in a list of them, is an abstract number of a JAX transformation."""
    if isinstance(value, (list, tuple)):
        return any(is_traced(part) for part in value)
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(value, jax.core.Tracer)


def shown(value: Array) -> str:
    """A number with all its digits and no more, whole numbers without a point."""
    return repr(float(value)).removesuffix(".0")


def _checked(name: str, value: Array, domain: Domain, xp: ModuleType) -> tuple[Array, Array]:
    if is_jax_array(value):
        array = xp.asarray(value, dtype=float)
        inside = domain.contains(xp, array)
        if (domain.by_row or domain.keeps_row) and inside.ndim:
            inside = xp.all(inside, axis=-1, keepdims=domain.keeps_row)
        return array, inside
    known = np.asarray(value, dtype=float)
    inside = domain.contains(np, known)
    if not np.all(inside):
        worst = known[~inside].flat[0] if known.ndim else known[()]
        raise ValueError(f"{name} must be {domain.words}, got {shown(worst)}")
    return xp.asarray(known, dtype=float), True


def _each_field(result: Any, finish: Callable[[Array], Array]) -> Any:
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        return type(result)(*(finish(part) for part in result))
    return finish(result)


def _finish(xp: ModuleType, part: Array, valid: Array, scalar: bool) -> Array:
    if part is None or isinstance(part, str):
        return part
    if valid is not True:
        part = xp.where(valid, part, math.nan)
    if scalar:
        return np.asarray(part).item() if np.ndim(part) == 0 else part
    return part[()] if not is_jax(xp) else part
