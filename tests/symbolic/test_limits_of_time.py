"""A search that takes too long ends, and nothing of the interrupt is left behind."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading

import pytest
import sympy as sp

from budgetsim.symbolic.limits import within

x = sp.Symbol("x", positive=True)


def endless() -> sp.Expr:
    """SymPy at work until it is interrupted."""
    while True:
        sp.expand((x + 1) ** 6)


def failing() -> sp.Expr:
    raise NotImplementedError


def test_a_search_ends_with_what_it_finds_or_with_none():
    assert within(lambda: sp.integrate(x, (x, 0, 2))) == 2
    assert within(failing) is None
    assert within(endless, seconds=0.05) is None
    with pytest.raises(ZeroDivisionError):
        within(lambda: 1 // 0)


def test_an_interrupt_strikes_nowhere_else():
    """Searches that end about when their time does: whatever comes out, the work after them is never struck."""
    threads = threading.active_count()
    whole = [sp.expand((x + k) ** 5) for k in range(8)]
    for _ in range(40):
        assert within(lambda: [sp.expand((x + k) ** 5) for k in range(8)], seconds=0.004) in (None, whole)
        assert sum(sp.expand((x + 2) ** 2).subs(x, k) for k in range(3)) == 29
    assert threading.active_count() == threads


def test_calls_go_on_under_a_tracer():
    """CPython 3.11 hangs in the next traced call after an interrupt that was taken back."""
    program = """
        import sys, threading
        import sympy as sp
        from budgetsim.symbolic.limits import within
        x = sp.Symbol("x")
        assert within(lambda: sp.integrate(x, (x, 0, 2))) == 2
        assert within(lambda: [sp.expand((x + k) ** 6) for k in range(10**9)], seconds=0.05) is None
        def called(): return 7
        sys.settrace(lambda *event: None)
        print(called())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "7\n"
