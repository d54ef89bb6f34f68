"""The page of errata: every number on it is computed when it is made."""

from __future__ import annotations

from pathlib import Path

from budgetsim.reproduce.errata import CHAPTERS, Erratum
from budgetsim.traces.write import replacing

# A formula known from accounts only is not pinned on its authors.
_SAID = {
    ("paper", "sourced"): "Said in the paper (SOURCED)",
    ("paper", "second-hand"): "As reported of the paper (SECOND-HAND)",
    ("code", "sourced"): "Said in code (SOURCED)",
    ("popular", "sourced"): "In circulation, not by the authors (SOURCED)",
    ("popular", "second-hand"): "In circulation, as reported, not by the authors (SECOND-HAND)",
    ("popular", "derived"): "A reading or use, not the authors' (DERIVED)",
    ("popular", "measured"): "A reading, not the authors' (MEASURED)",
}

INTRODUCTION = """# Errata: what is said and is not so

Formulas, tables and readings about budgeted reasoning that do not hold, each with what is right, the reason in two
lines, and a counter-example. The evidence mark says how we know that it is *said*: SOURCED, read in the paper, its
figures' labels, its code or the text named; SECOND-HAND, read in somebody's account of the paper, so it is given as
reported and not pinned on its authors; DERIVED, a reading or a use that nobody need have printed; MEASURED, found in
released logs. Where a statement is bounded ("at most"), *said* is the bound.

The numbers are made by `python -m budgetsim.reproduce.errata papers/errata.md`, which writes this page, and each is
computed a second time, without this library, by the test named beside it. A test fails if the two numbers agree, that
is, if what is said were right."""

NOTHING_TO_COMPUTE = """## Said, with nothing to compute

* *Remaining ratio to the power alpha* as the rule of the budget-aware value tree (a public post): neither base nor
  exponent of $V^{1/r}$. Ratio thresholds .50, .25, .10 without a tree (a public note) keep of it only the ratio.
* A trained value head as part of the value tree (a public skill file): the method is training-free, one model
  generates and criticizes (arXiv 2603.12634, abstract).
* TALE as $B=f(x,\\mathrm{complexity})$ (a wiki page on budget-aware reasoning): TALE-EP asks the model for its budget
  (arXiv 2412.18547).
* A table that ranks five methods (the same wiki page) names two winners at low budgets, CoT-SC and anytime reasoning
  with early stopping; both cannot be. It is a list of claims to test, and no result of arXiv 2601.11038.
* TALE-EP's released parser returns -1 where the model gives no number, and the prompt then asks for fewer than -1
  tokens: guard it.
* Budgets by difficulty in the released Plan-and-Budget code may read the data set's own level: gold difficulty leaks
  into the budget. Its token counts leave out the planner and all prompts.
* "Chen et al." as authors of arXiv 2601.17311 (public notes): Liu, Kong and Pei. A garbled threshold with
  $\\sqrt{2/(\\pi k)}$ (a public note) defines no symbols; only $c_b\\sim\\sqrt{2b/\\pi}$ can be confirmed.
* A skill file *plan-budget-reasoning* with another E3 and another allocator, and an author's blog page with a verifier
  and gains of 15 to 25 %: neither describes arXiv 2505.16122.
* Token usage in the released logs of SPP is per call; its README suggests that it accumulates.
* The last of 20 regression terms in arXiv 2512.08296 is $E_c\\times A_e$ in a public note and $I\\times E_c$ in the
  second version: unresolved. `communication_overhead_percent` in its public code is message latency over run time,
  not the overhead in turns of the paper.
* In the same paper T means turns in the metrics and tools in the regression. Its public code reports a success of .82
  for a centralized system of one model on PlanCraft where the paper's mean over models is .282.
* SPP's scores count an unreadable answer as 0 for fixed personas and drop it for the other methods; by one rule for
  all, fixed personas would not look as bad on Codenames.
* BudgetMem's released script asks for 5 chunks and its code retrieves 10. Comparisons with all modules in one tier
  (a public note) are not in the released figures.
* The evaluation loop of GitHub Pranjal2041/AdaptiveConsistency calls a method that does not exist.
"""


def page() -> str:
    """The text of ``papers/errata.md``."""
    parts = [INTRODUCTION]
    for heading, chapter, tests in CHAPTERS:
        parts += [f"## {heading}", *(_entry(erratum, tests) for erratum in chapter)]
    return "\n\n".join([*parts, NOTHING_TO_COMPUTE])


def write(path: Path) -> None:
    """Write the page."""
    with replacing(path) as file:
        file.write(page().encode())


def _entry(erratum: Erratum, tests: str) -> str:
    rows = "\n".join(f"| {gap.quantity} | {_text(gap.said)} | {_text(gap.right)} |" for gap in erratum.gaps())
    return f"""### {erratum.title}

* **{_SAID[erratum.by, erratum.evidence]}:** {erratum.said}
* **Where:** {erratum.where}.
* **Right:** {erratum.right}
* **Because:** {erratum.proof}

| counter-example | said | right |
|---|---|---|
{rows}

Test: [`test_{erratum.key}`](../tests/papers/{tests})"""


def _text(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:.4g}"
