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
# # When do more agents help?
#
# Many agents answer, others read their answers and vote, and so on up a tree. Messages get garbled, and agents that read
# the same thing make the same mistake. Meanwhile one single agent could have spent all those tokens alone. **When does the
# tree win?** There is a sharp answer, in two steps: a threshold, and a line.

# %%
import matplotlib.pyplot as plt
import numpy as np

from budgetsim.symbolic import phase_transition, tree, tree_costs
from budgetsim.theory import organization, phase

# %% [markdown]
# ## One level of votes
#
# Write the accuracy of a vote as $p = (1 + u)/2$; $u$ is its *bias*, 0 for a coin, 1 for certainty. A message multiplies the
# bias by its *fidelity* $\gamma$. With probability $\rho$, the *correlation*, all children of an aggregator deliver one and the
# same vote. What comes out of one level with fan-in $b = 2k + 1$ is the map $T$:

# %%
level = phase_transition.one_level_map()
level.result

# %% [markdown]
# SymPy proves, step by step, what shape this map has: it starts at 0, it never passes 1, and it is concave. A concave map
# crosses the diagonal at a positive place once, if it starts out steeper than the diagonal, or never.

# %%
import textwrap

for step in level.steps:
    line = f"{level.outcomes[step.name]}  {step.name}: {step.says}"
    print(textwrap.fill(line, 90, subsequent_indent=" " * 8))

# %% [markdown]
# ## The threshold
#
# The slope at 0 therefore decides everything. It is called the *amplification*.

# %%
amplification = phase_transition.amplification_factor()
amplification.result

# %% [markdown]
# Above 1 a deep tree reaches a definite bias, however weak its leaves are; at 1 or below it forgets what its leaves knew.
# Both happen with fan-in 5 and fidelity 0.6, on the two sides of a correlation of 5/21.

# %%
depth = np.arange(0, 61)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4))
u = np.linspace(0, 1, 200)
for correlation, colour in ((0.0, "C0"), (0.1, "C2"), (5 / 21, "C3"), (0.4, "C1")):
    name = "5/21" if correlation == 5 / 21 else f"{correlation:g}"
    axes[0].plot(u, phase.one_level_map(u, 5, 0.6, correlation), color=colour, label=f"correlation {name}")
    axes[1].plot(depth, phase.iterate_bias(0.05, 5, depth, 0.6, correlation), color=colour)
axes[0].plot(u, u, color="0.6", lw=1)
axes[0].set(xlabel="bias of the children", ylabel="bias of the aggregator", title="one level", ylim=(0, 1))
axes[1].set(xlabel="levels", ylabel="bias of the root", ylim=(0, 0.8))
axes[1].set_title("a deep tree, leaves with bias 0.05")
axes[0].legend(frameon=False, fontsize=8)
fig.tight_layout()

# %% [markdown]
# ## What a tree costs
#
# Amplifying is not enough: $N$ leaves cost $N$ times as much as one. A level multiplies the bias by $\alpha$ and the leaves
# by $b$, so bias grows like $N^s$ with the *organization exponent* $s = \ln\alpha / \ln b$. A single agent that gets $x$ tokens
# has a bias like $x^\beta$, with the *compute exponent* $\beta$. The tree wins in the long run if and only if $s > \beta$.

# %%
exponent = tree_costs.organization_exponent()
exponent.result

# %% [markdown]
# ## The map
#
# Every point is a tree with fan-in 5, its messages and its correlation. Left of the white line trees collapse. Between the
# lines they amplify, but one agent with the same tokens does better. Only beyond the line $s = \beta$ do more agents help.

# %%
beta = 0.2
fidelity, correlation = np.meshgrid(np.linspace(0.4, 1.0, 400), np.linspace(0.0, 0.9, 400))
alpha = phase.amplification(5, fidelity, correlation)
s = np.log(alpha) / np.log(5)
fig, axis = plt.subplots(figsize=(6.4, 4.4))
codes = np.where(alpha <= 1, 0, np.where(s <= beta, 1, 2))
colours = ["#b34d08", "#e8d9a8", "#0072b2"]
axis.contourf(fidelity, correlation, codes, levels=[-0.5, 0.5, 1.5, 2.5], colors=colours)
axis.contour(fidelity, correlation, alpha, levels=[1.0], colors="white", linewidths=2)
axis.contour(fidelity, correlation, s, levels=[beta], colors="black", linewidths=2)
axis.text(0.47, 0.5, "collapse", color="white")
axis.text(0.86, 0.58, "amplify, but\none agent wins", ha="center")
axis.text(0.9, 0.08, "synergy", color="white")
axis.set(xlabel="fidelity of a message", ylabel="correlation of errors")
axis.set_title(f"fan-in 5, compute exponent {beta}")
fig.tight_layout()

# %% [markdown]
# ## From which budget on?
#
# Beyond the line a tree pays from a certain budget on, and there is a best size of a leaf that does not depend on the budget
# at all. Take messages of 20 tokens.

# %%
b, gamma, rho, message_tokens = 5, 0.95, 0.05, 20
s = organization.organization_exponent(b, gamma, rho)
cost = organization.communication_cost_per_leaf(message_tokens, b)
print(f"organization exponent {s:.3f}, communication {cost:.0f} tokens per leaf")
print(f"best leaf  {organization.optimal_leaf_tokens(beta, s, cost):.1f} tokens")
print(f"pays from  {organization.threshold_budget(beta, s, cost):.1f} tokens on")

# %% [markdown]
# ## Change an assumption
#
# Suppose a message gets dearer the more children an aggregator has (it must say more about each). The price of a message is
# an assumption of the derivation; swap it, and the cost of a tree changes with it.

# %%
plain = tree_costs.communication_cost_per_leaf()
plain.result

# %%


dearer = plain.swap(message_price=tree.message_tokens * tree.fan_in)
dearer.result

# %% [markdown]
# ## Where correlation lives
#
# One warning. In this model the shared error is drawn anew at every aggregator, so a tree can outvote it. If errors are
# shared because the *problem* is hard, every vote in the tree shares them, and nothing can be outvoted. The two look alike
# in a table of votes and are opposites in a tree:

# %%
from budgetsim.theory.heterogeneity import beta_accuracy

for levels in (0, 1, 2, 4, 8):
    anew = (1 + phase.iterate_bias(0.2, 5, levels, 1.0, 0.2)) / 2
    problem = beta_accuracy(0.6 * 4, 0.4 * 4, 5, levels, 1.0, 0.0)  # correlation 1 / (4 + 1) = 0.2
    print(f"{levels} levels: errors drawn anew {anew:.3f}, errors of the problem {problem:.3f}")
