"""The coins of every level of an organization, made on the host from probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import jax
import numpy as np
from numpy.typing import ArrayLike

from budgetsim.simulate import _bernoulli
from budgetsim.simulate._bernoulli import Coin
from budgetsim.simulate.levels import Level


@partial(jax.tree_util.register_dataclass, data_fields=["own", "copy"], meta_fields=[])
@dataclass(frozen=True, slots=True)
class Urn:
    """Polya's urn over what the children say: child ``j`` says its own vote with ``own`` [fan_in], else a copy of one
    of the ``j`` votes before it, right with ``copy`` [fan_in, fan_in + 1] where so many of them are right.
    """

    own: Coin
    copy: Coin


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["noise", "lost", "share", "speaker", "urn"],
    meta_fields=["number", "fan_in", "relays"],
)
@dataclass(frozen=True, slots=True)
class LevelCoins:
    """One level of aggregators, or a run of ``relays`` equal levels with a fan-in of 1; no coin for what never happens.

    ``number`` counts levels from the leaves, 0 first. ``noise`` decides whether a channel changes what it carries (a
    flip, or an answer drawn anew), ``lost`` whether nothing arrives, ``share`` whether one child speaks for all;
    ``speaker`` [fan_in] draws which one where children are not exchangeable, else it is the first. For beta-binomial
    votes ``urn`` takes the place of both.
    """

    noise: Coin | None
    lost: Coin | None
    share: Coin | None
    speaker: Coin | None
    urn: Urn | None
    number: int
    fan_in: int
    relays: int


def coins_of_levels(
    levels: Sequence[Level], *, exchangeable: bool, redrawn: bool = False
) -> tuple[tuple[LevelCoins, ...], float]:
    """Coins of all levels, runs of equal relays as one, and the worst growth of variance among them.

    ``exchangeable``: whether all children of an aggregator follow one law. ``redrawn``: whether noise draws answers
    anew, those that were sent included, instead of flipping votes.
    """
    coins, growth, number = [], 0.0, 0

    def encode(probability: ArrayLike, *, per_replica: bool = False) -> Coin:
        nonlocal growth
        encoded = _bernoulli.encode(probability, per_replica=per_replica)
        growth = max(growth, encoded.growth)
        return encoded.coin

    for level, group in groupby(levels):
        run = len(list(group))
        relays, copies = (run, 1) if level.fan_in == 1 else (0, run)
        urn, share, speaker = None, None, None
        if relays == 0 and level.correlation > 0.0:
            position = np.arange(level.fan_in)
            if level.sharing == "beta":
                heard = (1.0 - level.correlation) / (1.0 - level.correlation + level.correlation * position[1:])
                chances = np.minimum(np.arange(level.fan_in + 1) / np.maximum(position, 1)[:, None], 1.0)
                urn = Urn(own=encode(np.array([1.0, *heard])), copy=encode(chances, per_replica=True))
            else:
                share = encode(level.correlation)
                speaker = None if exchangeable else encode(1.0 / (position + 1))
        noise = None if level.fidelity == 1.0 else encode((1.0 - level.fidelity) / (1.0 if redrawn else 2.0))
        lost = encode(level.loss) if level.loss > 0.0 else None
        for _ in range(copies):
            coins.append(
                LevelCoins(
                    noise=noise,
                    lost=lost,
                    share=share,
                    speaker=speaker,
                    urn=urn,
                    number=number,
                    fan_in=level.fan_in,
                    relays=relays,
                )
            )
            number += max(relays, 1)
    return tuple(coins), growth
