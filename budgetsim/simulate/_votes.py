"""Counting votes of 32 replicas at a time: sums and majorities as bit planes.

A count is a list of planes, lowest bit first: bit ``i`` of the counts of 32 replicas is one word of plane ``i``.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from budgetsim.simulate._bernoulli import ALL, NONE

Planes = Sequence[jax.Array]


def add(left: Planes, right: Planes) -> list[jax.Array]:
    """Sum of two counts: one full adder a plane, the carry on top."""
    if len(left) < len(right):
        left, right = right, left
    total: list[jax.Array] = []
    carry: jax.Array | None = None
    for place, bit in enumerate(left):
        other = right[place] if place < len(right) else None
        if other is None and carry is None:
            total.append(bit)
        elif other is None or carry is None:
            addend = carry if other is None else other
            total.append(bit ^ addend)  # type: ignore[operator]
            carry = bit & addend  # type: ignore[operator]
        else:
            half = bit ^ other
            total.append(half ^ carry)
            carry = (bit & other) | (carry & half)
    return total if carry is None else [*total, carry]


def count(votes: jax.Array) -> list[jax.Array]:
    """Count the votes [..., votes, replicas] of every replica by adding halves to halves; trims what none can reach."""
    number = votes.shape[-2]
    planes = [votes]
    while (rows := planes[0].shape[-2]) > 1:
        half = rows // 2
        summed = add([plane[..., :half, :] for plane in planes], [plane[..., half : 2 * half, :] for plane in planes])
        if rows % 2:
            odd = [plane[..., 2 * half :, :] for plane in planes]
            odd += [jnp.zeros_like(odd[0])] * (len(summed) - len(odd))
            summed = [jnp.concatenate(pair, axis=-2) for pair in zip(summed, odd, strict=True)]
        planes = summed
    return [plane[..., 0, :] for plane in planes[: number.bit_length()]]


def compare(planes: Planes, value: int) -> tuple[jax.Array, jax.Array]:
    """Where a count is larger than ``value``, and where it equals it."""
    larger, equal = jnp.full_like(planes[0], NONE), jnp.full_like(planes[0], ALL)
    if value >> len(planes):
        return larger, jnp.full_like(planes[0], NONE)
    for place in reversed(range(len(planes))):
        if value >> place & 1:
            equal = equal & planes[place]
        else:
            larger = larger | (equal & planes[place])
            equal = equal & ~planes[place]
    return larger, equal


def compare_counts(left: Planes, right: Planes) -> tuple[jax.Array, jax.Array]:
    """Where the left of two counts of equally many planes is larger, and where they are equal."""
    larger, equal = jnp.full_like(left[0], NONE), jnp.full_like(left[0], ALL)
    for one, other in zip(reversed(left), reversed(right), strict=True):
        larger = larger | (equal & one & ~other)
        equal = equal & ~(one ^ other)
    return larger, equal


def majority(planes: Planes, voters: int, tie: jax.Array | None) -> jax.Array:
    """Where more than half of ``voters`` votes are right; ``tie`` decides halves (none with an odd number)."""
    more, half = compare(planes, voters // 2)
    return more if tie is None else more | (half & tie)
