"""A time limit for searches of SymPy that may not end, such as solving, integrating or taking limits."""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

import sympy as sp

Found = TypeVar("Found")
SECONDS = 4.0
AGAIN = 0.02


class _OutOfTimeError(BaseException):
    """Not an ``Exception``: handlers inside SymPy must let it pass."""


def within(search: Callable[[], Found], seconds: float = SECONDS) -> Found | None:
    """What ``search`` finds, or None where it fails or takes too long.

    Works in every thread. SymPy alone is interrupted, which is pure Python.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> within(lambda: sp.integrate(x, (x, 0, 2)))
    2
    >>> within(lambda: sp.factorint(sp.nextprime(10**30) * sp.nextprime(3 * 10**30)), seconds=0.05) is None
    True
    """
    thread, over, firing = threading.get_ident(), threading.Event(), threading.Lock()

    def watch() -> None:
        wait = seconds
        while not over.wait(wait):
            wait = AGAIN
            with firing:
                frame = sys._current_frames().get(thread)
                if over.is_set() or frame is None:
                    return
                if str(frame.f_globals.get("__name__")).startswith(("sympy", "mpmath")):
                    _interrupt(thread)

    watcher = threading.Thread(target=watch, daemon=True)
    # an interrupt inside a callback of the garbage collector would be reported and lost
    collecting = gc.isenabled()
    gc.disable()
    watcher.start()
    try:
        try:
            return search()
        finally:
            # One that is under way strikes here, at the latest while the lock is waited for, and none comes after. It
            # must not be taken back instead: CPython 3.11 would go on looking for it, and never leave the next call
            # where a tracer runs, such as that of coverage.
            with firing:
                over.set()
    except (_OutOfTimeError, NotImplementedError, ValueError, TypeError, AttributeError, sp.PolynomialError):
        return None
    finally:
        over.set()
        watcher.join()
        if collecting:
            gc.enable()


def _interrupt(thread: int) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(_OutOfTimeError))
