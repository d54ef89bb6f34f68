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
# # Derive an allocation rule, then change what it assumes
#
# A question has been split into sub-questions. Each can be thought about for longer, and the longer, the less uncertain
# is its answer. There are only so many tokens. **How many does each sub-question get?**
#
# This notebook derives the rule from a stated assumption, checks it by brute force, changes the assumption, and gets
# another rule: as a formula, and as a function that is fast enough to run a million times.

# %%
import numpy as np
import sympy as sp
from scipy import optimize

from budgetsim.symbolic import DerivationError
from budgetsim.symbolic import allocation_rules as rules

# %% [markdown]
# ## The assumption
#
# Let the uncertainty of a sub-question fall as a power of its tokens, $U(b) = c\,b^{-\beta}$: $c$ says how much there is to
# resolve, $\beta$ how fast it goes. Take one $\beta$ for all sub-questions at first.

# %%
rule = rules.common_rate_allocation()
rule

# %% [markdown]
# Each line above is a *step*, and SymPy has proved every one of them: that the uncertainty falls, that it is convex (so
# that equal margins mean a minimum and not just a flat spot), that the proposed division spends the budget, and that all
# margins are equal to the shadow price there.

# %%
dict(rule.outcomes)

# %% [markdown]
# The rule in words: tokens go in proportion to $c_i^{1/(\beta+1)}$. A sub-question that is 16 times as uncertain gets far
# less than 16 times the tokens.

# %%
divide = rule.numeric()
divide([5.0, 20.0, 80.0], 1.0, 300.0).round(1)

# %% [markdown]
# ## Trust it?
#
# A general-purpose optimizer knows nothing of the derivation. It should find the same division.


# %%
def brute_force(uncertainty, budget, n):
    """Least total uncertainty over all divisions of the budget, found numerically."""
    even = np.full(n, budget / n)
    spent = {"type": "eq", "fun": lambda b: b.sum() - budget}
    settings = {"bounds": [(1e-6, budget)] * n, "options": {"ftol": 1e-14, "maxiter": 500}}
    return optimize.minimize(uncertainty, even, constraints=spent, **settings).x


c = np.array([5.0, 20.0, 80.0])
brute_force(lambda b: (c / b).sum(), 300.0, 3).round(1)

# %% [markdown]
# ## What one more token is worth
#
# The same derivation gives the *shadow price*: the uncertainty that one more token would remove. It is what a token may
# cost at most.

# %%
price = rules.shadow_price().numeric()
for budget in (100.0, 300.0, 1000.0):
    print(f"{budget:>5.0f} tokens: {float(price(c, 1.0, budget)):.5f} per token")

# %% [markdown]
# ## Change the assumption
#
# Perhaps thinking has less patience: let the uncertainty fall **exponentially**, $U(b) = c\,e^{-b/s}$. One word changes, and
# the steps are proved again.

# %%
tokens, scale = rules.tokens, sp.Symbol("s", positive=True)
initial = sp.Symbol("c", positive=True)
patient = rule.swap(uncertainty=initial * sp.exp(-tokens / scale), common=(scale,))
patient.result

# %% [markdown]
# The rule is another one altogether: the *logarithm* of the uncertainty counts, and a sub-question that starts out clear
# enough gets nothing at all. The function handles that corner.

# %%
divide = patient.numeric()
certain = np.array([0.001, 20.0, 80.0])
print("rule       ", divide(certain, 100.0, 300.0).round(1))
print("brute force", brute_force(lambda b: certain @ np.exp(-b / 100), 300.0, 3).round(1))

# %% [markdown]
# ## A price nobody thought of
#
# Every sub-question costs a call, and a call costs $a$ tokens before the first useful one. That is an assumption too.

# %%
fixed = sp.Symbol("a", positive=True)
with_calls = rule.swap(cost=tokens + fixed)
with_calls.result

# %% [markdown]
# $D$ is what the calls cost together. As a function, with 30 tokens per call, the arguments in this order:

# %%
print(*with_calls.arguments)
with_calls.numeric()(c, 1.0, 30.0, 300.0).round(1)

# %% [markdown]
# ## An assumption that does not hold
#
# If uncertainty *rose* with thinking, there would be nothing to derive. The step that fails says so, with a number.

# %%
try:
    rule.swap(uncertainty=initial * tokens)
except DerivationError as error:
    print(error)

# %% [markdown]
# ## Fast
#
# The same rule compiled by JAX divides a million budgets at once, and can be differentiated: here, how the best division
# moves when the first sub-question gets more uncertain.

# %%
import jax
import jax.numpy as jnp

compiled = jax.jit(rule.numeric("jax"))
many = jnp.asarray(np.random.default_rng(0).lognormal(3.0, 1.0, size=(1_000_000, 3)), dtype=jnp.float32)
shares = compiled(many, 1.0, 300.0)
print(shares.shape, "mean division", np.asarray(shares.mean(axis=0)).round(1))
print(jax.jacobian(lambda first: compiled(jnp.array([first, 20.0, 80.0]), 1.0, 300.0))(5.0).round(3))

# %% [markdown]
# ## What is published, and what is derived
#
# The paper that introduced this model prints one formula for all sub-questions, its Eq. 6. It is the rule above where all
# decay rates are equal. With different rates it is not the best division; the derivation says what it misses.

# %%
from budgetsim.theory.bbam import bam_eq6, bam_exact, eq6_excess

beta = np.array([1.0, 1.5, 2.5])
print("Eq. 6 ", np.asarray(bam_eq6(c, beta, 300.0).budgets).round(1))
print("exact ", np.asarray(bam_exact(c, beta, 300.0).budgets).round(1))
print(f"Eq. 6 leaves {float(eq6_excess(c, beta, 300.0)):.0%} more uncertainty")
