"""A rule with its assumptions, its verified steps, its LaTeX and its fast function, all in one object."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ParamSpec

import sympy as sp
from sympy.printing.latex import LatexPrinter

from budgetsim.symbolic import numeric as _numeric
from budgetsim.symbolic.proof import DerivationError, Outcome, Step

Arguments = ParamSpec("Arguments")

REGISTRY: dict[str, Callable[..., Derivation]] = {}
"""Makers of derivations by name (``module.maker``), in the order of definition."""

PAGES: dict[str, str] = {}
"""The paper page of each of them."""

THEORY: dict[str, tuple[str, ...]] = {}
"""The functions of the theory that state the result of each of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """A rule derived from stated assumptions. Make one with a maker of this room; change it with `swap`.

    Parameters
    ----------
    title
        What the rule says, in a few words.
    source
        Paper (title, arXiv id, equation), or "derived".
    meaning
        Symbol -> meaning, unit and domain.
    assumptions
        Name -> expression; a name that is a parameter of the maker can be swapped.
    steps
        What leads from the assumptions to the result; each one is verified when the object is made.
    result
        The rule: what it gives on the left, the formula on the right.
    arguments
        Symbols in the order in which `numeric` takes them.
    bracket
        Where the result has no closed form: the unknown is the result's left side, the result's right side is then its
        defining residual (zero at the solution), and ``bracket`` holds two positive ends around it.
    given
        Derivations whose results this result takes as known: their left sides stand in it.

    Raises
    ------
    DerivationError
        If a step does not hold under these assumptions: the message names it and gives a counterexample.
    """

    title: str
    source: str
    meaning: Mapping[sp.Symbol, str]
    assumptions: Mapping[str, sp.Basic]
    steps: tuple[Step, ...]
    result: sp.Equality
    arguments: tuple[sp.Symbol, ...]
    bracket: tuple[sp.Expr, sp.Expr] | None = None
    given: tuple[Derivation, ...] = ()
    name: str = ""
    theory: tuple[str, ...] = ()
    page: str = ""
    outcomes: Mapping[str, Outcome] = field(init=False, compare=False)
    _maker: Callable[..., Derivation] | None = field(default=None, repr=False, compare=False)
    _swapped: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "outcomes", self.verify())

    def verify(self) -> dict[str, Outcome]:
        """Verify every step again: ``proved`` by SymPy, or ``checked`` at points where it cannot decide.

        Raises
        ------
        DerivationError
            If a step does not hold.
        """
        names = [step.name for step in self.steps]
        if len(set(names)) != len(names):
            raise DerivationError(f"steps must have names of their own, got {names}")
        return {step.name: step.verify() for step in self.steps}

    @property
    def swappable(self) -> tuple[str, ...]:
        """Names of the assumptions that `swap` takes."""
        return () if self._maker is None else tuple(inspect.signature(self._maker).parameters)

    def swap(self, **assumptions: Any) -> Derivation:
        """The same derivation under other assumptions; those not named stay as they are.

        Raises
        ------
        ValueError
            If a name is no assumption that this derivation can swap.
        DerivationError
            If a step does not hold under the new assumptions.
        """
        unknown = set(assumptions) - set(self.swappable)
        if self._maker is None or unknown:
            raise ValueError(f"{self.name or 'it'} can swap {list(self.swappable)}, got {sorted(unknown)}")
        return self._maker(**{**self._swapped, **assumptions})

    def latex(self) -> str:
        """The derivation in LaTeX: assumptions, steps and result, one aligned line each."""
        rows = [
            (r"\text{assume } \mathtt{" + name.replace("_", r"\_") + "}", _latex(value))
            for name, value in self.assumptions.items()
        ]
        rows += [(r"\text{" + step.name.replace("_", " ") + "}", _latex(step.claim)) for step in self.steps]
        rows += [(r"\text{given}", other._conclusion()) for other in self.given]
        rows.append((r"\textbf{result}", self._conclusion()))
        return (
            "\\begin{aligned}\n"
            + " \\\\\n".join(f"{left} &: \\quad {right}" for left, right in rows)
            + "\n\\end{aligned}"
        )

    def _conclusion(self) -> str:
        if self.bracket is None:
            return rf"\boxed{{{_latex(self.result)}}}"
        defining = sp.Eq(self.result.rhs, 0, evaluate=False)
        return rf"{_latex(self.result.lhs)}\text{{ solves }}\boxed{{{_latex(defining)}}}"

    def _repr_latex_(self) -> str:
        return "$$" + self.latex() + "$$"

    def numeric(self, backend: _numeric.Backend = "numpy") -> _numeric.Numeric:
        """The result as a function of `arguments`: floats or arrays, broadcast, in NumPy or JAX."""
        known = [(other.result.lhs, other.arguments, other.numeric(backend)) for other in self.given]
        arguments = (*self.arguments, *(symbol for symbol, _, _ in known))
        if self.bracket is None:
            rule = _numeric.function(self.result.rhs, arguments, backend)
        else:
            rule = _numeric.root(self.result.rhs, self.result.lhs, arguments, self.bracket, backend)
        if not known:
            return rule

        def evaluate(*values: Any) -> Any:
            at = dict(zip(self.arguments, values, strict=True))
            for symbol, needs, other in known:
                at[symbol] = other(*(at[need] for need in needs))
            return rule(*at.values())

        return evaluate

    def __str__(self) -> str:
        outcomes = ", ".join(f"{name}: {outcome}" for name, outcome in self.outcomes.items())
        return f"{self.title}\n  {self.result.lhs} = {self.result.rhs}\n  steps: {outcomes}"


