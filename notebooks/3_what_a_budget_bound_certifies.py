# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What a budget bound certifies
#
# Papers on search under a budget come with a bound: *so many steps suffice to reach an answer with probability* $1 - \epsilon$.
# A bound is a promise with conditions. This notebook takes one apart: what it says, how much it gives away, at which
# budgets it says anything, what breaks it, and what it never spoke of.

# %%
import matplotlib.pyplot as plt
import numpy as np

from budgetsim.theory import value_tree_bounds as bounds
from budgetsim.theory import value_tree_pool as pool
from budgetsim.theory import value_tree_risks as risks

# %% [markdown]
# ## The promise
#
# A search must make $K$ gains. Each step makes one with probability at least $p$, whatever happened before. The published
# bound (of budget-aware value tree search, as reported) asks for
#
# $$M \ge \frac1p\Big(K + \sqrt{2 K \ln\tfrac1\epsilon} + 2 \ln\tfrac1\epsilon\Big)$$
#
# steps. The same assumptions allow less: solving the Chernoff inequality exactly, using relative entropy, or simply adding
# up the binomial distribution, below which no bound from these assumptions can go.

# %%
for gains, p, failure in [(1, 0.2, 0.05), (3, 0.2, 0.05), (8, 0.3, 0.1), (20, 0.05, 0.01)]:
    steps = bounds.step_bounds(gains, p, failure)
    print(f"K = {gains:>2}, p = {p}: {steps}")

# %% [markdown]
# ## Does it hold? Draw and see
#
# Two hundred thousand searches per setting, every step drawn. The searches fail less often than promised, at every one of the
# four numbers of steps, and at the exact number only just.

# %%
random = np.random.default_rng(0)
gains, p, failure = 3, 0.2, 0.05
for name, steps in bounds.step_bounds(gains, p, failure)._asdict().items():
    failed = np.mean(random.binomial(int(steps), p, size=200_000) < gains)
    error = np.sqrt(failed / 200_000)
    print(f"{name:>16}: {int(steps)} steps, fails in {failed:.4f} +- {error:.4f} (promised: {failure})")

# %% [markdown]
# ## Where does it say anything?
#
# Turn the question around. With $M$ steps in the budget, how good must a single step be before the bound certifies 90 %?
# A probability above 1 is not to be had: there the bound is empty.

# %%
calls = np.arange(3, 61)
fig, axis = plt.subplots(figsize=(6.4, 3.8))
for gains, colour in ((2, "C0"), (3, "C1")):
    least = bounds.least_advance(gains, calls, 0.1)
    axis.plot(calls, least.published, color=colour, label=f"{gains} gains, published bound")
    axis.plot(calls, least.exact, color=colour, ls="--", label=f"{gains} gains, exact")
axis.axhspan(1, 3, color="0.85", zorder=0)
axis.text(58, 1.6, "nothing certified", ha="right", color="0.35")
for budget in (5, 10, 20):
    axis.axvline(budget, color="0.8", lw=1, zorder=0)
axis.set(xlabel="steps in the budget", ylabel="needed probability of a gain", ylim=(0, 2.5), xlim=(3, 60))
axis.legend(frameon=False, fontsize=8)
fig.tight_layout()

# %% [markdown]
# The grey lines are the budgets of the experiments in the paper: 5, 10 and 20 calls. At 5 calls the published bound
# certifies nothing. At 10 calls every step would have to succeed almost surely, at 20 about every second one.

# %% [markdown]
# ## What breaks it: a probability that is no constant
#
# The rule that the bound was made for sharpens its choice as the budget runs out: a node is drawn with probability
# proportional to value$^{1/r}$, $r$ being the share that is left. If the useful node is *not* the one that looks best, its
# chance falls towards 0 in the end. No constant $p$ is left to put into the bound.

# %%
left = np.linspace(0.02, 1.0, 300)
fig, axis = plt.subplots(figsize=(6.4, 3.4))
for rival in (1.0, 1.05, 1.2, 1.6):
    chance = pool.advance_probability(0.5, 3, rival, left)
    axis.plot(left, chance, label=f"a rival looks {rival:g} times as good")
axis.invert_xaxis()
axis.set(xlabel="share of the budget that is left", ylabel="chance of progress in a step", ylim=(0, 0.2))
axis.legend(frameon=False, fontsize=8)
fig.tight_layout()

# %% [markdown]
# A bound survives with the *mean* of that chance over the budget in place of $p$. It costs: compare a rival that looks as good
# as the useful node with one that looks 1.6 times as good.

# %%
for rival in (1.0, 1.2, 1.6):
    suffice, needed = pool.pool_steps(3, 0.05, 0.5, 3, rival), pool.exact_pool_steps(3, 0.05, 0.5, 3, rival)
    print(f"rival {rival:g}: {suffice} steps suffice, {needed} are needed")

# %% [markdown]
# ## What it never spoke of: being right
#
# All this is about reaching a node that the critic likes. If each step may also end, with a small probability, in an
# answer that looks right and is wrong, then accuracy has a ceiling that no budget lifts.

# %%
for budget in (5, 10, 40, 1000):
    answer = risks.correct_answer_probability(0.3, 0.05, 3, budget)
    print(f"{budget:>4} steps: right with {float(answer.probability):.3f} (ceiling {float(answer.limit):.3f})")

# %% [markdown]
# ## From steps to tokens
#
# Steps do not all cost the same. If their cost varies between 50 and 512 tokens with a mean of 281, independently of
# progress, the worst case is far more than is needed.

# %%
plan = risks.random_cost_budget(5, 0.2, 0.05, 50.0, 512.0, 281.0)
print(f"{int(plan.steps)} steps, {float(plan.budget):,.0f} tokens", end=" ")
print(f"instead of {float(plan.worst_case):,.0f} in the worst case")

# %% [markdown]
# ## The derivation
#
# Why does the published form hold, under its conditions? Because it asks for more than the Chernoff bound does. As an
# object whose steps SymPy has proved:

# %%
from budgetsim.symbolic import value_tree_bound

published = value_tree_bound.published_steps()
published
