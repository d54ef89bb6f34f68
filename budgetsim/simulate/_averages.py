"""Errors of averages of noisy estimates, drawn end to end; `budgetsim.simulate.continuous` says what they mean."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

COMPONENT, COPIED, GLOBAL = range(3)

Shape = tuple[int, ...]
"""Whole numbers that a kernel is compiled for."""

Draw = Callable[[jax.Array, int, Shape, tuple[jax.Array, ...]], jax.Array]
"""``draw(key, length, shape, operands)`` plays ``length`` replicas and gives the error of each [length]."""


def _mix(correlation: jax.Array, common: jax.Array, own: jax.Array) -> jax.Array:
    """Errors with a common part; each has the variance of its parts."""
    return jnp.sqrt(correlation) * common + jnp.sqrt(1.0 - correlation) * own


# Every kernel draws all its normals in one call: compiling one more call takes longer than most simulations run.


def star_errors(key: jax.Array, length: int, shape: Shape, operands: tuple[jax.Array, ...]) -> jax.Array:
    (agents,) = shape
    leaf, message, correlation = operands
    normals = jax.random.normal(key, (2 * agents + 1, length), jnp.float64)
    common, own, noise = normals[:1], normals[1 : agents + 1], normals[agents + 1 :]
    return jnp.mean(leaf * _mix(correlation, common, own) + message * noise, axis=0)


def tree_errors(key: jax.Array, length: int, shape: Shape, operands: tuple[jax.Array, ...]) -> jax.Array:
    fan_in, depth, sharing = shape
    leaf, message, correlation = operands
    siblings = fan_in + (sharing == COMPONENT)
    leaves = siblings**depth
    nodes_above = [siblings ** (depth - level - 1) for level in range(depth)]
    normal_key, share_key = jax.random.split(key)
    normals = jax.random.normal(normal_key, (1 + leaves + fan_in * sum(nodes_above), length), jnp.float64)
    errors, noises = normals[1 : leaves + 1], normals[leaves + 1 :]
    if sharing == GLOBAL:
        errors = _mix(correlation, normals[:1], errors)
    if sharing == COPIED:
        copies = jax.random.uniform(share_key, (sum(nodes_above), length), jnp.float64) < correlation
    errors = leaf * errors
    below = 0  # aggregators of the levels below
    for nodes in nodes_above:
        children = errors.reshape(siblings, nodes, length)
        if sharing == COMPONENT:
            children = _mix(correlation, children[fan_in:], children[:fan_in])
        elif sharing == COPIED:
            children = jnp.where(copies[None, below : below + nodes], children[:1], children)
        noise = noises[fan_in * below : fan_in * (below + nodes)].reshape(fan_in, nodes, length)
        errors = jnp.mean(children + message * noise, axis=0)
        below += nodes
    return errors[0]


def chain_errors(key: jax.Array, length: int, _: Shape, operands: tuple[jax.Array, ...]) -> jax.Array:
    leaf, message, correlation, own_weights = operands  # weights of all agents [agents]
    common = jax.random.normal(key, (length,), jnp.float64)

    def hear(agent: jax.Array, held: jax.Array) -> jax.Array:
        own, noise = jax.random.normal(jax.random.fold_in(key, agent + 1), (2, length), jnp.float64)
        weight = own_weights[agent]
        after: jax.Array = (1.0 - weight) * (held + message * noise) + weight * leaf * _mix(correlation, common, own)
        return after

    # The first agent hears nothing: its weight is 1.
    held: jax.Array = lax.fori_loop(0, own_weights.shape[0], hear, jnp.zeros_like(common))
    return held


@partial(jax.jit, static_argnames=("draw", "shape", "length"))
def add_blocks(
    draw: Draw,
    shape: Shape,
    length: int,
    key: jax.Array,
    blocks: tuple[jax.Array, jax.Array],
    replicas: tuple[jax.Array, jax.Array],
    sums: tuple[jax.Array, jax.Array],
    operands: tuple[jax.Array, ...],
) -> tuple[jax.Array, jax.Array]:
    """Add squared errors, and their squares, of the replicas in a range that blocks first ... last - 1 contain."""
    first, last = replicas

    def add(block: jax.Array, sums: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        errors = draw(jax.random.fold_in(key, block.astype(jnp.uint32)), length, shape, operands)
        replica = block * length + jnp.arange(length)
        squares = jnp.where((replica >= first) & (replica < last), errors**2, 0.0)
        return sums[0] + jnp.sum(squares), sums[1] + jnp.sum(squares**2)

    total: tuple[jax.Array, jax.Array] = lax.fori_loop(blocks[0], blocks[1], add, sums)
    return total
