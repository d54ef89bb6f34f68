"""A simulation laid out: played in ranges of replicas that can be continued, in any order, on any number of devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import groupby
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh, PartitionSpec
from numpy.typing import ArrayLike, NDArray

from budgetsim.parameters import Organization
from budgetsim.simulate import _bernoulli, _coins, _domain, _generator
from budgetsim.simulate._bernoulli import ALL, WORD, Coin
from budgetsim.simulate._tree import BLOCK, Kind, LevelCoins, Tree, Urn, play
from budgetsim.simulate.levels import Level, describe, levels_of

Sampler = Callable[[np.random.Generator, int], NDArray[np.float64]]
"""``sampler(generator, number)`` draws the leaf probability of ``number`` problems."""

MOST_REPLICAS = WORD * 2**31
_CALL_WORDS = 2**25  # one call counts in 32 bits
_SAMPLED_CALL_WORDS = 2**13  # drawn probabilities wait in memory
_SAMPLED_DIGITS = 15
_SAMPLED_WORDS = 2**7  # words whose problems a sampler draws from one generator
_LEAST_WIDTH = 2**7
_CPU_OPTIONS = {"xla_cpu_prefer_vector_width": 512}  # measured: twice the speed on cores with AVX-512


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """An organization, its leaves and a seed, ready to be played by `count`; made by `plan_organization`."""

    levels: tuple[Level, ...]
    seed: int
    tree: Tree = field(repr=False)
    sampler: Sampler | None
    parameters: Mapping[str, object] = field(repr=False)
    """What `plan_organization` was given, as plain values."""
    growth: float
    """Sharing low digits within a word multiplies the variance of a share of successes by at most ``1 + growth``."""

    @property
    def leaves(self) -> int:
        """Leaf votes of one replica."""
        return prod(level.fan_in for level in self.levels)


def plan_organization(
    organization: Organization | Sequence[Level],
    probability: ArrayLike | Sampler | None = None,
    *,
    seed: int,
    weights: ArrayLike | None = None,
    leaf_probability: ArrayLike | None = None,
) -> Plan:
    """Lay out a simulation; the arguments are those of `simulate_organization`.

    Examples
    --------
    >>> plan = plan_organization(Organization.star(3), 1.0, seed=1)
    >>> count(plan, 0, 2)
    (64, 64)
    """
    levels = levels_of(organization)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    if (probability is None) == (leaf_probability is None):
        raise ValueError("exactly one of probability and leaf_probability must be given")
    leaves = prod(level.fan_in for level in levels)
    cumulative: jax.Array | None = None
    sampler: Sampler | None = None
    kind: Kind = "equal"
    parameters: dict[str, object] = {"organization": describe(organization)}
    if leaf_probability is not None:
        values = _domain.probabilities("leaf_probability", leaf_probability, dimensions=1)
        if values.size != leaves:
            raise ValueError(
                f"leaf_probability must hold one probability for each of {leaves} leaves, got {values.size}"
            )
        parameters["leaf_probability"] = values.tolist()
        # leaf ``i`` in the order of the tree's pages has the label with the digits of ``i`` reversed
        values = values.reshape([level.fan_in for level in reversed(levels)]).transpose().reshape(-1)
        kind = "unequal" if values.min() < values.max() else "equal"
        encoded = _bernoulli.encode(values if kind == "unequal" else values[0])
    elif callable(probability):
        kind, sampler = "drawn", probability
        parameters["probability"] = getattr(probability, "__qualname__", repr(probability))
        # the bound on growth holds for probabilities of a millionth and more
        encoded = _bernoulli.encode(np.array([1e-6]), per_replica=True, digits=_SAMPLED_DIGITS)
    else:
        values = _domain.atoms("probability", probability)  # type: ignore[arg-type]
        share = _domain.problem_weights(weights, values.size)
        parameters |= {"probability": values.tolist(), "weights": share.tolist()}
        if values.min() < values.max():
            kind, cumulative = "problems", jnp.asarray(_coins.problem_thresholds(share))
        encoded = _bernoulli.encode(values if kind == "problems" else values[0], per_replica=kind == "problems")
    if weights is not None and cumulative is None and (sampler is not None or leaf_probability is not None):
        raise ValueError("weights must not be given without an array of probabilities")
    coins, growths = _level_coins(levels, kind == "unequal")
    tree = Tree(leaf=encoded.coin, cumulative=cumulative, levels=coins, kind=kind)
    return Plan(
        levels=levels,
        seed=seed,
        tree=tree,
        sampler=sampler,
        parameters=parameters,
        growth=max(encoded.growth, growths),
    )


def _level_coins(levels: Sequence[Level], unequal: bool) -> tuple[tuple[LevelCoins, ...], float]:
    """Coins of all levels, runs of equal relays as one, and the worst growth of variance among them."""
    coins, growth, number = [], 0.0, 0

    def encode(probability: ArrayLike, *, per_replica: bool = False) -> Coin:
        nonlocal growth
        encoded = _bernoulli.encode(probability, per_replica=per_replica)
        growth = max(growth, encoded.growth)
        return encoded.coin

    for level, group in groupby(levels):
        run = len(list(group))
        relays, copies = (run, 1) if level.fan_in == 1 else (0, run)
        position = np.arange(level.fan_in)
        urn, share, speaker = None, None, None
        if relays == 0 and level.correlation > 0.0:
            if level.sharing == "beta":
                heard = (1.0 - level.correlation) / (1.0 - level.correlation + level.correlation * position[1:])
                chances = np.minimum(np.arange(level.fan_in + 1) / np.maximum(position, 1)[:, None], 1.0)
                urn = Urn(own=encode(np.array([1.0, *heard])), copy=encode(chances, per_replica=True))
            else:
                share = encode(level.correlation)
                speaker = encode(1.0 / (position + 1)) if unequal else None
        flip = encode((1.0 - level.fidelity) / 2.0)
        for _ in range(copies):
            coins.append(
                LevelCoins(
                    flip=flip, share=share, speaker=speaker, urn=urn, number=number, fan_in=level.fan_in, relays=relays
                )
            )
            number += max(relays, 1)
    return tuple(coins), growth


def count(
    plan: Plan, start_word: int, stop_word: int, *, devices: Sequence[jax.Device] | None = None
) -> tuple[int, int]:
    """Play the replica words ``start_word`` ... ``stop_word - 1`` of a plan: (successes, trials).

    A word is 32 replicas. What a word holds depends on the plan alone, so ranges may be played in any order, split in
    any way and spread over any devices: counts add up to those of the whole range.

    Parameters
    ----------
    plan
        What is played.
    start_word, stop_word
        0 <= start_word <= stop_word <= 2**31.
    devices
        Devices to share the words; JAX's default device when not given.

    Raises
    ------
    ValueError
        If the range is not one.
    """
    stop_word = _domain.count("stop_word", stop_word, least=0, most=MOST_REPLICAS // WORD)
    start_word = _domain.count("start_word", start_word, least=0, most=stop_word)
    return count_replicas(plan, WORD * start_word, WORD * stop_word, devices=devices)


def count_replicas(
    plan: Plan, start: int, stop: int, *, devices: Sequence[jax.Device] | None = None
) -> tuple[int, int]:
    """Play the replicas ``start`` ... ``stop - 1`` of a plan, any of them: (successes, trials); see `count`."""
    stop = _domain.count("stop", stop, least=0, most=MOST_REPLICAS)
    start = _domain.count("start", start, least=0, most=stop)
    successes = 0
    call_words = _CALL_WORDS if plan.sampler is None else _SAMPLED_CALL_WORDS
    for first_word in range(start // WORD, -(-stop // WORD), call_words):
        low = max(start - WORD * first_word, 0)
        high = min(stop - WORD * first_word, WORD * call_words)
        successes += _count_call(plan, first_word, low, high, tuple(devices or ()))
    return successes, stop - start


def _count_call(plan: Plan, first_word: int, low: int, high: int, devices: tuple[jax.Device, ...]) -> int:
    """Successes among the replicas ``low`` ... ``high - 1``, counted from the first replica of ``first_word``."""
    words = -(-high // WORD)
    parts = max(1, len(devices))
    each = -(-words // parts)
    # every width is a compilation: few of them, and few idle words where few replicas are asked for
    log_width = min(max(_LEAST_WIDTH, BLOCK // plan.leaves).bit_length() - 1, (each - 1).bit_length() | 1)
    tree = plan.tree
    if plan.sampler is not None:
        # the last chunk of every device may reach beyond its words
        tree = _with_drawn_leaves(plan, plan.sampler, first_word, parts * each + (1 << log_width))
    offsets = np.arange(parts, dtype=np.int32) * np.int32(each)
    numbers = np.clip(np.int32(words) - offsets, 0, each).astype(np.int32)
    run = _compiled(log_width, devices, (devices[0] if devices else jax.devices()[0]).platform)
    key = _generator.key_of_seed(plan.seed)
    counted = run(tree, key, np.uint32(first_word), np.int32(low), np.int32(high), offsets, numbers)
    return int(np.asarray(counted, np.int64).sum())


@cache
def _compiled(log_width: int, devices: tuple[jax.Device, ...], platform: str) -> Callable[..., jax.Array]:
    """The compiled kernel for chunks of ``2**log_width`` words."""
    kernel = partial(_successes, log_width=log_width)
    if len(devices) > 1:
        mesh = Mesh(np.array(devices), ("words",))
        everywhere, own = PartitionSpec(), PartitionSpec("words")  # type: ignore[no-untyped-call]
        kernel = jax.shard_map(kernel, mesh=mesh, in_specs=(*(everywhere,) * 5, own, own), out_specs=own)
    return jax.jit(kernel, compiler_options=_CPU_OPTIONS if platform == "cpu" else None)


def _successes(
    tree: Tree,
    key: jax.Array,
    first_word: jax.Array,
    low: jax.Array,
    high: jax.Array,
    offsets: jax.Array,
    numbers: jax.Array,
    *,
    log_width: int,
) -> jax.Array:
    """Successes [1] among ``numbers`` words from the ``offsets``-th after ``first_word`` on."""
    width = np.int32(1 << log_width)
    (offset,), (number,) = offsets, numbers

    def add_chunk(chunk: jax.Array, total: jax.Array) -> jax.Array:
        at = offset + chunk * width
        right = play(tree, key, first_word + at.astype(jnp.uint32), log_width, at)
        place = chunk * width + lax.iota(jnp.int32, 1 << log_width)
        replica = WORD * (offset + place)
        asked_for = _lowest(high - replica) & ~_lowest(low - replica)
        right = jnp.where(place < number, right & asked_for, np.uint32(0))
        return total + jnp.sum(lax.population_count(right), dtype=jnp.uint32).astype(jnp.int32)

    chunks = (number + width - np.int32(1)) // width
    total: jax.Array = lax.fori_loop(np.int32(0), chunks, add_chunk, jnp.zeros_like(number))
    return total[None]


def _lowest(lanes: jax.Array) -> jax.Array:
    """Words whose lowest ``lanes`` bits are ones; none below 0, all from 32 on."""
    some = (np.uint32(1) << jnp.clip(lanes, 0, WORD - 1).astype(jnp.uint32)) - np.uint32(1)
    return jnp.where(lanes >= WORD, ALL, some)


def _with_drawn_leaves(plan: Plan, sampler: Sampler, first_word: int, words: int) -> Tree:
    """The tree with the leaf probability of every replica of ``words`` words, drawn block by block."""
    blocks = range(first_word // _SAMPLED_WORDS, -(-(first_word + words) // _SAMPLED_WORDS))
    drawn = [
        _domain.probabilities(
            "probability drawn", sampler(np.random.default_rng([plan.seed, block]), _SAMPLED_WORDS * WORD), dimensions=1
        )
        for block in blocks
    ]
    if any(part.size != _SAMPLED_WORDS * WORD for part in drawn):
        raise ValueError(f"probability must draw as many as asked for, {_SAMPLED_WORDS * WORD}, got {drawn[0].size}")
    values = np.concatenate(drawn).reshape(-1, WORD)[first_word - _SAMPLED_WORDS * blocks[0] :][:words]
    return replace(plan.tree, leaf=_bernoulli.encode(values, per_replica=True, digits=_SAMPLED_DIGITS).coin)
