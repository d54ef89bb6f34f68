"""The words that the rules of trees share: symbols, their domains, and the majority map as a function with a name."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp
from sympy.printing.printer import Printer

from budgetsim.symbolic.numeric import Named

fan_in = sp.Symbol("b", positive=True)
half = sp.Symbol("k", integer=True, positive=True)  # fan_in = 2 half + 1
bias = sp.Symbol("u", positive=True)
received = sp.Symbol("r", positive=True)
voted = sp.Symbol("v", positive=True)
fidelity = sp.Symbol("gamma", positive=True)
correlation = sp.Symbol("rho", positive=True)
message_tokens = sp.Symbol("m", positive=True)
amplification = sp.Symbol("alpha_rho", positive=True)

MEANING: Mapping[sp.Symbol, str] = {
    fan_in: "fan-in: children of one aggregator, odd, 3 or more",
    half: "half the fan-in, (b - 1)/2",
    bias: "bias of a vote, 2 p - 1, in (0, 1)",
    received: "bias of a vote as received",
    voted: "bias of a majority of independent votes as received",
    fidelity: "fidelity: factor by which one message multiplies the bias, in (0, 1]",
    correlation: "correlation: probability that all children deliver one and the same vote, in [0, 1)",
    message_tokens: "tokens of one message, above 0",
    amplification: "amplification: factor by which one level multiplies a small bias",
}


def meanings(*symbols: sp.Symbol) -> dict[sp.Symbol, str]:
    """The meanings of symbols of this module."""
    return {symbol: MEANING[symbol] for symbol in symbols}


def below_one(symbol: sp.Symbol) -> sp.Expr:
    """Any number of (0, 1), as an expression of a positive symbol of its own."""
    free = sp.Symbol(f"t_{symbol.name}", positive=True)
    return free / (1 + free)


def up_to_one(symbol: sp.Symbol) -> sp.Expr:
    """Any number of (0, 1], as an expression of a symbol of its own that is 0 or more."""
    return 1 / (1 + sp.Symbol(f"t_{symbol.name}", nonnegative=True))


def from_zero(symbol: sp.Symbol) -> sp.Expr:
    """Any number of [0, 1), as an expression of a symbol of its own that is 0 or more."""
    free = sp.Symbol(f"t_{symbol.name}", nonnegative=True)
    return free / (1 + free)


ODD = {fan_in: 2 * half + 1}
DOMAIN: Mapping[sp.Symbol, sp.Expr] = {
    **ODD,
    bias: below_one(bias),
    fidelity: up_to_one(fidelity),
    correlation: from_zero(correlation),
}
"""Odd fan-ins from 3, biases in (0, 1), fidelities in (0, 1], correlations in [0, 1)."""


class majority_slope(Named):  # noqa: N801 - a function, named as SymPy names its own
    """Slope of the majority map at bias 0, derived in :mod:`budgetsim.symbolic.majority`.

    Examples
    --------
    >>> majority_slope(5).closed()
    15/8
    """

    nargs = 1
    is_real = True
    is_positive = True

    def closed(self) -> sp.Expr:
        (votes,) = self.args
        return votes * sp.binomial(votes - 1, (votes - 1) / 2) / 2 ** (votes - 1)

    def _latex(self, printer: Printer, exp: str | None = None) -> str:
        name = f"c_{{{printer.doprint(self.args[0])}}}"
        return name if exp is None else f"{name}^{{{exp}}}"


class majority_map(Named):  # noqa: N801
    """Bias of a majority of independent votes, derived in :mod:`budgetsim.symbolic.majority`.

    Examples
    --------
    >>> majority_map(fan_in, bias).diff(bias)
    (1 - u**2)**(b/2 - 1/2)*majority_slope(b)
    >>> majority_map(5, 0.6).evalf(6)
    0.884160
    """

    nargs = 2
    is_real = True

    @classmethod
    def eval(cls, *arguments: sp.Expr) -> sp.Expr | None:
        bias = arguments[1]
        return bias if bias in (0, 1) else None

    def fdiff(self, argindex: int = 2) -> sp.Expr:
        votes, bias = self.args
        if argindex != 2:
            raise sp.ArgumentIndexError(self, argindex)
        return majority_slope(votes) * (1 - bias**2) ** ((votes - 1) / 2)

    def closed(self) -> sp.Expr:
        votes, bias = self.args
        shape = (votes + 1) / 2
        return 2 * sp.betainc_regularized(shape, shape, 0, (1 + bias) / 2) - 1

    def _latex(self, printer: Printer, exp: str | None = None) -> str:
        votes, bias = (printer.doprint(argument) for argument in self.args)
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"f_{{{votes}}}{power}\left({bias}\right)"
