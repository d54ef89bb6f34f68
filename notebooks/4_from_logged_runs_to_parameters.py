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
# # From logged runs to parameters
#
# You have a log of a model answering the same problems many times. What would eleven votes bring? How much is the
# difficulty of the problems, how much is luck? And how far can the answer be trusted? This notebook goes from a log to
# parameters with intervals, predicts what was kept back, and shows the one mistake that is easiest to make.

# %%
import matplotlib.pyplot as plt
import numpy as np
import polars as pl

from budgetsim.calibrate import calibrate, validate
from budgetsim.data import bundled_runs
from budgetsim.theory import vote_populations, votes
from budgetsim.traces import read

# %% [markdown]
# ## The log
#
# One row per sampled answer. The runs that come with the package are of a tiny model, 7 tasks of 50 problems, 20 samples
# each. Any JSON Lines file with a `problem_id` and a verdict works the same way.

# %%
runs = read(bundled_runs()).table
columns = ["task", "strategy", "problem_id", "sample_index", "correct", "completion_tokens"]
runs.select(columns).head(4)

# %% [markdown]
# ## Problems differ, and that is most of the correlation
#
# Count how often each problem of one task is solved in 20 tries. If all problems were alike, the bars would form one narrow
# hill around the mean.

# %%
first_task = runs["task"].unique().sort()[0]
group = runs.filter(pl.col("task") == first_task)
group = group.filter(pl.col("strategy") == group["strategy"].unique().sort()[-1])
verdict = pl.col("correct")
problems = group.group_by("problem_id").agg(solved=verdict.sum(), samples=verdict.len())
solved, samples = problems["solved"].to_numpy(), problems["samples"].to_numpy()
share = solved / samples

fig, axis = plt.subplots(figsize=(6.4, 3.2))
axis.hist(solved, bins=np.arange(-0.5, samples.max() + 1.5), color="#0072b2")
alike = np.random.default_rng(0).binomial(samples.max(), share.mean(), size=100_000)
counts = np.bincount(alike, minlength=samples.max() + 1) / 100_000 * len(solved)
axis.plot(counts, color="#b34d08", label="if all problems were alike")
axis.set(xlabel=f"times solved out of {samples.max()}", ylabel="problems")
axis.set_title(f"{first_task}: {share.mean():.2f} solved on average")
axis.legend(frameon=False)
fig.tight_layout()

# %% [markdown]
# ## Parameters with intervals
#
# `calibrate` fits the distribution of problems, and says how sure it is. Nobody chose a prior for this task: tasks and
# strategies inform each other as far as the data say they are alike.

# %%
calibration = calibrate(runs)
ours = (first_task, group["strategy"][0])
fitted = next(g for g in calibration.groups if (g.group.task, g.group.strategy) == ours)
for name in ("accuracy", "correlation_total", "correlation_within", "alpha", "beta", "tokens"):
    print(f"{name:>18}: {getattr(fitted, name)}")

# %% [markdown]
# ## The easiest mistake
#
# Take the mean accuracy, pretend that all problems are alike, and votes seem to help a lot: the dashed line. In truth
# votes are independent only *given the problem*. Voting makes problems that are solved more often than not better, and
# makes the others worse; on average little may be gained.

# %%
odd = np.arange(1, 42, 2)
fig, axis = plt.subplots(figsize=(6.4, 3.6))
independent = votes.majority_vote_accuracy(share.mean(), odd)
population = vote_populations.population_vote_accuracy(share, np.ones_like(share), odd)
axis.plot(odd, population, color="#0072b2", label="each problem its own probability")
axis.plot(odd, independent, color="#b34d08", ls="--", label="all problems alike")
limit = float(vote_populations.population_vote_limit(share, np.ones_like(share)))
axis.axhline(limit, color="0.6", lw=1)
note = "grey: share of problems solved more often than not"
axis.text(41, limit - 0.08, note, ha="right", fontsize=8, color="0.4")
axis.set(xlabel="votes", ylabel="accuracy of the majority", ylim=(0, 1))
axis.legend(frameon=False)
fig.tight_layout()

# %% [markdown]
# ## Held back
#
# Fit on the first five samples of every problem, predict what all twenty show. The predictions never see the samples they
# are compared with.

# %%
validation = validate(runs, 5)
print("mean error over groups after 20 samples")
for metric, errors in validation.mean_absolute_errors().items():
    print(f"{metric:>10}:", ", ".join(f"{name} {error:.3f}" for name, error in errors.items()))

# %% [markdown]
# `predicted` is this package. The others are what one would do instead: take the five samples at face value, pretend that all
# problems are alike, fit a beta distribution to each group on its own, carry the value at five samples forward. The group
# from above, the dots being what was kept back:

# %%
held = next(g for g in validation.groups if g.group == fitted.group)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True)
for axis, curve in zip(axes, held.curves, strict=True):
    k = np.arange(1, len(curve.observed) + 1)
    axis.fill_between(k, curve.predicted.low, curve.predicted.high, color="#0072b2", alpha=0.2, lw=0)
    axis.plot(k, curve.predicted.mean, color="#0072b2", label="predicted from 5 samples, 90 %")
    axis.plot(k, curve.baselines["independent"], color="#b34d08", ls="--", label="all problems alike")
    axis.plot(k, curve.observed, "k.", ms=4, label="observed")
    axis.set(xlabel="samples", title={"pass": "any sample right", "plurality": "plurality right"}[curve.metric])
axes[0].set(ylabel="share of problems", ylim=(0, 1))
axes[1].legend(frameon=False, fontsize=8)
fig.tight_layout()

# %% [markdown]
# ## Where to go from here
#
# `budgetsim study RUNS --budget 2000 --out study` does all of this for your log, plans the budget, checks the plan by
# simulation and on held-out samples, and writes a report.
