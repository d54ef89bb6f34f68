"""A simulation laid out: played in ranges of replicas that can be continued, in any order, on any number of devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from budgetsim.parameters import Organization
from budgetsim.simulate import _bernoulli, _coins, _domain, _kernel
from budgetsim.simulate._answers import AnswerTree
from budgetsim.simulate._bernoulli import WORD, Encoded
from budgetsim.simulate._level_coins import coins_of_levels
from budgetsim.simulate._tree import Kind, Tree
from budgetsim.simulate.levels import Level, describe, levels_of

Sampler = Callable[[np.random.Generator, int], NDArray[np.float64]]
"""``sampler(generator, number)`` draws the leaf probability of ``number`` problems."""

MOST_REPLICAS = WORD * 2**31
_CALL_WORDS = 2**25  # one call counts in 32 bits
_SAMPLED_CALL_WORDS = 2**13  # drawn probabilities wait in memory
_SAMPLED_DIGITS = 15
_SAMPLED_WORDS = 2**7  # words whose problems a sampler draws from one generator


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """An organization, its leaves and a seed, ready to be played by `count`; made by `plan_organization`."""

    levels: tuple[Level, ...]
    seed: int
    tree: Tree | AnswerTree = field(repr=False)
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
    abstention: ArrayLike = 0.0,
    abstention_if_wrong: ArrayLike | None = None,
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
    silent, described = _abstentions(levels, abstention, abstention_if_wrong)
    parameters: dict[str, object] = {"organization": describe(organization), **described}
    sampler: Sampler | None = None
    share: NDArray[np.float64] | None = None
    if leaf_probability is not None:
        given = np.asarray(leaf_probability, dtype=np.float64)
        values = _domain.probabilities("leaf_probability", given, dimensions=2 if given.ndim == 2 else 1)
        parameters["leaf_probability"] = values.tolist()
        values = _by_label(levels, "leaf_probability", values)
        if values.ndim == 2:
            share = _domain.problem_weights(weights, len(values))
        if np.all(values == values[..., :1]):  # leaves that are all alike are one
            values = values[..., 0]
    elif callable(probability):
        sampler = probability
        parameters["probability"] = getattr(probability, "__qualname__", repr(probability))
        # the bound on growth holds for probabilities of a millionth and more
        values = np.array([1e-6])
    else:
        values = _domain.atoms("probability", probability)  # type: ignore[arg-type]
        share = _domain.problem_weights(weights, values.size)
        parameters["probability"] = values.tolist()
    if share is not None:
        parameters["weights"] = share.tolist()
        if np.all(values == values[:1]):  # problems that are all alike are one
            values, share = np.asarray(values[0]), None
    elif weights is not None:
        raise ValueError("weights must not be given without probabilities for several problems")
    kind: Kind = "drawn" if sampler is not None else "fixed" if share is None else "problems"
    digits = _SAMPLED_DIGITS if sampler is not None else None
    encoded = _bernoulli.encode(values, per_replica=kind != "fixed", digits=digits)
    alike = np.ndim(values) < (2 if kind == "problems" else 1) or kind == "drawn"
    alike = alike and all(np.ndim(coin.coin.certain) == 0 for coin in silent)
    coins, growth = coins_of_levels(levels, exchangeable=alike)
    tree = Tree(
        leaf=encoded.coin,
        silent=tuple(coin.coin for coin in silent),
        cumulative=None if share is None else jnp.asarray(_coins.problem_thresholds(share)),
        levels=coins,
        kind=kind,
    )
    growth = max(growth, encoded.growth, *(coin.growth for coin in silent))
    return Plan(levels=levels, seed=seed, tree=tree, sampler=sampler, parameters=parameters, growth=growth)


def _by_label(levels: Sequence[Level], name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values [..., leaves] in the order of the tree's pages, in the order of the leaves' labels.

    Leaf ``i`` of the pages has the label with the digits of ``i`` reversed.
    """
    leaves = prod(level.fan_in for level in levels)
    if values.shape[-1] != leaves:
        raise ValueError(f"{name} must hold one probability for each of {leaves} leaves, got {values.shape[-1]}")
    pages = values.reshape(-1, *(level.fan_in for level in reversed(levels)))
    return pages.transpose(0, *range(pages.ndim - 1, 0, -1)).reshape(values.shape)


def _abstentions(
    levels: Sequence[Level], abstention: ArrayLike, if_wrong: ArrayLike | None
) -> tuple[tuple[Encoded, ...], dict[str, object]]:
    """Coins of leaves that cast no vote, and what was given."""
    encoded, described = [], {}
    for name, given in (("abstention", abstention), ("abstention_if_wrong", if_wrong)):
        if given is None:
            continue
        values = _domain.atoms(name, given)
        described[name] = values.tolist()
        if np.ndim(given) > 0:
            values = _by_label(levels, name, values)
        encoded.append(_bernoulli.encode(values if values.min() < values.max() else values[0]))
    if if_wrong is None and not np.any(abstention):
        return (), {}
    return tuple(encoded), described


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
        successes += _kernel.successes(
            partial(_tree_of, plan, first_word),
            plan.leaves * plan.tree.planes,
            plan.seed,
            first_word,
            low,
            high,
            tuple(devices or ()),
        )
    return successes, stop - start


def _tree_of(plan: Plan, first_word: int, words: int) -> Tree | AnswerTree:
    """The tree; with a sampler, with the leaf probability of every replica of ``words`` words, drawn block by block."""
    sampler = plan.sampler
    if sampler is None:
        return plan.tree
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
    assert isinstance(plan.tree, Tree)
    return replace(plan.tree, leaf=_bernoulli.encode(values, per_replica=True, digits=_SAMPLED_DIGITS).coin)
