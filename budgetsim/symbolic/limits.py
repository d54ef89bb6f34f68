"""A time limit for searches of SymPy that may not end, such as solving, integrating or taking limits."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

import sympy as sp

Found = TypeVar("Found")
SECONDS = 5.0


class _OutOfTimeError(BaseException):
    """Not an ``Exception``: handlers inside SymPy must let it pass."""


def within(search: Callable[[], Found], seconds: float = SECONDS) -> Found | None:
    """What ``search`` finds, or None where it fails or takes too long.

    Works in every thread. Pure Python code alone can be interrupted, which SymPy is.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> within(lambda: sp.integrate(x, (x, 0, 2)))
    2
    >>> within(lambda: [1 for _ in iter(int, 1)], seconds=0.05) is None
    True
    """
    thread = ctypes.c_ulong(threading.get_ident())
    interrupt = ctypes.pythonapi.PyThreadState_SetAsyncExc
    lock, over = threading.Lock(), False

    def stop() -> None:
        with lock:
            if not over:
                interrupt(thread, ctypes.py_object(_OutOfTimeError))

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    try:
        try:
            timer.start()
            return search()
        finally:
            with lock:
                over = True
                interrupt(thread, None)  # an interrupt that came too late must not strike elsewhere
            timer.cancel()
    except (_OutOfTimeError, NotImplementedError, ValueError, TypeError, AttributeError, sp.PolynomialError):
        return None
