"""Memory pipelines as a world of the engine: five calls, one a module, each in the tier that its hint names.

The same queries and prices as in `memory_pipeline`, under budgets that the accountant enforces.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms, take
from budgetsim.simulate.reasoning.memory_pipeline import MODULES, TIERS, MemoryPipeline
from budgetsim.simulate.reasoning.world import NO_ANSWER, Step, check_numbers, costs, host_generator


class Query(NamedTuple):
    """One query."""

    looks: jax.Array  # [modules, problems]: standard normal, what the query makes of the gain of each module
    threshold: jax.Array  # [problems]: the answer is right where the quality is above


class Worked(NamedTuple):
    """Modules that have worked, and the quality they have given, before it is clipped."""

    done: jax.Array
    quality: jax.Array


@partial(
    jax.tree_util.register_dataclass,
    meta_fields=(),
    data_fields=("pipeline", "unit_tokens", "answer_input", "answer_output"),
)
@dataclass(frozen=True, kw_only=True)
class MemoryWorld:
    """Queries that five modules of memory prepare, one after the other; the answer comes from the last one.

    A step is one module's call, and its hint is the tier: 0, 1 or 2, the next one where it is beyond. A step after the
    last module changes nothing and is free. The answer is right with the quality of the pipeline as probability; every
    query has one threshold, so that a better preparation is never wrong where a worse one is right. There is no answer
    before all modules have worked: else a module left out would do as much as one in its low tier, for nothing.

    Calls are model calls, one a module; the answer is none. Tokens are priced: a module's tokens are multiplied by the
    price of their tier before they are charged, as in `MemoryPipeline.cost`, so a budget in tokens counts what they
    cost, not how many there are.

    Parameters
    ----------
    pipeline
        Gains, tokens and prices. A judge changes nothing: one of his two verdicts, taken at random, is right with the
        quality as probability too.
    unit_tokens
        Tokens that stand for one unit of `MemoryPipeline.cost`, 1 ... 10**6. A step charges tokens times price times
        this many output tokens, rounded to the nearest whole one (a half to the even one): a plan is charged its cost
        within 5/2 tokens, those of the default pipeline exactly. More tokens a unit round less.
    answer_input, answer_output
        Tokens of the answer; 0 as in the paper, whose costs leave the answering call out.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Derived: a model of *Learning Query-Aware Budget-Tier Routing for Runtime Agent Memory*, Haozhen Zhang et al., arXiv
    2602.06025. No strategy sees the query: what a query-aware router does to it is played by `train_routers` alone.

    Examples
    --------
    The cheapest plan costs 4 units of tokens at .06 each, 240 tokens:

    >>> from budgetsim.simulate.reasoning import MemoryWorld, TierPlan, simulate_strategy
    >>> low = TierPlan(tiers=(0, 0, 0, 0, 0))
    >>> result = simulate_strategy(MemoryWorld(), low, 240, problems=100, seed=1)
    >>> result.largest, result.answered.value
    ((0, 240, 5, 0), 1.0)
    >>> simulate_strategy(MemoryWorld(), low, 239, problems=100, seed=1).answered.value
    0.0
    """

    pipeline: MemoryPipeline = field(default_factory=MemoryPipeline)
    unit_tokens: int = 1000
    answer_input: int = 0
    answer_output: int = 0

    def __post_init__(self) -> None:
        whole = ("answer_input", "answer_output")
        check_numbers(self, whole, "a whole number, 0 or more", lambda value: value >= 0 and value % 1 == 0)
        domain = "a whole number in 1 ... 10**6"
        check_numbers(self, ("unit_tokens",), domain, lambda value: 1 <= value <= 10**6 and value % 1 == 0)

    @property
    def answers(self) -> int:
        """Right and wrong."""
        return 2

    def problems(self, seed: int, block: int, count: int) -> Query:
        """Queries of one block."""
        random = host_generator(seed, block, 0)
        looks = random.standard_normal((MODULES, count))
        return Query(jnp.asarray(looks, jnp.float32), jnp.asarray(random.random(count), jnp.float32))

    def memory(self, problem: Query) -> tuple[()]:
        """What a module gives is written down in the node."""
        del problem
        return ()

    def root(self, problem: Query) -> Worked:
        """No module has worked."""
        quality = jnp.broadcast_to(jnp.asarray(self.pipeline.base_quality, jnp.float32), problem.threshold.shape)
        return Worked(jnp.zeros(problem.threshold.shape, jnp.int8), quality)

    def step(self, uniform: Uniforms, problem: Query, memory: tuple[()], state: Worked, hint: jax.Array) -> Step:
        """The next module, in the tier of the hint."""
        del uniform
        pipeline, shape = self.pipeline, problem.threshold.shape
        works = state.done < MODULES
        module = jnp.minimum(state.done, MODULES - 1).astype(jnp.int32)
        tier = jnp.clip(hint, 0, TIERS - 1)
        share = take(_rows((0.0, pipeline.middle_share, 1.0), shape), tier)
        gain = take(_rows(pipeline.module_gains, shape), module) * share
        gain = gain * (1.0 + pipeline.query_noise * take(problem.looks, module))
        price = take(_rows(pipeline.module_tokens, shape), module) * take(_rows(pipeline.tier_prices, shape), tier)
        charged = jnp.round(jnp.minimum(price * self.unit_tokens, 2.0**30)).astype(jnp.int32)
        done = (state.done + works).astype(jnp.int8)
        child = Worked(done, state.quality + jnp.where(works, gain, 0.0))
        return Step(memory, child, done >= MODULES, costs(0, jnp.where(works, charged, 0), works))

    def critic(
        self, uniform: Uniforms, problem: Query, state: Worked, child: Worked
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Nobody judges single modules."""
        del uniform, problem, state
        nothing = jnp.zeros(child.quality.shape, jnp.float32)
        return nothing, nothing, costs(jnp.zeros(child.quality.shape, jnp.int32))

    def answer(self, uniform: Uniforms, problem: Query, state: Worked) -> tuple[jax.Array, jax.Array]:
        """Right where the quality is above the query's threshold; none, for nothing, before all modules have worked."""
        del uniform
        ready = state.done >= MODULES
        given = jnp.where(problem.threshold < state.quality, 0, 1)  # clipping to [0, 1] would change nothing
        paid = costs(self.answer_input, self.answer_output, jnp.zeros_like(given))
        return jnp.where(ready, given, NO_ANSWER), jnp.where(ready, paid, 0)


def _rows(values: tuple[Any, ...], shape: tuple[int, ...]) -> jax.Array:
    """Numbers, or arrays [problems], as one array [values, problems]."""
    return jnp.stack([jnp.broadcast_to(jnp.asarray(value, jnp.float32), shape) for value in values])
