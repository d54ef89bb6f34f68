"""A chain of thought that is told how many tokens to use: what it writes, and how many of its steps that pays for."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

LARGEST_LENGTH = 2.0**24
"""Tokens that a told chain writes at most; whole numbers up to here are exact in 32 bits."""


def told_chain(
    uniform: jax.Array,
    told: jax.Array,
    chain: jax.Array,
    *,
    steps: Any,
    sufficient: Any,
    overrun: Any,
    collapse_share: Any,
    steepness: Any,
) -> tuple[jax.Array, jax.Array]:
    """Tokens written and steps made, each [problems].

    Parameters
    ----------
    uniform
        Decides whether the call gives up to comply: with probability 1 / (1 + b**steepness), where b is ``told`` over
        ``collapse_share`` times ``sufficient``.
    told, chain
        Tokens told, 0 for no instruction; tokens that the chain would write without one.
    steps, sufficient
        Steps of a whole chain; tokens that suffice for it.
    overrun
        Tokens written over tokens told.

    Notes
    -----
    Derived, after the token elasticity of *Token-Budget-Aware LLM Reasoning*, Tingxu Han et al., arXiv 2412.18547: a
    call that gives up writes as if it had not been told.

    Examples
    --------
    A chain of 200 tokens in five steps, for which 100 suffice, told 50 (and writing 60), told 200, and giving up:

    >>> law = {"steps": 5, "sufficient": 100.0, "overrun": 1.2, "collapse_share": 0.2, "steepness": 2.0}
    >>> written, made = told_chain(jnp.array([0.9, 0.9, 0.1]), jnp.array([50, 200, 50]), jnp.array(200), **law)
    >>> written.tolist(), made.tolist()
    ([60, 200, 200], [3, 5, 5])
    """
    enough = jnp.maximum(jnp.asarray(sufficient, jnp.float32), 1e-6)
    share = jnp.maximum(told, 1).astype(jnp.float32) / (collapse_share * enough)
    complies = (told > 0) & (uniform * (1.0 + share**steepness) >= 1.0)
    asked = jnp.clip(jnp.round(overrun * told.astype(jnp.float32)), 1.0, LARGEST_LENGTH)
    short = complies & (asked < chain)
    made = jnp.minimum(jnp.floor(asked * steps / enough), steps).astype(jnp.int32)
    return jnp.where(short, asked.astype(jnp.int32), chain), jnp.where(short, made, steps)
