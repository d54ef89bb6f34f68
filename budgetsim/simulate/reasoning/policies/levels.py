"""A short list of nodes, best first: what searches level by level keep of a level."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

NOBODY = -1.0


class Level(NamedTuple):
    """Nodes by falling score, the earlier one first among equals; empty places come last."""

    node: jax.Array  # int32 [width, problems]
    score: jax.Array  # [width, problems], NOBODY where a place is empty
    ended: jax.Array  # bool [width, problems]: the generator was done here


def empty(width: int, problems: int) -> Level:
    """Nobody."""
    node = jnp.zeros((width, problems), jnp.int32)
    return Level(node, jnp.full((width, problems), NOBODY, jnp.float32), node > 0)


def insert(level: Level, joins: jax.Array, node: jax.Array, score: jax.Array, ended: jax.Array) -> Level:
    """The level with a node in its place where it joins; the last of a full level drops out.

    Examples
    --------
    >>> level, one = empty(2, 1), jnp.ones(1, jnp.int32)
    >>> for node, score in ((1, 0.3), (2, 0.5), (3, 0.5)):
    ...     level = insert(level, one > 0, node * one, score * one, one > 1)
    >>> level.node[:, 0].tolist()
    [2, 3]
    """
    stays = (level.score >= score) | ~joins  # falls from true to false once, since scores fall
    shifted = [jnp.concatenate([part[:1], part[:-1]]) for part in level]
    first = jnp.concatenate([jnp.ones_like(stays[:1]), stays[:-1]]) & ~stays

    def placed(part: jax.Array, before: jax.Array, new: jax.Array) -> jax.Array:
        return jnp.where(stays, part, jnp.where(first, new, before))

    return Level(*(placed(*parts) for parts in zip(level, shifted, (node, score, ended), strict=True)))


def fill(level: Level) -> jax.Array:
    """Nodes in the level."""
    return jnp.sum(level.score >= 0.0, axis=0)
