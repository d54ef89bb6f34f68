"""Plain twin of noisy gradient descent on a quadratic: one run, one coordinate, one step after the other."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np

from budgetsim.simulate.reasoning.noisy_quadratics import TEST, Profile, draw_noise


def plain_loss(
    profile: Profile, peak: float, *, steps: int, noise: float, run: int, seed: int, dimensions: int
) -> float:
    """Loss at the end of one run."""
    rates = [peak * float(profile(np.array([step / steps]))[0]) for step in range(steps)]
    with jax.enable_x64(False):
        key = jnp.array([seed & 0xFFFFFFFF, seed >> 32], jnp.uint32)
        place = run * dimensions + jnp.arange(dimensions, dtype=jnp.uint32)
        groups = range(math.ceil(steps / 4))
        drawn = [np.asarray(draw_noise(key, place, jnp.uint32(group), TEST), float) for group in groups]
    loss = 0.0
    for coordinate in range(dimensions):
        curvature, position = 1.0 / (coordinate + 1), 1.0
        for step, rate in enumerate(rates):
            kick = drawn[step // 4][step % 4, coordinate]
            position -= rate * (curvature * position + math.sqrt(noise * curvature) * kick)
        loss += 0.5 * curvature * position**2
    return loss