class _Printer(LatexPrinter):  # type: ignore[misc]  # SymPy has no types
    """SymPy's printer, but for beta functions, whose arguments it prints as Python writes them."""

    def _print_beta(self, expr: sp.Expr, exp: str | None = None) -> str:
        shapes = ", ".join(self._print(shape) for shape in expr.args[:2])
        return rf"\operatorname{{B}}{'' if exp is None else f'^{{{exp}}}'}\left({shapes}\right)"

    def _print_betainc_regularized(self, expr: sp.Expr, exp: str | None = None) -> str:
        first, second, low, high = (self._print(part) for part in expr.args)
        limits = high if expr.args[2] == 0 else f"({low}, {high})"
        return rf"I_{{{limits}}}{'' if exp is None else f'^{{{exp}}}'}\left({first}, {second}\right)"


def _latex(expr: sp.Basic) -> str:
    """LaTeX with a star where a symbol's name ends in one."""
    stars = {symbol: symbol.name.removesuffix("_star") for symbol in expr.free_symbols if symbol.name.endswith("_star")}
    names = {symbol: sp.latex(sp.Symbol(stem)) + r"^{\star}" for symbol, stem in stars.items()}
    return str(_Printer({"symbol_names": names, "min": -4, "max": 6}).doprint(expr))


def derives(*theory: str, page: str) -> Callable[[Callable[Arguments, Derivation]], Callable[Arguments, Derivation]]:
    """Register a maker: the functions of the theory that state its result, and the paper page that uses it."""

    def register(maker: Callable[Arguments, Derivation]) -> Callable[Arguments, Derivation]:
        name = f"{maker.__module__.removeprefix('budgetsim.symbolic.')}.{maker.__name__}"

        def verified(*args: Arguments.args, **swapped: Arguments.kwargs) -> Derivation:
            derivation = maker(*args, **swapped)
            for key, value in {
                "name": name,
                "theory": theory,
                "page": page,
                "_maker": made,
                "_swapped": inspect.signature(maker).bind(*args, **swapped).arguments,
            }.items():
                object.__setattr__(derivation, key, value)
            return derivation

        usual: list[Derivation] = []  # none is ever changed: the steps of the usual one are proved once

        @functools.wraps(maker)
        def made(*args: Arguments.args, **swapped: Arguments.kwargs) -> Derivation:
            if args or swapped:
                return verified(*args, **swapped)
            if not usual:
                usual.append(verified(*args, **swapped))
            return usual[0]

        REGISTRY[name], PAGES[name], THEORY[name] = made, page, theory
        return made

    return register
